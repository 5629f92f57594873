"""The pass over blocked reads and writes at the end of every iteration (``scheduler`` §9)."""

from __future__ import annotations

from ..vm.cost import transfer_cycles
from .codes import ReturnCode
from .events import HEAD_BYTES_MAX, OtherEndGone, Transferred
from .fds import other_end
from .processes import ProcessTable
from .states import WaitForRead, WaitForWrite
from .swapping import instantiate

_Reader = tuple[int, WaitForRead]
_Writer = tuple[int, WaitForWrite]


def io_pass(table: ProcessTable) -> None:
    """Finish reads and writes whose other end is gone, then move data between each pair of a reader and a writer.

    What is to be done is settled before anything changes: each pair moves data once. Charges for swapping stay in the
    iteration's cycles. Raises any :class:`~spawnlab.vm.errors.VmError` of the loads and stores.
    """
    readers: dict[int, _Reader] = {}
    pairs: list[tuple[_Reader, _Writer]] = []
    gone: list[_Reader | _Writer] = []
    states = sorted(table.states.items())
    for vm, state in states:
        if isinstance(state, WaitForRead):
            if other_end(state.fd) in table.fds:
                readers[state.fd] = (vm, state)
            else:
                gone.append((vm, state))
    for vm, state in states:
        if isinstance(state, WaitForWrite):
            reader = readers.get(other_end(state.fd))
            if other_end(state.fd) not in table.fds:
                gone.append((vm, state))
            elif reader is not None:
                pairs.append((reader, (vm, state)))
    for vm, state in gone:
        _finish(table, vm, state)
    for reader, writer in pairs:
        _transfer(table, reader, writer)


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
