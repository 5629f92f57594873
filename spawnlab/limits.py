"""At which cycle limits a run ends otherwise (``docs/cost.md`` says what is guaranteed, and why).

A higher limit only lets a run go further on the same way, so the turn in which it ends never comes earlier, and
between the totals after two turns nothing changes at all: bisection over these totals finds every change. That holds
but round a suspension, where charges and an I/O pass may be lost (``scheduler`` T8 to T10). The turns before and after
one are looked into: their first and last limits are played, and bisection goes on between two that differ.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from .play import run_synchronously
from .saved import SavedRun
from .scenarios.model import CYCLES_DEFAULT
from .scheduler.events import AnyEvent, Faulted, IterationEnded, IterationStarted, Resumed
from .staging import Playable, Run, load
from .vm.errors import CyclesExceeded

FORMAT = 1


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ends, without its cycles: all that a limit can change."""

    status: str
    """``exit`` or ``error``."""
    exit_code: int | None = None
    error: str | None = None
    """The error variant."""
    deadlock: tuple[int, ...] | None = None
    """The VMs that wait in it."""
    vm: int | None = None
    """Where turns are told apart and cycles run out: in whose turn, and in which. Both are ``None`` between turns."""
    turn: int | None = None


class LimitRange(msgspec.Struct, frozen=True, kw_only=True):
    """All limits from ``first`` to ``last``, or (``None``) all that are higher, and how the run ends within them."""

    first: int
    last: int | None
    ending: Ending


class LimitRanges(msgspec.Struct, frozen=True, kw_only=True):
    """Every limit from 0 on is in one range; neighbouring ranges end differently."""

    format: int = FORMAT
    title: str
    highest: int
    """The highest limit that was tried."""
    played: int
    """Runs that it took."""
    ranges: tuple[LimitRange, ...]


def limit_ranges(what: Playable, *, highest: int | None = None, turns: bool = False) -> LimitRanges:
    """How a run ends within each limit (in cycles, of the whole run).

    ``highest`` is the highest limit that is tried, unless given the scenario's or a node's default, whichever is more.
    ``turns`` tells apart in which VM's turn the cycles run out. Raises as :func:`~spawnlab.play.perform`.
    """
    made = load(what)
    if highest is None:
        highest = max(made.scenario.limits.cycles, CYCLES_DEFAULT)
    search = _Search(what, turns=turns)
    run = search.play(highest)
    base = what.state.total_cycles if isinstance(what, SavedRun) else 0
    suspensions = {event.total for event in run.journal if isinstance(event, Resumed) and event.total >= base}
    bounds = sorted({0, highest, *(total for total in _totals(run.journal.events) if base <= total < highest)})
    if not turns:
        firsts = search.look(bounds, _around(bounds, suspensions))
    elif suspensions:
        firsts = search.look(bounds, range(len(bounds)))
    else:
        firsts = search.follow(run, highest)
    ranges: list[LimitRange] = []
    for first, ending in firsts:
        if ranges and ranges[-1].ending == ending:
            continue
        if ranges:
            ranges[-1] = msgspec.structs.replace(ranges[-1], last=first - 1)
        ranges.append(LimitRange(first=first, last=None, ending=ending))
    if ranges[-1].ending.error == CyclesExceeded.__name__:  # whatever comes further up was not looked at
        ranges[-1] = msgspec.structs.replace(ranges[-1], last=highest)
    return LimitRanges(title=made.scenario.title, highest=highest, played=search.played, ranges=tuple(ranges))


def _around(bounds: Sequence[int], suspensions: Collection[int]) -> set[int]:
    """The parts between bounds, by their index, that end or begin where the run was suspended."""
    begin = {index for index, bound in enumerate(bounds) if bound in suspensions}
    return begin | {index - 1 for index in begin if index}


def _totals(events: Sequence[AnyEvent]) -> list[int]:
    """The run's total wherever it grew, ascending."""
    return sorted({event.total for event in events if isinstance(event, IterationEnded | Faulted | Resumed)})


