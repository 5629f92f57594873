"""Edits are tried: each is played, and the first is taken after which the run ends well."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..play import run_synchronously
from ..scenarios.build import Build, build
from ..scenarios.errors import ScenarioError
from ..scenarios.model import Scenario
from ..scheduler.deadlock import Waiting
from ..scheduler.events import Booted, Ended, Logged
from ..scheduler.faults import conditions_of
from ..scheduler.hypothetical import CONSENSUS_TEXT
from ..scheduler.policy import PolicyError
from ..staging import Run
from ..views.accounts import Kind, accounts
from ..views.hypotheticals import fault_notes
from ..vm.errors import CyclesExceeded
from .changes import changes_of
from .complaints import complaint_of
from .edits import Candidate, Editor
from .history import history_of
from .model import Edit
from .phrases import iterations

TRIES_MAX = 150
"""Runs that are played for one explanation."""
DEPTH_MAX = 3
"""Places that one edit changes at the most."""
BREADTH = 3
"""Edits that are built on, where one place is not enough."""
CYCLES_MAX = 30_000_000
"""Cycles of the instructions of all these runs together; of a run that is long itself, three times its own.

What is charged for spawning, loading and swapping takes no time here: it would leave a run of many VMs few tries."""
_CYCLES_MIN = 2_000_000
_CYCLES_FACTOR = 4
ENDS = 1
"""A run's merit: the deadlock is gone,"""
ENDS_WELL = 2
"""and it comes to what its programs expect,"""
ALL_END = 3
"""and no VM is cut short by the root's end."""


class Tried(msgspec.Struct, frozen=True):
    """A candidate, and the run with it."""

    candidate: Candidate
    run: Run
    stopped: bool = False
    """Whether the run was ended to try others, and might have gone on."""

    @property
    def stuck(self) -> bool:
        """Whether it ended in a deadlock."""
        return self.run.outcome.deadlock is not None

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """Who waits for what in the end."""
        report = self.run.outcome.deadlock
        return report.waiting if report else ()

    @property
    def merit(self) -> tuple[int, int]:
        """More is better: what the run came to, then its iterations."""
        return _merit_of_end(self), self.run.outcome.iterations


def _merit_of_end(tried: Tried) -> int:
    if tried.stuck or tried.stopped:
        return 0
    if not _ends_well(tried.run):
        return ENDS
    ends = sum(isinstance(event, Ended) for event in tried.run.journal)
    return ALL_END if ends == sum(isinstance(event, Booted) for event in tried.run.journal) else ENDS_WELL


def _ends_well(run: Run) -> bool:
    """The exit code is what is expected, 0 unless it is said, and no step has found something else than it expects."""
    wanted = run.build.scenario.expect.exit_code or 0
    return run.outcome.exit_code == wanted and _complaint(run) is None


def _complaint(run: Run) -> str | None:
    """What the first step has printed that found something else than it expects."""
    texts = (event.text for event in run.journal if isinstance(event, Logged))
    return next((text for text in texts if complaint_of(run.build.scenario, text)), None)


