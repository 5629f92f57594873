"""Running a script group as the reference runner does: in one go, by iterations, or with suspends on the way.

What comes of it is a record of the same form as the runner's (``reference/README.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from ..scenarios.build import Build
from ..scenarios.model import CYCLES_DEFAULT
from ..scheduler.events import AnyEvent, Logged
from ..scheduler.limits import U64_MAX
from ..scheduler.scheduler import RunMode, Scheduler
from ..scheduler.state_file import state_from_bytes, state_to_bytes
from ..scheduler.suspended import FullSuspendedState
from ..scheduler.syscalls.context import VmContext
from ..scheduler.syscalls.generator import SyscallGenerator, consensus_syscalls
from ..scheduler.transaction import ScriptGroupData
from ..vm.errors import CyclesExceeded, Pause, VmError
from ..vm.machine import A7, Machine, SystemCall
from .records import IterationRecord, OutcomeRecord, SuspendRecord, suspend_record, vm_records
from .tally import RecordError

_DEBUG_PAUSE = 2178


class Mode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a group is run; at most one of the first three is set. ``max_*`` end the recording."""

    trace: bool = False
    """One iteration at a time, a record after each."""
    pause_every: int | None = None
    """Suspended and resumed whenever a piece has taken so many cycles."""
    suspend_each_iteration: bool = False
    max_cycles: int = U64_MAX
    max_iterations: int | None = None
    max_suspends: int | None = None
    debug_pause: Literal["skip", "suspend"] | None = None
    """What system call 2178 does: ``skip`` nothing, ``suspend`` pause; it does not exist unless given."""

    def name(self) -> str | dict[str, Any]:
        """The mode as the runner's cases have it."""
        if self.pause_every is not None:
            return {"pause_every": self.pause_every}
        if self.suspend_each_iteration:
            return {"suspend_each_iteration": True}
        return "trace" if self.trace else "run"


def mode_of(made: Build) -> Mode:
    """How a scenario is recorded: by iterations, or in one go within its limit, or with its suspension.

    Iterations have no limit of their own. Raises :class:`RecordError` for a plan that no mode can express.
    """
    limit, plan = made.scenario.limits.cycles, made.scenario.suspend
    if plan is not None:
        first, *others = plan.at
        if others:
            raise RecordError("a plan with more than one suspension can't be recorded")
        return Mode(pause_every=first, max_cycles=limit)
    return Mode(trace=True) if limit == CYCLES_DEFAULT else Mode(max_cycles=limit)


class _End(msgspec.Struct, frozen=True):
    """How it ended: an exit code, an error, or why recording stopped."""

    exit_code: int | None = None
    error: VmError | None = None
    stop_reason: str | None = None


def syscalls_with_pause(
    vm_id: int, sg_data: ScriptGroupData, vm_context: VmContext, action: str | None
) -> Sequence[SystemCall]:
    """A syscall generator: those of the chain, and 2178 where an action is given."""
    calls = consensus_syscalls(vm_id, sg_data, vm_context, None)

    def pause(machine: Machine) -> bool:
        if machine.registers[A7] != _DEBUG_PAUSE:
            return False
        if action == "suspend":
            raise Pause
        return True

    return calls if action is None else (*calls, pause)


