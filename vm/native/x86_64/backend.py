"""The back end for x86-64; see :class:`..backend.Backend`."""

from __future__ import annotations

from collections.abc import Mapping

from ..region import Assembler, Exits
from .emit import template_of
from .glue import glue
from .region import X86Assembler

__all__ = ["assembler", "features", "glue", "template_of", "written"]


def assembler(start: int, exits: Exits, entries: Mapping[int, int], /, *, spares_last_byte: bool) -> Assembler:
    """What puts blocks together."""
    return X86Assembler(start, exits, entries, spares_last_byte=spares_last_byte)


def features() -> str:
    """Nothing: all that the code may use is needed, :mod:`.features`."""
    return ""


def written(address: int, size: int, /) -> None:
    """Nothing is to be done: the processor sees that code has changed."""
