"""A machine whose system calls a test makes itself, one by one."""

from __future__ import annotations

from pathlib import Path

from spawnlab.debugger.calls import DebuggerCalls
from spawnlab.scheduler.messages import Message
from spawnlab.scheduler.mockup import mock_group
from spawnlab.scheduler.syscalls.context import CycleCounter, VmContext
from spawnlab.vm.errors import InvalidEcall
from spawnlab.vm.machine import A0, A7, Machine
from spawnlab.vm.version import Isa

from ...scheduler.programs import SMALLEST

BUFFER = 0x20_0000
_TEXTS = 0x10_0000
U64 = 1 << 64


class Guest:
    """One VM. ``printed`` is what it has printed."""

    def __init__(self, calls: DebuggerCalls, vm_id: int = 0) -> None:
        self.printed: list[str] = []
        sg_data = mock_group([SMALLEST])
        box: list[Message] = []
        context = VmContext(
            vm_id, sg_data, CycleCounter(1000), box, lambda _, text: self.printed.append(text), _unheard
        )
        self.machine = Machine(Isa(2))
        self._handlers = calls(vm_id, sg_data, context, None)

    def call(self, number: int, *arguments: int | bytes) -> int:
        """Make a system call; arguments that are bytes are put into memory, with a NUL. Gives a0, signed.

        Raises :class:`InvalidEcall` where nothing handles it.
        """
        at = _TEXTS
        for index, argument in enumerate(arguments):
            if isinstance(argument, bytes):
                self.machine.memory.write(at, argument + b"\0")
                self.machine.registers[A0 + index] = at
                at += len(argument) + 1
            else:
                self.machine.registers[A0 + index] = argument % U64
        self.machine.registers[A7] = number
        if not any(handler(self.machine) for handler in self._handlers):
            raise InvalidEcall(number)
        answer = self.machine.registers[A0]
        return answer - U64 if answer >> 63 else answer

    def memory(self, size: int, address: int = BUFFER) -> bytes:
        """Bytes of the memory."""
        return self.machine.memory.read(address, size)

    def put(self, content: bytes, address: int = BUFFER) -> int:
        """Write to memory; gives the address."""
        self.machine.memory.write(address, content)
        return address


def guest(folder: Path, *, content: bytes | None = None) -> Guest:
    """A VM of its own, with a folder."""
    return Guest(DebuggerCalls(folder, content=content))


def _unheard(vm: int, number: int, argument: int, code: int, pc: int) -> None:
    """Nobody listens to what is refused."""