class Trial:
    """Tries edits of one run that ended in a deadlock, as long as ``going`` says so."""

    def __init__(self, run: Run, going: Callable[[], bool] | None = None) -> None:
        self._run = run
        self._going = going
        self.tries = 0
        """Runs that were played."""
        self._policy, self._faults = conditions_of(run.hypothetical or CONSENSUS_TEXT)
        self._effective = _effective(run)
        self._own = _executed(run)
        self._left = max(CYCLES_MAX, 3 * self._own)
        self._limit = min(run.limit, max(_CYCLES_MIN, _CYCLES_FACTOR * run.outcome.cycles))

    def best(self) -> Edit | None:
        """The smallest edit after which the run ends well, else that which gets furthest; ``None`` where none does."""
        scenario = _plain(self._run.build.scenario)
        best = Tried(Candidate("", "", scenario), self._run)
        frontier = [best]
        for _ in range(DEPTH_MAX):
            if not frontier:
                break
            found = [tried for start in frontier for tried in self._all(start)]
            best = max([best, *found], key=lambda tried: tried.merit)  # the first of equals, which is more natural
            if best.merit[0] >= ENDS_WELL or self.is_over:
                break
            known = {start.waiting for start in frontier}
            further = [tried for tried in found if tried.stuck and tried.waiting not in known]
            frontier = sorted(further, key=lambda tried: -tried.run.outcome.iterations)[:BREADTH]
        return None if best.run is self._run else self._edit(best)

    def _all(self, start: Tried) -> list[Tried]:
        """All single edits of a run that is stuck, up to the first after which all ends well."""
        report = start.run.outcome.deadlock
        assert report is not None
        history = history_of(start.run.build, start.run.journal.events)
        found: list[Tried] = []
        for candidate in Editor(start.candidate.scenario, report, history).candidates():
            if self.is_over:
                break
            tried = self._play(start, candidate)
            if tried is not None:
                found.append(tried)
                if tried.merit[0] == ALL_END:
                    break
        return found

    def _play(self, start: Tried, candidate: Candidate) -> Tried | None:
        self.tries += 1
        words = "; and ".join(filter(None, (start.candidate.words, candidate.words)))
        kind = start.candidate.kind or candidate.kind
        try:
            made = self._build(candidate.scenario)
            run = run_synchronously(made, limit=self._limit, policy=self._policy, faults=self._faults)
        except (ScenarioError, PolicyError):  # a name that is used before it is made; a turn that can't be any more
            return None
        except Exception:
            if not self._run.build.actors:
                raise
            return None  # a function that was written for another order of things
        self._left -= _executed(run)
        if not self._effective <= _effective(run):  # a fault that it was about has missed the edited programs
            return None
        failure = run.outcome.failure
        stopped = failure is not None and failure.variant == CyclesExceeded.__name__ and self._limit < self._run.limit
        return Tried(Candidate(kind, words, candidate.scenario), run, stopped)

    @property
    def is_over(self) -> bool:
        """Whether as much was tried as may be: another run could not get further."""
        stopped = self._going is not None and not self._going()
        return stopped or self.tries >= TRIES_MAX or self._left <= self._own

    def _build(self, scenario: Scenario) -> Build:
        """The edited scenario; what is no list of operations is as it was."""
        before = self._run.build
        elves = {code.name: code.elf for code in before.codes if before.scenario.programs[code.name].steps is None}
        made = build(scenario, elves=elves)
        actors = {before.codes[index].name: actor for index, actor in before.actors.items()}
        return made.with_actors(actors)

    def _edit(self, tried: Tried) -> Edit:
        before, after = self._run.outcome, tried.run.outcome
        return Edit(
            kind=tried.candidate.kind,
            words=tried.candidate.words,
            changes=tuple(changes_of(self._run.build.scenario, tried.candidate.scenario)),
            outcome=_outcome_words(tried),
            turns=after.iterations,
            turns_before=before.iterations,
            deadlock_gone=tried.merit[0] >= ENDS,
            tried=self.tries,
        )


def _effective(run: Run) -> set[str]:
    """The faults that took effect."""
    return {note.fault for note in fault_notes(run.journal) if note.times}


def _executed(run: Run) -> int:
    """Cycles of its instructions."""
    return sum(cycles for (_, kind), cycles in accounts(run.journal).consumed.items() if kind is Kind.INSTRUCTIONS)


def _plain(scenario: Scenario) -> Scenario:
    """The scenario without a suspend plan: that would be another run."""
    return msgspec.structs.replace(scenario, suspend=None)


def _outcome_words(tried: Tried) -> str:
    outcome = tried.run.outcome
    if outcome.deadlock is not None:
        return f"the run goes on to iteration {outcome.iterations}, and ends in another deadlock"
    tail = f"after {iterations(outcome.iterations)} and {outcome.cycles:,} cycles"
    if tried.stopped:
        return f"the run goes on, and was stopped {tail}: no more was tried"
    if outcome.failure is not None:
        return f"the deadlock is gone; the run then ends with: {outcome.failure.display}"
    says = _complaint(tried.run)
    said = f", though one VM says: {says}" if says is not None else ""
    return f"the run ends with exit code {outcome.exit_code} {tail}{said}"
