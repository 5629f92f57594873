"""The transaction as one script group sees it: its cells, its headers, and its pieces of data by name.

(``transaction`` §1, §5 and §6)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Literal, TypeVar

import msgspec

from .chain import Cell, Header, Script, Transaction

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


class DataPieceId(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Names a byte string of the transaction."""

    place: Place
    index: int

    def __str__(self) -> str:
        return f"{self.place.value} {self.index}"


class DataLocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A part of a piece: ``length`` bytes (0: to the end) from ``offset`` on."""

    piece: DataPieceId
    offset: int = 0
    length: int = 0


class ResolvedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction with the cells that it names. Dep groups are expanded."""

    transaction: Transaction
    inputs: tuple[Cell, ...] = ()
    cell_deps: tuple[Cell, ...] = ()
    dep_groups: tuple[Cell, ...] = ()
    """The cells that listed some of the cell deps. No script can see them."""
    outputs: tuple[Cell, ...] = ()
    headers: Mapping[bytes, Header] = {}
    """Known headers by block hash."""
    extensions: Mapping[bytes, bytes] = {}
    """Known block extensions by block hash."""


class ScriptGroupData(msgspec.Struct, frozen=True, kw_only=True):
    """One script group: the transaction, the script, its version and its program."""

    resolved: ResolvedTransaction
    script: Script
    version: int
    program: DataPieceId
    group_type: Literal["lock", "type"] = "lock"
    input_indices: tuple[int, ...] = ()
    output_indices: tuple[int, ...] = ()

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
            case Place.GROUP_INPUT | Place.WITNESS_GROUP_INPUT:
                index = at(self.input_indices, index)
            case Place.GROUP_OUTPUT | Place.WITNESS_GROUP_OUTPUT:
                index = at(self.output_indices, index)
            case _:
                pass
        match piece.place:
            case Place.INPUT | Place.GROUP_INPUT:
                cell = at(self.resolved.inputs, index)
            case Place.OUTPUT | Place.GROUP_OUTPUT:
                cell = at(self.resolved.outputs, index)
            case Place.CELL_DEP:
                cell = at(self.resolved.cell_deps, index)
            case _:  # the three of witnesses
                return at(self.resolved.transaction.witnesses, index)
        return None if cell is None else cell.data


def at(items: Sequence[T], index: int | None) -> T | None:
    """The item at an index, ``None`` beyond the end or for no index."""
    return items[index] if index is not None and index < len(items) else None
