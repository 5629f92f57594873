"""A coroutine as a VM: a machine whose program is an ``async def`` function (``docs/actors.md``).

To the scheduler it is a machine like any other. Its memory holds the program's ELF file (so that loading costs what it
costs) and the buffers of its calls; its registers hold arguments and answers. Only :meth:`ActorMachine.run` differs: it
drives the coroutine, which awaits nothing but its calls.
"""

from __future__ import annotations

import contextlib
import inspect
import traceback
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ..scheduler.syscalls.exec import EXEC
from ..vm.cost import cycles_of
from ..vm.errors import Pause, SpawnlabError
from ..vm.machine import A0, A7, EXIT, SP, Machine, SystemCall
from ..vm.version import Isa
from .calls import Answer, Call, Raw, Request, Spend, Told, succeeded

if TYPE_CHECKING:
    from .vm import Vm

Actor = Callable[["Vm"], Awaitable[int | None]]
"""An ``async def`` function that plays a VM; what it returns is the exit code (None: 0)."""
_LOOPS = ("asyncio", "trio", "anyio", "sniffio", "curio")
_ECALL = cycles_of("ecall")


class ForeignAwaitError(SpawnlabError):
    """An actor awaited something that is not a call of its VM; names the line. Await only what ``vm`` gives."""


class ActorExitError(SpawnlabError):
    """An actor called ``sys.exit``, which would end all of Python; names the line. Return an exit code instead."""


class ReplayError(SpawnlabError):
    """An actor did not repeat itself when it was brought back: it depends on more than its answers."""


@types.coroutine
def ask(request: Request) -> Generator[Request, Answer, Answer]:
    """Hand a request to the machine that drives the coroutine; gives the answer."""
    return (yield request)


class ExecError(SpawnlabError):
    """An actor called exec in a version where that can't be played."""


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a coroutine is with what it asks for."""

    request: bytes | None
    """Digest of what it asks for; ``None`` before it has begun."""
    posted: bool
    spent: int


class Play:
    """One VM's coroutine: what it asks for now, and all the answers that it has got."""

    def __init__(self, actor: Actor, vm: Vm, program: int) -> None:
        self.vm = vm
        self.program = program
        """Its number among the cell deps."""
        self.told: list[Told] = []
        """All that the coroutine was told."""
        self._coroutine = _coroutine(actor, vm)
        self._request: Request | None = None
        """What is to be done next; ``None`` before the first step."""
        self._posted = False
        """Whether the request is with the scheduler, or done: its answer is taken when the VM runs again."""
        self._spent = 0
        """Cycles of a :class:`Spend` that are spent."""

    def step(self, machine: Machine) -> None:
        """Do the next thing; raises as an instruction does."""
        if self._request is None:
            self.vm.argv = tuple(_arguments(machine))
            self._request = self.send(None)
        elif self._posted:
            self._take(machine)
        request = self._request
        if isinstance(request, Spend):
            self._spend(machine, request)
        elif isinstance(request, Call):
            self._call(machine, request)

    def _call(self, machine: Machine, call: Call) -> None:
        machine.add_cycles(_ECALL)
        number, *arguments = call.place(machine.memory)
        if number == EXEC and machine.isa.version < 2:  # it would be done in place, in a machine that plays a function
            raise ExecError("an actor can't call exec in version 1: give the scenario version 2, or a RISC-V program")
        machine.registers[A7] = number
        machine.registers[A0 : A0 + len(arguments)] = arguments
        self._posted = True  # also if what follows raises: the call is made
        machine.system_call()
        if machine.running:
            self._take(machine)

    def _spend(self, machine: Machine, request: Spend) -> None:
        left = request.cycles - self._spent
        affordable = min(left, machine.max_cycles - machine.cycles)
        if affordable > 0:
            machine.add_cycles(affordable)
            self._spent += affordable
            left -= affordable
        if left:
            machine.add_cycles(1)  # raises
        self._spent = 0
        self._answer((0, 0))

    def _take(self, machine: Machine) -> None:
        """Give the coroutine the answer to its call."""
        call = self._request
        assert isinstance(call, Call)
        self._posted = False
        code = machine.registers[A0]
        self._answer((code, call.result(machine) if succeeded(call, code) else 0))

    def _answer(self, answer: Answer) -> None:
        self.told.append(Told(type(self._request).__name__, *answer))
        self._request = self.send(answer)

    def send(self, answer: Answer | None) -> Request:
        """Go on with the coroutine; gives what it asks for. Raises what it raises."""
        try:
            request: object = self._coroutine.send(answer)
        except StopIteration as stop:
            return Raw((EXIT, _exit_code(stop.value) & 0xFF))
        except SystemExit as error:
            raise ActorExitError(
                f"{_line_of(error)}: sys.exit ends no VM but Python: an actor returns its exit code"
            ) from None
        except RuntimeError as error:
            if _raised_in(error) in _LOOPS:  # there is no such loop round it, or another one
                raise ForeignAwaitError(
                    f"{_line_of(error)}: an actor may await only calls of its vm: {error}"
                ) from None
            raise
        if not isinstance(request, Request):
            place = _place(self._coroutine)
            self.close()
            raise ForeignAwaitError(f"{place}: an actor may await only calls of its vm, not {_named(request)}")
        return request

    def replay(self, argv: Sequence[bytes], told: Sequence[Told], progress: Progress) -> None:
        """Bring a fresh coroutine to where another was that was told all this; raises :class:`ReplayError`."""
        self.vm.argv = tuple(argv)
        if progress.request is None:
            return
        self._request = self.send(None)
        for answer in told:
            if type(self._request).__name__ != answer.asked:
                raise ReplayError(self._otherwise(answer.asked))
            self._answer((answer.code, answer.value))
        if self._request.digest() != progress.request:
            raise ReplayError(self._otherwise("something else"))
        self._posted, self._spent = progress.posted, progress.spent

    def _otherwise(self, before: str) -> str:
        return (
            f"VM {self.vm.process_id}: its function asks for {self._request} after {len(self.told)} answers, where it "
            f"had asked for {before}; an actor must depend on nothing but its arguments and answers"
        )

    def progress(self) -> Progress:
        """How far it is."""
        request = None if self._request is None else self._request.digest()
        return Progress(request, self._posted, self._spent)

    @property
    def line(self) -> str | None:
        """``file:line`` of the actor's function where it is now."""
        return _place(self._coroutine)

    def close(self) -> None:
        """End the coroutine; its ``finally`` clauses run, and whatever they await is dropped."""
        with contextlib.suppress(RuntimeError):  # it awaited something in a finally clause
            self._coroutine.close()


