"""All instructions by name and by bits. Patterns of 32-bit instructions are checked not to overlap when imported."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import EncodingError
from .definition import CompressedDefinition, Definition
from .fusion import FUSED, RULES, Rule
from .rv64a import RV64A
from .rv64b import RV64B
from .rv64c import COMPRESSED
from .rv64i import RV64I
from .rv64m import RV64M

BASE: tuple[Definition, ...] = (
    *RV64I.definitions,
    *RV64M.definitions,
    *RV64B.definitions,
    *RV64A.definitions,
)
"""Every 32-bit instruction of every extension and version."""


def _by_version(version: int) -> dict[str, Definition]:
    return {d.mnemonic: d for d in BASE if version in d.versions}


BY_MNEMONIC: tuple[dict[str, Definition], ...] = tuple(_by_version(v) for v in (0, 1, 2))
"""Base instructions by version and mnemonic."""

COMPRESSED_BY_MNEMONIC: dict[str, CompressedDefinition] = {c.mnemonic: c for c in COMPRESSED}


def group_by_opcode(definitions: Iterable[Definition]) -> dict[int, list[Definition]]:
    """Base instructions by the low 7 bits of the word; raises :class:`ValueError` where two patterns overlap."""
    groups: dict[int, list[Definition]] = {}
    for d in definitions:
        group = groups.setdefault(d.match & 0x7F, [])
        for other in group:
            if (other.match ^ d.match) & other.mask & d.mask == 0:
                raise ValueError(f"the patterns of {d.mnemonic} and {other.mnemonic} overlap")
        group.append(d)
    return groups


BASE_BY_OPCODE = tuple(group_by_opcode(by_mnemonic.values()) for by_mnemonic in BY_MNEMONIC)
"""Base instructions by version and the low 7 bits of the word."""


def _group_compressed() -> dict[int, list[CompressedDefinition]]:
    groups: dict[int, list[CompressedDefinition]] = {}
    # Where several patterns match, the one with more fixed bits is meant: c.jr before c.mv, c.addi16sp before c.lui.
    for c in sorted(COMPRESSED, key=lambda c: -c.mask.bit_count()):
        groups.setdefault(c.match & 0xE003, []).append(c)
    return groups


COMPRESSED_BY_OPCODE = _group_compressed()
"""Compressed forms by quadrant (bits 1:0) and funct3 (bits 15:13), the more specific first."""


def find_compressed(word: int) -> CompressedDefinition | None:
    """The compressed form of a 16-bit word, whether or not its operands are reserved."""
    for c in COMPRESSED_BY_OPCODE.get(word & 0xE003, ()):
        if word & c.mask == c.match:
            return c
    return None


def find_base(word: int, version: int) -> Definition | None:
    """The base instruction of a 32-bit word in a version."""
    for d in BASE_BY_OPCODE[version].get(word & 0x7F, ()):
        if word & d.mask == d.match:
            return d
    return None


def encode_compressed(definition: CompressedDefinition, operands: tuple[int, ...]) -> int:
    """The 16-bit word; raises :class:`EncodingError` when the operands don't fit or mean another instruction."""
    word = definition.encode(*operands)
    other = find_compressed(word)
    if other is not definition:
        raise EncodingError(f"{definition.mnemonic} with these operands is the code of {other and other.mnemonic}")
    if definition.is_reserved(operands):
        raise EncodingError(f"{definition.mnemonic} with these operands is reserved")
    return word


def _rules_by_head() -> tuple[dict[str, tuple[Rule, ...]], ...]:
    tables: list[dict[str, tuple[Rule, ...]]] = []
    for version in (0, 1, 2):
        heads: dict[str, tuple[Rule, ...]] = {}
        for rule in RULES:
            if version in rule.versions:
                heads[rule.sequence[0]] = (*heads.get(rule.sequence[0], ()), rule)
        tables.append(heads)
    return tuple(tables)


RULES_BY_HEAD = _rules_by_head()
"""Fusion rules by version and the mnemonic of the head, in the order they are tried."""

OPERATIONS: tuple[Definition, ...] = (*BASE, *FUSED)
"""All that a machine can execute."""
