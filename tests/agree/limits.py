"""Every engine stopped at random cycle limits, against the step engine stopped there.

As a command: ``python tests/agree/limits.py FILE... --count 1000``. For each program and engine it takes so many limits
between 0 and what the whole run needs, a new machine for each, and compares registers, pc, counters, reservation,
page flags and memory. The step engine, being slow, goes through the program once: it is run again with each larger
limit, and half of the machines of other engines are as well.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

if __name__ == "__main__":  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.agree"

from spawnlab.vm.engines import NAMES, engine
from spawnlab.vm.errors import CyclesExceeded, VmError
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import MEMORY_SIZE
from spawnlab.vm.version import VERSIONS

State = tuple[object, ...]
TRANSLATING = tuple(name for name in NAMES if name != "step")


def fresh(file: bytes, version: int, name: str, arguments: Sequence[bytes] = ()) -> Machine:
    """A machine that has loaded the program."""
    machine = Machine(VERSIONS[version], engine=engine(name))
    machine.load_program(file, len(arguments), arguments)
    return machine


def stopped(machine: Machine, limit: int) -> State:
    """How the machine ends or stops with a limit, and all that it then holds."""
    machine.max_cycles = limit
    try:
        ending: object = machine.run()
    except VmError as error:
        ending = str(error)
    memory = bytes(machine.memory.flags) + machine.memory.read(0, MEMORY_SIZE)
    counters = machine.this_pc, machine.cycles, machine.steps, machine.reservation_address
    return ending, *counters, *machine.registers, memory


def disagreements(
    file: bytes, version: int, limits: Sequence[int], name: str, arguments: Sequence[bytes] = ()
) -> Iterator[tuple[int, State, State]]:
    """Limits, ascending, at which an engine and the step engine differ; with what each has."""
    stepped, resumed = (fresh(file, version, which, arguments) for which in ("step", name))
    for number, limit in enumerate(limits):
        wanted = stopped(stepped, limit)
        found = stopped(resumed if number % 2 else fresh(file, version, name, arguments), limit)
        if found != wanted:
            yield limit, wanted, found


def whole_cycles(file: bytes, version: int, limit: int, arguments: Sequence[bytes] = ()) -> int:
    """Cycles of the whole run; at most ``limit``."""
    machine = fresh(file, version, "native", arguments)
    machine.max_cycles = limit
    try:
        machine.run()
    except CyclesExceeded:
        return limit
    except VmError:
        pass
    return machine.cycles


def random_limits(cycles: int, count: int, seed: int) -> list[int]:
    """Half of them anywhere, half close to one another, so that each operation of some code is met."""
    rng = random.Random(seed)
    near = rng.randrange(cycles + 1)
    spread = [rng.randint(0, cycles + 5) for _ in range(count - count // 2)]
    return sorted(spread + [min(near + rng.randrange(count), cycles + 5) for _ in range(count // 2)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--argument", action="append", default=[], help="of the programs; may be given again")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--version", type=int, choices=(0, 1, 2), default=2)
    parser.add_argument("--most", type=int, default=3_000_000, help="cycles of a program that are gone through")
    options = parser.parse_args(arguments)
    different, given = 0, [text.encode() for text in options.argument]
    for path in options.files:
        file = path.read_bytes()
        cycles = whole_cycles(file, options.version, options.most, given)
        for name in TRANSLATING:
            begun = time.monotonic()
            limits = random_limits(cycles, options.count, options.seed)
            found = list(disagreements(file, options.version, limits, name, given))
            different += len(found)
            seconds = time.monotonic() - begun
            print(f"{path.stem}, {name}: {len(limits)} limits in {cycles} cycles, {len(found)} differ, {seconds:.0f} s")
            for limit, wanted, got in found[:3]:
                parts = [index for index, (a, b) in enumerate(zip(wanted, got, strict=True)) if a != b]
                print(f"  limit {limit}: step {wanted[:-1]}, {name} {got[:-1]}, differing in {parts}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
