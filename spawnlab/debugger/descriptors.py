"""The Linux calls on file descriptors that ckb-debugger answers, of the standard input and the two outputs alone."""

from __future__ import annotations

import struct
from collections.abc import Callable

from ..scheduler.syscalls.context import VmContext
from ..vm.errors import Unexpected
from ..vm.machine import A0, A1, A2, Machine
from .folder import Space

CLOSE, LSEEK, READ, WRITE, WRITEV, FSTAT = 57, 62, 63, 64, 66, 80
_STANDARD_INPUT, _OUTPUTS = 0, (1, 2)
_FAILED = -1
_PIECES_MAX = 1024
"""Pieces of one writev, as Linux has it."""
_STAT = struct.pack("<QQIiIIQQqiiq6qii", 0, 0, 0o020620, 1, 0, 0, 0, 0, 0, 1024, 0, 0, *(0,) * 6, 0, 0)
"""What fstat says of all three: a terminal, with nothing else of the host."""


class Descriptors:
    """The standard input, which is at its end, and the two outputs, whose texts are what a VM prints.

    They are one process's, so that all VMs share them. ``space`` is taken from by what is printed.
    """

    def __init__(self, space: Space) -> None:
        self._open = {_STANDARD_INPUT, *_OUTPUTS}
        self._space = space

    def handlers(self, context: VmContext) -> dict[int, Callable[[Machine], int]]:
        """What answers each call of one VM: gives a0."""
        return {
            CLOSE: self._close,
            LSEEK: self._lseek,
            READ: lambda machine: 0 if self._fd(machine) == _STANDARD_INPUT else _FAILED,
            WRITE: lambda machine: self._write(context, machine),
            WRITEV: lambda machine: self._writev(context, machine),
            FSTAT: self._fstat,
        }

    def _fd(self, machine: Machine) -> int | None:
        """The descriptor that is meant, a C int; ``None`` if it is not open."""
        fd = machine.registers[A0] & 0xFFFF_FFFF
        return fd if fd in self._open else None

    def _close(self, machine: Machine) -> int:
        fd = self._fd(machine)
        if fd is None:
            return _FAILED
        self._open.remove(fd)
        return 0

    def _lseek(self, machine: Machine) -> int:
        if machine.registers[A2] & 0xFFFF_FFFF > 2:
            raise Unexpected("Unexpected whence")
        return _FAILED  # a terminal has no places

    def _print(self, context: VmContext, fd: int | None, data: bytes) -> int:
        if fd not in _OUTPUTS:
            return _FAILED
        try:
            self._space.take(len(data))
        except OSError:
            return _FAILED
        if data:
            context.print_debug(context.vm_id, data.decode(errors="replace"))
        return len(data)

    def _write(self, context: VmContext, machine: Machine) -> int:
        data = machine.memory.read(machine.registers[A1], machine.registers[A2])
        return self._print(context, self._fd(machine), data)

    def _writev(self, context: VmContext, machine: Machine) -> int:
        registers, memory = machine.registers, machine.memory
        fd, pieces, count = self._fd(machine), registers[A1], registers[A2]
        if count > _PIECES_MAX:
            return _FAILED
        total = 0
        for place in range(pieces, pieces + 16 * count, 16):
            data = memory.read(memory.load(place, 8), memory.load(place + 8, 8))
            printed = self._print(context, fd, data)
            if printed == _FAILED:
                return _FAILED
            total += printed
        return total

    def _fstat(self, machine: Machine) -> int:
        if self._fd(machine) is None:
            return _FAILED
        machine.memory.write(machine.registers[A1], _STAT)
        return 0
