"""Random runs, made by us and by the reference, compared exactly.

As a command: ``python tests/agree/campaign.py --count 5000 --seed 1``. It prints how the runs ended, and each
difference with a scenario that was made as small as it can be; it leaves with 1 if there is one.

Case ``n`` is always the same, whatever the count: ``--seed 77 --count 1`` makes the 77th again. Each is run an
iteration at a time, with a record after each, and once more within a random limit. ``--suspend`` runs it twice more:
suspended after each iteration, and whenever a random number of cycles is used up.

``--kind generated`` are the cases of ``spawnlab explore random`` of that seed, and what ``explore`` says of them is
compared too (:mod:`.generated`). There ``--topologies`` chooses the kind of topology, ``--jobs`` processes, and
``--resume FILE`` keeps all batches, to go on after an interruption; with ``--count 0`` it prints what is in the file.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec

if not __package__:  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.agree"

from spawnlab.explore.generate import ANY, random_topology
from spawnlab.explore.generate import KINDS as TOPOLOGIES
from spawnlab.explore.player import build_of
from spawnlab.scenarios.build import Build, build
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.vm.errors import SpawnlabError

from . import calls, generated, loads, topologies
from .comparing import BATCH, Report, compare
from .smaller import smallest


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


def explored(seed: int) -> Build:
    """A topology of the kind that `spawnlab explore` makes, played as it is there."""
    made = build_of(random_topology(Random(seed), generated.SHAPE))
    return msgspec.structs.replace(made, scenario=msgspec.structs.replace(made.scenario, title=f"generated {seed}"))


KINDS: dict[str, Callable[[int], Build]] = {
    "topology": topology,
    "generated": explored,
    "calls": raw_calls,
    "loads": looks,
}


def campaign(kind: str, seeds: Sequence[int], report: Report | None = None, *, suspend: bool = False) -> Report:
    """Compare the cases of these numbers; with ``suspend`` also in pieces."""
    report = report or Report()
    for start in range(0, len(seeds), BATCH):
        batch = seeds[start : start + BATCH]
        compare([KINDS[kind](seed) for seed in batch], batch, report, suspend=suspend)
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print what it has seen."""
    parser = argparse.ArgumentParser(description="Compare random runs with the reference.")
    parser.add_argument("--count", type=int, default=1000, help="how many cases (default 1000)")
    parser.add_argument("--seed", type=int, help="number of the first case (default 1); of generated ones, explore's")
    parser.add_argument("--kind", choices=list(KINDS), default="topology", help="default topology")
    parser.add_argument("--suspend", action="store_true", help="run each in pieces too")
    parser.add_argument("--topologies", choices=(*TOPOLOGIES, ANY), default=ANY, help="of generated ones (default any)")
    parser.add_argument("--jobs", type=int, default=1, help="processes, for generated ones")
    parser.add_argument("--resume", metavar="FILE", help="keep the campaign and go on with it, for generated ones")
    options = parser.parse_args(arguments)
    if options.kind == "generated":
        options.seed = options.seed or 0
        try:
            return generated.command(options)
        except SpawnlabError as error:
            print(error, file=sys.stderr)
            return 2
    if options.jobs != 1 or options.resume or options.topologies != ANY:
        parser.error("--jobs, --resume and --topologies are for --kind generated")
    return _compare(options.kind, 1 if options.seed is None else options.seed, options.count, options.suspend)


def _compare(kind: str, first: int, count: int, suspend: bool) -> int:
    started = time.perf_counter()
    report = Report()
    end = first + count
    for start in range(first, end, BATCH):
        campaign(kind, range(start, min(start + BATCH, end)), report, suspend=suspend)
        print(f"{report.cases} cases, {len(report.differences)} differences", file=sys.stderr)
    print(report)
    print(f"{time.perf_counter() - started:.0f} s")
    if report.differences and kind == "topology":
        difference = report.differences[0]
        scenario = topology(int(difference.name.split()[-1])).scenario
        print(msgspec.json.format(msgspec.json.encode(smallest(scenario, difference.mode))).decode())
    return 1 if report.differences else 0


if __name__ == "__main__":
    sys.exit(main())
