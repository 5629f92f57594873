"""What an actor holds: its VM's calls, its children, and the ends of its pipes as Trio streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import index
from typing import Any

import trio

from ..scheduler.codes import ReturnCode, name_of
from ..scheduler.limits import U64_MAX
from ..vm.errors import SpawnlabError
from . import calls
from .calls import SCRATCH, SCRATCH_END, Answer, Call, Spend, succeeded
from .python_vm import Actor, ask

BUFFER_MAX = SCRATCH_END - SCRATCH - 4096
"""Bytes that one call of an actor can move."""
_RECEIVE_DEFAULT = 4096

Program = str | int | Actor
"""What a VM can spawn: a program's name, its number among the cell deps, or an actor that is one of the programs."""


class CallError(SpawnlabError):
    """A system call was answered with another code than SUCCESS; ``code`` says which."""

    def __init__(self, call: str, code: int) -> None:
        self.code = ReturnCode(code) if code in ReturnCode.__members__.values() else code
        super().__init__(f"{call}: {name_of(code)}")


class Child:
    """A VM that this one has spawned."""

    def __init__(self, vm: Vm, vm_id: int) -> None:
        self._vm = vm
        self.id = vm_id

    async def wait(self) -> int:
        """Wait for its end; gives the exit code, -128 to 127. Raises :class:`CallError` if it was collected before."""
        return await self._vm.wait(self.id)

    def __repr__(self) -> str:
        return f"<Child {self.id}>"


class Vm:
    """The VM that an actor plays. Its methods are system calls, with their prices; nothing else may be awaited.

    Each raises :class:`CallError` where it is answered with an error.
    """

    def __init__(self, process_id: int, index_of: Callable[[Program], int]) -> None:
        self.process_id = process_id
        """The VM's id. Looking at it is free; :meth:`get_process_id` makes the call."""
        self.argv: tuple[bytes, ...] = ()
        """Its arguments, known when it runs."""
        self._index_of = index_of

    async def _call(self, call: Call) -> Any:
        answer: Answer = await ask(call)
        code, value = answer
        if not succeeded(call, code):
            raise CallError(type(call).__name__, code)
        return value

    async def pipe(self) -> tuple[ReceiveEnd, SendEnd]:
        """Make a pipe; gives the end to read from and the end to write to."""
        read_fd, write_fd = await self._call(calls.MakePipe())
        return ReceiveEnd(self, read_fd), SendEnd(self, write_fd)

    async def spawn(
        self, program: Program, *, argv: Sequence[bytes | str] = (), fds: Iterable[End | int] = ()
    ) -> Child:
        """Start a child, and hand it ends of pipes; they are no longer this VM's then."""
        arguments = tuple(text.encode() if isinstance(text, str) else text for text in argv)
        handed = tuple(end.fd if isinstance(end, End) else end for end in fds)
        return Child(self, await self._call(calls.SpawnChild(self._index_of(program), arguments, handed)))

    async def exec(self, program: Program, *, argv: Sequence[bytes | str] = ()) -> None:
        """Go on as another program, in this VM; comes back only by raising. Only in version 2."""
        arguments = tuple(text.encode() if isinstance(text, str) else text for text in argv)
        await self._call(calls.ExecProgram(self._index_of(program), arguments))

    async def wait(self, vm_id: int) -> int:
        """Wait for any VM's end; gives the exit code."""
        return await self._call(calls.WaitFor(_u64(vm_id)))

    async def inherited_fds(self) -> list[Any]:
        """The ends that the VM was given when it was spawned: :class:`ReceiveEnd` and :class:`SendEnd`."""
        return [self.end(fd) for fd in await self._call(calls.InheritedFds())]

    def end(self, fd: int) -> End:
        """The end of a pipe with this fd, whoever owns it. Free, since it asks nobody."""
        return SendEnd(self, fd) if fd % 2 else ReceiveEnd(self, fd)

    async def read(self, fd: int, size: int) -> bytes:
        """Read at most so many bytes; none if the other end is closed meanwhile."""
        return await self._call(calls.ReadFrom(_u64(fd), _size(size)))

    async def write(self, fd: int, data: bytes) -> int:
        """Write; gives how many bytes were taken, fewer than all if the other end is closed meanwhile."""
        _size(len(data))
        return await self._call(calls.WriteTo(_u64(fd), bytes(data)))

    async def close(self, fd: int) -> None:
        """Close an end."""
        await self._call(calls.CloseFd(_u64(fd)))

    async def get_process_id(self) -> int:
        """The VM's id, by a call."""
        return (await ask(calls.OwnId()))[0]

    async def current_cycles(self) -> int:
        """Cycles of the run so far, as the call gives them."""
        return (await ask(calls.CurrentCycles()))[0]

    async def vm_version(self) -> int:
        """The script version."""
        return (await ask(calls.VmVersion()))[0]

    async def debug(self, text: str) -> None:
        """Print a text."""
        if "\0" in text:
            raise ValueError("the text ends at a NUL: leave it out")
        await ask(calls.Debug(text.encode()))

    async def spend(self, cycles: int) -> None:
        """Spend cycles, as instructions would."""
        await ask(Spend(_u64(cycles)))

    async def ecall(self, number: int, *arguments: int) -> int:
        """Any system call: numbers in a7 and a0 on; gives a0. Addresses are in the VM's own memory."""
        if len(arguments) > 6:
            raise ValueError("a system call has at most six arguments")
        return (await ask(calls.Raw(tuple(_u64(word) for word in (number, *arguments)))))[0]

    def __repr__(self) -> str:
        return f"<Vm {self.process_id}>"


