"""How long a run keeps Trio's loop from others: ``python benchmarks/responsiveness.py``.

A task does nothing but ask for the loop, beside a run that computes for a second or two and one that makes many calls;
the table shows how long it waited. Nothing may keep the loop for more than 10 ms. Then two simulations run in two
threads: where guest code is native, they take little longer than one on a host with two cores to spare.
"""

from __future__ import annotations

import platform
import statistics
import time

import trio

from spawnlab.actors.vm import Vm
from spawnlab.play import perform, run_synchronously
from spawnlab.scenarios.load import parse_scenario
from spawnlab.staging import Playable
from spawnlab.vm.engines import default_engine, native_refusal

LIMIT = 1 << 60
COMPUTES = """
[programs.root]
asm = '''
    li t0, 1500000
again:
    addi t0, t0, -1
    bnez t0, again
    li a0, 0
    li a7, 93
    ecall
'''
"""


async def talks(vm: Vm) -> int:
    """A write and a read at a time with a child, three thousand times."""
    read_out, write_out = await vm.pipe()
    read_back, write_back = await vm.pipe()
    await vm.spawn("echo", fds=[read_out, write_back])
    for _ in range(3000):
        await vm.write(write_out.fd, b"x")
        await vm.read(read_back.fd, 1)
    return 0


async def echo(vm: Vm) -> int:
    """Sends back what it gets."""
    source, target = await vm.inherited_fds()
    while True:
        await vm.write(target.fd, await vm.read(source.fd, 1))


async def _waits(what: Playable) -> list[float]:
    """Seconds between two times that a task beside the run had the loop."""
    waits: list[float] = []
    done = trio.Event()

    async def ask() -> None:
        last = time.perf_counter()
        while not done.is_set():
            await trio.lowlevel.checkpoint()
            now = time.perf_counter()
            waits.append(now - last)
            last = now

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await perform(what, limit=LIMIT)
        done.set()
    return waits[1:]  # the first has the reading and compiling in it


BUSY = """
limits = { cycles = 1_000_000_000_000 }
[programs.root]
steps = [{ op = "compute", cycles = 4_000_000_000 }]
"""


def _compute() -> None:
    run_synchronously(parse_scenario(BUSY, ".toml"))


async def _side_by_side() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, _compute)
        nursery.start_soon(trio.to_thread.run_sync, _compute)


def _cores() -> None:
    """Two simulations in two threads: native code lets other threads run."""
    ratios: list[float] = []
    for _ in range(3):
        started = time.perf_counter()
        _compute()
        one = time.perf_counter() - started
        started = time.perf_counter()
        trio.run(_side_by_side)
        ratios.append((time.perf_counter() - started) / one)
    engine = default_engine().name
    print(
        f"two simulations beside each other take {min(ratios):.2f} to {max(ratios):.2f} times as long as one ({engine})"
    )


def main() -> None:
    """Print the table."""
    runs: dict[str, Playable] = {
        "computes": parse_scenario(COMPUTES, ".toml"),
        "talks": {"root": talks, "echo": echo},
    }
    print(f"{platform.machine()}, Python {platform.python_version()}, Trio {trio.__version__}; milliseconds")
    for name, what in runs.items():
        waits = sorted(1e3 * seconds for seconds in trio.run(_waits, what))
        middle, late = statistics.median(waits), waits[len(waits) * 99 // 100]
        print(f"{name:<10} {len(waits):6} times  median {middle:.2f}  99 % {late:.2f}  longest {waits[-1]:.2f}")
    if native_refusal() is None:
        _cores()


if __name__ == "__main__":
    main()