Found = list[tuple[int, Ending]]
"""Limits, ascending, and how the run ends from each to the next; the first is 0."""


class _Search:
    """Plays the run within limits, each once."""

    def __init__(self, what: Playable, *, turns: bool) -> None:
        self._what = what
        self._turns = turns
        self._known: dict[int, Ending] = {}

    @property
    def played(self) -> int:
        """How many runs there were."""
        return len(self._known)

    def play(self, limit: int) -> Run:
        """The run within a limit."""
        run = run_synchronously(self._what, limit=limit)
        self._known[limit] = self._ending(run)
        return run

    def ending(self, limit: int) -> Ending:
        """How it ends there."""
        if limit not in self._known:
            self.play(limit)
        return self._known[limit]

    def _ending(self, run: Run) -> Ending:
        outcome = run.outcome
        error = outcome.failure.variant if outcome.failure else None
        vm, turn = _last_turn(run.journal.events) if self._turns and error == CyclesExceeded.__name__ else (None, None)
        return Ending(
            status=outcome.status,
            exit_code=outcome.exit_code,
            error=error,
            deadlock=tuple(waiting.vm for waiting in outcome.deadlock.waiting) if outcome.deadlock else None,
            vm=vm,
            turn=turn,
        )

    def bisect_totals(self, bounds: Sequence[int]) -> Found:
        """Where the ending changes, if it only does so at bounds, and never comes back to what it was."""
        found: Found = [(bounds[0], self.ending(bounds[0]))]
        while found[-1][1] != self.ending(bounds[-1]):
            low, high = bounds.index(found[-1][0]), len(bounds) - 1  # the ending differs between these two
            while high - low > 1:
                middle = (low + high) // 2
                if self.ending(bounds[middle]) == found[-1][1]:
                    low = middle
                else:
                    high = middle
            found.append((bounds[high], self.ending(bounds[high])))
        return found

    def follow(self, run: Run, highest: int) -> Found:
        """The same, turn by turn, from the run within the highest: what some turns took runs out in the next one."""
        found: Found = []
        started: IterationStarted | None = None
        total = 0
        for event in run.journal:
            if isinstance(event, IterationStarted):
                started = event
            elif isinstance(event, IterationEnded | Faulted) and event.total > total:
                vm, turn = (started.vm, started.iteration) if started is not None else (None, None)
                found.append((total, Ending(status="error", error=CyclesExceeded.__name__, vm=vm, turn=turn)))
                total, started = event.total, None
        if total <= highest:
            found.append((total, self.ending(highest)))
        return found

    def look(self, bounds: Sequence[int], parts: Collection[int]) -> Found:
        """Where the ending changes; ``parts`` between two bounds are looked into, all else is as a run in one go."""
        found: Found = []
        index = 0
        while index < len(bounds) - 1:
            if index in parts:
                found.append((bounds[index], self.ending(bounds[index])))
                found += self._changes(bounds[index], bounds[index + 1] - 1)
                index += 1
            else:
                following = next((i for i in range(index, len(bounds)) if i in parts), len(bounds) - 1)
                found += self.bisect_totals(bounds[index : following + 1])
                index = following
        return [*found, (bounds[-1], self.ending(bounds[-1]))]

    def _changes(self, low: int, high: int) -> Found:
        """Bisection: changes above ``low``, up to ``high``; none where both end alike."""
        if self.ending(low) == self.ending(high):
            return []
        if high - low == 1:
            return [(high, self.ending(high))]
        middle = (low + high) // 2
        return self._changes(low, middle) + self._changes(middle, high)


def _last_turn(events: Sequence[AnyEvent]) -> tuple[int | None, int | None]:
    """VM and number of the turn that a fault ended; ``None`` if no VM had one."""
    for event in reversed(events):
        if isinstance(event, IterationEnded):
            return event.vm, event.iteration
        if isinstance(event, IterationStarted | Resumed):
            break
    return None, None
