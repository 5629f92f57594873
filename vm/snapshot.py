"""Freezing a machine and bringing it back (``vm-snapshot``).

Pages that came unchanged from transaction data are referred to, not copied. That is visible to programs in one corner
(``vm-snapshot`` §5), so a suspended machine is always rebuilt from its snapshot by these rules.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import msgspec

from .elf import Image
from .errors import InvalidVersion, MemOutOfBound, MemPageUnalignedAccess, SnapshotDataLoadError
from .machine import Machine
from .memory import DIRTY, MEMORY_SIZE, PAGE_SHIFT, PAGE_SIZE, Memory, round_up_page

Id = TypeVar("Id")
"""What names a piece of data."""
Id_contra = TypeVar("Id_contra", contravariant=True)


class DataSource(Protocol[Id_contra]):
    """Where pieces of data come from."""

    def load_data(self, piece: Id_contra, offset: int, length: int) -> tuple[bytes, int] | None:
        """At most ``length`` bytes (0: all) from ``offset`` on, and how many there are from there; None if absent.

        An offset beyond the end counts as the end.
        """
        ...


class SourcePages(msgspec.Struct, Generic[Id], frozen=True, forbid_unknown_fields=True):
    """Pages to be loaded again: ``length`` bytes at ``address``, from ``offset`` of a piece of data."""

    address: int
    flags: int
    source: Id
    offset: int
    length: int


class DirtyPages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pages kept byte by byte."""

    address: int
    flags: int
    data: bytes


class Snapshot(msgspec.Struct, Generic[Id], frozen=True, forbid_unknown_fields=True):
    """A machine at rest: 32 registers, pages, and counters in cycles."""

    version: int
    pc: int
    cycles: int
    max_cycles: int
    reservation_address: int
    registers: tuple[int, ...]
    source_pages: tuple[SourcePages[Id], ...]
    dirty_pages: tuple[DirtyPages, ...]


class PageOrigin(msgspec.Struct, Generic[Id], frozen=True):
    """Where a page's bytes came from, and the flags it had then."""

    source: Id
    offset: int
    flags: int


class SnapshotContext(Generic[Id]):
    """Keeps, beside one machine, which of its pages came unchanged from which data (``vm-snapshot`` §2)."""

    def __init__(self, data_source: DataSource[Id]) -> None:
        self.data_source = data_source
        self.pages: dict[int, PageOrigin[Id]] = {}

    def load_data(self, piece: Id, offset: int, length: int) -> tuple[bytes, int]:
        """As the data source does; raises :class:`SnapshotDataLoadError` where there is no such piece."""
        found = self.data_source.load_data(piece, offset, length)
        if found is None:
            raise SnapshotDataLoadError(f"there is no {piece}")
        return found

    def track(self, machine: Machine, start: int, length: int, source: Id, offset: int) -> None:
        """Note that the whole pages in ``length`` bytes at ``start`` hold the data from ``offset`` on."""
        skip = -start % PAGE_SIZE
        start, offset, length = start + skip, offset + skip, length - skip
        flags = machine.memory.flags
        while length >= PAGE_SIZE:
            page = start >> PAGE_SHIFT
            flags[page] &= ~DIRTY
            machine.memory.tracked.add(page)
            self.pages[page] = PageOrigin(source, offset, flags[page])
            start, offset, length = start + PAGE_SIZE, offset + PAGE_SIZE, length - PAGE_SIZE

    def untrack(self, machine: Machine, start: int, length: int) -> None:
        """Note that ``length`` bytes at ``start`` are about to change; raises :class:`MemOutOfBound`."""
        if length == 0:
            return
        if start + length > MEMORY_SIZE:
            raise MemOutOfBound(f"write of {length} bytes at 0x{start:x}")
        for page in range(start >> PAGE_SHIFT, ((start + length - 1) >> PAGE_SHIFT) + 1):
            machine.memory.flags[page] |= DIRTY
            self.pages.pop(page, None)

    def track_program(self, machine: Machine, image: Image, source: Id, offset: int) -> None:
        """Track the segments of a program that was just loaded from ``offset`` of a piece of data."""
        for action in image.actions:
            length = min(action.end - action.start, action.size - action.padding)
            self.track(machine, action.address + action.padding, length, source, offset + action.start)

    def make_snapshot(self, machine: Machine) -> Snapshot[Id]:
        """Freeze ``machine``, which is not changed (``vm-snapshot`` §3)."""
        return Snapshot(
            version=machine.isa.version,
            pc=machine.this_pc,
            cycles=machine.cycles,
            max_cycles=machine.max_cycles,
            reservation_address=machine.reservation_address,
            registers=tuple(machine.registers),
            source_pages=self._source_pages(machine),
            dirty_pages=_dirty_pages(machine),
        )

    def _source_pages(self, machine: Machine) -> tuple[SourcePages[Id], ...]:
        runs: list[SourcePages[Id]] = []
        for page in sorted(self.pages):
            if machine.memory.flags[page] & DIRTY:
                continue
            origin = self.pages[page]
            address = page << PAGE_SHIFT
            last = runs[-1] if runs else None
            if (
                last is not None
                and last.address + last.length == address
                and (last.flags, last.source) == (origin.flags, origin.source)
                and last.offset + last.length == origin.offset
            ):
                runs[-1] = msgspec.structs.replace(last, length=last.length + PAGE_SIZE)
            else:
                runs.append(SourcePages(address, origin.flags, origin.source, origin.offset, PAGE_SIZE))
        return tuple(runs)

    def resume(self, machine: Machine, snapshot: Snapshot[Id]) -> None:
        """Bring a snapshot back on a new machine (``vm-snapshot`` §4).

        Raises :class:`InvalidVersion`, :class:`MemPageUnalignedAccess` or :class:`SnapshotDataLoadError`.
        """
        if snapshot.version != machine.isa.version:
            raise InvalidVersion(f"a snapshot of version {snapshot.version} for a machine of {machine.isa.version}")
        self.pages.clear()
        machine.registers = list(snapshot.registers)
        machine.set_pc(snapshot.pc)
        machine.cycles = snapshot.cycles
        machine.max_cycles = snapshot.max_cycles
        for run in snapshot.source_pages:
            _check_pages(run.address, 0)  # before the data is asked for
            data, _ = self.load_data(run.source, run.offset, run.length)
            _restore(machine, run.address, run.flags, data)
            self.track(machine, run.address, len(data), run.source, run.offset)
        for dirty in snapshot.dirty_pages:
            _restore(machine, dirty.address, dirty.flags, dirty.data)
        machine.reservation_address = snapshot.reservation_address


