"""Where each event lies on the axis of consumed cycles, exact to the cycle.

A turn spends cycles in its VM (``used``), and then in what its message makes necessary; bytes move in the pass over
blocked reads and writes behind it (``scheduler`` §8, §9). Swaps that this pass makes are consumed with the next turn
(§7), so that is where they lie: at its beginning, before its VM runs. Swaps that nobody ever consumes take no room.
When within its turn a VM printed something or was refused is not known; these lie at the end of what it ran.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..scheduler.events import (
    AnyEvent,
    Faulted,
    IterationEnded,
    IterationStarted,
    Resumed,
    Suspended,
    SwappedIn,
    SwappedOut,
)
from ..vm.errors import CyclesExceeded


class Extent(msgspec.Struct, frozen=True):
    """A turn on the axis: from the total before it to the total after it, and in between what its VM ran."""

    start: int
    run_start: int
    run_end: int
    end: int


class Placing(msgspec.Struct, frozen=True):
    """For each event its cycles, never falling, and its turn (the index in ``turns``; -1 before the first)."""

    cycles: tuple[int, ...]
    turns: tuple[int, ...]
    widths: dict[int, int]
    """Cycles of each swap, by the number of its event; they end where the event lies."""
    extents: tuple[Extent, ...]


class _Charged(msgspec.Struct):
    """What was consumed when, by the number of the event that says so."""

    widths: dict[int, int]
    within: dict[int, int]
    """By the end of a turn: the cycles of swaps in it that it has consumed itself."""
    ends: dict[int, int]
    """By the start of a turn: the number of its end."""


def place(events: Sequence[AnyEvent]) -> Placing:
    """Lay events out on the axis."""
    charged = _charge(events)
    cycles: list[int] = []
    turns: list[int] = []
    extents: list[Extent] = []
    cursor = total = 0
    for number, event in enumerate(events):
        match event:
            case IterationStarted():
                extent = _extent(events, number, charged, total, cursor)
                extents.append(extent)
                cursor = extent.run_start
            case SwappedOut() | SwappedIn():
                cursor += charged.widths[number]
            case IterationEnded(total=total):
                cursor = max(cursor, total)
            case Faulted(total=total) | Suspended(total=total) | Resumed(total=total):
                cursor = max(cursor, total)
            case _:
                pass
        cycles.append(cursor)
        turns.append(len(extents) - 1)
        if isinstance(event, IterationStarted):
            cursor = extents[-1].run_end
    return Placing(tuple(cycles), tuple(turns), charged.widths, tuple(extents))


def _extent(events: Sequence[AnyEvent], number: int, charged: _Charged, start: int, cursor: int) -> Extent:
    end = charged.ends.get(number)
    if end is None:  # the journal ends within the turn
        return Extent(start, cursor, cursor, cursor)
    ended = events[end]
    assert isinstance(ended, IterationEnded)
    run_end = max(cursor, ended.total - charged.within.get(end, 0))
    return Extent(start, max(cursor, run_end - ended.used), run_end, max(cursor, ended.total))


def _charge(events: Sequence[AnyEvent]) -> _Charged:
    """Follow each swap until it is consumed, as the books do (``views/accounts.py``)."""
    charged = _Charged({}, {}, {})
    waiting: list[int] = []
    total = limit = again = 0
    started: int | None = None
    for number, event in enumerate(events):
        match event:
            case SwappedOut() | SwappedIn():
                waiting.append(number)
                charged.widths[number] = 0
            case IterationStarted(limit=limit):
                started = number
            case IterationEnded():
                consumed = event.total - total - again
                _consume(events, waiting, charged, consumed - min(event.used, consumed), started, number)
                again = event.spent if event.spent > limit else 0
                total = event.total
                if started is not None:
                    charged.ends[started] = number
            case Faulted():
                if event.total > total:
                    _consume(events, waiting, charged, event.total - total - again, None, number)
                    again = event.total - total if event.error == CyclesExceeded.__name__ else 0
                    total = event.total
            case Suspended():
                waiting.clear()
            case Resumed():
                again, total = 0, max(total, event.total)
            case _:
                pass
    return charged


def _consume(
    events: Sequence[AnyEvent], waiting: list[int], charged: _Charged, cycles: int, started: int | None, number: int
) -> None:
    """Consume so many cycles of swaps, the earliest first, at an event of this number."""
    while waiting:
        swap = events[waiting[0]]
        assert isinstance(swap, SwappedOut | SwappedIn)
        if swap.cycles > cycles:
            return
        cycles -= swap.cycles
        charged.widths[waiting[0]] = swap.cycles
        if started is not None and waiting[0] > started:
            charged.within[number] = charged.within.get(number, 0) + swap.cycles
        waiting.pop(0)
