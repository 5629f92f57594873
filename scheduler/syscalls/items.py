"""System calls that load an item of a list: cells, inputs, headers, witnesses, extensions (``syscalls`` §3 to §6).

Each checks in this order: source (fault), index (code 1), missing part (code 2), field (fault); then it loads a part.
"""

from __future__ import annotations

from collections.abc import Callable

from ...vm.errors import External, Unexpected
from ...vm.machine import A0, A3, A4, A5, Machine
from ..chain import Cell, CellInput, Header
from ..codes import ReturnCode
from ..molecule import u64
from ..transaction import at
from .context import VmContext
from .loading import store_partially
from .sources import Entry, find_cell, find_item, parse_source

LOAD_CELL, LOAD_HEADER, LOAD_INPUT, LOAD_WITNESS = 2071, 2072, 2073, 2074
LOAD_CELL_BY_FIELD, LOAD_HEADER_BY_FIELD, LOAD_INPUT_BY_FIELD = 2081, 2082, 2083
LOAD_BLOCK_EXTENSION = 2104

Found = bytes | ReturnCode
"""What to load, or the code to answer with."""


def _loading(find: Callable[[VmContext, Machine], Found]) -> Callable[[VmContext, Machine], None]:
    """A system call that loads what ``find`` finds."""

    def handler(context: VmContext, machine: Machine) -> None:
        found = find(context, machine)
        if isinstance(found, ReturnCode):
            machine.registers[A0] = found
        else:
            store_partially(machine, found)

    handler.__doc__ = find.__doc__
    return handler


# Cells


def _cell(context: VmContext, machine: Machine) -> Cell | None:
    return find_cell(context.sg_data, parse_source(machine.registers[A4]), machine.registers[A3])


@_loading
def load_cell(context: VmContext, machine: Machine) -> Found:
    """2071: a cell, without its data."""
    cell = _cell(context, machine)
    return ReturnCode.INDEX_OUT_OF_BOUND if cell is None else cell.output.encode()


@_loading
def load_cell_by_field(context: VmContext, machine: Machine) -> Found:
    """2081: a field of a cell."""
    cell = _cell(context, machine)
    if cell is None:
        return ReturnCode.INDEX_OUT_OF_BOUND
    output = cell.output
    match machine.registers[A5]:
        case 0:
            return u64(output.capacity)
        case 1:
            return cell.data_hash
        case 2:
            return output.lock.encode()
        case 3:
            return output.lock.hash()
        case 4:
            return ReturnCode.ITEM_MISSING if output.type is None else output.type.encode()
        case 5:
            return ReturnCode.ITEM_MISSING if output.type is None else output.type.hash()
        case 6:
            return u64(output.occupied_capacity(len(cell.data)))
        case field:
            raise External(f"CellField parse_from_u64 {field}")


# Inputs and witnesses


def _input(context: VmContext, machine: Machine) -> CellInput | None:
    source = parse_source(machine.registers[A4])
    inputs = context.sg_data.resolved.transaction.inputs
    return find_item(context.sg_data, source, machine.registers[A3], inputs=inputs)


@_loading
def load_input(context: VmContext, machine: Machine) -> Found:
    """2073: an input."""
    found = _input(context, machine)
    return ReturnCode.INDEX_OUT_OF_BOUND if found is None else found.encode()


@_loading
def load_input_by_field(context: VmContext, machine: Machine) -> Found:
    """2083: a field of an input."""
    found = _input(context, machine)
    if found is None:
        return ReturnCode.INDEX_OUT_OF_BOUND
    match machine.registers[A5]:
        case 0:
            return found.previous_output.encode()
        case 1:
            return u64(found.since)
        case field:
            raise External(f"InputField parse_from_u64 {field}")


@_loading
def load_witness(context: VmContext, machine: Machine) -> Found:
    """2074: a witness; that of an output is the one with its index."""
    source = parse_source(machine.registers[A4])
    witnesses = context.sg_data.resolved.transaction.witnesses
    found = find_item(context.sg_data, source, machine.registers[A3], inputs=witnesses, outputs=witnesses)
    return ReturnCode.INDEX_OUT_OF_BOUND if found is None else found


# Headers and extensions


def _block_hash(context: VmContext, machine: Machine) -> bytes | ReturnCode:
    """The block that is meant: one of the header deps, or the one that made a cell, if it is among them."""
    source, index = parse_source(machine.registers[A4]), machine.registers[A3]
    header_deps = context.sg_data.resolved.transaction.header_deps
    if source.entry == Entry.HEADER_DEP and not source.group:
        found = at(header_deps, index)
        return ReturnCode.INDEX_OUT_OF_BOUND if found is None else found
    cell = None if source.entry == Entry.OUTPUT else find_cell(context.sg_data, source, index)
    if cell is None:
        return ReturnCode.INDEX_OUT_OF_BOUND
    if cell.block_hash is None or cell.block_hash not in header_deps:
        return ReturnCode.ITEM_MISSING
    return cell.block_hash


def _header(context: VmContext, machine: Machine) -> Header | ReturnCode:
    block_hash = _block_hash(context, machine)
    if isinstance(block_hash, ReturnCode):
        return block_hash
    return context.sg_data.resolved.headers.get(block_hash, ReturnCode.ITEM_MISSING)


@_loading
def load_header(context: VmContext, machine: Machine) -> Found:
    """2072: a block's header."""
    header = _header(context, machine)
    return header if isinstance(header, ReturnCode) else header.encode()


@_loading
def load_header_by_field(context: VmContext, machine: Machine) -> Found:
    """2082: a number of a header's epoch."""
    header = _header(context, machine)
    if isinstance(header, ReturnCode):
        return header
    match machine.registers[A5]:
        case 0:
            return u64(header.epoch_number)
        case 1:
            first = header.number - header.epoch_index
            if first < 0:
                raise Unexpected(f"Unexpected header epoch number index overflow {_epoch(header)}")
            return u64(first)
        case 2:
            return u64(header.epoch_length)
        case field:
            raise External(f"HeaderField parse_from_u64 {field}")


def _epoch(header: Header) -> str:
    """An epoch as the reference prints it."""
    parts = f"number: {header.epoch_number}, index: {header.epoch_index}, length: {header.epoch_length}"
    return f"Epoch {{ {parts} }}"


@_loading
def load_block_extension(context: VmContext, machine: Machine) -> Found:
    """2104: a block's extension."""
    block_hash = _block_hash(context, machine)
    if isinstance(block_hash, ReturnCode):
        return block_hash
    return context.sg_data.resolved.extensions.get(block_hash, ReturnCode.ITEM_MISSING)
