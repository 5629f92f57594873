"""One entry per instruction: its bits, its operands, its meaning, and all that follows from them.

An instruction is a small function over an abstract machine (:mod:`.abstract`). The decoder, the encoder, the listing,
the table in the documents and every engine are derived from that one entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import msgspec

from ..cost import cycles_of
from .fields import Format

Semantics = Callable[..., None]
"""``f(machine, *operands)``; the machine is an :class:`~spawnlab.vm.isa.abstract.AbstractMachine`."""

ALL_VERSIONS = frozenset({0, 1, 2})


class Definition(msgspec.Struct, frozen=True, eq=False, dict=True):
    """An operation: what the machine does. Base instructions also have bits; fused operations have none."""

    mnemonic: str
    extension: str
    format: Format
    semantics: Semantics
    pattern: str = ""
    mask: int = 0
    match: int = 0
    ends_block: bool = False
    versions: frozenset[int] = ALL_VERSIONS

    @cached_property
    def cycles(self) -> int:
        """Cost in cycles (``vm-cost`` §1)."""
        return cycles_of(self.mnemonic)

    @property
    def summary(self) -> str:
        """The first line of the definition's docstring: the effect, in one line."""
        return (self.semantics.__doc__ or "").strip().splitlines()[0]

    def encode(self, *operands: int) -> int:
        """The 32-bit word; raises :class:`~spawnlab.vm.errors.EncodingError` when an operand does not fit."""
        return self.match | self.format.insert(operands)

    def __repr__(self) -> str:
        return f"<{self.mnemonic}>"


class CompressedDefinition(msgspec.Struct, frozen=True, eq=False):
    """A 16-bit form: the base instruction and operands that it stands for.

    ``expand(*operands)`` gives ``(base mnemonic, base operands)``. ``reserved`` names the operands whose 0 is illegal
    in every version, ``hint`` those whose 0 is illegal in version 0 and does nothing from version 1 on
    (``vm-isa`` §5).
    """

    mnemonic: str
    format: Format
    expand: Callable[..., tuple[str, tuple[int, ...]]]
    reserved: tuple[str, ...]
    hint: tuple[str, ...]
    pattern: str
    mask: int
    match: int

    def is_reserved(self, operands: tuple[int, ...]) -> bool:
        """Whether the form is illegal with these operands."""
        return self._any_zero(self.reserved, operands)

    def is_hint(self, operands: tuple[int, ...]) -> bool:
        """Whether the form is a HINT with these operands."""
        return self._any_zero(self.hint, operands)

    def _any_zero(self, names: tuple[str, ...], operands: tuple[int, ...]) -> bool:
        return any(f.name in names and value == 0 for f, value in zip(self.format.fields, operands, strict=True))

    def encode(self, *operands: int) -> int:
        """The 16-bit word; raises :class:`~spawnlab.vm.errors.EncodingError` when an operand does not fit."""
        return self.match | self.format.insert(operands)

    def __repr__(self) -> str:
        return f"<{self.mnemonic}>"


class Operation(msgspec.Struct, frozen=True):
    """A decoded instruction: what is executed, with which operands, and how many bytes it took.

    ``written`` is the 16-bit form and its operands where the word was compressed; ``parts`` are the instructions that
    a fused operation was made of.
    """

    definition: Definition
    operands: tuple[int, ...]
    length: int
    written: tuple[CompressedDefinition, tuple[int, ...]] | None = None
    parts: tuple[Operation, ...] = ()

    @property
    def mnemonic(self) -> str:
        """Name of what is executed."""
        return self.definition.mnemonic


def bits_of(pattern: str) -> tuple[int, int]:
    """``(mask, match)`` of a pattern as the manual prints it: ``0`` and ``1`` are fixed, ``.`` is an operand's bit."""
    digits = pattern.replace(" ", "")
    mask = int("".join("0" if d == "." else "1" for d in digits), 2)
    match = int(digits.replace(".", "0"), 2)
    return mask, match


def mnemonic_of(function: Callable[..., Any]) -> str:
    """``and_`` is ``and``, ``fence_i`` is ``fence.i``."""
    return function.__name__.rstrip("_").replace("_", ".")


class Extension:
    """A set of instructions that is switched on together: ``I``, ``M``, ``B`` or ``A``."""

    def __init__(self, letter: str) -> None:
        self.letter = letter
        self.definitions: list[Definition] = []

    def instruction(
        self,
        pattern: str,
        layout: Format,
        *,
        ends_block: bool = False,
        versions: Iterable[int] = ALL_VERSIONS,
        mnemonic: str = "",
    ) -> Callable[[Semantics], Definition]:
        """Decorate a function over the abstract machine: it becomes the instruction with these 32 bits."""
        mask, match = bits_of(pattern)

        def define(semantics: Semantics) -> Definition:
            definition = Definition(
                mnemonic or mnemonic_of(semantics),
                self.letter,
                layout,
                semantics,
                pattern,
                mask,
                match,
                ends_block,
                frozenset(versions),
            )
            self.definitions.append(definition)
            return definition

        return define
