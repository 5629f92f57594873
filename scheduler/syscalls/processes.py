"""System calls that make, name and await VMs: spawn, wait, process_id (``syscalls`` §3, §10 and §11)."""

from __future__ import annotations

from ...vm.machine import A0, A1, A2, A3, A4, Machine
from ..codes import ReturnCode
from ..limits import SPAWN_EXTRA_CYCLES_BASE
from ..messages import Spawn, Wait
from ..transaction import DataLocation
from .context import VmContext
from .sources import find_piece, parse_bounds, parse_source

SPAWN, WAIT, PROCESS_ID = 2601, 2602, 2603


def spawn(context: VmContext, machine: Machine) -> None:
    """2601: start a child from a piece of the transaction."""
    registers = machine.registers
    piece = find_piece(parse_source(registers[A1]), registers[A0], registers[A2])
    if piece is None:
        registers[A0] = ReturnCode.INDEX_OUT_OF_BOUND
        return
    block = registers[A4]
    argc, argv, process_id_addr, fds_addr = (machine.memory.load(block + 8 * i, 8) for i in range(4))
    fds = _fd_list(machine, fds_addr)
    found = context.sg_data.load_data(piece, 0, 0)
    if found is None:
        registers[A0] = ReturnCode.INDEX_OUT_OF_BOUND
        return
    offset, length = parse_bounds(registers[A3])
    size = found[1]
    if offset >= size or (length and offset + length > size):
        registers[A0] = ReturnCode.SLICE_OUT_OF_BOUND
        return
    machine.add_cycles_no_checking(SPAWN_EXTRA_CYCLES_BASE)
    location = DataLocation(piece, offset, length)
    context.post(machine, Spawn(context.vm_id, location, argc, argv, fds, process_id_addr))


def _fd_list(machine: Machine, address: int) -> tuple[int, ...]:
    if address == 0:
        return ()
    fds: list[int] = []
    while fd := machine.memory.load(address, 8):
        fds.append(fd)
        address += 8
    return tuple(fds)


def wait(context: VmContext, machine: Machine) -> None:
    """2602: wait for a VM's end."""
    context.post(machine, Wait(context.vm_id, machine.registers[A0], machine.registers[A1]))


def process_id(context: VmContext, machine: Machine) -> None:
    """2603: the VM's own id."""
    machine.registers[A0] = context.vm_id
