"""Runs made by us and by the reference, compared exactly: iteration by iteration, within limits, and in pieces."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec

from spawnlab.conform.modes import Mode, run_recorded
from spawnlab.conform.records import OutcomeRecord
from spawnlab.conform.reference import case_of, run_reference
from spawnlab.scenarios.build import Build

BATCH = 100
TRACE = Mode(trace=True)
EACH = Mode(suspend_each_iteration=True, max_suspends=200)


class Difference(msgspec.Struct, frozen=True):
    """A case that came out differently in a mode."""

    name: str
    mode: Mode
    ours: OutcomeRecord
    reference: OutcomeRecord

    def __str__(self) -> str:
        mine, its = self.ours, self.reference
        head = f"{self.name} {self.mode}"
        for what in ("trace", "suspends"):
            pairs = zip(getattr(mine, what) or (), getattr(its, what) or (), strict=False)
            for number, pair in enumerate(pairs, 1):
                if pair[0] != pair[1]:
                    return f"{head}: {what} {number}:\n  ours      {pair[0]}\n  reference {pair[1]}"
        shown = [msgspec.structs.replace(outcome, trace=None, suspends=None) for outcome in (mine, its)]
        return f"{head}:\n  ours      {shown[0]}\n  reference {shown[1]}"


@dataclass
class Report:
    """What a campaign has seen."""

    cases: int = 0
    runs: int = 0
    iterations: int = 0
    endings: Counter[str] = field(default_factory=Counter[str])
    """Of the runs without a limit."""
    endings_within_limits: Counter[str] = field(default_factory=Counter[str])
    endings_with_suspends: Counter[str] = field(default_factory=Counter[str])
    suspends: int = 0
    vms: Counter[int] = field(default_factory=Counter[int])
    """Cases by how many VMs lived at once."""
    with_swaps: int = 0
    """Cases in which a VM was a snapshot after some iteration."""
    differences: list[Difference] = field(default_factory=list[Difference])
    seconds_ours: float = 0
    seconds_reference: float = 0

    def __str__(self) -> str:
        lines = [
            f"{self.cases} cases, {self.runs} runs, {self.iterations} iterations, {len(self.differences)} differences",
            f"endings: {listed(self.endings)}",
            f"endings within a limit: {listed(self.endings_within_limits)}",
            f"endings with {self.suspends} suspends: {listed(self.endings_with_suspends)}",
            f"VMs at once: {', '.join(f'{n}: {count}' for n, count in sorted(self.vms.items()))}",
            f"cases with suspended VMs: {self.with_swaps}",
        ]
        return "\n".join([*lines, *map(str, self.differences)])


def listed(counts: Counter[str]) -> str:
    """Names with their counts, the most frequent first."""
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def ending(outcome: OutcomeRecord) -> str:
    """How a run ended, in a word or two."""
    if outcome.status in ("stopped", "panic"):
        return outcome.stop_reason or outcome.status
    if outcome.error_debug is None:
        return f"exit {outcome.exit_code}"
    return "deadlock" if "deadlock" in outcome.error_debug else str(outcome.error_variant)


Pair = tuple[OutcomeRecord, OutcomeRecord]
"""Our outcome, and the reference's."""


def differences(builds: Sequence[Build], modes: Sequence[Mode], report: Report) -> list[Pair]:
    """Run each case by both and note what differs."""
    begun = time.perf_counter()
    theirs = run_reference(case_of(made.sg_data, mode) for made, mode in zip(builds, modes, strict=True))
    between = time.perf_counter()
    ours = [run_recorded(made.sg_data, mode) for made, mode in zip(builds, modes, strict=True)]
    report.seconds_reference += between - begun
    report.seconds_ours += time.perf_counter() - between
    pairs = [*zip(ours, theirs, strict=True)]
    for made, mode, (mine, its) in zip(builds, modes, pairs, strict=True):
        report.runs += 1
        if mine != its:
            report.differences.append(Difference(made.scenario.title, mode, mine, its))
    return pairs


def compare(builds: Sequence[Build], seeds: Sequence[int], report: Report, *, suspend: bool = False) -> list[Pair]:
    """Run each case to its end, then within a random limit, and with ``suspend`` in pieces too.

    Gives the outcomes of the runs to the end.
    """
    pairs = differences(builds, [TRACE] * len(builds), report)
    outcomes = [mine for mine, _ in pairs]
    for outcome in outcomes:
        _count(outcome, report)
    limits = [limit_for(outcome, seed) for outcome, seed in zip(outcomes, seeds, strict=True)]
    limited = differences(builds, limits, report)
    report.endings_within_limits.update(ending(mine) for mine, _ in limited)
    if suspend:
        pieces = [pieces_for(outcome, seed) for outcome, seed in zip(outcomes, seeds, strict=True)]
        for modes in ([EACH] * len(builds), pieces):
            pieced = differences(builds, modes, report)
            report.endings_with_suspends.update(ending(mine) for mine, _ in pieced)
            report.suspends += sum(len(mine.suspends or ()) for mine, _ in pieced)
    return pairs


def limit_for(outcome: OutcomeRecord, seed: int) -> Mode:
    """A limit for a case's second run: anywhere, or at the edge of an iteration."""
    random = Random(-seed)
    if outcome.trace and random.random() < 0.6:
        edge = random.choice(outcome.trace).cycles
        return Mode(max_cycles=max(0, edge + random.choice((-1, 0, 1, 2, 500, -500, -800))))
    return Mode(max_cycles=random.randrange((outcome.cycles or 0) + 2))


def pieces_for(outcome: OutcomeRecord, seed: int) -> Mode:
    """How often a case is paused: once, now and then, or so often that a piece may be less than a swap."""
    random = Random(seed ^ 0x5EED)
    total = (outcome.cycles or 0) + 2
    return Mode(pause_every=random.randrange(1, total) // random.choice((1, 1, 3, 10)) + 1, max_suspends=60)


def _count(outcome: OutcomeRecord, report: Report) -> None:
    trace = outcome.trace or ()
    report.cases += 1
    report.iterations += len(trace)
    report.endings[ending(outcome)] += 1
    report.vms[max((len(record.vms) for record in trace), default=0)] += 1
    report.with_swaps += any(vm.place == "s" for record in trace for vm in record.vms)
