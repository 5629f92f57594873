"""Partial loading, and the system calls that load what there is one of (``syscalls`` §3 and §4)."""

from __future__ import annotations

from ...vm.cost import transfer_cycles
from ...vm.machine import A0, A1, A2, Machine
from ..codes import ReturnCode
from .context import VmContext

LOAD_TRANSACTION, LOAD_SCRIPT, LOAD_TX_HASH, LOAD_SCRIPT_HASH = 2051, 2052, 2061, 2062


def store_partially(machine: Machine, data: bytes) -> None:
    """Answer with a part of ``data``: buffer in a0, address of the length in a1, offset in a2.

    First the length word gets what there is from the offset on, then the buffer as much as was asked for.
    """
    registers, memory = machine.registers, machine.memory
    offset = min(len(data), registers[A2])
    size = memory.load(registers[A1], 8)
    full = len(data) - offset
    part = data[offset : offset + min(size, full)]
    memory.store(registers[A1], 8, full)
    memory.write(registers[A0], part)
    machine.add_cycles_no_checking(transfer_cycles(len(part)))
    registers[A0] = ReturnCode.SUCCESS


def load_transaction(context: VmContext, machine: Machine) -> None:
    """2051: the transaction with its witnesses."""
    store_partially(machine, context.sg_data.resolved.transaction.encoded)


def load_script(context: VmContext, machine: Machine) -> None:
    """2052: the script that runs."""
    store_partially(machine, context.sg_data.script.encode())


def load_tx_hash(context: VmContext, machine: Machine) -> None:
    """2061: the transaction's hash."""
    store_partially(machine, context.sg_data.resolved.transaction.hash)


def load_script_hash(context: VmContext, machine: Machine) -> None:
    """2062: the hash of the script that runs."""
    store_partially(machine, context.sg_data.script.hash())
