"""What an iteration costs under Trio, over the synchronous driver: ``python benchmarks/conductor.py``.

Two actors hand a byte to and fro; both drivers play the same run in turn, and the table shows medians of the rounds.
Beside them two bare Trio tasks hand a baton to and fro over ParkingLots, and over memory channels.
"""

from __future__ import annotations

import platform
import statistics
import time

import trio
import trio.lowlevel

import spawnlab
from spawnlab.actors.vm import Vm

EXCHANGES = 2000
ROUNDS = 9


async def root(vm: Vm) -> int:
    """Sends a byte and receives it again."""
    read_out, write_out = await vm.pipe()
    read_back, write_back = await vm.pipe()
    await vm.spawn("echo", fds=[read_out, write_back])
    for _ in range(EXCHANGES):
        await vm.write(write_out.fd, b"x")
        await vm.read(read_back.fd, 1)
    return 0


async def echo(vm: Vm) -> int:
    """Receives a byte and sends it back."""
    source, target = await vm.inherited_fds()
    while True:
        await vm.write(target.fd, await vm.read(source.fd, 1))


ACTORS = {"root": root, "echo": echo}
LIMIT = 1 << 60


async def _park(lots: tuple[trio.lowlevel.ParkingLot, trio.lowlevel.ParkingLot], own: int, times: int) -> None:
    for _ in range(times):
        lots[1 - own].unpark()
        await lots[own].park()
    lots[1 - own].unpark()


async def _parking(times: int) -> None:
    lots = trio.lowlevel.ParkingLot(), trio.lowlevel.ParkingLot()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_park, lots, 0, times)
        nursery.start_soon(_park, lots, 1, times)
        await trio.lowlevel.checkpoint()


async def _answer(receive: trio.MemoryReceiveChannel[int], send: trio.MemorySendChannel[int]) -> None:
    async for value in receive:
        await send.send(value)


async def _channels(times: int) -> None:
    there, here = trio.open_memory_channel[int](0), trio.open_memory_channel[int](0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_answer, there[1], here[0])
        for value in range(times // 2):
            await there[0].send(value)
            await here[1].receive()
        nursery.cancel_scope.cancel()


def _seconds(function: object, *arguments: object) -> float:
    started = time.perf_counter()
    function(*arguments)  # type: ignore[operator] # pyright: ignore
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    iterations = spawnlab.run_synchronously(ACTORS, limit=LIMIT).outcome.iterations
    rows: dict[str, list[float]] = {
        "synchronous": [],
        "under Trio": [],
        "over it": [],
        "ParkingLots": [],
        "channels": [],
    }
    for _ in range(ROUNDS):
        synchronous = _seconds(lambda: spawnlab.run_synchronously(ACTORS, limit=LIMIT)) / iterations
        under_trio = _seconds(lambda: spawnlab.run(ACTORS, limit=LIMIT)) / iterations
        rows["synchronous"].append(synchronous)
        rows["under Trio"].append(under_trio)
        rows["over it"].append(under_trio - synchronous)
        rows["ParkingLots"].append(_seconds(trio.run, _parking, iterations) / (2 * iterations))
        rows["channels"].append(_seconds(trio.run, _channels, iterations) / iterations)
    machine = f"{platform.machine()}, Python {platform.python_version()}, Trio {trio.__version__}"
    print(f"{iterations} iterations, {ROUNDS} rounds; {machine}")
    for name, seconds in rows.items():
        low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
        print(f"{name:<12} {1e6 * middle:7.1f} µs an iteration (from {1e6 * low:.1f} to {1e6 * high:.1f})")


if __name__ == "__main__":
    main()
