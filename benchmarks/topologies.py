"""Whole runs of the scheduler beside the reference: ``python benchmarks/topologies.py [--count 60] [--rounds 5]``.

* *random*: 5 to 15 VMs in a tree, 3 to 30 pipes between any two of them, every VM moves bytes through its pipes in the
  order of their numbers, and then waits for its children;
* *swapping*: 16 VMs that have written to every page they can, of which 4 have room at a time; they are swapped in 1,000
  times or more.

Both sides run in a process that has run everything before, topology after topology, in turn: ours synchronously,
without observers; theirs is ckb-script's assembly machine (``reference/``, built by cargo). A run that does not end
with the same exit code and the same cycles stops the benchmark; before it begins, the states of all VMs after each
iteration are compared as well.

The reference is there twice, since most of its time is the host's, who finds it memory for each machine anew: as it
is, and with an allocator that keeps memory (``MALLOC_...`` of glibc), which is what ours is compared with.
``--plot FILE`` writes an SVG picture of all random topologies.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

from pictures import machine, scatter
from whole_runs import LIMIT, Peer, Row, compare

from spawnlab.scenarios import steps as s
from spawnlab.scenarios.build import build
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scheduler.events import AnyEvent, SwappedIn
from spawnlab.scheduler.mockup import mock_group
from spawnlab.scheduler.outcome import conduct
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.vm.assembler import assemble

SIZES = (1, 8, 100, 1000, 3000)
CHILDREN, LAPS = 15, 77
"""Each lap lets every child have a turn, for which most have to be swapped in."""

SWAPPING = f"""
_start:
  li t0, 0x20000
  li t1, 0x3f0000
  li t2, 4096
touch:
  sd t0, 0(t0)
  add t0, t0, t2
  bltu t0, t1, touch
  ld t0, 0(sp)
  bnez t0, child
  la s0, fds
  li s1, {CHILDREN}
make:                      # two pipes and a child: fds are to the child, of the child, from the child, of the child
  mv a0, s0
  li a7, 2604
  ecall
  addi a0, s0, 16
  ecall
  la t0, given
  ld t1, 0(s0)
  sd t1, 0(t0)
  ld t1, 24(s0)
  sd t1, 8(t0)
  li a0, 0
  li a1, 3
  li a2, 0
  li a3, 0
  la a4, spawning
  li a7, 2601
  ecall
  addi s0, s0, 32
  addi s1, s1, -1
  bnez s1, make
  li s2, {LAPS}
lap:
  la s0, fds
  li s1, {CHILDREN}
one:
  ld a0, 8(s0)
  la a1, buffer
  la a2, length
  li a7, 2605
  ecall
  ld a0, 16(s0)
  li a7, 2606
  ecall
  addi s0, s0, 32
  addi s1, s1, -1
  bnez s1, one
  addi s2, s2, -1
  bnez s2, lap
leave:
  li a0, 0
  li a7, 93
  ecall
child:
  la a0, given
  la a1, count
  li a7, 2607
  ecall
  la a1, buffer
  la a2, length
echo:
  la t0, given
  ld a0, 0(t0)
  li a7, 2606
  ecall
  bnez a0, leave
  la t0, given
  ld a0, 8(t0)
  li a7, 2605
  ecall
  j echo
.data
spawning: .dword 1, argv, id, given
argv: .dword text
text: .dword 120
id: .dword 0
given: .dword 0, 0, 0
count: .dword 2
length: .dword 1
buffer: .dword 0
fds: .zero {32 * CHILDREN}
"""


def random_topology(seed: int) -> Scenario:
    """A tree of VMs, and pipes between any two, made by the lowest VM that both descend from."""
    random = Random(seed)
    parents = [-1, *(random.randrange(vm) for vm in range(1, random.randint(5, 15)))]
    own: list[list[s.AnyStep]] = [[] for _ in parents]
    moves: list[list[s.AnyStep]] = [[] for _ in parents]
    handed: list[list[str]] = [[] for _ in parents]
    for number in range(random.randint(3, 30)):
        ends = f"r{number}", f"w{number}"
        lines = [_line(parents, vm) for vm in random.sample(range(len(parents)), 2)]
        maker = max(set(lines[0]) & set(lines[1]))
        own[maker].append(s.Pipe(ends=ends))
        for end, line in zip(ends, lines, strict=True):
            for vm in line[line.index(maker) + 1 :]:
                handed[vm].append(end)
        size = random.choice(SIZES)
        moves[lines[0][-1]].append(s.Read(fd=ends[0], size=size))
        moves[lines[1][-1]].append(s.Write(fd=ends[1], size=size))
    programs: dict[str, Program] = {}
    for vm in range(len(parents)):
        children = [child for child, parent in enumerate(parents) if parent == vm]
        before: list[s.AnyStep] = [s.InheritedFds(names=tuple(handed[vm]))] if handed[vm] else []
        spawns = [s.Spawn(program=f"vm{child}", fds=tuple(handed[child]), name=f"c{child}") for child in children]
        waits = [s.Wait(vm=f"c{child}") for child in children]
        programs[f"vm{vm}"] = Program(steps=(*before, *own[vm], *spawns, *moves[vm], *waits))
    return Scenario(root="vm0", programs=programs)


def _line(parents: Sequence[int], vm: int) -> list[int]:
    """The VM and whom it descends from, the root first."""
    line = [vm]
    while line[0]:
        line.insert(0, parents[line[0]])
    return line


def swaps(group: ScriptGroupData) -> int:
    """How often a VM is swapped in."""
    seen: list[AnyEvent] = []
    conduct(Scheduler(group, observers=[seen.append]), LIMIT)
    return sum(isinstance(event, SwappedIn) for event in seen)


def show(name: str, rows: Sequence[Row]) -> None:
    """One line, of medians."""
    mine, theirs, as_it_is = (1e3 * statistics.median(column) for column in zip(*rows, strict=True))
    ratios = sorted(row[0] / row[1] for row in rows)
    middle = statistics.median(ratios)
    print(f"| {name} | {mine:.2f} ms | {theirs:.2f} ms | {as_it_is:.2f} ms | {middle:.2f} × | ", end="")
    print(f"{ratios[0]:.2f} to {ratios[-1]:.2f} × | {statistics.median(row[0] / row[2] for row in rows):.2f} × |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60, help="random topologies")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the first topology")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    options = parser.parse_args()
    peers = Peer(keeps_memory=True), Peer(keeps_memory=False)
    print(f"{machine()}; medians of {options.rounds} rounds\n")
    print("| run | ours | ckb-script | ckb-script as it is | ours / ckb-script | of all runs | ours / as it is |")
    print("|---|---|---|---|---|---|---|")
    groups = [build(random_topology(options.seed + number)).sg_data for number in range(options.count)]
    rows = compare(groups, peers, options.rounds)
    show(f"{options.count} random topologies", rows)
    show("the same, all programs new to our process", compare(groups, peers, options.rounds, forget=True))
    swapping = mock_group([assemble(SWAPPING).elf()])
    show(f"16 VMs with all memory, {swaps(swapping):,} times swapped in", compare([swapping], peers, options.rounds))
    if options.plot:
        scatter(options.plot, [(1e3 * row[1], 1e3 * row[0]) for row in rows], "ckb-script [ms]", "spawnlab [ms]")


if __name__ == "__main__":
    sys.exit(main())
