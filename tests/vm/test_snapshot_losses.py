"""Where freezing and resuming is not an identity (``vm-snapshot`` §5), and where it is."""

from __future__ import annotations

from spawnlab.vm import elf
from spawnlab.vm.errors import MemPageUnalignedAccess, MemWriteOnExecutablePage
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import EXECUTABLE, FREEZED

from .freezing import CELL, PAGE, Context, numbered, pair, resumed
from .support import CODE, EXIT_0, R, Segment, W, X, elf_of, fails

# Data loaded as code, with more memory than content


def loaded_as_code(cell_size: int, content_size: int) -> tuple[Machine, Context]:
    """8192 bytes of memory at 0x40000, of which so many come from a cell of such a size."""
    machine, context = pair(data=CELL[:cell_size])
    machine.memory.init_pages(0x40000, 2 * PAGE, EXECUTABLE | FREEZED, CELL[:content_size])
    context.track(machine, 0x40000, 2 * PAGE, "data", 0)
    assert machine.memory.read(0x40000, 2 * PAGE) == CELL[:content_size] + bytes(2 * PAGE - content_size)
    return machine, context


def test_content_of_the_whole_memory_comes_back() -> None:
    machine, context = loaded_as_code(2 * PAGE, 2 * PAGE)
    again, _ = resumed(context, context.make_snapshot(machine))
    assert (again.memory.data[:], again.memory.flags) == (machine.memory.data[:], machine.memory.flags)


def test_zeros_after_the_content_become_the_cells_next_bytes() -> None:
    machine, context = loaded_as_code(6 * PAGE, 5000)
    again, _ = resumed(context, context.make_snapshot(machine))
    assert again.memory.read(0x40000, 2 * PAGE) == CELL[: 2 * PAGE]
    assert again.memory.flags == machine.memory.flags


def test_a_cell_that_ends_within_a_page_cannot_be_resumed() -> None:
    machine, context = loaded_as_code(5000, 5000)
    with fails(MemPageUnalignedAccess):
        resumed(context, context.make_snapshot(machine))


def test_pages_after_the_cells_end_lose_their_flags() -> None:
    machine, context = loaded_as_code(PAGE, PAGE)
    again, context_again = resumed(context, context.make_snapshot(machine))
    assert again.memory.data[:] == machine.memory.data[:]
    assert again.memory.flags[0x40:0x42] == bytes([EXECUTABLE | FREEZED, 0])
    assert sorted(context_again.pages) == [0x40]
    with fails(MemWriteOnExecutablePage):  # no longer executable
        again.memory.fetch(0x41000)
    again.memory.store(0x41000, 1, 1)


def test_the_length_is_looked_at_after_merging() -> None:
    """Page by page the second of these would be whole; merged, the range ends within a page of the cell."""
    machine, context = pair(data=CELL[: 2 * PAGE + 1])
    context.track(machine, 0x40000, PAGE, "data", 0)
    context.track(machine, 0x41000, 2 * PAGE, "data", PAGE)
    assert len(context.make_snapshot(machine).source_pages) == 1
    with fails(MemPageUnalignedAccess):
        resumed(context, context.make_snapshot(machine))


def test_data_wiped_by_a_later_segment_comes_back_as_the_first_ones() -> None:
    """Two writable segments share a page; what is tracked of the first is not forgotten."""
    file = elf_of(Segment(0x20000, numbered(2 * PAGE), flags=R | W), Segment(0x21800, b"\xdd", flags=R | W))
    machine, context = pair(file=file)
    machine.load_elf(file)
    context.track_program(machine, elf.parse(file, 2), "file", 0)
    assert machine.memory.read(0x21000, PAGE) == bytes(0x800) + b"\xdd" + bytes(0x7FF)
    again, _ = resumed(context, context.make_snapshot(machine))
    assert again.memory.read(0x20000, 2 * PAGE) == numbered(2 * PAGE)


def test_an_executable_program_goes_on_after_a_resume() -> None:
    file = elf_of(Segment(CODE, EXIT_0 + bytes(PAGE), flags=R | X))
    machine, context = pair(file=file)
    machine.load_program(file)
    context.track_program(machine, elf.parse(file, 2), "file", 0)
    machine.run(1)
    again, _ = resumed(context, context.make_snapshot(machine))
    assert (again.run(), again.cycles) == (0, 502)
