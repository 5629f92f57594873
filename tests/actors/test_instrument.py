"""Trio's tasks and the VMs that they play."""

from __future__ import annotations

import trio

import spawnlab
from spawnlab.actors.instrument import VmInstrument, vm_of
from spawnlab.actors.vm import Vm


async def root(vm: Vm) -> int:
    child = await vm.spawn("child")
    return await child.wait()


async def child(vm: Vm) -> int:
    return 4


async def test_steps_are_counted_by_vm() -> None:
    watch = VmInstrument()
    trio.lowlevel.add_instrument(watch)
    seen: set[int | None] = set()
    run = await spawnlab.perform({"root": root, "child": child}, observers=[lambda _: seen.add(watch.current)])
    trio.lowlevel.remove_instrument(watch)
    assert run.outcome.exit_code == 4
    assert set(watch.steps) == {0, 1}
    assert watch.steps[0] > watch.steps[1]  # the root has more turns
    assert watch.current is None
    assert seen == {None, 0, 1}  # the first turn is given by a task that plays no VM
    assert vm_of(trio.lowlevel.current_task()) is None


async def test_it_changes_no_run() -> None:
    alone = spawnlab.run_synchronously({"root": root, "child": child})
    trio.lowlevel.add_instrument(watch := VmInstrument())
    watched = await spawnlab.perform({"root": root, "child": child})
    trio.lowlevel.remove_instrument(watch)
    assert watched.journal == alone.journal
