"""Making VMs: the root, and children (``scheduler`` §11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..vm import elf
from ..vm.cost import transfer_cycles
from .arguments import read_arguments
from .events import Booted, ProgramReplaced
from .limits import EXEC_LOAD_ELF_V2_CYCLES_BASE, MAX_INSTANTIATED_VMS, ROOT_VM_ID, U64_MAX
from .messages import ExecV2
from .processes import ProcessTable, VirtualMachine
from .states import RUNNABLE
from .swapping import suspend_vm
from .transaction import DataLocation


def boot_root_if_needed(table: ProcessTable) -> None:
    """Make VM 0 from the script's program, if there is no VM yet."""
    if not table.states:
        location = DataLocation(table.sg_data.program, 0, U64_MAX)
        boot_vm(table, location, len(table.root_vm_args), table.root_vm_args, parent=None)
        if ROOT_VM_ID not in table.states:
            raise AssertionError("the first VM is not the root")


def boot_vm(
    table: ProcessTable, location: DataLocation, argc: int, arguments: Iterable[bytes], *, parent: int | None
) -> int:
    """Make a VM from a program of the transaction and give it an id, its own even if this fails.

    The lowest machine makes room if four exist, be it the parent. Raises what loading raises.
    """
    vm_id = table.next_vm_id
    table.next_vm_id += 1
    vm = table.create_machine(vm_id, location)
    seen: list[bytes] = []
    size = _load_program(vm, location, argc, _noting(arguments, seen))
    cycles = transfer_cycles(size)
    vm.machine.add_cycles_no_checking(cycles)
    while len(table.instantiated) >= MAX_INSTANTIATED_VMS:
        suspend_vm(table, min(table.instantiated))
    table.instantiated[vm_id] = vm
    table.states[vm_id] = RUNNABLE
    table.notify(Booted, vm_id, parent, location, tuple(seen), cycles)
    return vm_id


def _load_program(vm: VirtualMachine, location: DataLocation, argc: int, arguments: Iterable[bytes]) -> int:
    """Load and track; returns the bytes that loading is charged for."""
    snapshots, machine = vm.context.snapshots, vm.machine
    program, _ = snapshots.load_data(location.piece, location.offset, location.length)
    image = elf.parse(program, machine.isa.version)
    size = machine.load_image(program, image) + machine.initialize_stack(argc, arguments)
    snapshots.track_program(machine, image, location.piece, location.offset)
    return size


def _noting(arguments: Iterable[bytes], seen: list[bytes]) -> Iterator[bytes]:
    for argument in arguments:
        seen.append(argument)
        yield argument


def exec_vm(table: ProcessTable, message: ExecV2) -> None:
    """Replace a VM's machine by a fresh one that runs another program (``scheduler`` §11.3).

    Its id, state and fds stay. Raises what loading raises, and :class:`Unexpected` if there is no such machine.
    """
    old = table.machine(message.vm)
    old.add_cycles_no_checking(EXEC_LOAD_ELF_V2_CYCLES_BASE)
    vm = table.create_machine(message.vm, message.location)
    vm.machine.max_cycles = old.max_cycles
    vm.machine.cycles = old.cycles
    seen: list[bytes] = []
    arguments = _noting(read_arguments(old, message.argc, message.argv), seen)
    cycles = transfer_cycles(_load_program(vm, message.location, message.argc, arguments))
    vm.machine.add_cycles_no_checking(cycles)
    table.instantiated[message.vm] = vm
    table.notify(ProgramReplaced, message.vm, message.location, tuple(seen), cycles)
