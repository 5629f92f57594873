"""The process table: everything that a scheduler keeps about its VMs (``scheduler`` §5), and look-ups in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..vm.errors import CyclesExceeded, Unexpected
from ..vm.machine import A0, Machine
from ..vm.snapshot import Snapshot
from ..vm.version import VERSIONS
from .codes import ReturnCode
from .events import Answered, AnyEvent, Blocked, FdClosed, Logged, Refused
from .limits import FIRST_FD_SLOT, ROOT_VM_ID, U64_MAX
from .machines import MachineFactory
from .messages import Message
from .meter import CallMeter
from .states import RUNNABLE, VmState, Wait, WaitForRead, WaitForWrite
from .syscalls.context import CycleCounter, VmContext
from .syscalls.generator import SyscallGenerator
from .transaction import DataLocation, DataPieceId, ScriptGroupData

if TYPE_CHECKING:
    from .injecting import Injector

E = TypeVar("E", bound=AnyEvent)
Observer = Callable[[AnyEvent], None]


class VirtualMachine:
    """A machine and the context that its system calls and snapshots use."""

    __slots__ = ("context", "machine")

    def __init__(self, context: VmContext, machine: Machine) -> None:
        self.context = context
        self.machine = machine


class ProcessTable:
    """VMs by id, their states, machines or snapshots, fds and exit codes. Cycle counters count cycles."""

    def __init__(
        self, sg_data: ScriptGroupData, generator: SyscallGenerator, context: object, machines: MachineFactory
    ) -> None:
        self.sg_data = sg_data
        self._generator = generator
        self._generator_context = context
        self._machines = machines
        self.total_cycles = CycleCounter()
        self.iteration_cycles = 0
        self.next_vm_id = ROOT_VM_ID
        self.next_fd_slot = FIRST_FD_SLOT
        self.states: dict[int, VmState] = {}
        """By id, ascending: ids are given in that order."""
        self.stirred: set[int] = set()
        """Pipes, by their read ends, at which something has changed since the last I/O pass: all it has to look at."""
        self.fds: dict[int, int] = {}
        """Open fds and their owners."""
        self.inherited_fd: dict[int, tuple[int, ...]] = {}
        self.instantiated: dict[int, VirtualMachine] = {}
        self.suspended: dict[int, Snapshot[DataPieceId]] = {}
        self.terminated_vms: dict[int, int] = {}
        self.message_box: list[Message] = []
        self.root_vm_args: tuple[bytes, ...] = ()
        self.observers: list[Observer] = []
        self.meter = CallMeter(self.observers)
        self.injector: Injector | None = None
        """What makes faults happen; ``None`` where there are none, as on the chain."""

    def notify(self, make: Callable[..., E], *fields: object) -> None:
        """Tell the observers; the event is made only if there are any."""
        if self.observers:
            event = make(*fields)
            for observer in self.observers:
                observer(event)

    def charge_iteration(self, cycles: int) -> None:
        """Add to the iteration's cycles; raises :class:`CyclesExceeded` above 64 bits."""
        if self.iteration_cycles + cycles > U64_MAX:
            raise CyclesExceeded(f"{self.iteration_cycles} + {cycles} cycles in one iteration")
        self.iteration_cycles += cycles

    def create_machine(self, vm_id: int, location: DataLocation | None) -> VirtualMachine:
        """A fresh machine of the script's version, for a program or (``None``) a snapshot (``scheduler`` §11.4)."""
        context = VmContext(vm_id, self.sg_data, self.total_cycles, self.message_box, self._print_debug, self._refused)
        calls = self.meter.around(self._generator(vm_id, self.sg_data, context, self._generator_context))
        machine = self._machines(vm_id, location, VERSIONS[self.sg_data.version], calls)
        if self.injector is not None:
            self.injector.prepare(vm_id, machine)
        return VirtualMachine(context, machine)

    def _print_debug(self, vm_id: int, text: str) -> None:
        self.notify(Logged, vm_id, text)

    def _refused(self, vm_id: int, call: int, argument: int, code: int, pc: int) -> None:
        self.notify(Refused, vm_id, call, argument, code, pc)

    def machine(self, vm_id: int) -> Machine:
        """The machine of an instantiated VM; raises :class:`Unexpected` for any other."""
        found = self.instantiated.get(vm_id)
        if found is None:
            raise Unexpected("Unable to find VM Id", f"VM {vm_id} is not instantiated")
        return found.machine

    def answer(self, vm_id: int, code: ReturnCode) -> None:
        """Put a return code in a0 of an instantiated VM and make it runnable."""
        self.machine(vm_id).registers[A0] = code
        self.states[vm_id] = RUNNABLE
        self.notify(Answered, vm_id, int(code))

    def block(self, vm_id: int, state: Wait | WaitForRead | WaitForWrite) -> None:
        """Let a VM wait; for an fd, until an I/O pass."""
        self.states[vm_id] = state
        if not isinstance(state, Wait):
            self.stirred.add(state.fd & ~1)
        self.notify(Blocked, vm_id, state)

    def close(self, vm_id: int, fd: int) -> None:
        """Close an fd of a VM; whoever waits at the other end finds out in the I/O pass."""
        del self.fds[fd]
        self.stirred.add(fd & ~1)
        self.notify(FdClosed, vm_id, fd)

    def stir(self) -> None:
        """Have the next I/O pass look at all pipes."""
        self.stirred.update(fd & ~1 for fd in self.fds)

    def fds_of(self, vm_id: int) -> tuple[int, ...]:
        """The open fds of a VM, ascending."""
        return tuple(sorted(fd for fd, owner in self.fds.items() if owner == vm_id))
