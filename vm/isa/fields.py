"""How operands lie in an instruction word: a field is a number cut into runs of bits, as the manual draws it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import cached_property

import msgspec

from ..errors import EncodingError


class Kind(Enum):
    """What an operand means, and so how a listing writes it and an assembler reads it."""

    REGISTER = "register"
    NUMBER = "number"
    """A plain number: an immediate, an offset or a shift amount."""
    UPPER = "upper"
    """The upper 20 bits of a word: kept as the full value, written shifted right by 12."""
    TARGET = "target"
    """A distance in bytes from the instruction's own address."""
    FENCE = "fence"
    """A set of memory accesses, the letters i, o, r and w."""


class Run(msgspec.Struct, frozen=True):
    """``width`` adjacent bits: at ``word_bit`` in the instruction word, at ``value_bit`` in the operand."""

    word_bit: int
    width: int
    value_bit: int

    @property
    def mask(self) -> int:
        """Mask of ``width`` ones, at bit 0."""
        return (1 << self.width) - 1


class Field(msgspec.Struct, frozen=True, dict=True):
    """One operand of an instruction format.

    ``base`` is added to what stands in the word (8 for the short register numbers of compressed instructions).
    """

    name: str
    kind: Kind
    runs: tuple[Run, ...]
    signed: bool = False
    base: int = 0

    @cached_property
    def width(self) -> int:
        """Bits of the operand, those below its lowest coded bit included."""
        return max(run.value_bit + run.width for run in self.runs)

    @cached_property
    def step(self) -> int:
        """The operand is a multiple of this."""
        return 1 << min(run.value_bit for run in self.runs)

    @cached_property
    def least(self) -> int:
        """Smallest operand that can be coded."""
        return -(1 << (self.width - 1)) if self.signed else self.base

    @cached_property
    def most(self) -> int:
        """Largest operand that can be coded."""
        top = 1 << (self.width - 1 if self.signed else self.width)
        return top - self.step + self.base

    def extract(self, word: int) -> int:
        """The operand that stands in ``word``."""
        value = 0
        for run in self.runs:
            value |= ((word >> run.word_bit) & run.mask) << run.value_bit
        if self.signed and value >> (self.width - 1):
            value -= 1 << self.width
        return value + self.base

    def insert(self, value: int) -> int:
        """The bits of the word that code ``value``; raises :class:`EncodingError` when it does not fit."""
        if not self.least <= value <= self.most or (value - self.base) % self.step:
            every = f", in steps of {self.step}" if self.step > 1 else ""
            raise EncodingError(f"{self.name} = {value} does not fit: {self.least} to {self.most}{every}")
        bits = value - self.base
        word = 0
        for run in self.runs:
            word |= ((bits >> run.value_bit) & run.mask) << run.word_bit
        return word


def _span(text: str) -> tuple[int, int]:
    high, _, low = text.partition(":")
    return int(high), int(low or high)


def field(name: str, layout: str, kind: Kind = Kind.NUMBER, *, signed: bool = False, base: int = 0) -> Field:
    """Make a field from the manual's drawing.

    ``layout`` lists pieces of the word, each ``WORD=VALUE``: ``31:25=12|10:5`` says that bits 31 to 25 of the word
    hold bit 12 of the operand and then its bits 10 to 5. Without ``=`` the piece holds the operand from bit 0 up.
    """
    runs: list[Run] = []
    for piece in layout.split():
        word, _, value = piece.partition("=")
        high, low = _span(word)
        for part in (value or f"{high - low}:0").split("|"):
            top, bottom = _span(part)
            width = top - bottom + 1
            high -= width
            runs.append(Run(high + 1, width, bottom))
        if high != low - 1:
            raise ValueError(f"{name}: {piece!r} names a different number of bits on its two sides")
    return Field(name, kind, tuple(runs), signed, base)


def register(name: str, layout: str, *, base: int = 0) -> Field:
    """A field that holds a register number."""
    return field(name, layout, Kind.REGISTER, base=base)


class Format(msgspec.Struct, frozen=True, eq=False):
    """The operands of an instruction in their order, and how a listing writes them.

    ``syntax`` has each operand's name in braces; what stands in square brackets is left out when its operand is 0.
    """

    name: str
    fields: tuple[Field, ...]
    syntax: str

    def extract(self, word: int) -> tuple[int, ...]:
        """All operands of ``word``, in order."""
        return tuple(f.extract(word) for f in self.fields)

    def insert(self, operands: Sequence[int]) -> int:
        """The bits that code ``operands``; raises :class:`EncodingError` when their count or a value is wrong."""
        if len(operands) != len(self.fields):
            raise EncodingError(f"{len(operands)} operands, but {len(self.fields)} are wanted: {self.syntax}")
        word = 0
        for f, value in zip(self.fields, operands, strict=True):
            word |= f.insert(value)
        return word
