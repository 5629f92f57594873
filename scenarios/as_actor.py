"""A list of operations as an actor: the same calls in the same order as the compiled program makes.

The compiler and this are two tellings of one language; the tests hold them against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..actors import calls
from ..actors.calls import Call, Spend
from ..actors.python_vm import Actor, ask
from ..actors.vm import Vm
from ..scheduler.codes import ReturnCode
from . import steps as s
from .compiler import EXPECTATION_FAILED, bytes_of
from .model import Scenario

Extra = Callable[[int], int]
"""Cycles that a VM is to spend before its next call."""


def actors_of(scenario: Scenario, extra: Extra | None = None) -> dict[str, Actor]:
    """The programs of a scenario that are lists of operations, as actors.

    ``extra`` says what to spend before each call: what the compiled program's instructions cost there.
    """
    names = list(scenario.programs)
    return {
        name: _actor(program.steps, f"$.programs.{name}", names, extra)
        for name, program in scenario.programs.items()
        if program.steps is not None
    }


def _actor(steps: Sequence[s.AnyStep], path: str, programs: Sequence[str], extra: Extra | None) -> Actor:
    async def actor(vm: Vm) -> int:
        player = _Player(vm.process_id, programs, extra)
        try:
            await player.steps(steps, f"{path}.steps")
            await player.spend_extra()
        except _Leave as leave:
            return leave.code
        return 0

    return actor


class _Leave(Exception):
    """The VM ends."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Player:
    """One VM's values while its steps are played."""

    def __init__(self, vm: int, programs: Sequence[str], extra: Extra | None) -> None:
        self._vm = vm
        self._programs = programs
        self._extra = extra
        self._words: dict[str, int] = {}
        self._buffers: dict[str, list[bytes]] = {}
        """The buffer of each read that has a name; the step keeps it."""
        self._kept: dict[int, tuple[int, ...]] = {}
        """What a call of each step has left in memory, by the step's identity."""

    async def spend_extra(self) -> None:
        if self._extra is not None and (cycles := self._extra(self._vm)):
            await ask(Spend(cycles))

    async def ask(self, call: Call) -> calls.Answer:
        await self.spend_extra()
        return await ask(call)

    async def steps(self, steps: Sequence[s.AnyStep], path: str) -> None:
        for index, step in enumerate(steps):
            await self.step(step, f"{path}[{index}]")

    async def step(self, step: s.AnyStep, path: str) -> None:
        match step:
            case s.Pipe():
                pair = await self.call(step, calls.MakePipe(), path, (0, 0))
                self._words.update(zip(step.ends, pair, strict=True))
            case s.Spawn():
                await self.spawn(step, path)
            case s.Exec():
                argv = tuple(argument.encode() for argument in step.argv)
                await self.call(step, calls.ExecProgram(self._programs.index(step.program), argv), path, ())
            case s.Read():
                await self.read(step, path)
            case s.Write():
                await self.write(step, path)
            case s.Close():
                await self.call(step, calls.CloseFd(self.value(step.fd)), path, ())
            case s.Wait():
                await self.wait(step, path)
            case s.InheritedFds():
                fds = await self.call(step, calls.InheritedFds(), path, ())
                if len(fds) != len(step.names):
                    await self.fail(f"{path}: not {len(step.names)} fds were inherited")
                self._words.update(zip(step.names, fds, strict=True))
            case s.ProcessId():
                self._words[step.name] = (await self.ask(calls.OwnId()))[0]
            case s.Compute():
                if self._extra is None:  # else these cycles are among the instructions'
                    await ask(Spend(step.cycles))
            case s.Log():
                await self.ask(calls.Debug(step.text.encode()))
            case s.Expect():
                if self.value(step.value) != self.value(step.equals):
                    await self.fail(f"{path}: {step.value} does not equal {step.equals}")
            case s.Repeat():
                for _ in range(step.times):
                    await self.steps(step.steps, f"{path}.steps")
            case s.Exit():
                await self.spend_extra()
                raise _Leave(self.value(step.code))

    def value(self, value: s.Value) -> int:
        """A number from 0 to 2^64 - 1, as a register holds it."""
        return (self._words[value] if isinstance(value, str) else value) & calls.WORD_MAX

    async def call(self, step: s.Call, call: Call, path: str, initial: tuple[int, ...]) -> tuple[int, ...]:
        """Make a call; gives what it has left in memory, or what was there before if it was answered with an error."""
        code, result = await self.ask(call)
        if code != s.return_code(step.code):
            await self.fail(f"{path}: the return code is not {step.code}", code)
        if code == ReturnCode.SUCCESS:
            self._kept[id(step)] = result if isinstance(result, tuple) else (int(result),)  # type: ignore[arg-type]
        return self._kept.get(id(step), initial)

    async def fail(self, message: str, code: int = 0) -> None:
        await self.ask(calls.Debug(message.encode()))
        await self.spend_extra()
        raise _Leave(code or EXPECTATION_FAILED)

    async def spawn(self, step: s.Spawn, path: str) -> None:
        argv = tuple(argument.encode() for argument in step.argv)
        fds = tuple(self.value(fd) for fd in step.fds)
        call = calls.SpawnChild(self._programs.index(step.program), argv, fds[: _until_zero(fds)])
        (child,) = await self.call(step, call, path, (0,))
        if step.name is not None:
            self._words[step.name] = child

    async def read(self, step: s.Read, path: str) -> None:
        expected = bytes_of(step.text, step.hex, path)
        code, data = await self.ask(calls.ReadFrom(self.value(step.fd), step.size))
        if code != s.return_code(step.code):
            await self.fail(f"{path}: the return code is not {step.code}", code)
        before = self._buffers.setdefault(str(id(step)), [b""])
        got = data if code == ReturnCode.SUCCESS and isinstance(data, bytes) else None
        whole = (got or b"") + before[0][len(got or b"") :]
        before[0] = whole.ljust(step.size, b"\0")
        count = step.size if got is None else len(got)
        if step.name is not None:
            self._buffers[step.name] = before
            self._words[f"{step.name} "] = count
        if step.count is not None:
            self._words[step.count] = count
        if expected is not None and before[0][:count] != expected:
            await self.fail(f"{path}: read other bytes than expected")

    async def write(self, step: s.Write, path: str) -> None:
        content = bytes_of(step.text, step.hex, path)
        if step.data is not None:
            content = self._buffers[step.data][0][: self._words[f"{step.data} "]]
        elif content is None:
            content = bytes(step.size or 0)
        (taken,) = await self.call(step, calls.WriteTo(self.value(step.fd), content), path, (len(content),))
        if step.count is not None:
            self._words[step.count] = taken if s.return_code(step.code) == ReturnCode.SUCCESS else len(content)

    async def wait(self, step: s.Wait, path: str) -> None:
        (code,) = await self.call(step, calls.WaitFor(self.value(step.vm)), path, (0,))
        if step.name is not None:
            self._words[step.name] = code
        if step.exit_code is not None and code != step.exit_code:
            await self.fail(f"{path}: the exit code is not {step.exit_code}")


def _until_zero(fds: Sequence[int]) -> int:
    """A list of fds ends at the first 0."""
    return next((index for index, fd in enumerate(fds) if fd == 0), len(fds))
