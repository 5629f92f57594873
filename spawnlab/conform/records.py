"""Records of a run in the form that the reference runner writes them (``reference/README.md``)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from ..scheduler.events import AnyEvent, Logged
from ..scheduler.limits import U64_MAX
from ..scheduler.scheduler import RunMode, Scheduler
from ..scheduler.states import Runnable, Terminated, VmState, Wait, WaitForRead, WaitForWrite
from ..scheduler.transaction import ScriptGroupData
from ..vm.errors import VmError


class VmRecord(msgspec.Struct, frozen=True, array_like=True):
    """One VM after an iteration: ``i``nstantiated or ``s``uspended, pc, pending cycles, a hash of its registers."""

    vm: int
    place: str
    state: tuple[str | int, ...]
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


class OutcomeRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a run went: what both sides must agree on. ``status`` is ``exit`` or ``error``."""

    status: str
    exit_code: int | None = None
    error_variant: str | None = None
    error_display: str | None = None
    error_debug: str | None = None
    cycles: int
    debug: tuple[str, ...] = ()
    trace: tuple[IterationRecord, ...] | None = None


def run_recorded(sg_data: ScriptGroupData, *, limit: int | None = None) -> OutcomeRecord:
    """Run to the end within ``limit`` cycles; without a limit one iteration at a time, each recorded."""
    debug: list[str] = []

    def listen(event: AnyEvent) -> None:
        if isinstance(event, Logged):
            debug.append(event.text)

    scheduler = Scheduler(sg_data, observers=[listen])
    trace: list[IterationRecord] | None = None if limit is not None else []
    error: VmError | None = None
    try:
        if trace is None:
            scheduler.run(RunMode(U64_MAX if limit is None else limit))
        else:
            _trace(scheduler, trace)
    except VmError as failure:
        error = failure
    return OutcomeRecord(
        status="exit" if error is None else "error",
        exit_code=scheduler.terminated_result().exit_code if error is None else None,
        error_variant=None if error is None else error.variant,
        error_display=None if error is None else error.display,
        error_debug=None if error is None else error.debug,
        cycles=scheduler.consumed_cycles(),
        debug=tuple(debug),
        trace=None if trace is None else tuple(trace),
    )


def _trace(scheduler: Scheduler, trace: list[IterationRecord]) -> None:
    while not scheduler.terminated():
        try:
            result = scheduler.iterate()
        except VmError as error:
            cycles = scheduler.consumed_cycles()
            trace.append(IterationRecord(cycles=cycles, error=error.debug, vms=vm_records(scheduler)))
            raise
        ended = result.terminated_status
        trace.append(
            IterationRecord(
                vm=result.executed_vm,
                cycles=scheduler.consumed_cycles(),
                exit_code=None if ended is None else ended.exit_code,
                vms=vm_records(scheduler),
            )
        )


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


def state_record(state: VmState) -> tuple[str | int, ...]:
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


def registers_hash(registers: Sequence[int]) -> str:
    """First 8 hex digits of the SHA-256 over the 32 registers, 8 little-endian bytes each."""
    return hashlib.sha256(struct.pack("<32Q", *registers)).hexdigest()[:8]


def outcome_from_json(values: Any) -> OutcomeRecord:
    """The part of a reference outcome that both sides must agree on."""
    return msgspec.convert(values, OutcomeRecord)
