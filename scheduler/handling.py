"""What the scheduler does with each message, and at a VM's end (``scheduler`` §10 and §12)."""

from __future__ import annotations

from .arguments import read_arguments
from .booting import boot_vm, exec_vm
from .codes import ReturnCode
from .events import Ended, FdMoved, PipeOpened, Posted, WaitEnded
from .fds import other_end
from .limits import MAX_FDS, MAX_VMS_COUNT, ROOT_VM_ID
from .messages import Close, ExecV2, FdRead, FdWrite, InheritedFileDescriptor, Message, Pipe, Spawn, Wait
from .processes import ProcessTable
from .states import TERMINATED, WaitForRead, WaitForWrite
from .states import Wait as WaitState
from .swapping import instantiate


def handle_messages(table: ProcessTable) -> None:
    """Handle all posted messages, first come first served."""
    messages = table.message_box[:]
    table.message_box.clear()
    for message in messages:
        table.notify(Posted, message.vm, message, table.machine(message.vm).this_pc)
        handle(table, message)


def handle(table: ProcessTable, message: Message) -> None:
    """Handle one message; raises any :class:`~spawnlab.vm.errors.VmError` of the stores it makes."""
    match message:
        case ExecV2():
            exec_vm(table, message)
        case Spawn():
            _spawn(table, message)
        case Wait():
            _wait(table, message)
        case Pipe():
            _pipe(table, message)
        case FdRead():
            _read_or_write(table, message, WaitForRead(message.fd, *_tail(message)))
        case FdWrite():
            _read_or_write(table, message, WaitForWrite(message.fd, 0, *_tail(message)))
        case InheritedFileDescriptor():
            _inherited_fd(table, message)
        case Close():
            _close(table, message)


def _tail(message: FdRead | FdWrite) -> tuple[int, int, int]:
    """Length and the two addresses of a read or write."""
    return message.length, message.buffer_addr, message.length_addr


def _answer(table: ProcessTable, vm_id: int, code: ReturnCode) -> None:
    instantiate(table, [vm_id])
    table.answer(vm_id, code)


def _spawn(table: ProcessTable, message: Spawn) -> None:
    parent = message.vm
    if any(table.fds.get(fd) != parent for fd in message.fds):
        return _answer(table, parent, ReturnCode.INVALID_FD)
    if len(table.suspended) + len(table.instantiated) > MAX_VMS_COUNT:
        return _answer(table, parent, ReturnCode.MAX_VMS_SPAWNED)
    arguments = read_arguments(table.machine(parent), message.argc, message.argv)
    child = boot_vm(table, message.location, message.argc, arguments, parent=parent)
    for fd in message.fds:
        table.fds[fd] = child
        table.notify(FdMoved, child, fd, parent)
    table.inherited_fd[child] = message.fds
    instantiate(table, [parent])  # booting the child may have suspended its parent
    table.machine(parent).memory.store(message.process_id_addr, 8, child)
    return table.answer(parent, ReturnCode.SUCCESS)


def _wait(table: ProcessTable, message: Wait) -> None:
    vm, target = message.vm, message.target_id
    if target in table.terminated_vms:
        _deliver_exit_code(table, vm, message.exit_code_addr, target, table.terminated_vms[target])
        del table.terminated_vms[target]
    elif target not in table.states:
        _answer(table, vm, ReturnCode.WAIT_FAILURE)
    else:
        table.block(vm, WaitState(target, message.exit_code_addr))


def _deliver_exit_code(table: ProcessTable, vm_id: int, address: int, target: int, exit_code: int) -> None:
    """Store the one byte of an exit code and let the VM go on."""
    instantiate(table, [vm_id])
    table.machine(vm_id).memory.store(address, 1, exit_code)
    table.notify(WaitEnded, vm_id, target, exit_code)
    table.answer(vm_id, ReturnCode.SUCCESS)


def _pipe(table: ProcessTable, message: Pipe) -> None:
    vm = message.vm
    if len(table.fds) >= MAX_FDS:
        return _answer(table, vm, ReturnCode.MAX_FDS_CREATED)
    read_fd = table.next_fd_slot
    write_fd = read_fd + 1
    table.next_fd_slot += 2
    table.fds[read_fd] = table.fds[write_fd] = vm
    table.notify(PipeOpened, vm, read_fd, write_fd)
    instantiate(table, [vm])
    memory = table.machine(vm).memory
    memory.store(message.fd1_addr, 8, read_fd)
    memory.store(message.fd2_addr, 8, write_fd)
    return table.answer(vm, ReturnCode.SUCCESS)


def _read_or_write(table: ProcessTable, message: FdRead | FdWrite, state: WaitForRead | WaitForWrite) -> None:
    if table.fds.get(message.fd) != message.vm:
        _answer(table, message.vm, ReturnCode.INVALID_FD)
    elif other_end(message.fd) not in table.fds:
        _answer(table, message.vm, ReturnCode.OTHER_END_CLOSED)
    else:
        if table.injector is not None and isinstance(state, WaitForRead):
            state = table.injector.shortened(message.vm, state)
        table.block(message.vm, state)


def _inherited_fd(table: ProcessTable, message: InheritedFileDescriptor) -> None:
    vm = message.vm
    inherited = table.inherited_fd.get(vm, ())
    instantiate(table, [vm])
    memory = table.machine(vm).memory
    room = memory.load(message.length_addr, 8)
    for index, fd in enumerate(inherited[:room]):
        memory.store(message.buffer_addr + 8 * index, 8, fd)  # beyond 64 bits, too, is out of bound
    memory.store(message.length_addr, 8, len(inherited))
    table.answer(vm, ReturnCode.SUCCESS)


def _close(table: ProcessTable, message: Close) -> None:
    if table.fds.get(message.fd) != message.vm:
        return _answer(table, message.vm, ReturnCode.INVALID_FD)
    table.close(message.vm, message.fd)
    return _answer(table, message.vm, ReturnCode.SUCCESS)


def terminate(table: ProcessTable, vm_id: int, exit_code: int) -> None:
    """A VM ended (``scheduler`` §12). The root's end is the end of all; others wake those that wait for them."""
    table.terminated_vms[vm_id] = exit_code
    table.notify(Ended, vm_id, exit_code)
    if vm_id == ROOT_VM_ID:
        instantiate(table, [ROOT_VM_ID])
        table.instantiated = {ROOT_VM_ID: table.instantiated[ROOT_VM_ID]}
        table.suspended.clear()
        table.states = {ROOT_VM_ID: TERMINATED}
        return
    for waiter, state in list(table.states.items()):
        if isinstance(state, WaitState) and state.target_vm_id == vm_id:
            # the VM that ends still holds its slot, so this may swap
            _deliver_exit_code(table, waiter, state.exit_code_addr, vm_id, exit_code)
    for fd in table.fds_of(vm_id):
        table.close(vm_id, fd)
    del table.states[vm_id]
    vm = table.instantiated.pop(vm_id, None)
    if vm is not None:
        vm.machine.memory.reusable = True
    table.suspended.pop(vm_id, None)
