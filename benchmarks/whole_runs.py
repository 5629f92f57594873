"""Whole runs of the scheduler, ours and the reference's in turn: for the benchmarks that need them."""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import time
from collections.abc import Sequence

from spawnlab.conform.compare import compare_group
from spawnlab.conform.modes import Mode
from spawnlab.conform.reference import build_runner, case_of
from spawnlab.scheduler.outcome import conduct
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.vm import elf
from spawnlab.vm.program import forget_programs

LIMIT = 1 << 60
KEEPING = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
    "MALLOC_TOP_PAD_": str(1 << 26),
}
"""Settings of glibc with which a process gives no memory back, and so gets it without the host's help."""


class Peer:
    """The reference, as a process that answers case after case."""

    def __init__(self, *, keeps_memory: bool) -> None:
        command = [str(build_runner()), "--machine", "asm", "--time"]
        environment = {**os.environ, **(KEEPING if keeps_memory else {})}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def run(self, case: str) -> tuple[float, int, int]:
        """Seconds, exit code, cycles."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(case + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        if found.get("status") != "exit":
            raise SystemExit(f"the reference says {found}")
        return found["run_ns"] / 1e9, found["exit_code"], found["cycles"]


def ours(group: ScriptGroupData) -> tuple[float, int | None, int]:
    """Seconds, exit code, cycles."""
    begun = time.perf_counter()
    outcome = conduct(Scheduler(group), LIMIT)
    return time.perf_counter() - begun, outcome.exit_code, outcome.cycles


Row = tuple[float, float, float]
"""Median seconds: ours, the reference's, and the reference's as it is."""


def compare(
    groups: Sequence[ScriptGroupData], peers: Sequence[Peer], rounds: int, *, forget: bool = False
) -> list[Row]:
    """A row for each group, after a comparison of all that can be seen, and two runs that don't count.

    With ``forget`` our programs are new to the process in each run: neither decoded nor translated.
    """
    for group in groups:
        compared = compare_group(group, [Mode(trace=True)], machine="asm")
        if not compared.equal:
            raise SystemExit("\n".join(compared.lines()))
    cases = [json.dumps(case_of(group, Mode(max_cycles=LIMIT))) for group in groups]
    samples: list[list[tuple[float, ...]]] = [[] for _ in groups]
    for _ in range(rounds + 2):
        gc.collect()
        for group, case, times in zip(groups, cases, samples, strict=True):
            if forget:
                forget_programs()
                elf.parse.cache_clear()
            runs = [ours(group), *(peer.run(case) for peer in peers)]
            ends = {run[1:] for run in runs}
            if len(ends) > 1:
                raise SystemExit(f"exit code and cycles differ: {runs}")
            times.append(tuple(run[0] for run in runs))
    return [_medians(times[2:]) for times in samples]


def _medians(times: Sequence[tuple[float, ...]]) -> Row:
    mine, theirs, as_it_is = (statistics.median(column) for column in zip(*times, strict=True))
    return mine, theirs, as_it_is
