"""System calls as an actor makes them: how the arguments lie in memory, and what comes back.

Each is what a RISC-V program does round its ``ecall``: it fills registers and memory before, and reads the answer
after. What comes back is plain data, so that a list of answers can be kept and replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from ..scheduler.codes import ReturnCode
from ..scheduler.limits import MAX_FDS, U64_MAX
from ..scheduler.syscalls.exec import EXEC
from ..scheduler.syscalls.misc import CURRENT_CYCLES, DEBUG, VM_VERSION
from ..scheduler.syscalls.pipes import CLOSE, INHERITED_FD, PIPE, READ, WRITE
from ..scheduler.syscalls.processes import PROCESS_ID, SPAWN, WAIT
from ..scheduler.syscalls.sources import CELL, Entry
from ..vm.machine import Machine
from ..vm.memory import Memory

SCRATCH = 0x100000
"""Where an actor's calls have their buffers: above any program of ours, below the stack."""
SCRATCH_END = 0x300000
WORD_MAX = U64_MAX

Answer = tuple[int, int | bytes | tuple[int, ...]]
"""The return code (a0), and what else the call gave."""
T = TypeVar("T")


class Request(msgspec.Struct, frozen=True):
    """Something that an actor asks of its machine."""

    def digest(self) -> bytes:
        """Tells requests apart: the name and what it holds."""
        return msgspec.msgpack.encode((type(self).__name__, self))


class Told(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """An answer that an actor has got, and what it had asked."""

    asked: str
    code: int
    value: int | bytes | tuple[int, ...]


class Spend(Request, frozen=True):
    """Spend cycles, one by one: the cycles of so many instructions that cost 1."""

    cycles: int


class Call(Request, frozen=True):
    """A system call."""

    def place(self, memory: Memory) -> Sequence[int]:
        """The call's number and its arguments, for a7 and a0 on; writes what they point at.

        It is done again if the first time was cut short.
        """
        raise NotImplementedError

    def result(self, machine: Machine) -> int | bytes | tuple[int, ...]:
        """What the call has put in memory; asked for only after SUCCESS."""
        return 0


class Raw(Call, frozen=True):
    """Any call by its number; arguments are numbers."""

    words: tuple[int, ...]
    """The number, and the arguments."""

    def place(self, memory: Memory) -> Sequence[int]:
        return self.words


class MakePipe(Call, frozen=True):
    """Gives the read fd and the write fd."""

    def place(self, memory: Memory) -> Sequence[int]:
        return PIPE, SCRATCH

    def result(self, machine: Machine) -> tuple[int, ...]:
        return _words(machine.memory, SCRATCH, 2)


class SpawnChild(Call, frozen=True):
    """Gives the child's id."""

    index: int
    argv: tuple[bytes, ...]
    fds: tuple[int, ...]

    def place(self, memory: Memory) -> Sequence[int]:
        block, child, fds = SCRATCH, SCRATCH + 32, SCRATCH + 40
        argv = fds + 8 * (len(self.fds) + 1)
        _store_words(memory, fds, (*self.fds, 0))
        _store_texts(memory, argv, self.argv)
        _store_words(memory, block, (len(self.argv), argv, child, fds if self.fds else 0))
        return SPAWN, self.index, Entry.CELL_DEP, CELL, 0, block

    def result(self, machine: Machine) -> int:
        return machine.memory.load(SCRATCH + 32, 8)


class ExecProgram(Call, frozen=True):
    """Comes back only with an error."""

    index: int
    argv: tuple[bytes, ...]

    def place(self, memory: Memory) -> Sequence[int]:
        _store_texts(memory, SCRATCH, self.argv)
        return EXEC, self.index, Entry.CELL_DEP, CELL, 0, len(self.argv), SCRATCH


class WaitFor(Call, frozen=True):
    """Gives the exit code, -128 to 127."""

    vm: int

    def place(self, memory: Memory) -> Sequence[int]:
        return WAIT, self.vm, SCRATCH

    def result(self, machine: Machine) -> int:
        code = machine.memory.load(SCRATCH, 1)
        return code - 256 if code >= 128 else code


class ReadFrom(Call, frozen=True):
    """Gives the bytes."""

    fd: int
    size: int

    def place(self, memory: Memory) -> Sequence[int]:
        memory.store(SCRATCH, 8, self.size)
        return READ, self.fd, SCRATCH + 8, SCRATCH

    def result(self, machine: Machine) -> bytes:
        return machine.memory.read(SCRATCH + 8, machine.memory.load(SCRATCH, 8))


class WriteTo(Call, frozen=True):
    """Gives how many bytes were taken."""

    fd: int
    data: bytes

    def place(self, memory: Memory) -> Sequence[int]:
        memory.store(SCRATCH, 8, len(self.data))
        memory.write(SCRATCH + 8, self.data)
        return WRITE, self.fd, SCRATCH + 8, SCRATCH

    def result(self, machine: Machine) -> int:
        return machine.memory.load(SCRATCH, 8)


class CloseFd(Call, frozen=True):
    """Gives nothing."""

    fd: int

    def place(self, memory: Memory) -> Sequence[int]:
        return CLOSE, self.fd


class InheritedFds(Call, frozen=True):
    """Gives the fds."""

    def place(self, memory: Memory) -> Sequence[int]:
        memory.store(SCRATCH, 8, _FDS_ROOM)
        return INHERITED_FD, SCRATCH + 8, SCRATCH

    def result(self, machine: Machine) -> tuple[int, ...]:
        count = machine.memory.load(SCRATCH, 8)
        return _words(machine.memory, SCRATCH + 8, min(count, _FDS_ROOM))


_FDS_ROOM = 16 * MAX_FDS
"""A list may name an fd more than once, so it can be longer than there are fds."""


class Debug(Call, frozen=True):
    """Gives nothing."""

    text: bytes

    def place(self, memory: Memory) -> Sequence[int]:
        memory.write(SCRATCH, self.text + b"\0")
        return DEBUG, SCRATCH


class OwnId(Call, frozen=True):
    """The answer is the VM's id."""

    def place(self, memory: Memory) -> Sequence[int]:
        return (PROCESS_ID,)


class CurrentCycles(Call, frozen=True):
    """The answer is the cycles of the run so far."""

    def place(self, memory: Memory) -> Sequence[int]:
        return (CURRENT_CYCLES,)


class VmVersion(Call, frozen=True):
    """The answer is the script version."""

    def place(self, memory: Memory) -> Sequence[int]:
        return (VM_VERSION,)


ANSWERS_IN_A0 = (OwnId, CurrentCycles, VmVersion, Raw, Debug)
"""Calls whose a0 is no return code."""


def succeeded(call: Call, code: int) -> bool:
    """Whether the call has done what was asked."""
    return isinstance(call, ANSWERS_IN_A0) or code == ReturnCode.SUCCESS


def _words(memory: Memory, address: int, count: int) -> tuple[int, ...]:
    return tuple(memory.load(address + 8 * index, 8) for index in range(count))


def _store_texts(memory: Memory, address: int, texts: Sequence[bytes]) -> None:
    """Pointers to texts, and the texts behind them, each with a NUL."""
    place = address + 8 * len(texts)
    for index, text in enumerate(texts):
        memory.store(address + 8 * index, 8, place)
        memory.write(place, text + b"\0")
        place += len(text) + 1


def _store_words(memory: Memory, address: int, words: Sequence[int]) -> None:
    for index, word in enumerate(words):
        memory.store(address + 8 * index, 8, word)
