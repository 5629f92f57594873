"""Runs of thousands of turns: with a loop, a loop in a loop, a child in each round, and with nothing that repeats.

``python tests/spawnlab/pictures/long_runs.py`` measures their pictures.
"""

from __future__ import annotations

import contextlib
import time

import spawnlab
from spawnlab.actors.vm import CallError, Vm
from spawnlab.pictures.drawing import FORMATS
from spawnlab.scenarios import steps as s
from spawnlab.scenarios.model import Limits, Program, Scenario

_LIMITS = Limits(cycles=1 << 40)
_REFUSED = s.Wait(vm=99, code="WAIT_FAILURE")


def ping_pong(rounds: int, *, inner: int = 0) -> spawnlab.Run:
    """A parent and a child hand bytes to and fro: 4 turns a round, and ``inner`` refused calls before each."""
    ask = (s.Write(fd="w1", text="ping"), s.Read(fd="r2", size=8, name="answer"))
    if inner:
        ask = (s.Repeat(times=inner, steps=(_REFUSED,)), *ask)
    root = (
        s.Pipe(ends=("r1", "w1")),
        s.Pipe(ends=("r2", "w2")),
        s.Spawn(program="child", fds=("r1", "w2"), name="child"),
        s.Repeat(times=rounds, steps=ask),
        s.Wait(vm="child", exit_code=0),
    )
    child = (
        s.InheritedFds(names=("in", "out")),
        s.Repeat(times=rounds, steps=(s.Read(fd="in", size=8, name="x"), s.Write(fd="out", data="x"))),
    )
    return _run("Ping and pong", root, child)


def spawning(rounds: int) -> spawnlab.Run:
    """A child for each round, and a pipe."""
    body = (
        s.Pipe(ends=("r", "w")),
        s.Spawn(program="child", fds=("r",), name="child"),
        s.Write(fd="w", text="ping"),
        s.Close(fd="w"),
        s.Wait(vm="child", exit_code=0),
    )
    child = (s.InheritedFds(names=("in",)), s.Read(fd="in", size=8, name="x"))
    return _run("Many children", (s.Repeat(times=rounds, steps=body),), child)


def irregular(turns: int) -> spawnlab.Run:
    """Calls of which no stretch is there three times in a row: which call it is, the Thue-Morse sequence says."""

    async def root(vm: Vm) -> None:
        for number in range(turns):
            with contextlib.suppress(CallError):
                await (vm.close(9999) if number.bit_count() % 2 else vm.wait(99))

    return spawnlab.run_synchronously({"root": root}, limit=1 << 40)


def _run(title: str, root: tuple[s.AnyStep, ...], child: tuple[s.AnyStep, ...]) -> spawnlab.Run:
    programs = {"root": Program(steps=root), "child": Program(steps=(*child, s.Exit(code=0)))}
    return spawnlab.run_synchronously(Scenario(title=title, programs=programs, limits=_LIMITS))


def main() -> None:
    """Print how large the pictures of each run are, and how long they take, the reading of the journal included."""
    runs = {
        "loop": ping_pong(2_500),
        "loop in a loop": ping_pong(1_500, inner=3),
        "children": spawning(1_250),
        "nothing repeats": irregular(10_000),
    }
    for name, run in runs.items():
        print(f"{name}: {run.outcome.iterations:,} turns, {len(run.journal):,} events")
        for form, subjects in FORMATS.items():
            for what in subjects:
                before = time.perf_counter()
                size = len(spawnlab.draw(run, form, what=what))
                print(f"  {form:<9}{what:<10}{size:>9,} bytes {time.perf_counter() - before:>6.2f} s")


if __name__ == "__main__":
    main()