class End:
    """An end of a pipe, as its VM sees it."""

    def __init__(self, vm: Vm, fd: int) -> None:
        self._vm = vm
        self.fd = fd
        self._closed = False

    async def aclose(self) -> None:
        """Close it, once."""
        if not self._closed:
            self._closed = True
            try:
                await self._vm.close(self.fd)
            except CallError as error:
                if error.code != ReturnCode.INVALID_FD:  # it was handed over, or closed by its fd: it is closed here
                    raise

    def _check_open(self) -> None:
        if self._closed:
            raise trio.ClosedResourceError(f"fd {self.fd} was closed")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.fd}>"


class ReceiveEnd(End, trio.abc.ReceiveStream):
    """The read end of a pipe: Trio's ReceiveStream."""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What one read gives: at least a byte, or ``b""`` when the other end is closed.

        Raises ClosedResourceError if this end is closed, or another VM's.
        """
        self._check_open()
        if max_bytes is not None and max_bytes < 1:
            raise ValueError("max_bytes must be at least 1")
        try:
            return await self._vm.read(self.fd, _RECEIVE_DEFAULT if max_bytes is None else max_bytes)
        except CallError as error:
            if error.code == ReturnCode.OTHER_END_CLOSED:
                return b""
            if error.code == ReturnCode.INVALID_FD:
                raise trio.ClosedResourceError(f"fd {self.fd} is not this VM's") from None
            raise


class SendEnd(End, trio.abc.SendStream):
    """The write end of a pipe: Trio's SendStream."""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of it; the VM waits until it is taken. Nothing is written if there is nothing to write.

        Raises BrokenResourceError when the other end is closed, and ClosedResourceError if this end is closed, or
        another VM's.
        """
        self._check_open()
        content = bytes(data)
        for start in range(0, len(content), BUFFER_MAX):
            part = content[start : start + BUFFER_MAX]
            try:
                taken = await self._vm.write(self.fd, part)
            except CallError as error:
                if error.code == ReturnCode.OTHER_END_CLOSED:
                    raise trio.BrokenResourceError(f"the read end of fd {self.fd} is closed") from None
                if error.code == ReturnCode.INVALID_FD:
                    raise trio.ClosedResourceError(f"fd {self.fd} is not this VM's") from None
                raise
            if taken < len(part):
                raise trio.BrokenResourceError(f"the read end of fd {self.fd} was closed after {start + taken} bytes")

    async def wait_send_all_might_not_block(self) -> None:
        """Returns at once: a write always waits for its reader."""
        self._check_open()


def _u64(number: int) -> int:
    if not 0 <= index(number) <= U64_MAX:
        raise ValueError(f"{number} is not between 0 and 2^64 - 1")
    return number


def _size(size: int) -> int:
    if not 0 <= index(size) <= BUFFER_MAX:
        raise ValueError(f"{size} bytes; one call moves between 0 and {BUFFER_MAX}")
    return size