def _coroutine(actor: Actor, vm: Vm) -> Coroutine[Any, Any, Any]:
    made = actor(vm)
    if not inspect.iscoroutine(made):
        raise TypeError(f"{actor!r} is no async def function: it gave {_named(made)}")
    return made


def _arguments(machine: Machine) -> Iterator[bytes]:
    """A program's arguments, as they lie on its fresh stack (versions 1 and 2)."""
    memory, sp = machine.memory, machine.registers[SP]
    for index in range(memory.load(sp, 8)):
        yield memory.read_c_string(memory.load(sp + 8 * (index + 1), 8))


def _exit_code(value: object) -> int:
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    raise TypeError(f"an actor returns its exit code, an int or None, not {_named(value)}")


def _named(value: object) -> str:
    return f"a {type(value).__module__}.{type(value).__qualname__}"


def _raised_in(error: BaseException) -> str:
    """The package whose code raised an error."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _line_of(error: BaseException) -> str:
    """The actor's own line on the way to an error: the first below the machine's."""
    frames = list(traceback.walk_tb(error.__traceback__))
    frame, line = frames[min(1, len(frames) - 1)]
    return f"{frame.f_code.co_filename}:{line}"


def _place(coroutine: Coroutine[Any, Any, Any]) -> str | None:
    frame = coroutine.cr_frame if inspect.iscoroutine(coroutine) else None
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else None


CALLS_PER_SLICE = 2000
"""Calls, or times of spending, that take some milliseconds."""


class ActorMachine(Machine):
    """A machine that drives a coroutine instead of executing instructions."""

    __slots__ = ("play",)

    def __init__(self, isa: Isa, play: Play, *, system_calls: Sequence[SystemCall]) -> None:
        super().__init__(isa, system_calls=system_calls)
        self.play = play

    def run(self, steps_max: int | None = None) -> int | None:
        """As :meth:`Machine.run`; a step is a call, or spending."""
        self.running = True
        left = -1 if steps_max is None else steps_max
        while left:
            left -= 1
            if self.pause.requested:
                self.pause.clear()
                raise Pause
            self.play.step(self)
            if not self.running:
                return self.exit_code
        return None

    def run_slice(self) -> int | None:
        """As :meth:`Machine.run_slice`."""
        return self.run(CALLS_PER_SLICE)
