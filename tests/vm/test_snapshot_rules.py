"""Tracking, freezing and resuming (``vm-snapshot`` §2 to §4), rule by rule."""

from __future__ import annotations

import msgspec
import pytest

from spawnlab.vm import elf
from spawnlab.vm.errors import (
    InvalidVersion,
    MemOutOfBound,
    MemPageUnalignedAccess,
    SnapshotDataLoadError,
)
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED
from spawnlab.vm.snapshot import DirtyPages, PageOrigin, SourcePages
from spawnlab.vm.version import VERSIONS

from .freezing import CELL, PAGE, numbered, pair, resumed
from .support import ALL_VERSIONS, CODE, EXIT_0, SIZE, TOP, R, Segment, W, elf_of, fails

# Tracking


@pytest.mark.parametrize(
    ("start", "length", "pages"),
    [
        (0x2000, 0x2000, {2: 0x100, 3: 0x1100}),
        (0x2000, 0x1FFF, {2: 0x100}),
        (0x2000, 0xFFF, {}),
        (0x2001, 0x2000, {3: 0x10FF}),
        (0x2001, 0x1FFF, {3: 0x10FF}),
        (0x2001, 0x1FFE, {}),
        (0x2FFF, 1, {}),
        (0x2FFF, 0x2001, {3: 0x101, 4: 0x1101}),
        (0x2800, 0, {}),
    ],
)
def test_only_whole_pages_are_tracked(start: int, length: int, pages: dict[int, int]) -> None:
    machine, context = pair()
    context.track(machine, start, length, "cell", 0x100)
    assert context.pages == {page: PageOrigin("cell", offset, 0) for page, offset in pages.items()}


def test_tracking_clears_dirty_and_keeps_the_other_flags() -> None:
    machine, context = pair()
    machine.memory.init_pages(0x2000, 0x2000, EXECUTABLE | FREEZED, b"x")
    context.track(machine, 0x2000, PAGE, "cell", 0)
    assert machine.memory.flags[2:4] == bytes([EXECUTABLE | FREEZED, EXECUTABLE | FREEZED | DIRTY])
    assert context.pages == {2: PageOrigin("cell", 0, EXECUTABLE | FREEZED)}


def test_untracking_forgets_every_page_that_is_touched() -> None:
    machine, context = pair()
    context.track(machine, 0x2000, 4 * PAGE, "cell", 0)
    context.untrack(machine, 0x3FFF, 2)
    assert sorted(context.pages) == [2, 5]
    assert [page for page, flags in enumerate(machine.memory.flags) if flags & DIRTY] == [3, 4]


def test_untracking_nothing_and_out_of_bounds() -> None:
    machine, context = pair()
    context.track(machine, SIZE - PAGE, PAGE, "cell", 0)
    context.untrack(machine, TOP - 1, 0)
    context.untrack(machine, SIZE, 0)
    for start, length in ((SIZE - 1, 2), (SIZE, 1), (TOP - 1, 1), (0, SIZE + 1)):
        with fails(MemOutOfBound):
            context.untrack(machine, start, length)
    assert sorted(context.pages) == [1023]
    assert not any(machine.memory.flags)
    context.untrack(machine, SIZE - 1, 1)
    assert context.pages == {}


def test_a_program_is_tracked_by_its_whole_pages_of_file_bytes() -> None:
    """The code's second page is cut by the file; the data start within a page, and reach over their memory size."""
    file = elf_of(
        Segment(CODE, EXIT_0 + numbered(PAGE)),
        Segment(0x20800, numbered(0x1900), flags=R | W),
        Segment(0x30000, numbered(2 * PAGE), flags=R | W, memsz=PAGE),
    )
    machine, context = pair(file=b"\0" * 10 + file)
    machine.load_elf(file)
    context.track_program(machine, elf.parse(file, 2), "file", 10)
    first = 64 + 3 * 56
    second = first + 12 + PAGE
    third = second + 0x1900
    assert context.pages == {
        0x10: PageOrigin("file", 10 + first, EXECUTABLE | FREEZED),
        0x21: PageOrigin("file", 10 + second + 0x800, 0),
        0x30: PageOrigin("file", 10 + third, 0),
    }
    assert [page for page, flags in enumerate(machine.memory.flags) if flags & DIRTY] == [0x11, 0x20, 0x22]


def test_a_piece_that_is_not_there() -> None:
    _, context = pair()
    assert context.load_data("cell", 5 * PAGE, 0) == (CELL[5 * PAGE :], PAGE)
    with fails(SnapshotDataLoadError):
        context.load_data("gone", 0, 0)


# Freezing


def test_dirty_pages_are_kept_and_merged_where_they_adjoin_with_equal_flags() -> None:
    machine, context = pair()
    memory = machine.memory
    memory.init_pages(0x2000, 2 * PAGE, FREEZED, b"a")
    for address in (0x4000, 0x5000, 0x7000, 0x3FF000):
        memory.store(address, 1, 9)
    kept = [(run.address, run.flags, len(run.data)) for run in context.make_snapshot(machine).dirty_pages]
    assert kept == [
        (0x2000, FREEZED | DIRTY, 2 * PAGE),
        (0x4000, DIRTY, 2 * PAGE),
        (0x7000, DIRTY, PAGE),
        (0x3FF000, DIRTY, PAGE),
    ]


