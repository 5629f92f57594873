"""Running all scripts of a transaction, in one go or piece by piece (``transaction`` §10).

What is to be done is told by generators of legs (:mod:`.legs`), so that there is one place for the rules, whoever runs
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy

import msgspec

from ...vm.errors import CyclesExceeded, Pause, VmError
from ..chain import Script
from ..limits import U64_MAX
from ..processes import Observer
from ..scheduler import Scheduler
from ..suspended import FullSuspendedState
from ..syscalls.generator import SyscallGenerator, consensus_syscalls
from ..transaction import DataPieceId, Place, ResolvedTransaction, ScriptGroupData
from .errors import (
    CyclesOverflow,
    ExceededMaximumCycles,
    OtherError,
    ScriptError,
    ScriptNotFound,
    TransactionScriptError,
    ValidationFailure,
    script_error_of,
)
from .groups import GroupType, ScriptGroup, groups_of
from .legs import Leg, Steps, T, drive
from .programs import Programs
from .type_id import is_type_id, run_type_id
from .versions import Rules


class TransactionState(msgspec.Struct, frozen=True, kw_only=True):
    """A verification between two pieces."""

    current: int
    """Number of the group that is under way, in the order of execution."""
    state: FullSuspendedState | None
    """Of its scheduler; ``None`` for the type id script."""
    current_cycles: int
    """Of the groups that are over."""
    limit_cycles: int
    """What was left to the group in the last piece."""

    def next_limit_cycles(self, step: int, limit: int) -> tuple[int, bool]:
        """The limit for the next piece, ``step`` more than the last, and whether that is all there is left of
        ``limit``."""
        remain = limit - self.current_cycles
        following = self.limit_cycles + step
        return (following, False) if following < remain else (remain, True)


class Chunk(msgspec.Struct, frozen=True):
    """A group that came to its end: all its cycles, and those of this piece."""

    used: int
    consumed: int


class _Suspended(msgspec.Struct, frozen=True):
    state: FullSuspendedState | None


Watch = Callable[[ScriptGroup], Iterable[Observer]]
"""Gives the observers of a group's run."""


