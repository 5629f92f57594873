"""System calls that only look or print: vm_version, current_cycles, debug (``syscalls`` §3 and §7)."""

from __future__ import annotations

from ...vm.cost import transfer_cycles
from ...vm.errors import CyclesOverflow, External
from ...vm.machine import A0, Machine
from ..limits import U64_MAX
from .context import VmContext

VM_VERSION, CURRENT_CYCLES, DEBUG = 2041, 2042, 2177


def vm_version(context: VmContext, machine: Machine) -> None:
    """2041: the script version."""
    machine.registers[A0] = machine.isa.version


def current_cycles(context: VmContext, machine: Machine) -> None:
    """2042: cycles of the run so far, those of this call included."""
    cycles = context.base_cycles.value + machine.cycles
    if cycles > U64_MAX:
        raise CyclesOverflow(f"{cycles} cycles")
    machine.registers[A0] = cycles


def debug(context: VmContext, machine: Machine) -> None:
    """2177: print a text that ends with NUL; a0 is left alone."""
    text = machine.memory.read_c_string(machine.registers[A0])
    machine.add_cycles_no_checking(transfer_cycles(len(text)))
    try:
        printed = text.decode()
    except UnicodeDecodeError as error:
        raise External(f"String from buffer {_utf8_error(error)}") from None
    context.print_debug(context.vm_id, printed)


def _utf8_error(error: UnicodeDecodeError) -> str:
    """What the reference prints of bytes that are not UTF-8: the debug form of its decoder's error."""
    cut = error.reason == "unexpected end of data"
    length = "None" if cut else f"Some({error.end - error.start})"
    place = f"Utf8Error {{ valid_up_to: {error.start}, error_len: {length} }}"
    return f"FromUtf8Error {{ bytes: {list(error.object)}, error: {place} }}"
