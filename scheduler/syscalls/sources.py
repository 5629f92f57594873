"""Naming parts of the transaction by source, index, place and bounds (``syscalls`` §5, §8 and §10)."""

from __future__ import annotations

from ...vm.errors import External
from ..transaction import DataPieceId, Place

_GROUP_FLAG = 0x01
_ENTRY_MASK = (1 << 56) - 1
_INDEX_MAX = (1 << 32) - 1
_CELL, _WITNESS = 0, 1

_PIECES = {
    # (place, entry, whether the group's): the piece of data
    (_CELL, 1, False): Place.INPUT,
    (_CELL, 2, False): Place.OUTPUT,
    (_CELL, 3, False): Place.CELL_DEP,
    (_CELL, 1, True): Place.GROUP_INPUT,
    (_CELL, 2, True): Place.GROUP_OUTPUT,
    (_WITNESS, 1, False): Place.WITNESS,
    (_WITNESS, 2, False): Place.WITNESS,
    (_WITNESS, 1, True): Place.WITNESS_GROUP_INPUT,
    (_WITNESS, 2, True): Place.WITNESS_GROUP_OUTPUT,
}


def parse_source(source: int) -> tuple[int, bool]:
    """``(entry, whether the group's)``; raises :class:`External` for an entry that is not 1 to 4.

    Every top byte but 1 means the whole transaction.
    """
    entry = source & _ENTRY_MASK
    if not 1 <= entry <= 4:
        raise External(f"SourceEntry parse_from_u64 {entry}")
    return entry, source >> 56 == _GROUP_FLAG


def find_piece(entry: int, group: bool, index: int, place: int) -> DataPieceId | None:
    """The piece of data that is meant; ``None`` where the combination names none."""
    piece = _PIECES.get((place, entry, group))
    return DataPieceId(piece, index) if piece is not None and index <= _INDEX_MAX else None


def parse_bounds(bounds: int) -> tuple[int, int]:
    """``(offset, length)`` in bytes; a length of 0 means to the end."""
    return bounds >> 32, bounds & 0xFFFF_FFFF