def read_snapshot(
    snapshot: Snapshot[Id], data_source: DataSource[Id], address: int, size: int, memory: Memory | None = None
) -> bytes:
    """``size`` bytes of a machine at rest, as they would be when it is resumed on ``memory`` (``None``: zeros).

    Raises :class:`MemOutOfBound` beyond the memory's end.
    """
    if address + size > MEMORY_SIZE:
        raise MemOutOfBound(f"{size} bytes at 0x{address:x} of a snapshot")
    content = bytearray(size) if memory is None else bytearray(memory.read(address, size))
    for run in snapshot.source_pages:
        found = data_source.load_data(run.source, run.offset, run.length)
        _overlay(content, address, run.address, found[0] if found else b"")
    for dirty in snapshot.dirty_pages:
        _overlay(content, address, dirty.address, dirty.data)
    return bytes(content)


def _overlay(content: bytearray, start: int, address: int, data: bytes) -> None:
    """Put ``data``, which lies at ``address``, over what it covers of ``content``, which lies at ``start``."""
    first, last = max(start, address), min(start + len(content), address + len(data))
    if first < last:
        content[first - start : last - start] = data[first - address : last - address]


_IS_DIRTY = bytes(1 if flags & DIRTY else 0 for flags in range(256))


def _dirty_pages(machine: Machine) -> tuple[DirtyPages, ...]:
    """The dirty pages, those with equal flags that follow one another in one piece."""
    memory = machine.memory
    flags = bytes(memory.flags)
    dirty = flags.translate(_IS_DIRTY)
    pieces: list[DirtyPages] = []
    page = dirty.find(1)
    while page >= 0:
        end = dirty.find(0, page)
        run = flags[page:] if end < 0 else flags[page:end]
        size = len(run) - len(run.lstrip(run[:1]))
        pieces.append(
            DirtyPages(page << PAGE_SHIFT, run[0], memory.read(page << PAGE_SHIFT, size << PAGE_SHIFT)),
        )
        page = dirty.find(1, page + size)
    return tuple(pieces)


def _restore(machine: Machine, address: int, flags: int, data: bytes) -> None:
    _check_pages(address, len(data))
    machine.memory.write(address, data)
    for page in range(address >> PAGE_SHIFT, (address + len(data)) >> PAGE_SHIFT) if flags & ~DIRTY else ():
        machine.memory.flags[page] |= flags  # being written they are dirty


def _check_pages(address: int, size: int) -> None:
    if address % PAGE_SIZE or round_up_page(size) != size:
        raise MemPageUnalignedAccess(f"restoring {size} bytes at 0x{address:x}")
