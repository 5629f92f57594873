"""Frames, added up, are what the scheduler has after each turn: states, fds, pipes, cycles, registers, memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings

from spawnlab.explore.topology import Topology, scenario_of
from spawnlab.play import run_synchronously
from spawnlab.scenarios.gallery import entries
from spawnlab.scheduler.scheduler import RunMode, Scheduler, play
from spawnlab.scheduler.states import Wait, WaitForRead, WaitForWrite
from spawnlab.staging import Playable, Staging, load
from spawnlab.stepping import capture
from spawnlab.stepping.frames import Framing
from spawnlab.stepping.texts import Texts
from spawnlab.testing.strategies import topologies
from spawnlab.views.accounts import accounts
from spawnlab.vm.errors import VmError
from spawnlab.vm.host_memory import MEMORY_SIZE

from .reading import Seen, captured

NAMES = [entry.name for entry in entries()]


def turns(what: Playable) -> Iterator[Scheduler]:
    """The scheduler after each turn."""
    staging = Staging(what)
    scheduler, left = staging.scheduler, staging.budget
    while not scheduler.terminated():
        try:
            turn = scheduler.prepare(RunMode(left))
        except VmError:
            return
        try:
            left = scheduler.complete(play(turn.machine))
        except VmError:
            return
        yield scheduler


def check(what: Playable) -> None:
    frames = captured(what).frames
    assert [frame.turn for frame in frames if frame.vm is not None] == list(
        range(1, len(frames) - (frames[-1].vm is None))
    )
    seen = Seen()
    seen.add(frames[0])
    for frame, scheduler in zip(frames[1:], turns(what), strict=False):
        seen.add(frame)
        _compare(seen, scheduler)


def _compare(seen: Seen, scheduler: Scheduler) -> None:
    table = scheduler.table
    assert seen.cycles == scheduler.consumed_cycles()
    for vm, state in table.states.items():
        fields = seen.vms[vm]
        match state:
            case Wait(target_vm_id=target):
                assert (fields["state"], fields["waits"]) == ("waits", ["wait", target, 0])
            case WaitForRead(fd=fd, length=length):
                assert (fields["state"], fields["waits"]) == ("reads", ["read", fd, length])
            case WaitForWrite(fd=fd, length=length, consumed=consumed):
                assert (fields["state"], fields["waits"]) == ("writes", ["write", fd, length - consumed])
            case _:
                assert fields["state"] == ("ended" if scheduler.terminated() and vm == 0 else "can run")
        assert fields.get("swapped", False) == (vm in table.suspended)
        assert fields["fds"] == sorted(fd for fd, owner in table.fds.items() if owner == vm)
    for vm, fields in seen.vms.items():
        assert (vm in table.states) != (fields["state"] == "ended" and vm != 0), vm
        assert fields["state"] != "ended" or "exit" in fields or scheduler.terminated()
    for fd, pipe in seen.pipes.items():
        assert pipe["reader"] == table.fds.get(fd)
        assert pipe["writer"] == table.fds.get(pipe["write_fd"])
    for vm, virtual in table.instantiated.items():
        machine = virtual.machine
        assert seen.registers.get(vm, [0] * 33) == [*machine.registers, machine.this_pc]
        assert seen.memory.get(vm, bytearray(MEMORY_SIZE)) == machine.memory.read(0, MEMORY_SIZE)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("suspended")])
def test_the_gallery(name: str) -> None:
    check(f"gallery:{name}")


@given(topologies("any", vms_max=7))
@settings(max_examples=40, deadline=None)
def test_random_topologies(topology: Topology) -> None:
    check(scenario_of(topology))


@pytest.mark.parametrize("name", NAMES)
def test_totals_and_words_are_the_runs(name: str) -> None:
    """Those of suspended runs too, which are played in legs."""
    run = run_synchronously(f"gallery:{name}")
    found = captured(f"gallery:{name}")
    assert found.run is not None
    assert found.run.journal == run.journal
    seen = Seen()
    for frame in found.frames:
        seen.add(frame)
    books = accounts(run.journal).consumed
    assert seen.kinds == Counter({(vm, kind.value): cycles for (vm, kind), cycles in books.items() if cycles})
    assert seen.cycles == run.outcome.cycles
    assert sum(frame.vm is not None for frame in found.frames) == run.outcome.iterations


def test_a_journal_alone_gives_all_but_registers_and_memory() -> None:
    run = run_synchronously("gallery:relay")
    plain = list(Framing(None, Texts()).frames(run.journal))
    full = captured("gallery:relay").frames
    assert len(plain) == len(full)
    assert not any(frame.registers or frame.memory for frame in plain)
    assert any(frame.registers and frame.memory for frame in full)
    for one, other in zip(plain, full, strict=True):
        assert (one.turn, one.vm, one.cycles, one.pipes, one.kinds) == (
            other.turn,
            other.vm,
            other.cycles,
            other.pipes,
            other.kinds,
        )


def test_memory_is_kept_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "MEMORY_BYTES_MAX", 2_000)
    found = captured("gallery:relay")
    assert found.memory_until is not None
    kept = [frame for frame in found.frames if frame.turn <= found.memory_until]
    assert sum(len(digits) // 2 for frame in kept for rows in frame.memory.values() for _, digits in rows) <= 2_000
    assert not any(frame.memory for frame in found.frames if frame.turn > found.memory_until + 1)
    monkeypatch.undo()
    whole = captured("gallery:relay")
    assert whole.memory_until is None
    assert [frame.registers for frame in found.frames] == [frame.registers for frame in whole.frames]


def test_frames_are_told_once() -> None:
    texts = Texts()
    list(Framing(load("gallery:relay"), texts).frames(run_synchronously("gallery:relay").journal))
    assert len(texts.all) == len(set(texts.all))
    assert msgspec.json.encode(texts.all)
