"""Guest code on our engines beside its peers: ``python benchmarks/guest_code.py [FILE...] [--secp256k1 FILE]``.

Without FILEs the programs are those of ``benchmarks/guest`` (C, compiled by the extra ``c``): work in registers, in
memory, with branches, and the verification of a signature over secp256k1. Each is run on every engine in turn, round by
round, in one go. Peers are ckb-vm's assembly machine and its block interpreter (``reference/``, built by cargo), and
qemu-riscv64 where it is installed. Each row's exit code and cycles, and a digest of registers and memory, must be those
of the assembly machine, or the run stops.

* *hot*: running alone, in a machine that was made and loaded before, with all code translated;
* *once*: making a machine, loading and running, in a process that has run other programs. The code of this program is
  translated on the way (*cold*), or comes from the cache on disk (*warm*).

``--blocks`` adds Python blocks to the hot rows, ``--python`` compares engines that are all Python on short runs: steps,
blocks, and tinyrv where it is installed. ``--plot FILE`` writes the ratios as a picture.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import importlib.util
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pictures import bars
from pictures import machine as host

from spawnlab.conform.reference import build_runner
from spawnlab.scenarios.c import COptions, compile_c
from spawnlab.vm.engines import engine
from spawnlab.vm.machine import SP, Machine
from spawnlab.vm.memory import MEMORY_SIZE
from spawnlab.vm.native import space
from spawnlab.vm.native.cache import VARIABLE
from spawnlab.vm.program import forget_programs
from spawnlab.vm.version import VERSIONS

VERSION = 2
GUEST = Path(__file__).parent / "guest"
LONG = {"alu": 10_000_000, "mem": 1000, "branch": 10_000, "secp256k1": 1}
"""Programs and the rounds that they go."""
SHORT = {"alu": 40_000, "mem": 3, "branch": 40}
PYTHON = ("step", "blocks", "tinyrv")
SECP256K1_ARGUMENTS = (
    "secp256k1_bench",
    "033f8cf9c4d51a33206a6c1c6b27d2cc5129daa19dbd1fc148d395284f6b26411f",
    "304402203679d909f43f073c7c1dcf8468a485090589079ee834e6eed92fea9b09b06a2402201e46f1075afa18f306715e7db87493e7b7e779569"
    "aa13c64ab3d09980b3560a3",
    "foo",
    "bar",
)
Sample = tuple[float, float, int]
"""Seconds of loading and of running, and operations executed (0 where the peer doesn't tell)."""


class Job:
    """A program and what it must leave behind."""

    def __init__(self, file: Path, arguments: tuple[str, ...] = ()) -> None:
        self.name = file.stem
        self.file = file
        self.content = file.read_bytes()
        self.arguments = arguments
        runner = build_runner().with_name("spawnlab-vm-bench")
        command = [str(runner), str(VERSION), str(file), *arguments]
        self._peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.wanted = self._ask("asm")
        self.steps = 0
        self.qemu_agrees = False
        if shutil.which("qemu-riscv64"):
            self.qemu()

    def _ask(self, machine: str) -> dict[str, object]:
        assert self._peer.stdin is not None
        assert self._peer.stdout is not None
        self._peer.stdin.write(machine + "\n")
        self._peer.stdin.flush()
        return json.loads(self._peer.stdout.readline())

    def end(self) -> None:
        """Let the peer go."""
        self._peer.communicate()

    def peer(self, machine: str) -> Sample:
        """A run on the reference's machine."""
        found = self._ask(machine)
        self._check(found["exit"], found["cycles"], found["state"])
        return int(str(found["load_ns"])) / 1e9, int(str(found["run_ns"])) / 1e9, 0

    def ours(self, name: str) -> Sample:
        """A run on one of our engines."""
        begun = time.perf_counter()
        machine = Machine(VERSIONS[VERSION], engine=engine(name))
        machine.load_program(self.content, len(self.arguments), [text.encode() for text in self.arguments])
        loaded = time.perf_counter()
        code = machine.run()
        ended = time.perf_counter()
        state = hashlib.sha256(struct.pack("<32Q", *machine.registers))
        state.update(machine.memory.data)
        self._check(code, machine.cycles, state.hexdigest())
        self.steps = machine.steps
        return loaded - begun, ended - loaded, machine.steps

    def once(self, *, warm: bool) -> Sample:
        """A run of a program that this process has not met, with its code in the cache on disk or not."""
        if warm:
            space.keep_code()
        forget_programs()
        if not warm:
            shutil.rmtree(os.environ[VARIABLE], ignore_errors=True)
        return self.ours("auto")

    def qemu(self) -> Sample:
        """A process of qemu. The file's system calls are not Linux's but for exit, so only the exit code is checked;
        where that differs, as where a program looks at its stack in CKB's way, qemu is left out."""
        begun = time.perf_counter()
        done = subprocess.run(["qemu-riscv64", self.file, *self.arguments[1:]], check=False, capture_output=True)
        seconds = time.perf_counter() - begun
        self.qemu_agrees = done.returncode == int(str(self.wanted["exit"])) & 0xFF
        return 0.0, seconds, 0

    def _check(self, code: object, cycles: object, state: object) -> None:
        found = {"exit": code, "cycles": cycles, "state": state}
        for field, value in found.items():
            if value != self.wanted[field]:
                raise SystemExit(f"{self.name}: {field} is {value}, the assembly machine has {self.wanted[field]}")


def hot(job: Job, rounds: int, *, slow: bool) -> dict[str, list[float]]:
    """Seconds of running, by engine."""
    runs: dict[str, Callable[[], Sample]] = {
        "ckb-vm assembly": lambda: job.peer("asm"),
        "ckb-vm interpreter": lambda: job.peer("interpreter"),
        "native": lambda: job.ours("auto"),
    }
    if slow:
        runs["blocks"] = lambda: job.ours("blocks")
    if job.qemu_agrees:
        runs["qemu-riscv64 (a process)"] = job.qemu
    for _ in range(3):
        job.ours("auto")
    if slow:
        job.ours("blocks")
    return _rounds({name: lambda run=run: run()[1] for name, run in runs.items()}, rounds)


def once(job: Job, rounds: int) -> dict[str, list[float]]:
    """Seconds of loading and running, by engine."""
    runs: dict[str, Callable[[], Sample]] = {
        "ckb-vm assembly": lambda: job.peer("asm"),
        "auto, cache cold": lambda: job.once(warm=False),
        "auto, cache warm": lambda: job.once(warm=True),
    }
    for _ in range(2):
        job.ours("auto")
    return _rounds({name: lambda run=run: sum(run()[:2]) for name, run in runs.items()}, rounds)


def _rounds(runs: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            gc.collect()  # what other runs have left is not this one's
            found[name].append(run())
    return found


def rows(title: str, found: dict[str, list[float]], steps: int) -> Iterable[tuple[str, str, float, float, float]]:
    """Title, engine, median seconds, million operations a second, and how many times as fast as the assembly."""
    base = statistics.median(found["ckb-vm assembly"])
    for name, seconds in found.items():
        middle = statistics.median(seconds)
        yield title, name, middle, steps / middle / 1e6, base / middle


def compiled(name: str, folder: Path, *, rounds: int, version: int = VERSION) -> Path:
    """A program of ``benchmarks/guest``."""
    content = compile_c(GUEST / f"{name}.c", GUEST, COptions(version, {"ROUNDS": rounds}, name))
    file = folder / f"{name}.elf"
    file.write_bytes(content)
    file.chmod(0o755)  # for qemu
    return file


def python_rows(folder: Path, rounds: int) -> None:
    """A table of million instructions a second for engines that are Python; nothing is fused in version 0."""
    print("\n| short runs, version 0 | instructions | steps | blocks, hot | tinyrv |\n|---|---|---|---|---|")
    for name, size in SHORT.items():
        file = compiled(name, folder, rounds=size, version=0).read_bytes()
        times: dict[str, list[float]] = {}
        ends: set[tuple[object, ...]] = set()
        for _ in range(rounds + 1):
            for engine_name in ("step", "blocks"):
                machine = _loaded(file, engine_name)
                begun = time.perf_counter()
                machine.run()
                times.setdefault(engine_name, []).append(time.perf_counter() - begun)
                ends.add((machine.steps, *machine.registers))
            if importlib.util.find_spec("tinyrv") is not None and len(times.get("tinyrv", ())) < 2:
                seconds, end = _tinyrv(_loaded(file, "step"))
                times.setdefault("tinyrv", []).append(seconds)
                ends.add(end)
        if len(ends) > 1:
            raise SystemExit(f"{name}: instructions and registers differ: {ends}")
        ((count, *_),) = ends
        rates = [f"{count / statistics.median(times[key][1:]) / 1e6:.2f} M/s" if key in times else "" for key in PYTHON]
        print(f"| {name} | {count:,} | {' | '.join(rates)} |")


def _loaded(file: bytes, engine_name: str) -> Machine:
    machine = Machine(VERSIONS[0], engine=engine(engine_name))
    machine.load_program(file, 1, [b"program"])
    return machine


def _tinyrv(loaded: Machine) -> tuple[float, tuple[object, ...]]:
    """Seconds, and instructions and registers at the end, of the same on tinyrv, another simulator in Python."""
    import tinyrv  # type: ignore[import-not-found]

    sim: Any = tinyrv.sim(64, trap_misaligned=False)
    sim.copy_in(0, loaded.memory.read(0, MEMORY_SIZE))
    sim.pc, sim.x[SP] = loaded.this_pc, loaded.registers[SP]
    ended: list[bool] = []
    sim._ecall = lambda **_: ended.append(True)
    begun = time.perf_counter()
    while not ended:
        sim.step(trace=False)
    return time.perf_counter() - begun, (sim.cycle, *(value % (1 << 64) for value in sim.x._x))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="programs that end by themselves")
    parser.add_argument("--secp256k1", type=Path, metavar="FILE", help="ckb-vm's benches/data/secp256k1_bench")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--blocks", action="store_true", help="Python blocks as well, which take their time")
    parser.add_argument("--python", action="store_true", help="also compare engines that are Python")
    parser.add_argument("--plot", type=Path, metavar="FILE")
    options = parser.parse_args()
    table: list[tuple[str, str, float, float, float]] = []
    print(f"{host()}; medians of {options.rounds} rounds; version {VERSION}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ[VARIABLE] = str(folder / "code")
        jobs = [
            Job(file, (file.stem,))
            for file in options.files or (compiled(n, folder, rounds=r) for n, r in LONG.items())
        ]
        if options.secp256k1:
            jobs.append(Job(options.secp256k1, SECP256K1_ARGUMENTS))
        for job in jobs:
            table += rows(f"{job.name} hot", hot(job, options.rounds, slow=options.blocks), job.steps)
        for job in jobs:
            if job.name.startswith("secp256k1"):
                table += rows(f"{job.name} once", once(job, options.rounds), job.steps)
        for job in jobs:
            job.end()
        print("| work | engine | time | operations | times as fast as ckb-vm assembly |\n|---|---|---|---|---|")
        for title, who, seconds, rate, ratio in table:
            print(f"| {title} | {who} | {1e3 * seconds:.2f} ms | {rate:.0f} M/s | {ratio:.2f} |")
        if options.python:
            python_rows(folder, options.rounds)
    if options.plot:
        ratios = [(f"{title}: {who}", ratio) for title, who, _, _, ratio in table if who != "ckb-vm assembly"]
        bars(options.plot, ratios, "times as fast as ckb-vm's assembly machine")


if __name__ == "__main__":
    sys.exit(main())
