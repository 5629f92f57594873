"""Placing segments in memory (``vm-elf`` §3): padding, bytes past the memory size, shared pages, what is charged."""

from __future__ import annotations

import pytest

from spawnlab.vm.errors import (
    ElfSegmentUnreadable,
    MemOutOfBound,
    MemWriteOnExecutablePage,
    MemWriteOnFreezedPage,
    VmError,
)
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED
from spawnlab.vm.version import VERSIONS

from .support import ALL_VERSIONS, CODE, EXIT_0, SIZE, TOP, R, Segment, W, X, elf_of, fails

DATA = 0x20000
every_version = pytest.mark.parametrize("version", ALL_VERSIONS)
since_version_1 = pytest.mark.parametrize("version", [1, 2])


def loaded(version: int, *segments: Segment, charged: int | None = None) -> Machine:
    machine = Machine(VERSIONS[version])
    found = machine.load_elf(elf_of(*segments))
    assert charged is None or found == charged
    return machine


def page(machine: Machine, address: int) -> bytes:
    return machine.memory.read(address, 0x1000)


@every_version
def test_a_segment_fills_whole_pages_and_only_them(version: int) -> None:
    machine = loaded(version, Segment(DATA, b"\xee" * 0x1001, flags=R), charged=0x1001)
    assert page(machine, DATA) == b"\xee" * 0x1000
    assert page(machine, DATA + 0x1000) == b"\xee" + bytes(0xFFF)
    touched = {number: flags for number, flags in enumerate(machine.memory.flags) if flags}
    assert touched == {0x20: FREEZED | DIRTY, 0x21: FREEZED | DIRTY}


@every_version
def test_memory_beyond_the_file_bytes_is_zero(version: int) -> None:
    machine = loaded(version, Segment(DATA, b"\xee" * 3, flags=R | W, memsz=0x2000), charged=3)
    assert machine.memory.read(DATA, 0x2000) == b"\xee" * 3 + bytes(0x1FFD)
    assert machine.memory.flags[0x21] & DIRTY


@every_version
def test_data_need_not_start_on_a_page(version: int) -> None:
    machine = loaded(version, Segment(DATA + 0xFFF, b"\xee" * 2, flags=R | W), charged=2)
    assert machine.memory.read(DATA, 0x2000) == bytes(0xFFF) + b"\xee\xee" + bytes(0xFFF)


@every_version
def test_file_bytes_past_the_memory_size_appear_up_to_the_page_end(version: int) -> None:
    machine = loaded(version, Segment(DATA + 0xFF0, b"\xee" * 0x30, flags=R | W, memsz=1), charged=0x30)
    assert machine.memory.read(DATA + 0xFF0, 0x30) == b"\xee" * 0x10 + bytes(0x20)


@every_version
def test_a_segment_of_no_memory_loads_nothing_and_is_charged(version: int) -> None:
    for address in (DATA, SIZE):
        machine = loaded(version, Segment(address, b"\xee" * 5, memsz=0), charged=5)
        assert not any(machine.memory.flags)
        assert machine.memory.read(DATA, 5) == bytes(5)


@every_version
def test_a_size_that_wraps_to_nothing(version: int) -> None:
    machine = loaded(version, Segment(DATA, b"\xee" * 5, memsz=TOP - 1), charged=5)
    assert not any(machine.memory.flags)
    with fails(MemOutOfBound):  # the padding is more than the size
        loaded(version, Segment(DATA + 1, memsz=TOP - 1))


@every_version
@pytest.mark.parametrize(
    ("address", "size"), [(SIZE, 1), (SIZE - 0x1000, 0x1001), (0, SIZE + 1), (SIZE + 0x1000, 0), (TOP - 0x1000, 1)]
)
def test_segments_must_lie_in_memory(address: int, size: int, version: int) -> None:
    with fails(MemOutOfBound):
        loaded(version, Segment(address, memsz=size))


@every_version
def test_a_segment_may_take_the_whole_memory(version: int) -> None:
    machine = loaded(version, Segment(0, EXIT_0, memsz=SIZE), charged=12)
    assert set(machine.memory.flags) == {EXECUTABLE | FREEZED | DIRTY}


def test_code_within_its_page_loads_from_version_1_on() -> None:
    """Version 0 stores zeros before the segment once more, on pages that are executable by then."""
    segment = Segment(CODE + 0x100, EXIT_0)
    with fails(MemWriteOnExecutablePage):
        loaded(0, segment)
    for version in (1, 2):
        assert page(loaded(version, segment), CODE) == bytes(0x100) + EXIT_0 + bytes(0x1000 - 0x100 - 12)