class Verifier:
    """A transaction with its script groups. ``rules`` say which versions are active, ``programs`` which cell dep is
    the code of which script, unless it is as their hashes say.

    ``watch`` gives observers for each run; a group that is gone on with is asked for again. ``generator`` gives the
    machines their system calls, and gets ``context``, as for a scheduler.
    """

    def __init__(
        self,
        resolved: ResolvedTransaction,
        *,
        rules: Rules | None = None,
        programs: Programs | None = None,
        watch: Watch = lambda group: (),
        generator: SyscallGenerator = consensus_syscalls,
        context: object = None,
    ) -> None:
        self.resolved = resolved
        self.rules = rules or Rules()
        self.groups = groups_of(resolved)
        """In the order in which they run."""
        self._programs = programs or Programs(resolved.cell_deps)
        self._watch = watch
        self.generator = generator
        """What gives the machines their system calls."""
        self._context = context

    def find(self, group_type: GroupType, script_hash: bytes) -> ScriptGroup | None:
        """The group of a script."""
        return next((g for g in self.groups if (g.type, g.hash) == (group_type, script_hash)), None)

    def code_of(self, script: Script) -> tuple[int, int]:
        """A script's version, and the number of the cell dep that is its code; raises a
        :class:`~.errors.ScriptError`: for the version first."""
        return self.rules.version_of(script), self._programs.index_of(script)

    def sg_data(self, group: ScriptGroup) -> ScriptGroupData:
        """What a scheduler runs for a group; raises as :meth:`code_of`."""
        version, index = self.code_of(group.script)
        return ScriptGroupData(
            resolved=self.resolved,
            script=group.script,
            version=version,
            program=DataPieceId(Place.CELL_DEP, index),
            group_type=group.type,
            input_indices=group.inputs,
            output_indices=group.outputs,
        )

    def with_program(self, script: Script, program: bytes) -> Verifier:
        """The same with another program as a script's code, and for whoever loads that cell dep; hashes stay as if it
        were the right one. Raises as :meth:`code_of`."""
        _, index = self.code_of(script)
        old = self.resolved.cell_deps
        deps = (*old[:index], msgspec.structs.replace(old[index], data=program), *old[index + 1 :])
        other = copy(self)
        other.resolved = msgspec.structs.replace(self.resolved, cell_deps=deps)
        return other

    def watched(self, watch: Watch) -> Verifier:
        """The same with other observers."""
        other = copy(self)
        other._watch = watch
        return other

    def calling(self, generator: SyscallGenerator, context: object = None) -> Verifier:
        """The same with other system calls."""
        other = copy(self)
        other.generator, other._context = generator, context
        return other

    def _scheduler(self, group: ScriptGroup, state: FullSuspendedState | None = None) -> Scheduler:
        """A group's, from the beginning or from a state; raises as :meth:`code_of`."""
        sg_data, observers = self.sg_data(group), self._watch(group)
        if state is None:
            return Scheduler(sg_data, self.generator, self._context, observers=observers)
        return Scheduler.resume(sg_data, state, self.generator, self._context, observers=observers)

    # In one go

    def verify(self, limit: int) -> int:
        """All cycles, if each group ends with exit code 0 within what the others have left of ``limit``.

        Raises :class:`~.errors.TransactionScriptError` for the first that does not.
        """
        return drive(self.verifying(limit))

    def verifying(self, limit: int) -> Steps[int]:
        """The steps of :meth:`verify`."""
        cycles = 0
        for group in self.groups:
            used = yield from _located(group, self.running(group, limit - cycles))
            cycles = _sum(group, cycles, used)
        return cycles

    def verify_single(self, group_type: GroupType, script_hash: bytes, limit: int) -> int:
        """The cycles of one group; raises a :class:`~.errors.ScriptError`."""
        return drive(self.verifying_single(group_type, script_hash, limit))

    def verifying_single(self, group_type: GroupType, script_hash: bytes, limit: int) -> Steps[int]:
        """The steps of :meth:`verify_single`."""
        group = self.find(group_type, script_hash)
        if group is None:
            raise ScriptNotFound(script_hash)
        return (yield from self.running(group, limit))

    def running(self, group: ScriptGroup, limit: int) -> Steps[int]:
        """The steps of one group; raises a :class:`~.errors.ScriptError`."""
        if is_type_id(group.script):
            return run_type_id(group, self.resolved.transaction, limit)
        scheduler = self._scheduler(group)
        error = yield Leg(group, scheduler, limit)
        if error is not None:
            raise script_error_of(error, limit)
        return _passed(group, scheduler)

    # Piece by piece

    def resumable_verify(self, limit: int) -> int | TransactionState:
        """As :meth:`verify`, but a group that would go beyond the limit is suspended: the state to go on from."""
        return drive(self.verifying_resumably(limit))

    def verifying_resumably(self, limit: int) -> Steps[int | TransactionState]:
        """The steps of :meth:`resumable_verify`."""
        return (yield from self._on(0, 0, 0, limit))

    def resume_from_state(self, state: TransactionState, limit: int) -> int | TransactionState:
        """Go on within ``limit`` cycles of this piece: all cycles, or the next state."""
        return drive(self.resuming(state, limit))

    def resuming(self, state: TransactionState, limit: int) -> Steps[int | TransactionState]:
        """The steps of :meth:`resume_from_state`."""
        group = self._current(state)
        done = yield from _located(group, self._chunk(group, limit, state.state))
        if isinstance(done, _Suspended):
            return _state(done, state.current, state.current_cycles, limit)
        cycles = _sum(group, state.current_cycles, done.used)
        return (yield from self._on(state.current + 1, done.consumed, cycles, limit))

    def _on(self, first: int, used: int, cycles: int, limit: int) -> Steps[int | TransactionState]:
        """Run the groups from ``first`` on within what is left: ``used`` in this piece, ``cycles`` in all so far."""
        for index in range(first, len(self.groups)):
            group = self.groups[index]
            remain = limit - used
            if remain < 0:
                counts = f"{limit} {used} {cycles}" if first else f"{limit} {cycles}"
                raise TransactionScriptError(group, OtherError(f"expect invalid cycles {counts}"))
            done = yield from _located(group, self._chunk(group, remain, None))
            if isinstance(done, _Suspended):
                return _state(done, index, cycles, remain)
            used = _sum(group, used, done.consumed)
            cycles = _sum(group, cycles, done.used)
        return cycles

    def complete(self, state: TransactionState, limit: int) -> int:
        """Go on to the end: the group that is under way has what the others before it have left of ``limit``, and
        what it has spent already does not count (``transaction`` X9).

        Raises :class:`~.errors.TransactionScriptError`.
        """
        return drive(self.completing(state, limit))

    def completing(self, state: TransactionState, limit: int) -> Steps[int]:
        """The steps of :meth:`complete`."""
        first = self._current(state)
        cycles = state.current_cycles
        if limit < cycles:
            raise TransactionScriptError(first, ExceededMaximumCycles(limit))
        for index in range(state.current, len(self.groups)):
            group = self.groups[index]
            remain = limit - cycles
            if remain < 0:
                raise TransactionScriptError(group, OtherError(f"expect invalid cycles {limit} {cycles}"))
            given = state.state if index == state.current else None
            done = yield from _located(group, self._chunk(group, remain, given))
            if isinstance(done, _Suspended):
                raise TransactionScriptError(group, ExceededMaximumCycles(limit))
            cycles = _sum(first, cycles, done.used)  # a sum that is too large is the first group's, to the reference
        return cycles

    def _current(self, state: TransactionState) -> ScriptGroup:
        if state.current >= len(self.groups):
            raise TransactionScriptError(None, OtherError(f"snapshot group missing {state.current}"))
        return self.groups[state.current]

    def _chunk(self, group: ScriptGroup, limit: int, state: FullSuspendedState | None) -> Steps[Chunk | _Suspended]:
        if is_type_id(group.script):
            try:
                cycles = run_type_id(group, self.resolved.transaction, limit)
            except ExceededMaximumCycles:
                return _Suspended(None)
            return Chunk(cycles, cycles)
        scheduler = self._scheduler(group, state)
        before = scheduler.consumed_cycles()
        error = yield Leg(group, scheduler, limit)
        if error is None:
            used = _passed(group, scheduler)
            return Chunk(used, scheduler.consumed_cycles() - before)
        if not isinstance(error, CyclesExceeded | Pause):
            raise script_error_of(error, limit)
        try:
            return _Suspended(scheduler.suspend())
        except VmError as failure:
            raise script_error_of(failure, limit) from None


def _located(group: ScriptGroup, steps: Steps[T]) -> Steps[T]:
    """The same steps, of which an error gets its place."""
    try:
        return (yield from steps)
    except ScriptError as error:
        raise TransactionScriptError(group, error) from None


def _passed(group: ScriptGroup, scheduler: Scheduler) -> int:
    result = scheduler.terminated_result()
    if result.exit_code:
        raise ValidationFailure(group.script, result.exit_code)
    return result.consumed_cycles


def _sum(group: ScriptGroup, cycles: int, more: int) -> int:
    if cycles + more > U64_MAX:
        raise TransactionScriptError(group, CyclesOverflow(cycles, more))
    return cycles + more


def _state(suspended: _Suspended, current: int, cycles: int, limit: int) -> TransactionState:
    return TransactionState(current=current, state=suspended.state, current_cycles=cycles, limit_cycles=limit)
