"""System call 2043, exec, in its two forms (``syscalls`` §8)."""

from __future__ import annotations

from ...vm.cost import transfer_cycles
from ...vm.errors import External, Unexpected, VmError, Yield
from ...vm.machine import A0, A1, A2, A3, A4, A5, Machine
from ..arguments import read_arguments
from ..codes import ReturnCode
from ..messages import ExecV2
from ..transaction import DataLocation
from .context import VmContext
from .sources import CELL, WITNESS, find_piece, parse_bounds, parse_exact_source, parse_source

EXEC = 2043
_ARGV_BYTES_MAX = 1 << 20
_TOO_LONG = "@@@VM@@@UNEXPECTED@@@ARGV@@@TOOLONG@@@"


def exec_in_place(context: VmContext, machine: Machine) -> None:
    """Version 1: done within the call. A bad program is answered with 4, in a machine that is wiped by then."""
    registers = machine.registers
    source, place = parse_source(registers[A1]), registers[A2]
    if place not in (CELL, WITNESS):
        raise External(f"Place parse_from_u64 {place}")
    piece = find_piece(source, registers[A0], place)
    found = None if piece is None else context.sg_data.load_data(piece, 0, 0)
    if found is None:
        registers[A0] = ReturnCode.INDEX_OUT_OF_BOUND
        return
    data, size = found
    offset, length = parse_bounds(registers[A3])
    if offset >= size or (length and offset + length > size):
        registers[A0] = ReturnCode.SLICE_OUT_OF_BOUND
        return
    program = data[offset : offset + length] if length else data[offset:]
    arguments = _all_arguments(machine, registers[A4], registers[A5])
    machine.reset()
    try:
        machine.add_cycles_no_checking(transfer_cycles(machine.load_elf(program)))
        machine.add_cycles_no_checking(transfer_cycles(machine.initialize_stack(len(arguments), arguments)))
    except VmError:
        machine.registers[A0] = ReturnCode.WRONG_FORMAT


def _all_arguments(machine: Machine, argc: int, argv: int) -> list[bytes]:
    arguments: list[bytes] = []
    total = 0
    for argument in read_arguments(machine, argc, argv):
        total += 8 + len(argument)
        if total > _ARGV_BYTES_MAX:
            raise Unexpected(_TOO_LONG, f"more than {_ARGV_BYTES_MAX} bytes of arguments")
        arguments.append(argument)
    return arguments


def exec_by_message(context: VmContext, machine: Machine) -> None:
    """Version 2: the scheduler does it. What is named wrongly is answered with 1; all else fails the run."""
    registers = machine.registers
    source = parse_exact_source(registers[A1])
    piece = None if source is None else find_piece(source, registers[A0], registers[A2])
    if piece is None:
        registers[A0] = ReturnCode.INDEX_OUT_OF_BOUND
        return
    location = DataLocation(piece, *parse_bounds(registers[A3]))
    context.message_box.append(ExecV2(context.vm_id, location, registers[A4], registers[A5]))
    raise Yield
