"""What lets a short text mean the same run everywhere: how its numbers are read, and how its seeds are used."""

from __future__ import annotations

from random import Random

U64_COUNT = 1 << 64
_DIGITS_MAX = 20


def below(random: Random, bound: int) -> int:
    """A random number below a bound; made of the one method that is the same in every version of Python."""
    return int(random.random() * bound)


def number(text: str, what: str, *, least: int = 0, most: int = U64_COUNT - 1) -> int:
    """A number in plain digits; raises :class:`ValueError`, which calls it ``what``, for anything else."""
    digits = text[1:] if least < 0 and text.startswith("-") else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX and least <= int(text) <= most):
        shown = "2^64 - 1" if most == U64_COUNT - 1 else most
        raise ValueError(f"{what} must be a number from {least} to {shown}, not {text!r}")
    return int(text)
