"""System calls on pipes: pipe, write, read, inherited_fd, close (``syscalls`` §3 and §11)."""

from __future__ import annotations

from ...vm.errors import MemOutOfBound
from ...vm.machine import A0, A1, A2, Machine
from ..codes import ReturnCode
from ..fds import is_read, is_write
from ..limits import U64_MAX
from ..messages import Close, FdRead, FdWrite, InheritedFileDescriptor, Pipe
from .context import VmContext

PIPE, WRITE, READ, INHERITED_FD, CLOSE = 2604, 2605, 2606, 2607, 2608


def pipe(context: VmContext, machine: Machine) -> None:
    """2604: make a pipe. An address whose second word would be beyond 64 bits is a fault at once."""
    first = machine.registers[A0]
    second = first + 8
    if second > U64_MAX:
        raise MemOutOfBound(f"the second fd of a pipe at 0x{second:x}")
    context.post(machine, Pipe(context.vm_id, first, second))


def write(context: VmContext, machine: Machine) -> None:
    """2605: write to a pipe. A wrong direction is answered at once and costs nothing more."""
    fd, buffer_addr, length_addr = machine.registers[A0], machine.registers[A1], machine.registers[A2]
    length = machine.memory.load(length_addr, 8)
    if not is_write(fd):
        machine.registers[A0] = ReturnCode.INVALID_FD
        return
    context.post(machine, FdWrite(context.vm_id, fd, length, buffer_addr, length_addr))


def read(context: VmContext, machine: Machine) -> None:
    """2606: read from a pipe. A wrong direction is answered at once and costs nothing more."""
    fd, buffer_addr, length_addr = machine.registers[A0], machine.registers[A1], machine.registers[A2]
    length = machine.memory.load(length_addr, 8)
    if not is_read(fd):
        machine.registers[A0] = ReturnCode.INVALID_FD
        return
    context.post(machine, FdRead(context.vm_id, fd, length, buffer_addr, length_addr))


def inherited_fd(context: VmContext, machine: Machine) -> None:
    """2607: the fds that the VM was given."""
    context.post(machine, InheritedFileDescriptor(context.vm_id, machine.registers[A0], machine.registers[A1]))


def close(context: VmContext, machine: Machine) -> None:
    """2608: close an fd."""
    context.post(machine, Close(context.vm_id, machine.registers[A0]))