def test_tracked_pages_are_merged_where_everything_follows_on() -> None:
    machine, context = pair(other=CELL)
    machine.memory.flags[5] = FREEZED
    context.track(machine, 0x1000, 2 * PAGE, "cell", 0)
    context.track(machine, 0x3000, PAGE, "cell", 0)  # the offset starts again
    context.track(machine, 0x4000, PAGE, "cell", PAGE)
    context.track(machine, 0x5000, PAGE, "cell", 2 * PAGE)  # other flags
    context.track(machine, 0x6000, PAGE, "other", 3 * PAGE)  # other data
    context.track(machine, 0x8000, PAGE, "other", 4 * PAGE)  # a gap
    context.track(machine, 0x9000, PAGE, "other", 5 * PAGE)
    assert context.make_snapshot(machine).source_pages == (
        SourcePages(0x1000, 0, "cell", 0, 2 * PAGE),
        SourcePages(0x3000, 0, "cell", 0, 2 * PAGE),
        SourcePages(0x5000, FREEZED, "cell", 2 * PAGE, PAGE),
        SourcePages(0x6000, 0, "other", 3 * PAGE, PAGE),
        SourcePages(0x8000, 0, "other", 4 * PAGE, 2 * PAGE),
    )


def test_a_tracked_page_that_was_written_is_kept_as_bytes() -> None:
    machine, context = pair()
    machine.memory.write(0x2000, CELL[: 3 * PAGE])
    context.track(machine, 0x2000, 3 * PAGE, "cell", 0)
    machine.memory.store(0x3000, 1, CELL[PAGE])  # the same byte: written all the same
    snapshot = context.make_snapshot(machine)
    assert snapshot.source_pages == (
        SourcePages(0x2000, 0, "cell", 0, PAGE),
        SourcePages(0x4000, 0, "cell", 2 * PAGE, PAGE),
    )
    assert snapshot.dirty_pages == (DirtyPages(0x3000, DIRTY, CELL[PAGE : 2 * PAGE]),)


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_registers_and_counters_are_copied_and_the_machine_stays_as_it_is(version: int) -> None:
    machine, context = pair(version)
    machine.registers = [0, *(TOP - n for n in range(1, 32))]
    machine.set_pc(0x1235)
    machine.cycles, machine.max_cycles, machine.reservation_address = 7, 99, 0x4444
    snapshot = context.make_snapshot(machine)
    assert (snapshot.version, snapshot.pc, snapshot.cycles, snapshot.max_cycles) == (version, 0x1235, 7, 99)
    assert (snapshot.reservation_address, snapshot.registers) == (0x4444, tuple(machine.registers))
    assert context.make_snapshot(machine) == snapshot
    again, _ = resumed(context, snapshot, version)
    assert (again.this_pc, again.cycles, again.max_cycles) == (0x1235, 7, 99)
    assert (again.reservation_address, again.registers) == (0x4444, machine.registers)


# Resuming


def test_pages_come_back_with_their_bytes_and_flags_and_are_tracked_again() -> None:
    machine, context = pair()
    machine.memory.init_pages(0x2000, 2 * PAGE, EXECUTABLE | FREEZED, CELL[: 2 * PAGE])
    context.track(machine, 0x2000, 2 * PAGE, "cell", 0)
    machine.memory.write(0x8FFF, b"ab")
    snapshot = context.make_snapshot(machine)
    again, context_again = resumed(context, snapshot)
    assert again.memory.data[:] == machine.memory.data[:]
    assert again.memory.flags == machine.memory.flags
    assert context_again.pages == context.pages
    assert context_again.make_snapshot(again) == snapshot


def test_another_version_is_refused_and_nothing_is_changed() -> None:
    machine, context = pair(1)
    snapshot = context.make_snapshot(machine)
    other = Machine(VERSIONS[2])
    other.registers[5] = 1
    context.track(other, 0x1000, PAGE, "cell", 0)
    with fails(InvalidVersion):
        context.resume(other, snapshot)
    assert other.registers[5] == 1
    assert sorted(context.pages) == [1]


def test_earlier_tracking_is_forgotten() -> None:
    machine, context = pair()
    snapshot = context.make_snapshot(machine)
    context.track(machine, 0x1000, PAGE, "cell", 0)
    context.resume(Machine(VERSIONS[2]), snapshot)
    assert context.pages == {}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"source_pages": (SourcePages(0x1001, 0, "cell", 0, PAGE),)}, MemPageUnalignedAccess),
        ({"source_pages": (SourcePages(0x1000, 0, "cell", 1, 6 * PAGE),)}, MemPageUnalignedAccess),
        ({"source_pages": (SourcePages(0x1001, 0, "gone", 0, PAGE),)}, MemPageUnalignedAccess),
        ({"source_pages": (SourcePages(0x1000, 0, "gone", 0, PAGE),)}, SnapshotDataLoadError),
        ({"source_pages": (SourcePages(SIZE, 0, "cell", 0, PAGE),)}, MemOutOfBound),
        ({"dirty_pages": (DirtyPages(0x1001, 0, bytes(PAGE)),)}, MemPageUnalignedAccess),
        ({"dirty_pages": (DirtyPages(0x1000, 0, bytes(PAGE - 1)),)}, MemPageUnalignedAccess),
        ({"dirty_pages": (DirtyPages(SIZE - PAGE, 0, bytes(2 * PAGE)),)}, MemOutOfBound),
    ],
)
def test_ranges_that_cannot_be_brought_back(change: dict[str, object], error: type[Exception]) -> None:
    machine, context = pair()
    snapshot = msgspec.structs.replace(context.make_snapshot(machine), **change)
    with pytest.raises(error):
        resumed(context, snapshot)
