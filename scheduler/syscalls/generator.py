"""Which system calls a VM has: the syscall generator of the consensus rules (``scheduler`` §5, ``syscalls`` §2)."""

from __future__ import annotations

from collections.abc import Callable

from ...vm.machine import A7, Machine, SystemCall
from . import misc, pipes, processes
from .context import VmContext

Handler = Callable[[VmContext, Machine], None]

_FROM_VERSION: tuple[tuple[int, int, Handler], ...] = (
    (0, misc.DEBUG, misc.debug),
    (1, misc.VM_VERSION, misc.vm_version),
    (1, misc.CURRENT_CYCLES, misc.current_cycles),
    (2, processes.SPAWN, processes.spawn),
    (2, processes.PROCESS_ID, processes.process_id),
    (2, pipes.PIPE, pipes.pipe),
    (2, processes.WAIT, processes.wait),
    (2, pipes.WRITE, pipes.write),
    (2, pipes.READ, pipes.read),
    (2, pipes.INHERITED_FD, pipes.inherited_fd),
    (2, pipes.CLOSE, pipes.close),
)

SyscallGenerator = Callable[[VmContext], tuple[SystemCall, ...]]
"""Called once for each machine that is made; gives its handlers, which are tried in order."""


def consensus_syscalls(context: VmContext) -> tuple[SystemCall, ...]:
    """The system calls that the chain gives to a VM of the script's version."""
    version = context.sg_data.version
    handlers = {number: handler for since, number, handler in _FROM_VERSION if version >= since}

    def call(machine: Machine) -> bool:
        handler = handlers.get(machine.registers[A7])
        if handler is None:
            return False
        handler(context, machine)
        return True

    return (call,)
