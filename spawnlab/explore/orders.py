"""Whether the end of a run depends on the order of turns: proved over all orders, shown by two, or not decided."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..saved import SavedRun
from ..scheduler.events import Booted, OtherEndGone, Transferred, WaitEnded
from ..scheduler.faults import Fault, faults_of
from ..scheduler.hypothetical import order_text
from ..scheduler.limits import MAX_INSTANTIATED_VMS, SPAWN_EXTRA_CYCLES_BASE
from ..scheduler.syscalls.cell_data import LOAD_CELL_DATA_AS_CODE
from ..scheduler.syscalls.misc import CURRENT_CYCLES
from ..staging import HypotheticalRunError, Playable, load
from ..vm.errors import CyclesExceeded
from .parting import Parting, parting_of
from .replays import Played, Turn, Unrepeatable
from .results import Result, result_of, words
from .search import Search, TooLong, Visitor

FORMAT = 1
RUNS_MAX = 2_000
"""Runs that are played unless another number is asked for."""
INDEPENDENT, DEPENDENT, UNDECIDED = "independent", "dependent", "undecided"


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """An end that runs come to, and an order of turns that comes to it."""

    policy: str
    """What plays it again: ``largest`` is the chain's own order, all others are hypothetical."""
    result: Result
    words: str
    turns: int
    cycles: int | None
    """Of the run in that order; ``None`` where a function has failed."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing is proved."""

    kind: str
    """``runs``, ``turns``, ``cycles``, ``swaps``, ``current_cycles``, ``code`` or ``function``."""
    words: str


