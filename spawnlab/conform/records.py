"""Records of a run in the form that the reference runner writes them (``reference/README.md``)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ..scheduler.scheduler import Scheduler
from ..scheduler.states import Runnable, Terminated, VmState, Wait, WaitForRead, WaitForWrite
from ..scheduler.suspended import FullSuspendedState, SuspendedVm
from ..scheduler.transaction import DataPieceId
from ..vm.memory import PAGE_SIZE
from ..vm.snapshot import DirtyPages

StateRecord = tuple[str | int, ...]


class VmRecord(msgspec.Struct, frozen=True, array_like=True):
    """One VM after an iteration: ``i``nstantiated or ``s``uspended, pc, pending cycles, a hash of its registers."""

    vm: int
    place: str
    state: StateRecord
    pc: int
    cycles: int
    registers: str


class IterationRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One iteration; ``vm`` is absent where it failed. ``cycles`` are consumed in total after it."""

    vm: int | None = None
    cycles: int
    exit_code: int | None = None
    error: str | None = None
    vms: tuple[VmRecord, ...]


class SuspendedVmRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One VM of a suspended state; pages are counted, and hashed with addresses and flags."""

    id: int
    state: StateRecord
    pc: int
    cycles: int
    max_cycles: int
    regs: str
    lr: int
    dirty_pages: int
    dirty_sha: str
    source_pages: tuple[tuple[Any, ...], ...]


class SuspendRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A suspended state."""

    total_cycles: int
    iteration_cycles: int
    next_vm_id: int
    next_fd_slot: int
    fds: tuple[tuple[int, int], ...]
    inherited_fd: tuple[tuple[int, tuple[int, ...]], ...]
    terminated_vms: tuple[tuple[int, int], ...]
    instantiated_ids: tuple[int, ...]
    size: int
    vms: tuple[SuspendedVmRecord, ...]


class OutcomeRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a run went: what both sides must agree on. ``status`` is ``exit``, ``error``, ``stopped`` or ``panic``."""

    status: str
    exit_code: int | None = None
    error_variant: str | None = None
    error_display: str | None = None
    error_debug: str | None = None
    stop_reason: str | None = None
    message: str | None = None
    cycles: int | None = None
    tx_hash: str | None = None
    script_hash: str | None = None
    debug: tuple[str, ...] = ()
    trace: tuple[IterationRecord, ...] | None = None
    suspends: tuple[SuspendRecord, ...] | None = None


def vm_records(scheduler: Scheduler) -> tuple[VmRecord, ...]:
    """All VMs that have a state, by id."""

    def record(vm: int, state: VmState) -> VmRecord:
        place, pc, cycles, registers = scheduler.peek(
            vm,
            lambda m: ("i", m.this_pc, m.cycles, m.registers),
            lambda s, _: ("s", s.pc, s.cycles, list(s.registers)),
        )
        return VmRecord(vm, place, state_record(state), pc, cycles, registers_hash(registers))

    return tuple(record(vm, state) for vm, state in sorted(scheduler.table.states.items()))


def state_record(state: VmState) -> StateRecord:
    """A state as the reference runner writes it."""
    match state:
        case Runnable():
            return ("runnable",)
        case Terminated():
            return ("terminated",)
        case Wait(target_vm_id, exit_code_addr):
            return ("wait", target_vm_id, exit_code_addr)
        case WaitForRead(fd, length, buffer_addr, length_addr):
            return ("read", fd, length, buffer_addr, length_addr)
        case WaitForWrite(fd, consumed, length, buffer_addr, length_addr):
            return ("write", fd, consumed, length, buffer_addr, length_addr)


def suspend_record(state: FullSuspendedState) -> SuspendRecord:
    """A suspended state as the reference runner writes it."""
    return SuspendRecord(
        total_cycles=state.total_cycles,
        iteration_cycles=state.iteration_cycles,
        next_vm_id=state.next_vm_id,
        next_fd_slot=state.next_fd_slot,
        fds=state.fds,
        inherited_fd=state.inherited_fd,
        terminated_vms=state.terminated_vms,
        instantiated_ids=state.instantiated_ids,
        size=state.size,
        vms=tuple(map(_suspended_vm_record, state.vms)),
    )


def _suspended_vm_record(vm: SuspendedVm) -> SuspendedVmRecord:
    snapshot = vm.snapshot
    return SuspendedVmRecord(
        id=vm.id,
        state=state_record(vm.state),
        pc=snapshot.pc,
        cycles=snapshot.cycles,
        max_cycles=snapshot.max_cycles,
        regs=registers_hash(snapshot.registers),
        lr=snapshot.reservation_address,
        dirty_pages=sum(len(run.data) for run in snapshot.dirty_pages) // PAGE_SIZE,
        dirty_sha=_pages_hash(snapshot.dirty_pages),
        source_pages=tuple(
            (run.address, run.flags, source_name(run.source), run.offset, run.length) for run in snapshot.source_pages
        ),
    )


def source_name(piece: DataPieceId) -> str:
    """A piece of data as the reference runner writes it: ``cell_dep:0``."""
    return f"{piece.place.value}:{piece.index}"


def registers_hash(registers: Sequence[int]) -> str:
    """First 8 hex digits of the SHA-256 over the 32 registers, 8 little-endian bytes each."""
    return hashlib.sha256(struct.pack("<32Q", *registers)).hexdigest()[:8]


def _pages_hash(runs: Iterable[DirtyPages]) -> str:
    """First 8 hex digits of the SHA-256 over each page's address, flags and bytes."""
    digest = hashlib.sha256()
    for run in runs:
        for at in range(0, len(run.data), PAGE_SIZE):
            digest.update(struct.pack("<QB", run.address + at, run.flags))
            digest.update(run.data[at : at + PAGE_SIZE])
    return digest.hexdigest()[:8]
