"""The pass over blocked reads and writes at the end of every iteration (``scheduler`` §9)."""

from __future__ import annotations

from typing import TypeVar

from ..vm.cost import transfer_cycles
from .codes import ReturnCode
from .events import HEAD_BYTES_MAX, OtherEndGone, Transferred
from .fds import other_end
from .processes import ProcessTable
from .states import WaitForRead, WaitForWrite
from .swapping import instantiate

_Reader = tuple[int, WaitForRead]
_Writer = tuple[int, WaitForWrite]
W = TypeVar("W", WaitForRead, WaitForWrite)


def io_pass(table: ProcessTable) -> None:
    """Finish reads and writes whose other end is gone, then move data between each pair of a reader and a writer.

    Only pipes that were stirred are looked at: at all others there was nothing to do, and there still isn't. What is
    to be done is settled before anything changes: each pair moves data once. Charges for swapping stay in the
    iteration's cycles. Raises any :class:`~spawnlab.vm.errors.VmError` of the loads and stores.
    """
    if not table.stirred:
        return
    pairs: list[tuple[_Reader, _Writer]] = []
    gone: list[_Reader | _Writer] = []
    without_reader: list[_Writer] = []
    for read_fd in table.stirred:
        write_fd = other_end(read_fd)
        reader = _waiter(table, read_fd, WaitForRead)
        writer = _waiter(table, write_fd, WaitForWrite)
        if reader is not None and writer is not None:
            pairs.append((reader, writer))
        elif reader is not None and write_fd not in table.fds:
            gone.append(reader)
        elif writer is not None and read_fd not in table.fds:
            without_reader.append(writer)
    gone.sort(key=_vm)
    gone += sorted(without_reader, key=_vm)
    pairs.sort(key=_vm_of_writer)
    for vm, state in gone:
        _finish(table, vm, state)
    for reader, writer in pairs:
        _transfer(table, reader, writer)
    table.stirred.clear()


def _waiter(table: ProcessTable, fd: int, kind: type[W]) -> tuple[int, W] | None:
    """Who waits for an fd, if anybody does: it can only be its owner."""
    owner = table.fds.get(fd)
    if owner is None:
        return None
    state = table.states.get(owner)
    return (owner, state) if isinstance(state, kind) and state.fd == fd else None


def _vm(waiter: _Reader | _Writer) -> int:
    return waiter[0]


def _vm_of_writer(pair: tuple[_Reader, _Writer]) -> int:
    return pair[1][0]


def _finish(table: ProcessTable, vm: int, state: WaitForRead | WaitForWrite) -> None:
    """The other end is gone: success, with as many bytes as there were."""
    size = 0 if isinstance(state, WaitForRead) else state.consumed
    instantiate(table, [vm])
    table.machine(vm).memory.store(state.length_addr, 8, size)
    table.notify(OtherEndGone, vm, state.fd, size)
    table.answer(vm, ReturnCode.SUCCESS)


def _transfer(table: ProcessTable, reader: _Reader, writer: _Writer) -> None:
    reader_vm, r = reader
    writer_vm, w = writer
    instantiate(table, [reader_vm, writer_vm])
    source, target = table.machine(writer_vm), table.machine(reader_vm)
    size = min(r.length, w.length - w.consumed)
    source.add_cycles_no_checking(transfer_cycles(size))
    data = source.memory.read(w.buffer_addr + w.consumed, size)  # beyond 64 bits, too, is out of bound
    target.add_cycles_no_checking(transfer_cycles(size))
    target.memory.write(r.buffer_addr, data)
    target.memory.store(r.length_addr, 8, size)
    table.notify(Transferred, writer_vm, reader_vm, w.fd, size, data[:HEAD_BYTES_MAX])
    table.answer(reader_vm, ReturnCode.SUCCESS)
    consumed = w.consumed + size
    if consumed == w.length:
        source.memory.store(w.length_addr, 8, w.length)
        table.answer(writer_vm, ReturnCode.SUCCESS)
    else:
        table.states[writer_vm] = WaitForWrite(w.fd, consumed, w.length, w.buffer_addr, w.length_addr)
