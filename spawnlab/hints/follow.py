"""One VM's operations, followed call by call: what its names stand for, and which ends it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ..explain.steps_at import Path, place_of
from ..scenarios import steps as s
from ..scenarios.errors import ScenarioError
from ..scenarios.model import Scenario
from ..scenarios.names import nearest
from ..scheduler.limits import FIRST_FD_SLOT, MAX_FDS
from .codes import (
    EXPECTATION_FAILED,
    INVALID_FD,
    MAX_FDS_CREATED,
    MAX_VMS_SPAWNED,
    OTHER_END_CLOSED,
    WAIT_FAILURE,
)
from .contents import content_of
from .held import Held, InvalidError, UnclearError
from .values import number_of
from .world import ANYBODY, NOBODY, ROOT, Call, Count, End, ExitOf, Number, Pipe, Step, Value, Vm, VmRef, World

EXEC_VERSION, SPAWN_VERSION = 1, 2
"""The script versions that exec came with, and spawn, pipes and wait."""
Add = Callable[[str, Call, Sequence[End]], Vm]
"""Makes a VM of its program, the call that spawns it, and the ends that it gets."""


class Known(msgspec.Struct, frozen=True):
    """Which numbers are known: fds, if only the root makes pipes; ids, if only the root spawns."""

    pipes: bool
    spawns: bool


class Follower:
    """Follows a VM's steps, and writes down its calls and what it holds.

    ``over`` is whether the VM is followed no further, since it ends, goes on as another program, or is opaque.
    """

    def __init__(self, world: World, vm: Vm, scenario: Scenario, add: Add, known: Known) -> None:
        self.world = world
        self.vm = vm
        self.over = False
        self._scenario = scenario
        self._add = add
        self._known = known
        self._program = vm.program
        self._numbers = 0
        self._names: dict[str, Value] = {}
        self._buffers: dict[str, Call] = {}
        self._held = Held(world, vm)
        self._waits: dict[int, Call] = {}
        self._open = 0
        """Ends of its own pipes that it has not closed."""
        self._over: set[int] = set()
        """VMs that it has waited for."""
        for end in dict.fromkeys(vm.inherited):
            self._held.hold(end, 0)

    def begin(self, program: str) -> None:
        """Go on as a program, which knows no names yet."""
        self._program = program
        self.over = False
        self._names.clear()
        self._buffers.clear()

    def finish(self, code: Value) -> None:
        """The VM ends with a code; whatever it holds is closed."""
        self.vm.exit = code
        self.over = True

    def become_opaque(self) -> None:
        """From here on anything may happen with what the VM holds."""
        self.vm.opaque = True
        self.over = True

    def follow(self, step: s.AnyStep, path: Path) -> str | None:
        """Do a step; gives the program as which the VM goes on, if it does. Raises :class:`ScenarioError`."""
        if not self._has_call(step):
            self._call(step, path, "fault", reason="no-such-call")
            self.over = True
            return None
        try:
            return self._follow(step, path)
        except UnclearError:
            self.world.unclear.append(Step(self.vm.number, self._program, path))
            self.become_opaque()
        except InvalidError as error:
            self._invalid(step, path, error)
        return None

    def _has_call(self, step: s.AnyStep) -> bool:
        """Whether the script version has the call of a step."""
        version = self._scenario.version
        asks_nothing = isinstance(step, s.Exit | s.Expect)
        return asks_nothing or version >= SPAWN_VERSION or (isinstance(step, s.Exec) and version >= EXEC_VERSION)

    def _follow(self, step: s.AnyStep, path: Path) -> str | None:
        match step:
            case s.Pipe():
                self._pipe(step, path)
            case s.Spawn():
                self._spawn(step, path)
            case s.Exec():
                self._call(step, path, "other")
                self.over = True
                return self._program_of(step.program, path)
            case s.Read():
                self._read(step, path)
            case s.Write():
                self._write(step, path)
            case s.Close():
                self._close(step, path)
            case s.Wait():
                self._wait(step, path)
            case s.InheritedFds():
                self._inherited_fds(step, path)
            case s.ProcessId():
                self._names[step.name] = VmRef(self.vm.number)
            case s.Expect():
                self._expect(step, path)
            case s.Exit():
                self.finish(self._value(step.code, path, "code"))
            case _:
                pass  # spends cycles, prints, or is a loop, which is unrolled
        return None

    # Calls

    def _call(self, step: s.AnyStep, path: Path, kind: str, **fields: Any) -> Call:
        """Write down a call; one that certainly ends the VM is the last."""
        expected = 0
        if isinstance(step, s.Call):
            self._numbers += 1
            expected = self._code(step, path)
        call = Call(
            vm=self.vm.number,
            index=len(self.vm.calls),
            number=self._numbers,
            step=step,
            program=self._program,
            path=path,
            kind=kind,
            expected=expected,
            **fields,
        )
        self.vm.calls.append(call)
        if call.ends_with is not None:
            self.finish(Number(call.ends_with))
        return call

    def _error(self, message: str, path: Path, field: str) -> ScenarioError:
        return ScenarioError(message, path=f"$.programs.{self._program}.{place_of(path)}.{field}")

    def _code(self, step: s.Call, path: Path) -> int:
        try:
            return 0 if step.code == "SUCCESS" else s.return_code(step.code)
        except ValueError as error:
            raise self._error(str(error), path, "code") from None

    def _program_of(self, program: str, path: Path) -> str:
        if program not in self._scenario.programs:
            known = nearest(program, self._scenario.programs)
            raise self._error(f"there is no program {program!r}{known}", path, "program")
        return program

    def _value(self, value: s.Value, path: Path, field: str) -> Value:
        if isinstance(value, int):
            return Number(value)
        if value not in self._names:
            raise self._error(f"no earlier step names a value {value!r}{nearest(value, self._names)}", path, field)
        return self._names[value]

    def _pipe(self, step: s.Pipe, path: Path) -> None:
        expected, is_full = self._code(step, path), len(self._held) >= MAX_FDS
        if expected or is_full:
            self._failing_pipe(step, path, expected, is_full)
            return
        number = None
        if self.vm.number == ROOT and (self._known.pipes or not self.vm.children):
            number = FIRST_FD_SLOT + 2 * len(self.world.pipes)
        read = End(len(self.world.pipes), writes=False)
        call = self._call(step, path, "pipe", end=read, most=self._open)
        self._open += 2
        self.world.pipes.append(Pipe(call, number, ([], []), ([], [])))
        for end, name in zip((read, read.other), step.ends, strict=True):
            self._held.hold(end, call.index + 1)
            self._names[name] = end

    def _failing_pipe(self, step: s.Pipe, path: Path, expected: int, is_full: bool) -> None:
        """One that fails, as is expected or not; or else the VM ends, and the fds with it."""
        if is_full and expected != MAX_FDS_CREATED:
            self._call(step, path, "other", ends_with=MAX_FDS_CREATED, reason="fd-limit")
            return
        self._call(step, path, "other", may_end=not is_full)
        self.world.hidden_pipes = self.world.hidden_pipes or (self.vm.number != ROOT and not is_full)
        self._names.update(dict.fromkeys(step.ends, Number(0)))

    def _spawn(self, step: s.Spawn, path: Path) -> None:
        program = self._program_of(step.program, path)
        expected = self._code(step, path)
        values = [self._value(fd, path, f"fds[{index}]") for index, fd in enumerate(step.fds)]
        ends = self._held.listed(values)
        if expected == MAX_VMS_SPAWNED:
            raise UnclearError  # who lives then is not known here
        fields: dict[str, Any] = {}
        if expected:
            fields = {"ends_with": EXPECTATION_FAILED, "reason": "unexpected-success"}
        call = self._call(step, path, "spawn", most=1 + self.vm.children - len(self._over), **fields)
        for end in dict.fromkeys(ends):
            self._held.let_go(end, call)
        child = self._add(program, call, ends)
        call.target = child.number
        if step.name is not None:
            self._names[step.name] = VmRef(child.number)

    def _read(self, step: s.Read, path: Path) -> None:
        end = self._held.end_of(self._value(step.fd, path, "fd"), writes=False)
        calls, is_particular = self.world.calls(end), bool(self._bytes(step, path))
        call = self._call(step, path, "read", end=end, size=step.size, position=len(calls), is_particular=is_particular)
        calls.append(call)
        if step.name is not None:
            self._buffers[step.name] = call
        if step.count is not None:
            self._names[step.count] = Number(step.size) if call.expected else Count(call)
        self._over_unless_expected(call)

    def _write(self, step: s.Write, path: Path) -> None:
        end = self._held.end_of(self._value(step.fd, path, "fd"), writes=True)
        content = self._bytes(step, path)
        source = None
        size = len(content) if content is not None else step.size or 0
        if step.data is not None:
            if step.data not in self._buffers:
                known = nearest(step.data, self._buffers)
                raise self._error(f"no earlier read names its bytes {step.data!r}{known}", path, "from")
            source = self._buffers[step.data]
            if source.kind != "read" or source.expected:  # an error leaves the count as it was: the read's size
                source, size = None, source.size
        calls = self.world.calls(end)
        call = self._call(step, path, "write", end=end, size=size, source=source, position=len(calls))
        calls.append(call)
        if step.count is not None:
            known = None if source else Number(size)
            self._names[step.count] = known if call.expected else Count(call)
        self._over_unless_expected(call)

    def _bytes(self, step: s.Read | s.Write, path: Path) -> bytes | None:
        try:
            return content_of(step)
        except ScenarioError as error:
            raise self._error(error.message, path, "hex") from None

    def _over_unless_expected(self, call: Call) -> None:
        """A read or write is answered with one of two codes; with the one where the VM has closed the other end."""
        call.never_waits = call.end is not None and self._held.has_closed(call.end.other)
        if call.expected not in (0, OTHER_END_CLOSED):
            self.over = True

    def _close(self, step: s.Close, path: Path) -> None:
        end = self._held.end_of(self._value(step.fd, path, "fd"), None)
        fields: dict[str, Any] = {}
        if self._code(step, path):
            fields = {"ends_with": EXPECTATION_FAILED, "reason": "unexpected-success"}
        call = self._call(step, path, "close", end=end, **fields)
        self._held.let_go(end, call, closed=True)
        self._open -= 1

    def _wait(self, step: s.Wait, path: Path) -> None:
        value = self._value(step.vm, path, "vm")
        target, late = self._target(value)
        before = self._waits.get(target)
        again = 0 if before is None else before.again + 1
        call = self._call(step, path, "wait", target=target, late=late, again=again, before=before)
        call.is_particular = step.exit_code is not None
        call.id = value.number if isinstance(value, Number) else None
        self._waits[target] = call
        if target > ROOT:
            self._over.add(target)
        if step.name is not None:
            self._names[step.name] = Number(0) if call.expected else ExitOf(call)
        if call.expected not in (0, WAIT_FAILURE):
            self.over = True

    def _target(self, value: Value) -> tuple[int, bool]:
        """The VM of an id, and whether it may not have been spawned yet."""
        if isinstance(value, VmRef):
            return value.vm, False
        if not isinstance(value, Number):
            return ANYBODY, False
        self.world.by_number = self.world.by_number or value.number != ROOT
        known = next((vm for vm in self.world.vms if vm.id == value.number), None)
        if known is not None:
            own = self.vm.id or 1  # the VM with id 1 is there before all others
            return known.number, self.vm.number != ROOT and value.number > own
        is_alone = len(self.world.vms) == 1
        return (NOBODY if self._known.spawns or is_alone else ANYBODY), False

    def _inherited_fds(self, step: s.InheritedFds, path: Path) -> None:
        inherited = self.vm.inherited
        if self._code(step, path):
            self._call(step, path, "other", ends_with=EXPECTATION_FAILED, reason="unexpected-success")
        elif len(step.names) != len(inherited):
            self._call(step, path, "other", ends_with=EXPECTATION_FAILED, reason="fd-count", cause=self.vm.spawned)
        else:
            self._call(step, path, "other")
            self._names.update(zip(step.names, inherited, strict=True))

    def _expect(self, step: s.Expect, path: Path) -> None:
        one, other = self._value(step.value, path, "value"), self._value(step.equals, path, "equals")
        if one is not None and one == other:
            return
        numbers = self._number(one), self._number(other)
        if None in numbers:
            self._call(step, path, "expect", values=(one, other))
        elif numbers[0] != numbers[1]:
            self._call(step, path, "expect", ends_with=EXPECTATION_FAILED, reason="never-equal")

    def _number(self, value: Value) -> int | None:
        self.world.by_number = self.world.by_number or isinstance(value, End | VmRef)
        return number_of(self.world, value)

    def _invalid(self, step: s.AnyStep, path: Path, error: InvalidError) -> None:
        """A call that is answered with INVALID_FD."""
        assert isinstance(step, s.Call)
        expected = self._code(step, path)
        ends_with = None if expected == INVALID_FD else INVALID_FD
        size = step.size if isinstance(step, s.Read) else 0
        call = self._call(step, path, "other", ends_with=ends_with, reason=error.reason, cause=error.cause, size=size)
        if isinstance(step, s.Spawn):
            call.blamed = step.fds[error.index]
        if isinstance(step, s.Read) and step.name is not None:
            self._buffers[step.name] = call
        if isinstance(step, s.Spawn) and step.name is not None:
            self._names[step.name] = Number(0)
        if isinstance(step, s.Read | s.Write) and step.count is not None:
            self._names[step.count] = None
