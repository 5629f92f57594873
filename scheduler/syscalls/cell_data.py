"""System calls that load cell data, as data and as code; the machine's snapshot notes where it is from.

(``syscalls`` §7)
"""

from __future__ import annotations

from ...vm.cost import transfer_cycles
from ...vm.errors import MemOutOfBound
from ...vm.machine import A0, A1, A2, A3, A4, A5, Machine
from ...vm.memory import EXECUTABLE, FREEZED
from ..codes import ReturnCode
from ..limits import U64_MAX
from ..transaction import DataPieceId
from .context import VmContext
from .sources import CELL, find_piece, parse_source

LOAD_CELL_DATA_AS_CODE, LOAD_CELL_DATA = 2091, 2092


def _find(context: VmContext, index: int, source: int) -> tuple[DataPieceId, int] | None:
    """The piece of data and its size in bytes; ``None`` where there is none."""
    piece = find_piece(parse_source(source), index, CELL)
    found = None if piece is None else context.sg_data.load_data(piece, 0, 0)
    return None if piece is None or found is None else (piece, found[1])


def load_cell_data(context: VmContext, machine: Machine) -> None:
    """2092: a cell's data. With a length of 0 only the length is answered, and nothing is charged."""
    registers, memory = machine.registers, machine.memory
    found = _find(context, registers[A3], registers[A4])
    if found is None:
        registers[A0] = ReturnCode.INDEX_OUT_OF_BOUND
        return
    piece, total = found
    address, offset = registers[A0], min(registers[A2], total)
    size = memory.load(registers[A1], 8)
    if size == 0:
        memory.store(registers[A1], 8, total - offset)
        registers[A0] = ReturnCode.SUCCESS
        return
    data, full = context.snapshots.load_data(piece, offset, size)
    memory.store(registers[A1], 8, full)
    context.snapshots.untrack(machine, address, len(data))
    memory.write(address, data)
    context.snapshots.track(machine, address, len(data), piece, offset)
    machine.add_cycles_no_checking(transfer_cycles(len(data)))
    registers[A0] = ReturnCode.SUCCESS


def load_cell_data_as_code(context: VmContext, machine: Machine) -> None:
    """2091: a part of a cell's data, as executable pages. Zeros follow it up to the memory size, which is charged."""
    registers = machine.registers
    address, memory_size, offset, size = (registers[register] for register in (A0, A1, A2, A3))
    found = _find(context, registers[A4], registers[A5])
    if found is None:
        registers[A0] = ReturnCode.INDEX_OUT_OF_BOUND
        return
    piece, total = found
    if size == 0:
        registers[A0] = ReturnCode.SLICE_OUT_OF_BOUND
        return
    if offset + size > U64_MAX:
        raise MemOutOfBound(f"content of {size} bytes from {offset} on")
    if offset >= total or offset + size > total or size > memory_size:
        registers[A0] = ReturnCode.SLICE_OUT_OF_BOUND
        return
    data, _ = context.snapshots.load_data(piece, offset, size)
    machine.memory.init_pages(address, memory_size, EXECUTABLE | FREEZED, data)
    # all of the pages count as coming from the cell, those of the zeros too: the reference does so (vm-snapshot §5)
    context.snapshots.track(machine, address, memory_size, piece, offset)
    machine.add_cycles_no_checking(transfer_cycles(memory_size))
    registers[A0] = ReturnCode.SUCCESS
