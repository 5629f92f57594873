"""A whole scheduler at rest (``scheduler`` §15): what a run needs to go on later, elsewhere."""

from __future__ import annotations

import msgspec

from ..vm.errors import Unexpected
from ..vm.snapshot import Snapshot
from .events import Suspended
from .limits import ROOT_VM_ID
from .processes import ProcessTable
from .states import VmState
from .swapping import freeze, instantiate
from .transaction import DataPieceId


class SuspendedVm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One VM: its id, state and machine."""

    id: int
    state: VmState
    snapshot: Snapshot[DataPieceId]


class FullSuspendedState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything but the transaction and the root's arguments. Lists ascend by id or fd; counters count cycles."""

    total_cycles: int
    iteration_cycles: int
    """Stored, but dropped on resuming (``scheduler`` T8)."""
    next_vm_id: int
    next_fd_slot: int
    vms: tuple[SuspendedVm, ...]
    fds: tuple[tuple[int, int], ...]
    """Open fds and their owners."""
    inherited_fd: tuple[tuple[int, tuple[int, ...]], ...]
    terminated_vms: tuple[tuple[int, int], ...]
    """VMs that ended and were not collected, and their exit codes."""
    instantiated_ids: tuple[int, ...]

    @property
    def size(self) -> int:
        """The reference's advisory count of the state's bytes."""
        lists = 16 * len(self.fds) + 8 * len(self.inherited_fd) + 9 * len(self.terminated_vms)
        return 32 + sum(map(_vm_size, self.vms)) + lists + 8 * len(self.instantiated_ids)


def _vm_size(vm: SuspendedVm) -> int:
    dirty = sum(9 + len(run.data) for run in vm.snapshot.dirty_pages)
    return 340 + 33 * len(vm.snapshot.source_pages) + dirty


def suspend_table(table: ProcessTable) -> FullSuspendedState:
    """Freeze everything; the table is of no use afterwards.

    Raises :class:`RuntimeError` while messages wait to be handled, and what suspending a VM raises.
    """
    if table.message_box:
        raise RuntimeError("a message is waiting: the scheduler can't be suspended in the middle of an iteration")
    instantiated = tuple(sorted(table.instantiated))
    for vm in instantiated:
        freeze(table, vm)
    table.notify(Suspended, ROOT_VM_ID, table.total_cycles.value)
    vms: list[SuspendedVm] = []
    for vm, state in table.states.items():
        snapshot = table.suspended.get(vm)
        if snapshot is None:
            raise Unexpected("Unable to find VM Id", f"VM {vm} has a state but no snapshot")
        vms.append(SuspendedVm(vm, state, snapshot))
    return FullSuspendedState(
        total_cycles=table.total_cycles.value,
        iteration_cycles=table.iteration_cycles,
        next_vm_id=table.next_vm_id,
        next_fd_slot=table.next_fd_slot,
        vms=tuple(vms),
        fds=tuple(sorted(table.fds.items())),
        inherited_fd=tuple(sorted(table.inherited_fd.items())),
        terminated_vms=tuple(sorted(table.terminated_vms.items())),
        instantiated_ids=instantiated,
    )


def resume_table(table: ProcessTable, state: FullSuspendedState) -> None:
    """Fill a new table, before it has observers.

    Swapping the machines back in is free of charge, and what was stored of such charges is dropped.

    Raises what resuming a VM raises (where the reference panics).
    """
    table.total_cycles.value = state.total_cycles
    table.next_vm_id = state.next_vm_id
    table.next_fd_slot = state.next_fd_slot
    table.states = {vm.id: vm.state for vm in sorted(state.vms, key=lambda vm: vm.id)}
    table.suspended = {vm.id: vm.snapshot for vm in state.vms}
    table.fds = dict(state.fds)
    table.stir()
    table.inherited_fd = dict(state.inherited_fd)
    table.terminated_vms = dict(state.terminated_vms)
    instantiate(table, state.instantiated_ids)
    table.iteration_cycles = 0
