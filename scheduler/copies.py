"""A whole scheduler at rest, copied as it is: for going back in a run, which nobody can tell.

Suspending (:mod:`.suspended`) is the chain's way of keeping one. It uses the scheduler up, and may change what comes
after (``scheduler`` T8 to T10), so that it is not good for going back.
"""

from __future__ import annotations

import msgspec

from ..vm.copies import MachineCopy, copy_machine, fill_machine
from ..vm.snapshot import PageOrigin, Snapshot
from .processes import ProcessTable, VirtualMachine
from .states import VmState
from .transaction import DataPieceId


class VmCopy(msgspec.Struct, frozen=True):
    """One VM that is a machine, and where its pages came from."""

    machine: MachineCopy
    origins: dict[int, PageOrigin[DataPieceId]]


class TableCopy(msgspec.Struct, frozen=True, kw_only=True):
    """All that a process table holds between two iterations, but the transaction."""

    total_cycles: int
    iteration_cycles: int
    """Charges of the last I/O pass."""
    next_vm_id: int
    next_fd_slot: int
    states: dict[int, VmState]
    stirred: frozenset[int]
    fds: dict[int, int]
    inherited_fd: dict[int, tuple[int, ...]]
    instantiated: dict[int, VmCopy]
    suspended: dict[int, Snapshot[DataPieceId]]
    terminated_vms: dict[int, int]
    root_vm_args: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes of memory that the machines' copies keep."""
        return sum(vm.machine.size for vm in self.instantiated.values())


def copy_table(table: ProcessTable) -> TableCopy:
    """Copy a process table, which is not changed.

    Raises :class:`RuntimeError` while messages wait to be handled: then a turn has failed, and none can follow.
    """
    if table.message_box:
        raise RuntimeError("a message is waiting: the scheduler can't be copied in the middle of an iteration")
    return TableCopy(
        total_cycles=table.total_cycles.value,
        iteration_cycles=table.iteration_cycles,
        next_vm_id=table.next_vm_id,
        next_fd_slot=table.next_fd_slot,
        states=dict(table.states),
        stirred=frozenset(table.stirred),
        fds=dict(table.fds),
        inherited_fd=dict(table.inherited_fd),
        instantiated={vm: _copy_vm(made) for vm, made in table.instantiated.items()},
        suspended=dict(table.suspended),
        terminated_vms=dict(table.terminated_vms),
        root_vm_args=table.root_vm_args,
    )


def _copy_vm(vm: VirtualMachine) -> VmCopy:
    return VmCopy(copy_machine(vm.machine), dict(vm.context.snapshots.pages))


def fill_table(table: ProcessTable, copy: TableCopy) -> None:
    """Make a new table what the other one was. Nothing is charged, and nobody is told."""
    table.total_cycles.value = copy.total_cycles
    table.iteration_cycles = copy.iteration_cycles
    table.next_vm_id = copy.next_vm_id
    table.next_fd_slot = copy.next_fd_slot
    table.states = dict(copy.states)
    table.stirred = set(copy.stirred)
    table.fds = dict(copy.fds)
    table.inherited_fd = dict(copy.inherited_fd)
    table.suspended = dict(copy.suspended)
    table.terminated_vms = dict(copy.terminated_vms)
    table.root_vm_args = copy.root_vm_args
    for vm_id, kept in copy.instantiated.items():
        vm = table.create_machine(vm_id, None)
        fill_machine(vm.machine, kept.machine)
        vm.context.snapshots.pages = dict(kept.origins)
        table.instantiated[vm_id] = vm
