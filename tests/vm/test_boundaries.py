"""The last that fits and the first that does not: addresses (``vm-memory`` §3), mapping, arguments (§6)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.vm.errors import (
    MemOutOfBound,
    MemOutOfStack,
    MemPageUnalignedAccess,
    MemWriteOnExecutablePage,
    MemWriteOnFreezedPage,
    VmError,
)
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED, Memory
from spawnlab.vm.stack import initialize

from .support import ALL_VERSIONS, SIZE, TOP, fails, machine_of

every_version = pytest.mark.parametrize("version", ALL_VERSIONS)
LOADS = {"lb": 1, "lbu": 1, "lh": 2, "lhu": 2, "lw": 4, "lwu": 4, "ld": 8}
STORES = {"sb": 1, "sh": 2, "sw": 4, "sd": 8}


def error_of(text: str, version: int, address: int) -> type[VmError] | None:
    """What one instruction with ``address`` in a1 ends with."""
    machine = machine_of(text, version, registers={11: address, 2: address})
    try:
        machine.step()
    except VmError as error:
        return type(error)
    return None


@every_version
@pytest.mark.parametrize("load", LOADS)
def test_loads_reach_the_last_byte_but_not_in_version_0(load: str, version: int) -> None:
    last = SIZE - LOADS[load] - (1 if version == 0 else 0)
    text = f"{load} x0, 0(a1)"
    assert [error_of(text, version, address) for address in (0, last, last + 1, SIZE, 1 << 32, TOP - 1)] == [
        None,
        None,
        *[MemOutOfBound] * 4,
    ]


@every_version
@pytest.mark.parametrize("store", STORES)
def test_stores_reach_the_last_byte_in_every_version(store: str, version: int) -> None:
    last = SIZE - STORES[store]
    text = f"{store} a0, 0(a1)"
    assert [error_of(text, version, address) for address in (0, last, last + 1, SIZE, 1 << 32, TOP - 1)] == [
        None,
        None,
        *[MemOutOfBound] * 4,
    ]


@pytest.mark.parametrize(("load", "width"), [("c.lwsp a0, 0(sp)", 4), ("c.ldsp a0, 0(sp)", 8), ("c.ld a0, 0(a1)", 8)])
def test_compressed_loads_are_loads(load: str, width: int) -> None:
    assert [error_of(load, version, SIZE - width) for version in ALL_VERSIONS] == [MemOutOfBound, None, None]
    assert error_of(load, 0, SIZE - width - 1) is None


@every_version
def test_addresses_wrap_at_64_bits_before_they_are_looked_at(version: int) -> None:
    assert error_of("sd a0, 16(a1)", version, TOP - 8) is None
    assert error_of("ld a0, -2048(a1)", version, 2040) is MemOutOfBound
    assert error_of("ld a0, -2048(a1)", version, 2048) is None


def test_system_calls_read_and_write_the_last_byte_in_version_0_too() -> None:
    memory = machine_of("ecall", 0).memory
    memory.write(SIZE - 2, b"ab")
    assert memory.read(SIZE - 2, 2) == b"ab"
    assert memory.read_c_string(SIZE - 3) == b""
    for size in (3, SIZE + 1, TOP - SIZE + 2):
        with fails(MemOutOfBound):
            memory.read(SIZE - 2, size)


@every_version
def test_stores_to_code_fail_and_loads_from_it_do_not(version: int) -> None:
    assert error_of("sb a0, 0(a1)", version, 0x10000) is MemWriteOnExecutablePage
    assert error_of("sd a0, 0(a1)", version, 0x10000 - 7) is MemWriteOnExecutablePage
    assert error_of("sd a0, 0(a1)", version, 0x11000 - 1) is MemWriteOnExecutablePage
    assert error_of("sd a0, 0(a1)", version, 0x10000 - 8) is None
    assert error_of("sd a0, 0(a1)", version, 0x11000) is None
    assert error_of("ld a0, 0(a1)", version, 0x11000 - 1) is None


@pytest.mark.parametrize("first", [True, False], ids=["first page", "second page"])
def test_a_store_over_two_pages_writes_all_or_nothing(first: bool) -> None:
    memory = Memory()
    memory.write(0x5FF8, b"\x11" * 16)
    memory.flags[5 if first else 6] |= EXECUTABLE
    for address in range(0x5FF9, 0x6000):
        with fails(MemWriteOnExecutablePage):
            memory.store(address, 8, TOP - 1)
        with fails(MemWriteOnExecutablePage):
            memory.write(address, b"\xff" * 8)
    assert memory.read(0x5FF8, 16) == b"\x11" * 16


@given(address=st.integers(0x5FE0, 0x6020), width=st.sampled_from((1, 2, 4, 8)), value=st.integers(0, TOP - 1))
@settings(deadline=None)
def test_a_store_changes_its_bytes_and_no_others(address: int, width: int, value: int) -> None:
    memory = Memory()
    memory.write(0x5FC0, b"\xa5" * 0x80)
    memory.flags[5] = memory.flags[6] = FREEZED
    memory.store(address, width, value)
    at = address - 0x5FC0
    content = memory.read(0x5FC0, 0x80)
    assert content[at : at + width] == value.to_bytes(8, "little")[:width]
    assert memory.load(address, width) == value % (1 << 8 * width)
    assert content[:at] + content[at + width :] == b"\xa5" * (0x80 - width)
    touched = {page for page in (5, 6) if address < (page + 1) << 12 and address + width > page << 12}
    assert {page for page in (5, 6) if memory.flags[page] == FREEZED | DIRTY} == touched


# Mapping: of several errors, which comes first


def mapping_error(address: int, size: int, offset: int = 0) -> type[VmError] | None:
    memory = Memory()
    memory.flags[2] = memory.flags[1023] = FREEZED
    try:
        memory.init_pages(address, size, 0, b"", offset)
    except VmError as error:
        return type(error)
    return None


def test_alignment_comes_before_bounds_and_bounds_before_frozen_pages() -> None:
    assert mapping_error(SIZE + 1, 0) is MemPageUnalignedAccess
    assert mapping_error(0x2000, SIZE + 1) is MemPageUnalignedAccess
    assert mapping_error(0x2000, TOP - 0xFFF) is MemPageUnalignedAccess  # rounding wraps to 0
    assert mapping_error(0x2000, TOP - 0x1000) is MemOutOfBound
    assert mapping_error(0x2000, 0x1000, 0x1001) is MemOutOfBound
    assert mapping_error(SIZE - 0x1000, 0x2000) is MemOutOfBound
    assert mapping_error(0x2000, 0x1000, 0x1000) is MemWriteOnFreezedPage
    assert mapping_error(0x1000, 0x2000) is MemWriteOnFreezedPage


def test_ranges_that_can_just_be_mapped() -> None:
    assert mapping_error(SIZE, 0) is None
    assert mapping_error(0x2000, 0) is None  # no page, so none that is frozen
    assert mapping_error(0, 0x2000, 0x2000) is None
    assert mapping_error(0x3000, SIZE - 0x4000) is None


# Arguments


LARGEST = {0: (1 << 20) - 17, 1: (1 << 20) - 25, 2: (1 << 20) - 25}
"""Bytes of one argument: its NUL, and two words (from version 1 on three, and 16-byte alignment), make up 1 MiB."""


@every_version
def test_the_largest_argument(version: int) -> None:
    assert initialize(Memory(), version, 1, [b"x" * LARGEST[version]]) == (0x300000, 1 << 20)
    with fails(MemOutOfStack):
        initialize(Memory(), version, 1, [b"x" * (LARGEST[version] + 1)])


@every_version
def test_the_most_empty_arguments(version: int) -> None:
    """Each takes 9 bytes: a NUL and a pointer; argc another 8, from version 1 on NULL too."""
    most = ((1 << 20) - (8 if version == 0 else 16)) // 9
    sp, used = initialize(Memory(), version, most, [b""] * most)
    assert sp >= 0x300000
    assert used == SIZE - sp
    with fails(MemOutOfStack):
        initialize(Memory(), version, most + 1, [b""] * (most + 1))


def test_arguments_of_more_than_the_memory() -> None:
    """Version 2 looks after each argument; before it, the next one is stored below address 0."""
    four = [b"x" * (1 << 20)] * 4
    for version, error in ((0, MemOutOfBound), (1, MemOutOfBound), (2, MemOutOfStack)):
        with fails(error):
            initialize(Memory(), version, 4, four)
    with fails(MemOutOfBound):
        initialize(Memory(), 2, 1, [b"x" * SIZE])


@pytest.mark.parametrize(
    ("page", "errors"),
    [(0x2FF, [MemWriteOnExecutablePage] * 3), (0x2FE, [MemWriteOnExecutablePage] * 2 + [MemOutOfStack])],
)
def test_arguments_that_meet_code(page: int, errors: list[type[VmError]]) -> None:
    """The first ends at the stack's lowest byte, the second lies on the page below, the third on one more."""
    for version, error in zip(ALL_VERSIONS, errors, strict=True):
        memory = Memory()
        memory.flags[page] = EXECUTABLE
        with fails(error):
            initialize(memory, version, 3, [b"x" * ((1 << 20) - 1), b"y" * 100, b"z" * 4096])


@given(arguments=st.lists(st.binary(max_size=40).filter(lambda text: 0 not in text), min_size=1, max_size=12))
@settings(deadline=None)
def test_a_program_finds_its_arguments(arguments: list[bytes]) -> None:
    for version in ALL_VERSIONS:
        memory = Memory()
        sp, used = initialize(memory, version, len(arguments), arguments)
        assert used == SIZE - sp
        assert version == 0 or sp % 16 == 0
        assert memory.load(sp, 8) == len(arguments)
        pointers = [memory.load(sp + 8 * index, 8) for index in range(1, len(arguments) + 1)]
        assert [memory.read_c_string(pointer) for pointer in pointers] == arguments
        assert pointers == sorted(pointers, reverse=True)  # the first argument lies highest
        assert pointers[0] + len(arguments[0]) + 1 == SIZE
        end = sp + 8 * (len(arguments) + 1)
        assert version == 0 or memory.load(end, 8) == 0
        assert pointers[-1] - end in ({0} if version == 0 else range(8, 24))
