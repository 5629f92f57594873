"""What the scheduler reads of a transaction: its pieces of data, by name (``transaction`` §5 and §6)."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Place(Enum):
    """Where in the transaction a piece of data is."""

    INPUT = "input"
    OUTPUT = "output"
    CELL_DEP = "cell_dep"
    GROUP_INPUT = "group_input"
    GROUP_OUTPUT = "group_output"
    WITNESS = "witness"
    WITNESS_GROUP_INPUT = "witness_group_input"
    WITNESS_GROUP_OUTPUT = "witness_group_output"


class DataPieceId(msgspec.Struct, frozen=True, array_like=True):
    """Names a byte string of the transaction."""

    place: Place
    index: int

    def __str__(self) -> str:
        return f"{self.place.value} {self.index}"


class DataLocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a piece: ``length`` bytes (0: to the end) from ``offset`` on."""

    piece: DataPieceId
    offset: int = 0
    length: int = 0


class ScriptGroupData(msgspec.Struct, frozen=True, kw_only=True):
    """The transaction as one script group sees it, and the script's version and program."""

    version: int = 2
    program: DataPieceId = DataPieceId(Place.CELL_DEP, 0)
    cell_deps: tuple[bytes, ...] = ()
    inputs: tuple[bytes, ...] = (b"",)
    outputs: tuple[bytes, ...] = ()
    witnesses: tuple[bytes, ...] = ()
    group_inputs: tuple[int, ...] = (0,)
    group_outputs: tuple[int, ...] = ()

    def load_data(self, piece: DataPieceId, offset: int, length: int) -> tuple[bytes, int] | None:
        """At most ``length`` bytes (0: all) from ``offset`` on and how many there are from there; None if absent."""
        data = self._find(piece)
        if data is None:
            return None
        offset = min(offset, len(data))
        full = len(data) - offset
        size = full if length == 0 else min(full, length)
        return data[offset : offset + size], full

    def _find(self, piece: DataPieceId) -> bytes | None:
        index: int | None = piece.index
        match piece.place:
            case Place.INPUT:
                pieces = self.inputs
            case Place.OUTPUT:
                pieces = self.outputs
            case Place.CELL_DEP:
                pieces = self.cell_deps
            case Place.WITNESS:
                pieces = self.witnesses
            case Place.GROUP_INPUT | Place.WITNESS_GROUP_INPUT:
                pieces = self.inputs if piece.place is Place.GROUP_INPUT else self.witnesses
                index = _at(self.group_inputs, piece.index)
            case Place.GROUP_OUTPUT | Place.WITNESS_GROUP_OUTPUT:
                pieces = self.outputs if piece.place is Place.GROUP_OUTPUT else self.witnesses
                index = _at(self.group_outputs, piece.index)
        return None if index is None else _at(pieces, index)


def _at(items: tuple[T, ...], index: int) -> T | None:
    return items[index] if index < len(items) else None
