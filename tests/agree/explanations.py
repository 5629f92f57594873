"""Explanations of the deadlocks that ``spawnlab explore`` finds: is each right, and does each edit do what it promises?

As a command: ``python tests/agree/explanations.py --count 5000 --seed 0``. It goes through the cases of ``spawnlab
explore random`` of that seed until so many were deadlocks. Each is explained as ``spawnlab explain`` does, with edits.
Then

* what it says of VMs, waits, rings and causes is held against the deadlock;
* an edit is made from the lines that are shown, as a reader would, and the run with it is held against the promise;
* both runs, without and with the edit, are made by the reference too, and compared after each iteration.

It prints a table by cause, and each fault with the token of its case; it leaves with 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

import msgspec

if not __package__:  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.agree"

from spawnlab.explain.causes import DEADLOCK_RULES
from spawnlab.explain.edits import KINDS as EDIT_KINDS
from spawnlab.explain.explain import explain
from spawnlab.explain.model import Explanation
from spawnlab.explore.campaign import BATCH, Campaign, play_batch
from spawnlab.explore.cases import Case, case_of
from spawnlab.explore.generate import ANY, KINDS, Shape
from spawnlab.explore.topology import scenario_of
from spawnlab.play import run_synchronously
from spawnlab.scenarios.build import Build, build

from ..spawnlab.explain.applying import applied
from .comparing import TRACE, Report, differences
from .explained import ends_well, faults_of_edit, faults_of_explanation

TOGETHER = 20
"""Deadlocks whose runs the reference makes in one go."""


class Explained(msgspec.Struct, frozen=True):
    """A deadlock, its explanation, and what is wrong with that."""

    token: str
    found: Explanation
    builds: tuple[Build, ...]
    """The scenario, and that with the edit."""
    faults: tuple[str, ...]


@dataclass
class Tally:
    """Deadlocks by cause: all, with an edit, with one after which the deadlock is gone, and all ends well."""

    deadlocks: Counter[str] = field(default_factory=Counter[str])
    offered: Counter[str] = field(default_factory=Counter[str])
    gone: Counter[str] = field(default_factory=Counter[str])
    well: Counter[str] = field(default_factory=Counter[str])
    kinds: Counter[str] = field(default_factory=Counter[str])
    """Edits by kind."""
    faulty: Counter[str] = field(default_factory=Counter[str])
    faults: list[str] = field(default_factory=list[str])
    runs_compared: int = 0

    def add(self, one: Explained, more: Sequence[str]) -> None:
        """Count a deadlock; ``more`` are faults that the reference has shown."""
        cause, edit = one.found.cause, one.found.edit
        self.deadlocks[cause] += 1
        if edit is not None:
            self.offered[cause] += 1
            self.kinds[edit.kind] += 1
            self.gone[cause] += edit.deadlock_gone
            self.well[cause] += ends_well(edit)
        faults = [*one.faults, *more]
        self.faulty[cause] += bool(faults)
        self.faults += [f"{one.token}: {fault}" for fault in faults]


def deadlocks(kind: str, seed: int, start: int = 0) -> Iterator[Case]:
    """The deadlocks that ``explore`` finds, from case ``start`` on."""
    asked = Campaign(mode="random", shape=Shape(kind), seed=seed, question="deadlock")
    for first in count(start, BATCH):
        for found in play_batch(asked, first, BATCH).found:
            yield case_of(found.token)


def explained(case: Case) -> Explained:
    """Explain a deadlock, and hold what is said against what is here."""
    made = build(scenario_of(case.topology))
    run = run_synchronously(made)
    report = run.outcome.deadlock
    if report is None:
        raise SystemExit(f"{case.token}: compiled, it is no deadlock")
    found = explain(run)
    faults = [*faults_of_explanation(found, report)]
    if found.edit is None:
        return Explained(case.token, found, (made,), tuple(faults))
    edited = build(applied(made.scenario, found.edit))
    faults += faults_of_edit(found.edit, run.outcome, run_synchronously(edited).outcome)
    return Explained(case.token, found, (made, edited), tuple(faults))


def campaign(cases: Iterator[Case], tally: Tally) -> Tally:
    """Explain these, and make their runs by the reference as well."""
    while some := [explained(case) for case in islice(cases, TOGETHER)]:
        builds = [
            msgspec.structs.replace(made, scenario=msgspec.structs.replace(made.scenario, title=str(index)))
            for index, one in enumerate(some)
            for made in one.builds
        ]
        report = Report()
        pairs = iter(differences(builds, [TRACE] * len(builds), report))
        tally.runs_compared += report.runs
        for index, one in enumerate(some):
            more = [str(difference) for difference in report.differences if difference.name == str(index)]
            theirs = [its for _, its in islice(pairs, len(one.builds))]
            if "deadlock" not in (theirs[0].error_debug or ""):
                more.append("it is none to the reference")
            edit = one.found.edit
            if edit is not None and edit.deadlock_gone == ("deadlock" in (theirs[1].error_debug or "")):
                more.append("with the edit the reference comes to something else")
            tally.add(one, more)
    return tally


def lines_of(tally: Tally) -> Iterator[str]:
    """The table by cause, edits by kind, and faults."""
    yield "| cause | deadlocks | edits offered | deadlock gone | ends well | not as said |"
    yield "|---|---|---|---|---|---|"
    for cause in [cause for cause in DEADLOCK_RULES if tally.deadlocks[cause]]:
        yield _row(cause, *(counts[cause] for counts in _columns(tally)))
    yield _row("all", *(counts.total() for counts in _columns(tally)))
    yield ""
    kinds = sorted(tally.kinds.items(), key=lambda item: EDIT_KINDS.index(item[0]))
    yield "edits by kind: " + ", ".join(f"{kind} {number:,}" for kind, number in kinds)
    yield f"{tally.runs_compared:,} runs compared with the reference; {len(tally.faults)} faults"
    yield from tally.faults


def _columns(tally: Tally) -> tuple[Counter[str], ...]:
    return tally.deadlocks, tally.offered, tally.gone, tally.well, tally.faulty


def _row(name: str, every: int, offered: int, gone: int, well: int, faulty: int) -> str:
    shares = [f"{number:,} ({100 * number / every:.1f} %)" for number in (offered, gone, well)]
    return f"| {name} | {every:,} | {' | '.join(shares)} | {faulty} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print what it has seen."""
    parser = argparse.ArgumentParser(description="Hold explanations of deadlocks against what they speak of.")
    parser.add_argument("--count", type=int, default=200, help="how many deadlocks (default 200)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of explore's cases (default 0)")
    parser.add_argument("--kind", choices=(*KINDS[1:], ANY), default=ANY, help="of topologies (default any)")
    options = parser.parse_args(arguments)
    begun = time.perf_counter()
    tally = Tally()
    cases = islice(deadlocks(options.kind, options.seed), options.count)
    while some := [*islice(cases, 5 * TOGETHER)]:
        campaign(iter(some), tally)
        seconds = time.perf_counter() - begun
        print(f"{tally.deadlocks.total():,} in {seconds:.0f} s, {len(tally.faults)} faults", file=sys.stderr)
    print(*lines_of(tally), sep="\n")
    seconds = time.perf_counter() - begun
    print(f"{seconds:.0f} s, {tally.deadlocks.total() / seconds:.1f} deadlocks a second")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