class FaultRuns(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, and in how many of the runs that came to an end it took effect."""

    fault: str
    runs: int


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of all orders of a scenario's turns."""

    format: int = FORMAT
    title: str
    verdict: str
    """``independent``, ``dependent`` or ``undecided``."""
    classes: int
    """Classes of orders that were settled: orders of one class differ in turns that touch nothing in common."""
    runs: int
    has_choices: bool
    """Whether there ever was more than one VM that could run."""
    endings: tuple[Ending, ...]
    """The different ends that were found, each with one order; the chain's is the first."""
    parting: Parting | None
    """Where the first two of them part."""
    reasons: tuple[Reason, ...]
    """Why nothing is proved; also of what is dependent, for the other orders."""
    cycles_min: int | None
    """Over the runs that came to an end."""
    cycles_max: int | None
    notes: tuple[str, ...] = ()
    faults: tuple[FaultRuns, ...] = ()
    """Those that every run had, which makes all of them hypothetical."""


def orders(
    what: Playable,
    *,
    runs_max: int = RUNS_MAX,
    limit: int | None = None,
    everything: bool = False,
    faults: Sequence[str] = (),
) -> Verdict:
    """Whether the end depends on the order, with at most ``runs_max`` runs of at most ``limit`` cycles each.

    It stops at the second end that is found; with ``everything`` it looks for all. A suspend plan is left out.
    ``limit`` is the scenario's unless given. ``faults`` (``docs/faults.md``) are in every run; they name VMs by their
    ids, which may be other VMs in other orders.

    Raises as :func:`~spawnlab.staging.load`, :class:`~spawnlab.staging.HypotheticalRunError` for a suspended run, and
    :class:`~spawnlab.scheduler.faults.FaultError`.
    """
    if isinstance(what, SavedRun):
        raise HypotheticalRunError("a suspended run goes on in the chain's order only; give the scenario itself")
    return _Inquiry(what, runs_max, limit, everything, faults_of(faults)).verdict()


class _Inquiry(Visitor):
    """Notes what the search finds, and draws the conclusion."""

    def __init__(
        self, what: Playable, runs_max: int, limit: int | None, everything: bool, faults: Sequence[Fault]
    ) -> None:
        self._build = load(what)
        self._limit = self._build.scenario.limits.cycles if limit is None else limit
        self._runs_max = runs_max
        self._everything = everything
        self._search = Search(self._build, self._limit, self, faults)
        self._effects = {fault.text: 0 for fault in faults}
        """Runs in which each fault took effect."""
        self._found: dict[Result, Played] = {}
        self._over: list[Played] = []
        """Runs that came to their cycle limit."""
        self._cycles: list[int] = []
        self._calls: set[int] = set()
        self._vms = 0
        self._most = 0
        """Cycles that some order may take at the most."""

    # What the search tells

    def ended(self, played: Played) -> None:
        for fault in played.faults:
            self._effects[fault] += 1
        self._calls |= played.calls
        self._vms = max(self._vms, played.vms)
        if played.outcome is not None:
            if _variant(played) == CyclesExceeded.__name__:
                self._over.append(played)
                return
            self._cycles.append(played.outcome.cycles)
        self._found.setdefault(result_of(self._build, played), played)

    def covered(self, turns: Sequence[Turn]) -> None:
        self._most = max(self._most, _cycles_at_most(turns))

    # The conclusion

    def verdict(self) -> Verdict:
        """Search, and say what came of it."""
        reasons: list[Reason] = []
        whole = False
        try:
            whole = self._search.go(self._wanted)
        except Unrepeatable as error:
            reasons.append(Reason(kind="function", words=f"a function does not repeat itself: {error}"))
        except TooLong as error:
            reasons.append(Reason(kind="turns", words=str(error)))
        if whole and not self._search.has_choices:  # the only order there is
            self._found |= {result_of(self._build, played): played for played in self._over}
        else:
            reasons += self._reasons(whole or bool(reasons))
        found = list(self._found.items())
        verdict = DEPENDENT if len(found) > 1 else UNDECIDED if reasons else INDEPENDENT
        return Verdict(
            title=self._build.scenario.title,
            verdict=verdict,
            classes=self._search.classes,
            runs=self._search.runs,
            has_choices=self._search.has_choices,
            endings=tuple(_ending(result, played) for result, played in found),
            parting=parting_of(self._build, found[0][1], found[1][1]) if len(found) > 1 else None,
            reasons=tuple(reasons),
            cycles_min=min(self._cycles, default=None),
            cycles_max=max(self._cycles, default=None),
            notes=("the scenario's suspend plan is left out",) if self._build.scenario.suspend else (),
            faults=tuple(FaultRuns(fault=fault, runs=runs) for fault, runs in self._effects.items()),
        )

    def _wanted(self) -> bool:
        enough = len(self._found) > 1 or self._over
        return self._search.runs < self._runs_max and (self._everything or not enough)

    def _reasons(self, settled: bool) -> list[Reason]:
        """What a proof does not hold for."""
        reasons: list[Reason] = []
        if self._over:
            order = order_of(self._over[0])
            text = f"a run came to its limit of {self._limit:,} cycles (--policy {order})"
            reasons.append(Reason(kind="cycles", words=text))
        elif not settled and self._search.runs >= self._runs_max:
            text = f"{self._runs_max:,} runs were played, and there are more orders"
            reasons.append(Reason(kind="runs", words=text))
        if self._most > self._limit and not self._over:
            text = (
                f"with more swapping an order might take up to {self._most:,} cycles, and the limit is {self._limit:,}"
            )
            reasons.append(Reason(kind="swaps", words=text))
        if CURRENT_CYCLES in self._calls:
            text = "a program asks for the current cycles, which are others in each order"
            reasons.append(Reason(kind="current_cycles", words=text))
        if LOAD_CELL_DATA_AS_CODE in self._calls and self._vms > MAX_INSTANTIATED_VMS:
            text = "a program loads code beside swaps, and a swap may change its pages"
            reasons.append(Reason(kind="code", words=text))
        return reasons


def _variant(played: Played) -> str | None:
    failure = played.outcome.failure if played.outcome else None
    return failure.variant if failure else None


def _ending(result: Result, played: Played) -> Ending:
    cycles = played.outcome.cycles if played.outcome else None
    return Ending(policy=order_of(played), result=result, words=words(result), turns=len(played.order), cycles=cycles)


def order_of(played: Played) -> str:
    """The text of the policy that plays a run again; as short as it can be, since the largest id follows a list."""
    turns = [*played.turns, *([] if played.unfinished is None else [played.unfinished])]
    while turns and turns[-1].vm == turns[-1].runnable[-1]:
        turns.pop()
    return order_text([turn.vm for turn in turns])


def _cycles_at_most(turns: Sequence[Turn]) -> int:
    """Cycles that an order of a class may take: those of its turns, and of swapping in the worst case.

    Swapping is for more than four VMs. A turn swaps its VM in, and one out for it; so does what a VM is given while it
    waits, for two at a transfer; a spawn makes room for the child, and swaps its parent back in.
    """
    events = [event for turn in turns for event in turn.events]
    booted = 1 + sum(isinstance(event, Booted) for event in events)
    used = sum(turn.used for turn in turns)
    if booted <= MAX_INSTANTIATED_VMS:
        return used
    moves = 2 * len(turns)
    for event in events:
        match event:
            case WaitEnded() | OtherEndGone():
                moves += 2
            case Transferred():
                moves += 4
            case Booted():
                moves += 3
            case _:
                pass
    return used + moves * SPAWN_EXTRA_CYCLES_BASE