class _Player:
    """Plays one group; keeps the texts that it prints."""

    generator: SyscallGenerator = staticmethod(syscalls_with_pause)

    def __init__(self, sg_data: ScriptGroupData, mode: Mode, root_args: Sequence[bytes]) -> None:
        self._sg_data = sg_data
        self._mode = mode
        self._root_args = root_args
        self.texts: list[str] = []

    def _listen(self, event: AnyEvent) -> None:
        if isinstance(event, Logged):
            self.texts.append(event.text)

    def new(self) -> Scheduler:
        scheduler = Scheduler(self._sg_data, self.generator, self._mode.debug_pause, observers=[self._listen])
        scheduler.set_root_vm_args(self._root_args)
        return scheduler

    def resume(self, state: FullSuspendedState) -> Scheduler:
        state = state_from_bytes(state_to_bytes(state))  # as if in another process
        action = self._mode.debug_pause
        return Scheduler.resume(self._sg_data, state, self.generator, action, observers=[self._listen])

    def _passed(self, cycles: int, records: int, records_max: int | None, reason: str) -> _End | None:
        if cycles > self._mode.max_cycles:
            return _End(stop_reason="max_cycles passed")
        return _End(stop_reason=reason) if records_max is not None and records >= records_max else None

    def run(self) -> tuple[_End, int]:
        """In one go."""
        scheduler = self.new()
        try:
            end = _End(scheduler.run(RunMode(self._mode.max_cycles)).exit_code)
        except VmError as error:
            end = _End(error=error)
        return end, scheduler.consumed_cycles()

    def trace(self) -> tuple[_End, int, list[IterationRecord]]:
        """One iteration at a time."""
        scheduler = self.new()
        records: list[IterationRecord] = []
        end: _End | None = None
        while end is None:
            vm = exit_code = debug = None
            try:
                result = scheduler.iterate()
            except VmError as error:
                end, debug = _End(error=error), error.debug
            else:
                vm = result.executed_vm
                if result.terminated_status is not None:
                    exit_code = result.terminated_status.exit_code
                    end = _End(exit_code)
            cycles = scheduler.consumed_cycles()
            records.append(
                IterationRecord(vm=vm, cycles=cycles, exit_code=exit_code, error=debug, vms=vm_records(scheduler))
            )
            end = end or self._passed(cycles, len(records), self._mode.max_iterations, "max_iterations")
        return end, scheduler.consumed_cycles(), records

    def suspending(self, piece: Callable[[Scheduler], _End | None]) -> tuple[_End, int, list[SuspendRecord]]:
        """Piece by piece, each in a fresh scheduler. Raises what resuming raises: there the reference panics."""
        scheduler = self.new()
        records: list[SuspendRecord] = []
        while True:
            end = piece(scheduler)
            cycles = scheduler.consumed_cycles()
            end = end or self._passed(cycles, len(records), self._mode.max_suspends, "max_suspends")
            if end is not None:
                return end, cycles, records
            try:
                state = scheduler.suspend()
            except VmError as error:
                return _End(error=error), cycles, records
            record = suspend_record(state)
            stuck = bool(records) and records[-1] == record
            records.append(record)
            if stuck:
                return _End(stop_reason="no progress"), cycles, records
            try:
                scheduler = self.resume(state)
            except VmError as error:
                raise _Panic(error) from None


class _Panic(Exception):
    """Resuming failed where the reference has no error to give."""

    def __init__(self, error: VmError) -> None:
        super().__init__(f"called `Result::unwrap()` on an `Err` value: {error.debug}")


def run_recorded(sg_data: ScriptGroupData, mode: Mode, *, root_args: Sequence[bytes] = ()) -> OutcomeRecord:
    """Run a group in a mode and record what the reference runner records."""
    player = _Player(sg_data, mode, root_args)
    steps: dict[str, Any] = {}
    try:
        if mode.trace:
            end, cycles, trace = player.trace()
            steps["trace"] = tuple(trace)
        elif mode.pause_every is not None or mode.suspend_each_iteration:
            every = mode.pause_every
            end, cycles, suspends = player.suspending(_iteration if every is None else _piece_of(every))
            steps["suspends"] = tuple(suspends)
        else:
            end, cycles = player.run()
    except _Panic as panic:
        return OutcomeRecord(status="panic", message=str(panic))
    error = end.error
    return OutcomeRecord(
        status="error" if error is not None else "stopped" if end.stop_reason is not None else "exit",
        exit_code=end.exit_code,
        error_variant=None if error is None else error.variant,
        error_display=None if error is None else error.display,
        error_debug=None if error is None else error.debug,
        stop_reason=end.stop_reason,
        cycles=cycles,
        tx_hash=sg_data.resolved.transaction.hash.hex(),
        script_hash=sg_data.script.hash().hex(),
        debug=tuple(player.texts),
        **steps,
    )


def _piece_of(cycles: int) -> Callable[[Scheduler], _End | None]:
    def piece(scheduler: Scheduler) -> _End | None:
        try:
            return _End(scheduler.run(RunMode(cycles)).exit_code)
        except (CyclesExceeded, Pause):
            return None
        except VmError as error:
            return _End(error=error)

    return piece


def _iteration(scheduler: Scheduler) -> _End | None:
    try:
        status = scheduler.iterate().terminated_status
    except VmError as error:
        return _End(error=error)
    return None if status is None else _End(status.exit_code)
