"""Which VMs are machines and which are snapshots (``scheduler`` §10b). Every swap costs cycles."""

from __future__ import annotations

from collections.abc import Sequence

from ..vm.errors import Unexpected
from .events import SwappedIn, SwappedOut
from .limits import MAX_INSTANTIATED_VMS, SPAWN_EXTRA_CYCLES_BASE
from .processes import ProcessTable


def instantiate(table: ProcessTable, vm_ids: Sequence[int]) -> None:
    """Make all of ``vm_ids`` machines, suspending others where room is needed.

    Free slots are taken from the end of the list; then victims, the lowest ids first, go for the rest from its start.
    """
    if len(vm_ids) > MAX_INSTANTIATED_VMS:
        raise Unexpected(f"At most {MAX_INSTANTIATED_VMS} VMs can be instantiated but {len(vm_ids)} are requested!")
    todo = [vm for vm in vm_ids if vm not in table.instantiated]
    if not todo:
        return
    while todo and len(table.instantiated) < MAX_INSTANTIATED_VMS:
        resume_vm(table, todo.pop())
    if todo:
        victims = [vm for vm in sorted(table.instantiated) if vm not in vm_ids]
        for vm, victim in zip(todo, victims, strict=False):
            suspend_vm(table, victim)
            resume_vm(table, vm)


def suspend_vm(table: ProcessTable, vm_id: int) -> None:
    """Turn a machine into a snapshot; raises :class:`Unexpected` if there is no such machine."""
    freeze(table, vm_id)
    table.notify(SwappedOut, vm_id, SPAWN_EXTRA_CYCLES_BASE)


def freeze(table: ProcessTable, vm_id: int) -> None:
    """As :func:`suspend_vm`, without telling the observers: nobody is swapped out to make room."""
    vm = table.instantiated.get(vm_id)
    if vm is None:
        raise Unexpected(f"VM {vm_id} is not instantiated!")
    table.charge_iteration(SPAWN_EXTRA_CYCLES_BASE)
    table.suspended[vm_id] = vm.context.snapshots.make_snapshot(vm.machine)
    del table.instantiated[vm_id]
    vm.machine.memory.reusable = True


def resume_vm(table: ProcessTable, vm_id: int) -> None:
    """Turn a snapshot into a machine; raises :class:`Unexpected` if there is none, and what a resume raises."""
    snapshot = table.suspended.get(vm_id)
    if snapshot is None:
        raise Unexpected(f"VM {vm_id} is not suspended!")
    table.charge_iteration(SPAWN_EXTRA_CYCLES_BASE)
    vm = table.create_machine(vm_id, None)
    vm.context.snapshots.resume(vm.machine, snapshot)
    table.instantiated[vm_id] = vm
    del table.suspended[vm_id]
    table.notify(SwappedIn, vm_id, SPAWN_EXTRA_CYCLES_BASE)
