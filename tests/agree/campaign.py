"""Random runs, made by us and by the reference, compared exactly.

As a command: ``python tests/agree/campaign.py --count 5000 --seed 1``. It prints how the runs ended, and each
difference with a scenario that was made as small as it can be; it leaves with 1 if there is one.

Case ``n`` is always the same, whatever the count: ``--seed 77 --count 1`` makes the 77th again. Each is run an
iteration at a time, with a record after each, and once more within a random limit. ``--suspend`` runs it twice more:
suspended after each iteration, and whenever a random number of cycles is used up.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec

if __name__ == "__main__":  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.agree"

from spawnlab.conform.modes import Mode, run_recorded
from spawnlab.conform.records import OutcomeRecord
from spawnlab.conform.reference import case_of, run_reference
from spawnlab.explore.generate import Shape, random_topology
from spawnlab.explore.player import build_of
from spawnlab.scenarios.build import Build, build
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scenarios.steps import AnyStep, Repeat

from . import calls, loads, topologies

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

    def __str__(self) -> str:
        lines = [
            f"{self.cases} cases, {self.runs} runs, {self.iterations} iterations, {len(self.differences)} differences",
            f"endings: {_listed(self.endings)}",
            f"endings within a limit: {_listed(self.endings_within_limits)}",
            f"endings with {self.suspends} suspends: {_listed(self.endings_with_suspends)}",
            f"VMs at once: {', '.join(f'{n}: {count}' for n, count in sorted(self.vms.items()))}",
            f"cases with suspended VMs: {self.with_swaps}",
        ]
        return "\n".join([*lines, *map(str, self.differences)])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def ending(outcome: OutcomeRecord) -> str:
    """How a run ended, in a word or two."""
    if outcome.status in ("stopped", "panic"):
        return outcome.stop_reason or outcome.status
    if outcome.error_debug is None:
        return f"exit {outcome.exit_code}"
    return "deadlock" if "deadlock" in outcome.error_debug else str(outcome.error_variant)


# Cases


def topology(seed: int) -> Build:
    """A topology in the operation language."""
    return build(msgspec.structs.replace(topologies.topology(seed), title=f"topology {seed}"))


def raw_calls(seed: int) -> Build:
    """Programs of random system calls."""
    with TemporaryDirectory() as folder:
        programs: dict[str, Program] = {}
        for index, content in enumerate(calls.programs(seed)):
            (Path(folder) / f"p{index}").write_bytes(content)
            programs[f"p{index}"] = Program(elf=f"p{index}")
        return build(Scenario(title=f"calls {seed}", root="p0", programs=programs), folder=Path(folder))


def looks(seed: int) -> Build:
    """Programs that load from a random transaction."""
    scenario = Scenario(title=f"loads {seed}", programs={"root": Program(steps=())})
    return Build(scenario, (), loads.group(seed))


def generated(seed: int) -> Build:
    """A topology of `spawnlab explore`, played as it is there."""
    made = build_of(random_topology(Random(seed), Shape("any", vms_max=15, pipes_max=30, operations_max=40)))
    return msgspec.structs.replace(made, scenario=msgspec.structs.replace(made.scenario, title=f"generated {seed}"))


KINDS: dict[str, Callable[[int], Build]] = {
    "topology": topology,
    "generated": generated,
    "calls": raw_calls,
    "loads": looks,
}


# Comparing


def differences(builds: Sequence[Build], modes: Sequence[Mode], report: Report) -> list[OutcomeRecord]:
    """Run each case by both and note what differs; gives our outcomes."""
    theirs = run_reference(case_of(made.sg_data, mode) for made, mode in zip(builds, modes, strict=True))
    ours = [run_recorded(made.sg_data, mode) for made, mode in zip(builds, modes, strict=True)]
    for made, mode, mine, its in zip(builds, modes, ours, theirs, strict=True):
        report.runs += 1
        if mine != its:
            report.differences.append(Difference(made.scenario.title, mode, mine, its))
    return ours


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


def campaign(kind: str, seeds: Sequence[int], report: Report | None = None, *, suspend: bool = False) -> Report:
    """Compare the cases of these numbers; with ``suspend`` also in pieces."""
    report = report or Report()
    for start in range(0, len(seeds), BATCH):
        batch = seeds[start : start + BATCH]
        builds = [KINDS[kind](seed) for seed in batch]
        outcomes = differences(builds, [TRACE] * len(batch), report)
        for outcome in outcomes:
            _count(outcome, report)
        limits = [limit_for(outcome, seed) for outcome, seed in zip(outcomes, batch, strict=True)]
        limited = differences(builds, limits, report)
        report.endings_within_limits.update(map(ending, limited))
        if suspend:
            pieces = [pieces_for(outcome, seed) for outcome, seed in zip(outcomes, batch, strict=True)]
            for modes in ([EACH] * len(batch), pieces):
                pieced = differences(builds, modes, report)
                report.endings_with_suspends.update(map(ending, pieced))
                report.suspends += sum(len(outcome.suspends or ()) for outcome in pieced)
    return report


def _count(outcome: OutcomeRecord, report: Report) -> None:
    trace = outcome.trace or ()
    report.cases += 1
    report.iterations += len(trace)
    report.endings[ending(outcome)] += 1
    report.vms[max((len(record.vms) for record in trace), default=0)] += 1
    report.with_swaps += any(vm.place == "s" for record in trace for vm in record.vms)


# Making a case small


def smallest(scenario: Scenario, mode: Mode) -> Scenario:
    """The scenario with steps left out, as long as it still comes out differently."""
    while True:
        candidates = list(_smaller(scenario))
        report = Report()
        for start in range(0, len(candidates), BATCH):
            builds = [build(candidate) for candidate in candidates[start : start + BATCH]]
            differences(builds, [mode] * len(builds), report)
        if not report.differences:
            return scenario
        found = {difference.name for difference in report.differences}
        scenario = next(candidate for candidate in candidates if candidate.title in found)


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    number = 0
    for name, program in scenario.programs.items():
        for steps in _with_one_less(program.steps or ()):
            programs = scenario.programs | {name: msgspec.structs.replace(program, steps=steps)}
            smaller = msgspec.structs.replace(scenario, title=str(number), programs=programs)
            try:
                build(smaller)
            except ScenarioError:
                continue
            number += 1
            yield smaller


def _with_one_less(steps: tuple[AnyStep, ...]) -> Iterator[tuple[AnyStep, ...]]:
    for index, step in enumerate(steps):
        yield (*steps[:index], *steps[index + 1 :])
        if isinstance(step, Repeat):
            yield (*steps[:index], *step.steps, *steps[index + 1 :])


# The command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print what it has seen."""
    parser = argparse.ArgumentParser(description="Compare random runs with the reference.")
    parser.add_argument("--count", type=int, default=1000, help="how many cases (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="number of the first case (default 1)")
    parser.add_argument("--kind", choices=list(KINDS), default="topology", help="default topology")
    parser.add_argument("--suspend", action="store_true", help="run each in pieces too")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    report = Report()
    end = options.seed + options.count
    for start in range(options.seed, end, BATCH):
        campaign(options.kind, range(start, min(start + BATCH, end)), report, suspend=options.suspend)
        print(f"{report.cases} cases, {len(report.differences)} differences", file=sys.stderr)
    print(report)
    print(f"{time.perf_counter() - started:.0f} s")
    if report.differences and options.kind == "topology":
        first = report.differences[0]
        scenario = topology(int(first.name.split()[-1])).scenario
        print(msgspec.json.format(msgspec.json.encode(smallest(scenario, first.mode))).decode())
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
