"""What an iteration costs as runs grow: ``python benchmarks/growth.py [--rounds 5] [--plot FILE]``.

The root and an echo hand bytes to and fro; beside them there are more and more

* *VMs* that wait (of more than four some are swapped out, once),
* *pipes* that are open, *bytes* in each message,
* or *iterations* that have been, with a journal of all events and without.

Each row is the time of a whole run by its iterations, ours and the reference's in turn, medians of the rounds. Runs are
compared as in ``topologies.py``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pictures import curves, machine
from whole_runs import LIMIT, Peer, compare

from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.mockup import mock_group
from spawnlab.scheduler.outcome import conduct
from spawnlab.scheduler.policy import CONSENSUS_POLICY
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.vm.assembler import assemble

EXCHANGES = 500


def echo(*, exchanges: int = EXCHANGES, waiting: int = 0, pipes: int = 0, size: int = 1) -> ScriptGroupData:
    """A run of so many messages to an echo and back, with VMs that wait for a byte, and pipes that nobody uses."""
    text = f"""
    _start:
      ld t0, 0(sp)
      bnez t0, child
      li s1, {pipes}
    more:
      beqz s1, idlers
      la a0, unused
      li a7, 2604
      ecall
      addi s1, s1, -1
      j more
    idlers:
      li s1, {waiting}
    idler:
      beqz s1, partner
      la a0, unused          # its reader waits for what is never written
      li a7, 2604
      ecall
      la t0, unused
      ld t1, 0(t0)
      la t0, given
      sd t1, 0(t0)
      sd zero, 8(t0)
      call spawn
      addi s1, s1, -1
      j idler
    partner:
      la a0, out
      li a7, 2604
      ecall
      la a0, back
      li a7, 2604
      ecall
      la t0, given
      la t1, out
      ld t2, 0(t1)
      sd t2, 0(t0)
      la t1, back
      ld t2, 8(t1)
      sd t2, 8(t0)
      call spawn
      li s1, {exchanges}
    exchange:
      beqz s1, leave
      la t0, out
      ld a0, 8(t0)
      li a7, 2605
      call move
      la t0, back
      ld a0, 0(t0)
      li a7, 2606
      call move
      addi s1, s1, -1
      j exchange
    child:
      la t0, length
      li t1, 2
      sd t1, 0(t0)
      la a0, given
      la a1, length
      li a7, 2607
      ecall
    again:
      la t0, given
      ld a0, 0(t0)
      li a7, 2606
      call move
      bnez a0, leave
      la t0, given
      ld a0, 8(t0)
      li a7, 2605
      call move
      j again
    move:
      la a1, buffer
      la a2, length
      li t1, {size}
      sd t1, 0(a2)
      ecall
      ret
    spawn:
      li a0, 0
      li a1, 3
      li a2, 0
      li a3, 0
      la a4, spawning
      li a7, 2601
      ecall
      ret
    leave:
      li a0, 0
      li a7, 93
      ecall
    .data
    spawning: .dword 1, argv, id, given
    argv: .dword text
    text: .dword 120
    id: .dword 0
    given: .dword 0, 0, 0
    unused: .dword 0, 0
    out: .dword 0, 0
    back: .dword 0, 0
    length: .dword 0
    .balign 4096
    buffer: .zero {size}
    """
    return mock_group([assemble(text).elf()])


GROWING = {
    "VMs that wait": ("waiting", (0, 1, 2, 4, 8, 15)),
    "open pipes": ("pipes", (0, 1, 2, 4, 8, 16, 29)),
    "bytes a message": ("size", (1, 64, 1024, 4096, 16384, 65536, 262144)),
    "exchanges": ("exchanges", (125, 250, 500, 1000, 2000, 4000, 8000)),
}


def iterations(group: ScriptGroupData) -> int:
    """How many there are."""
    return conduct(Scheduler(group), LIMIT).iterations


def with_journal(group: ScriptGroupData, rounds: int) -> float:
    """Median seconds of a run that keeps all events."""
    times: list[float] = []
    for _ in range(rounds):
        journal = Journal(CONSENSUS_POLICY.name)
        begun = time.perf_counter()
        conduct(Scheduler(group, observers=[journal]), LIMIT)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--plot", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    peers = Peer(keeps_memory=True), Peer(keeps_memory=False)
    print(f"{machine()}; medians of {options.rounds} rounds")
    panels: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for title, (name, values) in GROWING.items():
        print(f"\n| {title} | iterations | ours, an iteration | with a journal | ckb-script | ours / ckb-script |")
        print("|---|---|---|---|---|---|")
        lines: dict[str, list[tuple[float, float]]] = {"spawnlab": [], "with a journal": [], "ckb-script": []}
        groups = [echo(**{name: value}) for value in values]
        for value, group, row in zip(values, groups, compare(groups, peers, options.rounds), strict=True):
            count = iterations(group)
            mine, journal, theirs = (1e6 * x / count for x in (row[0], with_journal(group, options.rounds), row[1]))
            costs = f"{mine:.1f} µs | {journal:.1f} µs | {theirs:.1f} µs"
            print(f"| {value:,} | {count:,} | {costs} | {mine / theirs:.2f} × |")
            for line, cost in zip(lines.values(), (mine, journal, theirs), strict=True):
                line.append((max(value, 0.5), cost))
        panels[title] = lines
    if options.plot:
        curves(options.plot, panels, "µs an iteration")


if __name__ == "__main__":
    sys.exit(main())
