"""Small random scenarios, and all their orders by brute force.

As a command it compares the search with that: ``python tests/spawnlab/explore/tiny.py --seed 0 --count 1000``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from random import Random

from spawnlab.explore.faulting import random_faults
from spawnlab.explore.replays import Played, Turn, replay
from spawnlab.explore.results import Result, result_of
from spawnlab.explore.search import Search, Visitor
from spawnlab.play import run_synchronously
from spawnlab.scenarios import steps as s
from spawnlab.scenarios.build import Build, build
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scheduler.faults import Fault, FilledMemory, faults_of

LIMIT = 50_000_000
_CODES = ("SUCCESS", "OTHER_END_CLOSED", "WAIT_FAILURE")


def tiny(seed: int) -> Scenario:
    """Two or three VMs of a few operations; what they are answered decides how they end."""
    random = Random(seed)
    children = random.choice((1, 2, 2, 2, 3))
    pipes = random.choice((0, 1, 1, 2))
    ends = [f"{end}{number}" for number in range(pipes) for end in "rw"]
    owner = {end: random.randrange(children + 1) for end in ends}
    root: list[s.AnyStep] = [s.Pipe(ends=(f"r{number}", f"w{number}")) for number in range(pipes)]
    programs: dict[str, Program] = {}
    vms = [f"vm{child}" for child in range(1, children + 1)]
    for child in range(1, children + 1):
        own = [end for end in ends if owner[end] == child]
        root.append(s.Spawn(program=f"p{child}", fds=tuple(own), name=f"vm{child}"))
        steps: list[s.AnyStep] = [s.InheritedFds(names=tuple(own))] if own else []
        steps += _actions(random, own, [str(number) for number in range(children + 2)], random.randrange(1, 4))
        programs[f"p{child}"] = Program(steps=tuple(steps))
        if random.random() < 0.15:
            fds = [2 * int(end[1:]) + 2 + (end[0] == "w") for end in own]
            programs[f"p{child}"] = Program(asm=_failing(random, fds, random.randrange(children + 2)))
    kept = [end for end in ends if owner[end] == 0]
    root += _actions(random, kept, vms, random.randrange(0, 4))
    programs["leaf"] = Program(steps=(s.Exit(code=random.choice((0, 4))),))
    return Scenario(root="root", programs={"root": Program(steps=tuple(root)), **programs})


def _failing(random: Random, fds: Sequence[int], target: int) -> str:
    """A program that fails by itself, or has others fail: what it waits for can't be stored or loaded."""
    bad = "li a1, -8\n"
    kinds = [f"{bad} ld a0, 0(a1)", f"{bad} li a0, {target}\n li a7, SYS_WAIT\n ecall"]
    kinds += [f"{bad} li a0, {fd}\n la a2, length\n li a7, SYS_{'WRITE' if fd % 2 else 'READ'}\n ecall" for fd in fds]
    middle = random.choice(kinds)
    return f"{middle}\n li a0, 3\n li a7, SYS_EXIT\n ecall\n.data\nlength: .dword 4\n"


def _actions(random: Random, ends: Sequence[str], vms: Sequence[str], count: int) -> Iterator[s.AnyStep]:
    """Operations of one program, then an end that shows what it saw."""
    shown: list[str] = []
    left = list(ends)
    for _ in range(count):
        kind = random.choice(
            ("end", "end", "end", "close", "wait", "wait", "spawn", "pipe") if left else ("wait", "spawn")
        )
        code = random.choice(_CODES)
        if kind == "end":
            end = random.choice(left)
            shown.append("n")
            size = random.choice((0, 1, 3, 7))
            yield (
                s.Read(fd=end, size=size, count="n", code=code)
                if end[0] == "r"
                else s.Write(fd=end, size=size, count="n", code=code)
            )
        elif kind == "close":
            yield s.Close(fd=left.pop(random.randrange(len(left))))
        elif kind == "wait":
            vm = random.choice(vms)
            if random.random() < 0.6:
                shown.append("code")
            yield s.Wait(vm=int(vm) if vm.isdigit() else vm, name="code" if "code" in shown else None, code=code)
        elif kind == "pipe":
            shown.append("x")
            yield s.Pipe(ends=("x", "y"))
        elif random.random() < 0.3:
            shown.append("v")
            yield s.Spawn(program="leaf", name="v")
    if shown and random.random() < 0.7:
        yield s.Exit(code=random.choice(shown))
    elif random.random() < 0.5:
        yield s.Exit(code=random.choice((0, 3)))


class Found(Visitor):
    """Keeps all results."""

    def __init__(self, made: Build) -> None:
        self._build = made
        self.results: set[Result] = set()

    def ended(self, played: Played) -> None:
        self.results.add(result_of(self._build, played))


def by_reduction(
    made: Build, runs_max: int = 100_000, faults: Sequence[Fault] = ()
) -> tuple[set[Result], Search, bool]:
    """All results by the search, the search, and whether it came to its end."""
    found = Found(made)
    search = Search(made, LIMIT, found, faults)
    whole = search.go(lambda: search.runs < runs_max)
    return found.results, search, whole


def by_brute_force(made: Build, runs_max: int, faults: Sequence[Fault] = ()) -> tuple[set[Result], int, bool]:
    """All results by playing every order, their number, and whether these were all."""
    results: set[Result] = set()
    path: list[list[int]] = []
    runs = 0
    while True:

        def choose(turns: Sequence[Turn], runnable: Sequence[int]) -> int:
            if len(turns) == len(path):
                path.append(list(runnable))
            return path[len(turns)][-1]

        results.add(result_of(made, replay(made, choose, LIMIT, faults)))
        runs += 1
        while path and len(path[-1]) == 1:
            path.pop()
        if not path:
            return results, runs, True
        if runs == runs_max:
            return results, runs, False
        path[-1].pop()


def faults_for(made: Build, seed: int) -> tuple[Fault, ...]:
    """Random faults for a scenario, from its run in the chain's order; none that fills memory, which is slow."""
    texts = random_faults(Random(seed), run_synchronously(made, limit=LIMIT))
    return tuple(fault for fault in faults_of(texts) if not isinstance(fault, FilledMemory))


def main() -> int:
    """Compare, print what differs and the sums; gives 1 if anything differs."""
    parser = argparse.ArgumentParser(description="Hold the search over orders against brute force.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--runs-max", type=int, default=1000, help="of one scenario, by brute force")
    parser.add_argument("--faults", action="store_true", help="with random faults in every run")
    options = parser.parse_args()
    whole = dependent = runs = searched = wrong = 0
    for seed in range(options.seed, options.seed + options.count):
        made = build(tiny(seed))
        faults = faults_for(made, seed) if options.faults else ()
        expected, count, is_whole = by_brute_force(made, options.runs_max, faults)
        results, search, _ = by_reduction(made, options.runs_max * 10, faults)
        if not results >= expected or (is_whole and results != expected):
            print(f"seed {seed}: by brute force {expected}, by the search {results}")
            wrong += 1
        if is_whole:
            whole, dependent = whole + 1, dependent + (len(expected) > 1)
            runs, searched = runs + count, searched + search.runs
    print(f"{options.count} scenarios, {wrong} wrong; of {whole} all orders were played, {dependent} depend on it")
    print(f"these took {runs} runs by brute force, and {searched} by the search")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
