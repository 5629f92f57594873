"""Edits are tried: each is played, and the first is taken after which the run ends well."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import msgspec

from ..play import run_synchronously
from ..scenarios.build import Build
from ..scenarios.errors import ScenarioError
from ..scenarios.model import Program, Scenario
from ..scenarios.steps import AnyStep, Repeat
from ..scheduler.events import Booted, Ended, Logged
from ..staging import Run
from .edits import Candidate, Editor
from .history import history_of
from .model import Change, Edit
from .steps_at import line_of

TRIES_MAX = 150
"""Runs that are played for one explanation."""
DEPTH_MAX = 3
"""Places that one edit changes at the most."""
BREADTH = 3
"""Edits that are built on, where one place is not enough."""
ENDS_WELL = 2
_CYCLES_MIN = 2_000_000
CYCLES_MAX = 30_000_000
"""Cycles of all of them together."""
_CYCLES_FACTOR = 4


@dataclass(frozen=True)
class Tried:
    """A candidate, and the run with it."""

    candidate: Candidate
    run: Run

    @property
    def merit(self) -> tuple[int, int]:
        """More is better: 1 without a deadlock, 2 where the run ends well, 3 where all VMs do; then iterations."""
        outcome = self.run.outcome
        well = 0 if outcome.deadlock else 1 + _ends_well(self.run)
        return (well + (well == ENDS_WELL and _all_end(self.run)), outcome.iterations)


def _all_end(run: Run) -> bool:
    """No VM is cut short by the root's end."""
    ends = sum(isinstance(event, Ended) for event in run.journal)
    return ends == sum(isinstance(event, Booted) for event in run.journal)


def _merit(tried: Tried) -> tuple[int, int]:
    return tried.merit


def _ends_well(run: Run) -> bool:
    """Exit code 0, and no step that found something else than it expects."""
    unexpected = any(isinstance(event, Logged) and event.text.startswith("$.programs.") for event in run.journal)
    return run.outcome.exit_code == 0 and not unexpected


class Trial:
    """Tries edits of one run that ended in a deadlock."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._tries = 0
        self._cycles = 0
        limit = max(_CYCLES_MIN, _CYCLES_FACTOR * run.outcome.cycles)
        self._limit = min(limit, run.build.scenario.limits.cycles)

    def best(self) -> Edit | None:
        """The smallest edit that gets rid of the deadlock, or that gets furthest; ``None`` where none does."""
        frontier = [Tried(Candidate("", "", _plain(self._run.build.scenario)), self._run)]
        best = frontier[0]
        for _ in range(DEPTH_MAX):
            found = [tried for start in frontier for tried in self._all(start)]
            further = sorted((tried for tried in found if tried.merit > best.merit), key=_merit, reverse=True)
            if not further:
                break
            best = further[0]
            if best.merit[0] >= ENDS_WELL or self._is_enough():
                break
            frontier = further[:BREADTH]
        return None if best.run is self._run else self._edit(best)

    def _all(self, start: Tried) -> list[Tried]:
        """All single edits of a run, up to the first after which it ends well."""
        report = start.run.outcome.deadlock
        if report is None:
            return []
        history = history_of(start.run.build, start.run.journal.events)
        found: list[Tried] = []
        for candidate in Editor(start.run.build.scenario, report, history).candidates():
            if self._is_enough():
                break
            tried = self._play(start, candidate)
            if tried is not None:
                found.append(tried)
                if tried.merit[0] > ENDS_WELL:
                    break
        return found

    def _play(self, start: Tried, candidate: Candidate) -> Tried | None:
        self._tries += 1
        words = "; and ".join(filter(None, (start.candidate.words, candidate.words)))
        kind = start.candidate.kind or candidate.kind
        try:
            made = self._build(_plain(candidate.scenario))
        except ScenarioError:  # a name that is used before it is made
            return None
        run = run_synchronously(made, limit=self._limit)
        self._cycles += run.outcome.cycles
        return Tried(Candidate(kind, words, candidate.scenario), run)

    def _is_enough(self) -> bool:
        return self._tries >= TRIES_MAX or self._cycles >= CYCLES_MAX

    def _build(self, scenario: Scenario) -> Build:
        """The edited scenario; what is no list of operations is as it was."""
        from ..scenarios.build import build

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
            outcome=_outcome_words(tried.run),
            turns=after.iterations,
            turns_before=before.iterations,
            deadlock_gone=after.deadlock is None,
            tried=self._tries,
        )


def _plain(scenario: Scenario) -> Scenario:
    """The scenario without a suspend plan: that would be another run."""
    return msgspec.structs.replace(scenario, suspend=None)


def _outcome_words(run: Run) -> str:
    outcome = run.outcome
    if outcome.deadlock is not None:
        return f"the run goes on to iteration {outcome.iterations}, and ends in another deadlock"
    if outcome.failure is not None:
        return f"the deadlock is gone; the run then ends with: {outcome.failure.display}"
    tail = f"after {outcome.iterations} iterations and {outcome.cycles:,} cycles"
    if outcome.exit_code == 0 and not _ends_well(run):
        text = next(e.text for e in run.journal if isinstance(e, Logged) and e.text.startswith("$.programs."))
        return f"the run ends with exit code 0 {tail}, though one VM says: {text}"
    return f"the run ends with exit code {outcome.exit_code} {tail}"


def changes_of(before: Scenario, after: Scenario) -> list[Change]:
    """The places that differ, as lines of operations."""
    found: list[Change] = []
    for name, program in after.programs.items():
        old, new = _lines(before.programs[name]), _lines(program)
        matcher = difflib.SequenceMatcher(a=[text for _, text in old], b=[text for _, text in new], autojunk=False)
        for tag, a1, a2, b1, b2 in matcher.get_opcodes():
            if tag != "equal":
                place = old[a1][0] if a1 < len(old) else "the end"
                removed, added = (tuple(text for _, text in part) for part in (old[a1:a2], new[b1:b2]))
                found.append(Change(program=name, place=place, removed=removed, added=added))
    return found


def _lines(program: Program) -> list[tuple[str, str]]:
    return list(_nested(program.steps or (), "", ""))


def _nested(steps: tuple[AnyStep, ...], place: str, margin: str) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for index, step in enumerate(steps):
        where = f"{place}steps[{index}]"
        if isinstance(step, Repeat):
            lines.append((where, f'{margin}{{ op = "repeat", times = {step.times}, steps = ['))
            lines += _nested(step.steps, f"{where}.", f"{margin}  ")
            lines.append((where, f"{margin}] }}"))
        else:
            lines.append((where, f"{margin}{line_of(step)}"))
    return lines
