"""Programs that exec others."""

from __future__ import annotations

from .programs import call, words

EXEC = 2043
ARGUMENTS = """
  mv s0, sp
  ld a0, 0(s0)
  ld a1, 8(s0)
"""
"""a0 is argc and a1 the first argument's address, as a program finds them from version 1 on."""


def exec_(
    index: int | str,
    source: int = 3,
    place: int | str = 0,
    *,
    offset: int = 0,
    length: int = 0,
    argc: int = 0,
    argv: int | str = "argv",
) -> str:
    """Exec a piece of the transaction: from ``offset`` on, ``length`` bytes or (0) all."""
    return call(EXEC, index, source, place, offset << 32 | length, argc, argv)


def with_arguments(*labels: int | str) -> str:
    """Put addresses of arguments where exec looks for them by default."""
    return words("argv", *labels)
