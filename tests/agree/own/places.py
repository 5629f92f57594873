"""Transactions whose script runs another program, which is in one of the places that exec and spawn can load from."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from spawnlab.scheduler.chain import Script

from ..asking import Values
from .draft import Draft, plain

GROUP = 1 << 56
"""In the number of a source: of the script's group."""
INPUT, OUTPUT, CELL_DEP = 1, 2, 3
CELL, WITNESS = 0, 1


class Place(msgspec.Struct, frozen=True):
    """The numbers by which the script is told where the other program is."""

    name: str
    index: int
    source: int
    place: int
    bounds: int = 0
    """Offset << 32, and length."""

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """As the script's args have them."""
        return self.index, self.source, self.place, self.bounds


TX_CELL_DEP = Place("cell dep", 1, CELL_DEP, CELL)
CELLS = (
    TX_CELL_DEP,
    Place("input", 1, INPUT, CELL),
    Place("output", 0, OUTPUT, CELL),
    Place("group input", 0, GROUP | INPUT, CELL),
    Place("group output", 0, GROUP | OUTPUT, CELL),
)
WITNESSES = (
    Place("input's witness", 0, INPUT, WITNESS),
    Place("output's witness", 0, OUTPUT, WITNESS),
    Place("group input's witness", 0, GROUP | INPUT, WITNESS),
    Place("group output's witness", 0, GROUP | OUTPUT, WITNESS),
)


def transaction(place: Place, script: Script, deps: Sequence[bytes], other: bytes, always_success: bytes) -> Values:
    """The transaction that has ``other`` in this place; ``deps`` are the code of ``script``, ``other``, and more."""
    draft = Draft().dep(*deps, always_success)
    anyone = plain(always_success)
    where = (place.source, place.place)
    if where == (INPUT, CELL):
        draft.input(script).input(anyone, data=other)
    elif where == (OUTPUT, CELL):
        draft.input(script).output(anyone, data=other)
    elif where == (GROUP | INPUT, CELL):
        draft.input(script, type=anyone, data=other)
    elif where == (GROUP | OUTPUT, CELL):
        draft.output(type=script, data=other)
    elif where == (GROUP | OUTPUT, WITNESS):
        draft.output(type=script).witness(other)
    elif place.place == CELL:
        draft.input(script)
    else:
        draft.input(script).witness(other)
    return draft.values()
