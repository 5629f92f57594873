"""Random graphs of VMs and pipes, a case after the other: ``python benchmarks/random_dag.py [--programs DIR]``.

The reference tests itself with random graphs: 6 to 16 VMs in a tree, up to 31 pipes between any two of them, and data
that goes along the arrows of a graph without rings. Here are

* *explored*: acyclic topologies, about as large, as ``spawnlab explore random --kind acyclic`` plays them, in process;
* *spawn_dag*, where ``--programs`` names the folder that has it: the reference's own test program (``script/testdata``
  of nervosnetwork/ckb), with such graphs (``dag.py``). Each VM looks through all of the graph for what concerns it.

*A case* is all that ``explore`` does of it: make the topology and its programs, play it with a journal, and judge it;
*the run* is the scheduler's alone. Beside it the reference's run of the same case, on one core too, in a process that
has run everything before (``reference/``, built by cargo); twice, as in ``topologies.py``. All take turns, in rounds.
A run that does not end with the same exit code and cycles stops the benchmark; before it begins, the states of all VMs
after each iteration are compared as well.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from random import Random

import msgspec
from dag import encode, random_graph
from pictures import machine, scatter
from whole_runs import LIMIT, Peer, ours

from spawnlab.conform.compare import compare_group
from spawnlab.conform.modes import Mode
from spawnlab.conform.reference import case_of
from spawnlab.explore.campaign import Campaign, play_batch
from spawnlab.explore.cases import case_of as case_of_token
from spawnlab.explore.facts import ending, facts_of
from spawnlab.explore.generate import Shape
from spawnlab.play import run_synchronously
from spawnlab.scenarios.build import Build
from spawnlab.scenarios.code import Code
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scheduler.mockup import mock_group
from spawnlab.scheduler.transaction import ScriptGroupData

VMS, PIPES = (6, 16), (3, 31)
PIPES_MIN = 10
"""Of an explored topology: those that the shape makes have fewer pipes than it may."""
SHAPE = Shape("acyclic", vms_max=VMS[1], pipes_max=PIPES[1])
WARM_UP = 2
"""Rounds that don't count."""


class Case(msgspec.Struct, frozen=True):
    """A case: what both sides run, how large it is, and all that we do of it, which gives how it ended."""

    group: ScriptGroupData
    vms: int
    pipes: int
    whole: Callable[[], str]


def explored(seed: int) -> Iterator[Case]:
    """The acyclic topologies of a seed that are large enough."""
    asked = Campaign(mode="random", shape=SHAPE, seed=seed)
    every = msgspec.structs.replace(asked, question="turns >= 0")
    for number in count():
        (found,) = play_batch(every, number, 1).found
        vms, pipes, *_ = found.size
        if vms >= VMS[0] and pipes >= PIPES_MIN:

            def whole(number: int = number) -> str:
                (end,) = play_batch(asked, number, 1).endings
                return end

            yield Case(case_of_token(found.token).build().sg_data, vms, pipes, whole)


def played_by_spawn_dag(seed: int, program: bytes) -> Iterator[Case]:
    """Graphs of the reference's program."""
    scenario = Scenario(programs={"root": Program(elf="spawn_dag")})
    codes = (Code("root", program),)
    for number in count():

        def made(number: int = number) -> tuple[Build, int, int]:
            random = Random(f"{seed}/{number}")
            graph = random_graph(random, random.randint(VMS[0], VMS[1]) - 1, random.randint(*PIPES))
            group = mock_group([program], witnesses=[encode(graph)])
            return Build(scenario, codes, group), len(graph.parents) + 1, len(graph.writes)

        def whole(made: Callable[[], tuple[Build, int, int]] = made) -> str:
            run = run_synchronously(made()[0])
            facts_of(run)
            return ending(run)

        build, vms, pipes = made()
        yield Case(build.sg_data, vms, pipes, whole)


Row = tuple[float, float, float, float]
"""Median seconds: a case, the run, the reference's run, and the reference's as it is."""


def measure(cases: Sequence[Case], peers: Sequence[Peer], rounds: int) -> list[Row]:
    """A row for each case."""
    for case in cases:
        compared = compare_group(case.group, [Mode(trace=True)], machine="asm")
        if not compared.equal:
            raise SystemExit("\n".join(compared.lines()))
    texts = [json.dumps(case_of(case.group, Mode(max_cycles=LIMIT))) for case in cases]
    samples: list[list[Row]] = [[] for _ in cases]
    for _ in range(rounds + WARM_UP):
        gc.collect()
        for case, text, rows in zip(cases, texts, samples, strict=True):
            begun = time.perf_counter()
            end = case.whole()
            seconds = time.perf_counter() - begun
            runs = [ours(case.group), *(peer.run(text) for peer in peers)]
            if {run[1:] for run in runs} != {runs[0][1:]} or end != f"exit {runs[0][1]}":
                raise SystemExit(f"exit code and cycles differ: {end}, {runs}")
            rows.append((seconds, runs[0][0], runs[1][0], runs[2][0]))
    return [_medians(rows[WARM_UP:]) for rows in samples]


def _medians(rows: Sequence[Row]) -> Row:
    whole, run, theirs, as_it_is = (statistics.median(column) for column in zip(*rows, strict=True))
    return whole, run, theirs, as_it_is


def lines_of(name: str, cases: Sequence[Case], rows: Sequence[Row]) -> Iterator[str]:
    """A table of what each took, and of how many a second that makes."""
    vms, pipes = (statistics.mean(sizes) for sizes in zip(*((case.vms, case.pipes) for case in cases), strict=True))
    yield f"\n{len(cases)} cases of {name}: {vms:.1f} VMs and {pipes:.1f} pipes on average\n"
    yield "| what | median | of all cases | cases a second | times as long as ckb-script's run | of all cases |"
    yield "|---|---|---|---|---|---|"
    names = "spawnlab, a case", "spawnlab, the run", "ckb-script, the run", "ckb-script as it is"
    for index, what in enumerate(names):
        times = sorted(1e3 * row[index] for row in rows)
        ratios = sorted(row[index] / row[2] for row in rows)
        rate = 1e3 * len(times) / sum(times)
        yield (
            f"| {what} | {statistics.median(times):.2f} ms | {times[0]:.2f} to {times[-1]:.2f} ms | {rate:.0f} "
            f"| {statistics.median(ratios):.2f} × | {ratios[0]:.2f} to {ratios[-1]:.2f} × |"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="cases of each kind (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--programs", type=Path, metavar="DIR", help="the folder that has spawn_dag")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    peers = Peer(keeps_memory=True), Peer(keeps_memory=False)
    print(f"{machine()}; medians of {options.rounds} rounds")
    kinds = {"acyclic topologies": explored(options.seed)}
    if options.programs:
        kinds["spawn_dag"] = played_by_spawn_dag(options.seed, (options.programs / "spawn_dag").read_bytes())
    points: list[tuple[float, float]] = []
    for name, found in kinds.items():
        cases = [*islice(found, options.count)]
        rows = measure(cases, peers, options.rounds)
        print(*lines_of(name, cases, rows), sep="\n")
        points += [(1e3 * row[2], 1e3 * row[0]) for row in rows]
    if options.plot:
        scatter(options.plot, points, "ckb-script, the run [ms]", "spawnlab, a case [ms]")


if __name__ == "__main__":
    sys.exit(main())
