"""System calls 9000 to 9013 as ckb-debugger answers them, as a syscall generator."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from types import TracebackType

from ..scheduler.limits import U64_MAX
from ..scheduler.syscalls.context import VmContext
from ..scheduler.syscalls.generator import consensus_syscalls
from ..scheduler.transaction import ScriptGroupData
from ..vm.errors import External
from ..vm.machine import A0, A1, A2, A3, A7, Machine, SystemCall
from .descriptors import Descriptors
from .folder import Folder, Space
from .streams import EOF, Streams

READ_CONTENT, TIMESTAMP, RANDOM = 9000, 9001, 9002
FOPEN, FREOPEN, FREAD, FEOF, FERROR, FGETC, FCLOSE, FTELL, FSEEK, FWRITE = range(9003, 9013)
WRITE_FILE = 9013
START = 1_704_067_200_000_000_000
"""The clock where a run begins: 2024-01-01 00:00 UTC, in nanoseconds since 1970. A cycle is a nanosecond."""
TRANSFER_MAX = 3 << 20
"""Bytes that one fread or fwrite can move."""
_TOO_MUCH = {FREAD: "Too much memory to read", FWRITE: "Too much memory to write"}


class DebuggerCalls:
    """The chain's system calls, and those that ckb-debugger adds to them in its mode fast, for one run.

    ``folder`` is where programs may read and write files, and ``content``, if any, what 9000 reads. ``clock`` gives
    nanoseconds since 1970 from the cycles of the run so far, ``numbers`` gives random numbers of 64 bits: unless they
    are given, both are the same in every run.

    It is a :data:`~spawnlab.scheduler.syscalls.generator.SyscallGenerator`, and a context manager that closes what
    programs leave open. Raises :class:`~.folder.DebuggerCallsError` for a folder that there is not.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        content: bytes | None = None,
        clock: Callable[[int], int] | None = None,
        numbers: Callable[[], int] | None = None,
    ) -> None:
        space = Space()
        self._folder = Folder(folder, space)
        self._streams = Streams(self._folder, space)
        self._descriptors = Descriptors(space)
        self._content = content
        self._clock = clock or _clock
        generator = random.Random(0)
        self._numbers = numbers or (lambda: generator.getrandbits(64))

    def __enter__(self) -> DebuggerCalls:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close what programs have left open."""
        self._streams.close_all()

    def __call__(
        self, vm_id: int, sg_data: ScriptGroupData, vm_context: VmContext, context: object
    ) -> Sequence[SystemCall]:
        """The handlers of one machine."""
        call = self._handlers(vm_context)
        chains = consensus_syscalls(vm_id, sg_data, vm_context, context)
        return (*chains, call) if self._content is None else (*chains, _reader(self._content), call)

    def _handlers(self, vm_context: VmContext) -> SystemCall:
        own: dict[int, Callable[[Machine], int]] = {
            TIMESTAMP: lambda machine: self._clock(vm_context.base_cycles.value + machine.cycles),
            RANDOM: lambda machine: self._numbers(),
            FOPEN: lambda machine: self._streams.open(*_strings(machine)),
            FREOPEN: lambda machine: self._streams.reopen(*_strings(machine), machine.registers[A2]),
            FREAD: self._fread,
            FEOF: lambda machine: self._streams.at(machine.registers[A0]).ended,
            FERROR: lambda machine: self._streams.at(machine.registers[A0]).failed,
            FGETC: self._fgetc,
            FCLOSE: self._fclose,
            FTELL: lambda machine: self._streams.at(machine.registers[A0]).place,
            FSEEK: self._fseek,
            FWRITE: self._fwrite,
            WRITE_FILE: self._write_file,
            **self._descriptors.handlers(vm_context),
        }

        def call(machine: Machine) -> bool:
            handler = own.get(machine.registers[A7])
            if handler is None:
                return False
            machine.registers[A0] = handler(machine) & U64_MAX
            return True

        return call

    def _fread(self, machine: Machine) -> int:
        address, size, total, number = _transfer(machine)
        data = self._streams.at(number).read(total)
        count = len(data) // size if size else 0
        machine.memory.write(address, data[: count * size])
        return count

    def _fwrite(self, machine: Machine) -> int:
        address, size, total, number = _transfer(machine)
        data = machine.memory.read(address, total)
        return total // size if size and self._streams.at(number).write(data) else 0

    def _fgetc(self, machine: Machine) -> int:
        found = self._streams.at(machine.registers[A0]).read(1)
        return found[0] if found else EOF

    def _fclose(self, machine: Machine) -> int:
        self._streams.close(machine.registers[A0])
        return 0

    def _fseek(self, machine: Machine) -> int:
        registers = machine.registers
        offset, whence = _signed(registers[A1], 64), _signed(registers[A2], 32)
        return 0 if self._streams.at(registers[A0]).seek(offset, whence) else -1

    def _write_file(self, machine: Machine) -> int:
        registers, memory = machine.registers, machine.memory
        path = memory.read_c_string(registers[A0]).decode(errors="replace").encode()
        data = memory.read(registers[A1], registers[A2])
        try:
            self._folder.write(path, data)
        except OSError:
            return -1
        return 0


def _clock(cycles: int) -> int:
    return START + cycles


def _reader(content: bytes) -> SystemCall:
    """System call 9000 of one machine: it begins at the start, in a machine that is swapped in or replaced too."""
    at = 0

    def read(machine: Machine) -> bool:
        nonlocal at
        registers = machine.registers
        if registers[A7] != READ_CONTENT:
            return False
        data = content[at : at + registers[A1]]
        at += len(data)
        machine.memory.write(registers[A0], data)
        registers[A0] = len(data) or U64_MAX
        return True

    return read


def _strings(machine: Machine) -> tuple[bytes, bytes]:
    """A path and a mode."""
    read = machine.memory.read_c_string
    return read(machine.registers[A0]), read(machine.registers[A1])


def _transfer(machine: Machine) -> tuple[int, int, int, int]:
    """Address, bytes of an item, bytes of all, and the file's number. Raises :class:`External` for too many bytes,
    where ckb-debugger would panic."""
    address, size, count, number = (machine.registers[register] for register in (A0, A1, A2, A3))
    if size * count > TRANSFER_MAX:
        raise External(_TOO_MUCH[machine.registers[A7]])
    return address, size, size * count, number


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