KINDS = {"code": R | X, "constants": R, "data": R | W}


@every_version
@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_only_data_may_be_mapped_over_and_not_in_version_0(first: str, second: str, version: int) -> None:
    segments = (Segment(DATA, b"\xee" * 16, flags=KINDS[first]), Segment(DATA, b"\xdd" * 2, flags=KINDS[second]))
    if version == 0 or first != "data":
        with fails(MemWriteOnFreezedPage):
            loaded(version, *segments)
    else:
        machine = loaded(version, *segments, charged=18)
        assert page(machine, DATA) == b"\xdd\xdd" + bytes(0xFFE)


@since_version_1
def test_the_second_segment_wipes_just_the_pages_it_shares(version: int) -> None:
    machine = loaded(
        version,
        Segment(DATA, b"\xee" * 0x2000, flags=R | W),
        Segment(DATA + 0x1800, b"\xdd" * 4, flags=R),
        charged=0x2004,
    )
    assert page(machine, DATA) == b"\xee" * 0x1000
    assert page(machine, DATA + 0x1000) == bytes(0x800) + b"\xdd" * 4 + bytes(0x7FC)
    assert machine.memory.flags[0x20:0x22] == bytes([DIRTY, DIRTY | FREEZED])


@since_version_1
def test_flags_of_a_shared_page_add_up(version: int) -> None:
    machine = loaded(version, Segment(DATA, b"\xee", flags=R | W), Segment(DATA, EXIT_0, flags=R | X))
    assert machine.memory.flags[0x20] == EXECUTABLE | FREEZED | DIRTY


@every_version
def test_a_frozen_segment_can_be_written_at_run_time(version: int) -> None:
    machine = loaded(version, Segment(DATA, b"\xee", flags=R))
    machine.memory.store(DATA, 1, 0xDD)
    assert machine.memory.load(DATA, 1) == 0xDD


@every_version
def test_the_entry_is_not_looked_at(version: int) -> None:
    for entry in (0, CODE + 1, SIZE, TOP - 1):
        machine = Machine(VERSIONS[version])
        machine.load_elf(elf_of(Segment(CODE, EXIT_0), entry=entry))
        assert machine.this_pc == entry


@every_version
def test_a_program_at_an_odd_address_runs(version: int) -> None:
    """Jumps keep the odd bit: jal x0, 8 (over an illegal word) lands on the exit."""
    jump_over = bytes.fromhex("6f008000 00000000") + EXIT_0
    machine = Machine(VERSIONS[version])
    machine.load_program(elf_of(Segment(CODE, b"\0" + jump_over), entry=CODE + 1))
    assert machine.run() == 0
    assert machine.this_pc == CODE + 1 + 8 + 12


@every_version
def test_the_code_of_a_big_endian_file_is_little_endian(version: int) -> None:
    machine = Machine(VERSIONS[version])
    machine.load_program(elf_of(Segment(CODE, EXIT_0), order=">"))
    assert machine.run() == 0


@pytest.mark.parametrize(("version", "stack"), [(0, 8), (1, 16), (2, 16)])
def test_a_program_is_charged_for_its_file_bytes_and_its_stack(version: int, stack: int) -> None:
    machine = Machine(VERSIONS[version])
    file = elf_of(Segment(CODE, EXIT_0), Segment(DATA, b"x" * 7, flags=R | W), Segment(0, b"yyy", type=4))
    assert machine.load_program(file) == 12 + 7 + stack
    assert (machine.cycles, machine.this_pc, machine.registers[2]) == (0, CODE, SIZE - stack)
    assert [value for number, value in enumerate(machine.registers) if number != 2] == [0] * 31


@every_version
def test_all_headers_are_read_before_anything_is_mapped(version: int) -> None:
    machine = Machine(VERSIONS[version])
    with fails(ElfSegmentUnreadable):
        machine.load_elf(elf_of(Segment(CODE, EXIT_0), Segment(DATA, b"x", flags=W)))
    assert not any(machine.memory.flags)


@every_version
def test_pc_is_set_only_when_all_is_loaded(version: int) -> None:
    machine = Machine(VERSIONS[version])
    with pytest.raises(VmError):
        machine.load_elf(elf_of(Segment(CODE, EXIT_0), Segment(SIZE, b"x")))
    assert machine.this_pc == 0
