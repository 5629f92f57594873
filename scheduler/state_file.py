"""Suspended states as bytes: a sealed file, checked whole before it becomes a state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ..vm.sealed import CorruptFileError, seal, unseal
from ..vm.snapshot_file import check_snapshot
from .fds import is_read
from .limits import FIRST_FD_SLOT, MAX_FDS, MAX_INSTANTIATED_VMS, MAX_VMS_COUNT, ROOT_VM_ID, U64_MAX
from .states import Runnable, Terminated, VmState, Wait, WaitForRead, WaitForWrite
from .suspended import FullSuspendedState, SuspendedVm

KIND, VERSION = b"SPAWNLAB-STATE", 1
_EXIT_CODES = range(-128, 128)
_decoder = msgspec.msgpack.Decoder(FullSuspendedState)


def state_to_bytes(state: FullSuspendedState) -> bytes:
    """The bytes of a state; equal states give equal bytes."""
    return seal(KIND, VERSION, state)


def state_from_bytes(content: bytes) -> FullSuspendedState:
    """Read a state. Raises :class:`~spawnlab.vm.sealed.CorruptFileError`, whatever the bytes are, unless they are one.

    Whether it belongs to a script group can't be seen from it: resume it with the group it was suspended from.
    """
    state: FullSuspendedState = unseal(KIND, VERSION, content, _decoder)
    check_state(state)
    return state


def check_state(state: FullSuspendedState) -> None:
    """Raise :class:`CorruptFileError` unless the parts fit together as those of a scheduler do (``scheduler`` §5)."""
    counters = (state.total_cycles, state.iteration_cycles, state.next_vm_id, state.next_fd_slot)
    _check_u64("counters", counters)
    ids = [vm.id for vm in state.vms]
    _check_ids("vms", ids, below=state.next_vm_id, at_most=MAX_VMS_COUNT + 1)
    if bool(state.next_vm_id) != (ROOT_VM_ID in ids):
        raise CorruptFileError("vms: there is no root")
    for vm in state.vms:
        _check_vm(vm, alone=len(ids) == 1)
    _check_fds(state, ids)
    _check_ids("inherited_fd", [vm for vm, _ in state.inherited_fd], below=state.next_vm_id)
    for vm, fds in state.inherited_fd:
        _check_u64(f"inherited_fd of VM {vm}", fds)
    _check_ids("terminated_vms", [vm for vm, _ in state.terminated_vms], below=state.next_vm_id)
    if any(code not in _EXIT_CODES for _, code in state.terminated_vms):
        raise CorruptFileError("terminated_vms: an exit code is not between -128 and 127")
    _check_ids("instantiated_ids", state.instantiated_ids, below=state.next_vm_id, at_most=MAX_INSTANTIATED_VMS)
    if not set(state.instantiated_ids) <= set(ids):
        raise CorruptFileError("instantiated_ids: a VM that is not there")


def _check_u64(where: str, numbers: Iterable[int]) -> None:
    if any(not 0 <= number <= U64_MAX for number in numbers):
        raise CorruptFileError(f"{where}: a number is not between 0 and 2^64 - 1")


def _check_ids(where: str, ids: Sequence[int], *, below: int, at_most: int | None = None) -> None:
    if any(not 0 <= number < below for number in ids) or list(ids) != sorted(set(ids)):
        raise CorruptFileError(f"{where}: ids must ascend, from 0 up to {below - 1}")
    if at_most is not None and len(ids) > at_most:
        raise CorruptFileError(f"{where}: {len(ids)} of them; at most {at_most} can be")


def _check_vm(vm: SuspendedVm, *, alone: bool) -> None:
    where = f"vms: VM {vm.id}"
    if isinstance(vm.state, Terminated) and not (vm.id == ROOT_VM_ID and alone):
        raise CorruptFileError(f"{where}: only the root is kept when it has ended, and then alone")
    _check_u64(f"{where}: state", _numbers(vm.state))
    try:
        check_snapshot(vm.snapshot)
    except CorruptFileError as error:
        raise CorruptFileError(f"{where}: {error}") from None
    _check_u64(where, (run.source.index for run in vm.snapshot.source_pages))


def _numbers(state: VmState) -> tuple[int, ...]:
    """The numbers of a state; raises :class:`CorruptFileError` for a wait on the wrong end, or for more than it has."""
    match state:
        case Runnable() | Terminated():
            return ()
        case Wait(target_vm_id, exit_code_addr):
            return target_vm_id, exit_code_addr
        case WaitForRead(fd, length, buffer_addr, length_addr):
            if not is_read(fd):
                raise CorruptFileError(f"vms: a read from fd {fd}, which is no read end")
            return fd, length, buffer_addr, length_addr
        case WaitForWrite(fd, consumed, length, buffer_addr, length_addr):
            if is_read(fd) or consumed > length:
                raise CorruptFileError(f"vms: a write of {length} bytes to fd {fd}, {consumed} of them taken")
            return fd, consumed, length, buffer_addr, length_addr


def _check_fds(state: FullSuspendedState, ids: Sequence[int]) -> None:
    if state.next_fd_slot < FIRST_FD_SLOT or state.next_fd_slot % 2:
        raise CorruptFileError(f"next_fd_slot: {state.next_fd_slot} is not an even number from {FIRST_FD_SLOT} on")
    fds = [fd for fd, _ in state.fds]
    _check_ids("fds", fds, below=state.next_fd_slot, at_most=MAX_FDS + 1)
    if any(fd < FIRST_FD_SLOT for fd in fds):
        raise CorruptFileError(f"fds: the first that can be is {FIRST_FD_SLOT}")
    ended = any(isinstance(vm.state, Terminated) for vm in state.vms)  # the root's end leaves fds as they are
    if not ended and not {owner for _, owner in state.fds} <= set(ids):
        raise CorruptFileError("fds: one is owned by a VM that is not there")
    _check_u64("fds", (owner for _, owner in state.fds))
    owners = dict(state.fds)
    for vm in state.vms:
        if isinstance(vm.state, WaitForRead | WaitForWrite) and owners.get(vm.state.fd) != vm.id:
            raise CorruptFileError(f"vms: VM {vm.id} waits for fd {vm.state.fd}, which is not its own")
