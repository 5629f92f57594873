"""Which system calls a VM has: the syscall generator of the consensus rules (``scheduler`` §5, ``syscalls`` §2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...vm.machine import A0, A7, Machine, SystemCall
from ..transaction import ScriptGroupData
from . import cell_data, exec, items, loading, misc, pipes, processes
from .context import VmContext

Handler = Callable[[VmContext, Machine], None]

_CALLS: tuple[tuple[tuple[int, ...], int, Handler], ...] = (
    # versions, number, handler
    ((0, 1, 2), loading.LOAD_TRANSACTION, loading.load_transaction),
    ((0, 1, 2), loading.LOAD_SCRIPT, loading.load_script),
    ((0, 1, 2), loading.LOAD_TX_HASH, loading.load_tx_hash),
    ((0, 1, 2), loading.LOAD_SCRIPT_HASH, loading.load_script_hash),
    ((0, 1, 2), items.LOAD_CELL, items.load_cell),
    ((0, 1, 2), items.LOAD_HEADER, items.load_header),
    ((0, 1, 2), items.LOAD_INPUT, items.load_input),
    ((0, 1, 2), items.LOAD_WITNESS, items.load_witness),
    ((0, 1, 2), items.LOAD_CELL_BY_FIELD, items.load_cell_by_field),
    ((0, 1, 2), items.LOAD_HEADER_BY_FIELD, items.load_header_by_field),
    ((0, 1, 2), items.LOAD_INPUT_BY_FIELD, items.load_input_by_field),
    ((0, 1, 2), cell_data.LOAD_CELL_DATA_AS_CODE, cell_data.load_cell_data_as_code),
    ((0, 1, 2), cell_data.LOAD_CELL_DATA, cell_data.load_cell_data),
    ((0, 1, 2), misc.DEBUG, misc.debug),
    ((1, 2), misc.VM_VERSION, misc.vm_version),
    ((1, 2), misc.CURRENT_CYCLES, misc.current_cycles),
    ((1,), exec.EXEC, exec.exec_in_place),
    ((2,), exec.EXEC, exec.exec_by_message),
    ((2,), items.LOAD_BLOCK_EXTENSION, items.load_block_extension),
    ((2,), processes.SPAWN, processes.spawn),
    ((2,), processes.PROCESS_ID, processes.process_id),
    ((2,), pipes.PIPE, pipes.pipe),
    ((2,), processes.WAIT, processes.wait),
    ((2,), pipes.WRITE, pipes.write),
    ((2,), pipes.READ, pipes.read),
    ((2,), pipes.INHERITED_FD, pipes.inherited_fd),
    ((2,), pipes.CLOSE, pipes.close),
)

_HANDLERS = tuple(
    {number: handler for versions, number, handler in _CALLS if version in versions} for version in (0, 1, 2)
)

_ANSWERED_OTHERWISE = {misc.DEBUG, misc.VM_VERSION, misc.CURRENT_CYCLES, processes.PROCESS_ID}
"""Calls whose a0 is no return code."""

SyscallGenerator = Callable[[int, ScriptGroupData, VmContext, Any], Sequence[SystemCall]]
"""Called once for each machine that is made: the VM's id, its script group, what its system calls can reach, and the
value that was given to the scheduler along with the generator.

It returns the machine's handlers. They are tried in order; the first that returns True has handled the call. To add
calls, or to replace some, put handlers before those of :func:`consensus_syscalls`. A handler may raise any
:class:`~spawnlab.vm.errors.VmError`, which ends the VM's turn.
"""


def consensus_syscalls(
    vm_id: int, sg_data: ScriptGroupData, vm_context: VmContext, context: object
) -> tuple[SystemCall, ...]:
    """The system calls that the chain gives to a VM of the script's version. They need no value of their own."""
    handlers = _HANDLERS[sg_data.version]

    def call(machine: Machine) -> bool:
        number, argument = machine.registers[A7], machine.registers[A0]
        handler = handlers.get(number)
        if handler is None:
            return False
        handler(vm_context, machine)
        code = machine.registers[A0]
        if code and number not in _ANSWERED_OTHERWISE:
            vm_context.refused(vm_id, number, argument, code, machine.following())
        return True

    return (call,)
