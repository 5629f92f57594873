"""Hostile programs under a translating engine: the process must survive them, and they end as under the step engine.

As a command: ``python tests/agree/hostile.py --count 1000000``. It prints what the programs ended with, and leaves with
1 if one ended differently; a crash needs no words. Program number ``n`` is always the same.

Programs are random code on random pages, at page edges, beside pages that are not executable: words that are taken
from all instructions, wild addresses in the registers, jumps to themselves and into the middle of others. Every 16th
is also run by the step engine and compared in registers, pc, cycles, memory and flags.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.agree"

from spawnlab.vm.engines import NAMES, engine
from spawnlab.vm.errors import VmError
from spawnlab.vm.isa.fields import Format, Kind
from spawnlab.vm.isa.tables import BASE, COMPRESSED
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED, MEMORY_SIZE, PAGE_SIZE, Memory
from spawnlab.vm.version import Isa

ISAS = tuple(Isa(version, b=version > 0, mop=version > 0, a=a) for version in (0, 1, 2) for a in (False, True))
COMPARE_EVERY = 16
CYCLES_MAX = 3000
TOP = 1 << 64
_EDGES = (
    0,
    PAGE_SIZE,
    MEMORY_SIZE // 2,
    MEMORY_SIZE - PAGE_SIZE,
    MEMORY_SIZE,
    MEMORY_SIZE + PAGE_SIZE,
    1 << 31,
    1 << 32,
    1 << 63,
)
_PAGES = (0, 1, 16, 17, 512, 1021, 1022, 1023)


def _operands(rng: random.Random, layout: Format) -> list[int]:
    chosen: list[int] = []
    for field in layout.fields:
        value = field.base + field.step * rng.randrange(1 << 12) if field.kind is not Kind.REGISTER else 0
        if field.kind is Kind.REGISTER:
            value = rng.randint(field.least, field.most)
        elif rng.random() < 0.7:
            value = rng.choice((-64, -32, -16, -8, -4, -2, 0, 2, 4, 8, 16, 32, 2040)) & ~(field.step - 1)
        chosen.append(min(max(value, field.least), field.most))
    return chosen


def code(rng: random.Random) -> bytes:
    """Random instructions, and bytes that may be none."""
    parts: list[bytes] = []
    for _ in range(rng.randint(1, 24)):
        kind = rng.random()
        if kind < 0.06:
            parts.append(rng.randbytes(rng.choice((2, 4))))
        elif kind < 0.4:
            form = rng.choice(COMPRESSED)
            parts.append(form.encode(*_operands(rng, form.format)).to_bytes(2, "little"))
        else:
            definition = rng.choice(BASE)
            if definition.mnemonic in ("ecall", "ebreak") and rng.random() < 0.8:
                continue
            parts.append(definition.encode(*_operands(rng, definition.format)).to_bytes(4, "little"))
    return b"".join(parts) or b"\x01\x00"


def wild(rng: random.Random) -> int:
    """An address, mostly near an edge."""
    if rng.random() < 0.1:
        return rng.getrandbits(64)
    near = rng.choice(_EDGES) if rng.random() < 0.6 else rng.choice(_PAGES) * PAGE_SIZE
    return (near + rng.randint(-20, 20)) % TOP


def machine(number: int, memory: Memory | None = None) -> Machine:
    """The program of this number, ready to run."""
    rng = random.Random(number)
    made = Machine(rng.choice(ISAS), max_cycles=rng.randint(1, CYCLES_MAX), memory=memory)
    content = code(rng)
    page = rng.choice(_PAGES)
    edge = rng.choice((0, PAGE_SIZE - len(content) + rng.choice((0, 2, 4)), PAGE_SIZE // 2))
    at = min(max(page * PAGE_SIZE + (edge & ~1), 0), MEMORY_SIZE - len(content))
    made.memory.data[at : at + len(content)] = content
    for executable in {at // PAGE_SIZE, *([(at + len(content) - 1) // PAGE_SIZE] if rng.random() < 0.8 else [])}:
        made.memory.flags[executable] = EXECUTABLE | FREEZED
    for other in rng.sample(_PAGES, 3):
        if not made.memory.flags[other] & EXECUTABLE:
            made.memory.flags[other] |= rng.choice((0, DIRTY, FREEZED, FREEZED | DIRTY))
    near = (at, at + 2, at + 4, at + len(content))
    made.registers[1:] = [rng.choice(near) if rng.random() < 0.2 else wild(rng) for _ in range(31)]
    made.set_pc(at + (rng.random() < 0.03))
    return made


def ended(played: Machine) -> str:
    """Run it; gives how it ended."""
    try:
        return f"exit {played.run()}"
    except VmError as error:
        return f"{error.variant} {error}"


def left(played: Machine) -> tuple[object, ...]:
    """All that is compared."""
    return (
        played.this_pc,
        played.cycles,
        played.steps,
        played.registers,
        played.reservation_address,
        bytes(played.memory.flags),
        bytes(played.memory.data),
    )


def campaign(name: str, numbers: range) -> tuple[Counter[str], list[int]]:
    """Run programs; gives how they ended, and the numbers of those that ended differently."""
    ends: Counter[str] = Counter()
    differing: list[int] = []
    chosen, stepping = engine(name), engine("step")
    for number in numbers:
        played = machine(number)
        played.engine = chosen
        end = ended(played)
        ends[end.partition(" ")[0]] += 1
        if number % COMPARE_EVERY == 0:
            stepped = machine(number)
            stepped.engine = stepping
            if (ended(stepped), *left(stepped)) != (end, *left(played)):
                differing.append(number)
    return ends, differing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="programs (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="number of the first one")
    parser.add_argument("--engine", choices=NAMES, default="native")
    options = parser.parse_args(arguments)
    ends: Counter[str] = Counter()
    differing: list[int] = []
    begun = time.monotonic()
    for first in range(options.seed, options.seed + options.count, 1000):
        more, others = campaign(options.engine, range(first, min(first + 1000, options.seed + options.count)))
        ends += more
        differing += others
    for end, count in sorted(ends.items()):
        print(f"{end:28}{count:9}")
    seconds = time.monotonic() - begun
    print(f"{ends.total()} programs in {seconds:.0f} s under {options.engine}; differing: {differing or 'none'}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
