"""Naming parts of the transaction by source, index, place and bounds (``syscalls`` §5, §8 and §10)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

import msgspec

from ...vm.errors import External
from ..chain import Cell
from ..transaction import DataPieceId, Place, ScriptGroupData, at

T = TypeVar("T")

GROUP_FLAG = 0x01
"""Top byte of a source that means the script group's items."""
INDEX_MAX = (1 << 32) - 1
CELL, WITNESS = 0, 1
"""Places."""
_ENTRY_MASK = (1 << 56) - 1


class Entry(IntEnum):
    """What a source lists."""

    INPUT = 1
    OUTPUT = 2
    CELL_DEP = 3
    HEADER_DEP = 4


class Source(msgspec.Struct, frozen=True):
    """A list of the transaction, or of the script group."""

    entry: Entry
    group: bool


_PIECES = {
    # (place, entry, whether the group's): the piece of data
    (CELL, Entry.INPUT, False): Place.INPUT,
    (CELL, Entry.OUTPUT, False): Place.OUTPUT,
    (CELL, Entry.CELL_DEP, False): Place.CELL_DEP,
    (CELL, Entry.INPUT, True): Place.GROUP_INPUT,
    (CELL, Entry.OUTPUT, True): Place.GROUP_OUTPUT,
    (WITNESS, Entry.INPUT, False): Place.WITNESS,
    (WITNESS, Entry.OUTPUT, False): Place.WITNESS,
    (WITNESS, Entry.INPUT, True): Place.WITNESS_GROUP_INPUT,
    (WITNESS, Entry.OUTPUT, True): Place.WITNESS_GROUP_OUTPUT,
}


def parse_source(source: int) -> Source:
    """Raises :class:`External` for an entry that is not 1 to 4. Every top byte but 1 means the whole transaction."""
    entry = source & _ENTRY_MASK
    if not Entry.INPUT <= entry <= Entry.HEADER_DEP:
        raise External(f"SourceEntry parse_from_u64 {entry}")
    return Source(Entry(entry), source >> 56 == GROUP_FLAG)


def parse_exact_source(source: int) -> Source | None:
    """As exec of version 2 reads it: only 0 and 1 are known as top bytes, and nothing is a fault."""
    group, entry = source >> 56, source & _ENTRY_MASK
    if group not in (0, GROUP_FLAG) or not Entry.INPUT <= entry <= Entry.HEADER_DEP:
        return None
    return Source(Entry(entry), group == GROUP_FLAG)


def find_piece(source: Source, index: int, place: int) -> DataPieceId | None:
    """The piece of data that is meant; ``None`` where the combination names none."""
    piece = _PIECES.get((place, source.entry, source.group))
    return DataPieceId(piece, index) if piece is not None and index <= INDEX_MAX else None


def parse_bounds(bounds: int) -> tuple[int, int]:
    """``(offset, length)`` in bytes; a length of 0 means to the end."""
    return bounds >> 32, bounds & 0xFFFF_FFFF


def find_item(
    sg_data: ScriptGroupData, source: Source, index: int, *, inputs: Sequence[T], outputs: Sequence[T] = ()
) -> T | None:
    """An item of lists that go with the inputs and the outputs: the whole transaction's, or the group's."""
    if source.entry not in (Entry.INPUT, Entry.OUTPUT):
        return None
    is_input = source.entry == Entry.INPUT
    group = sg_data.input_indices if is_input else sg_data.output_indices
    found = at(group, index) if source.group else index
    return at(inputs if is_input else outputs, found)


def find_cell(sg_data: ScriptGroupData, source: Source, index: int) -> Cell | None:
    """The cell that is meant; ``None`` where there is none."""
    resolved = sg_data.resolved
    if source.entry == Entry.CELL_DEP and not source.group:
        return at(resolved.cell_deps, index)
    return find_item(sg_data, source, index, inputs=resolved.inputs, outputs=resolved.outputs)
