"""Pages, flags, bounds (``vm-memory``): each rule, and that a failed access changes nothing."""

from __future__ import annotations

import pytest

from spawnlab.vm.errors import (
    MemOutOfBound,
    MemPageUnalignedAccess,
    MemWriteOnExecutablePage,
    MemWriteOnFreezedPage,
)
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED, MEMORY_SIZE, Memory

TOP = 1 << 64


@pytest.fixture
def memory() -> Memory:
    made = Memory()
    made.flags[2] = EXECUTABLE | FREEZED
    made.flags[4] = FREEZED
    return made


def test_all_memory_is_zero_and_writable(memory: Memory) -> None:
    assert memory.load(0, 8) == 0
    memory.store(MEMORY_SIZE - 8, 8, TOP - 2)
    assert memory.load(MEMORY_SIZE - 8, 8) == TOP - 2


def test_numbers_are_little_endian_and_cut_to_their_width(memory: Memory) -> None:
    memory.store(0x101, 2, 0x12345)
    assert memory.read(0x100, 4) == b"\x00\x45\x23\x00"
    assert memory.load(0x101, 1) == 0x45


@pytest.mark.parametrize("address", [MEMORY_SIZE, MEMORY_SIZE - 7, TOP - 8, TOP - 1])
def test_out_of_bound(memory: Memory, address: int) -> None:
    for access in (
        lambda: memory.load(address, 8),
        lambda: memory.store(address, 8, 1),
        lambda: memory.read(address, 8),
        lambda: memory.write(address, bytes(8)),
    ):
        with pytest.raises(MemOutOfBound, match=f"8 bytes at 0x{address:x}"):
            access()
    assert not any(flags & DIRTY for flags in memory.flags)


@pytest.mark.parametrize("address", [MEMORY_SIZE, MEMORY_SIZE + 1, TOP - 1])
def test_nothing_is_always_there(memory: Memory, address: int) -> None:
    assert memory.read(address, 0) == b""
    memory.write(address, b"")


@pytest.mark.parametrize("address", [0x2000, 0x2FFF, 0x1FFD])
def test_executable_pages_cannot_be_written(memory: Memory, address: int) -> None:
    for access in (lambda: memory.store(address, 8, TOP - 1), lambda: memory.write(address, b"\xff" * 8)):
        with pytest.raises(MemWriteOnExecutablePage):
            access()
    assert memory.read(0x1FF0, 0x20) == bytes(0x20)
    assert memory.load(0x2000, 8) == 0


def test_frozen_pages_can_be_written(memory: Memory) -> None:
    memory.store(0x4000, 8, 1)
    assert memory.flags[4] == FREEZED | DIRTY


def test_every_touched_page_becomes_dirty(memory: Memory) -> None:
    memory.store(0x5FFF, 2, 1)
    memory.write(0x7FFF, bytes(0x1002))
    assert [page for page, flags in enumerate(memory.flags) if flags & DIRTY] == [5, 6, 7, 8, 9]


def test_fetch_reads_two_or_four_bytes(memory: Memory) -> None:
    memory.data[0x2000:0x2008] = bytes.fromhex("0100 1305 b503 0100")
    assert memory.fetch(0x2000) == 0x0001
    assert memory.fetch(0x2002) == 0x03B50513


def test_fetch_wants_executable_pages(memory: Memory) -> None:
    with pytest.raises(MemWriteOnExecutablePage, match="0x3000 is not executable"):
        memory.fetch(0x3000)
    with pytest.raises(MemOutOfBound):
        memory.fetch(MEMORY_SIZE)


@pytest.mark.parametrize(("offset", "needs_next"), [(0xFFC, False), (0xFFD, True), (0xFFE, False), (0xFFF, True)])
def test_fetch_of_16_bits_at_the_page_end(memory: Memory, offset: int, needs_next: bool) -> None:
    """Up to 0xffd four bytes are read whatever the instruction; from 0xffe on two."""
    memory.data[0x2000 + offset] = 0x01
    if needs_next:
        with pytest.raises(MemWriteOnExecutablePage):
            memory.fetch(0x2000 + offset)
    else:
        assert memory.fetch(0x2000 + offset) == 1


def test_fetch_of_32_bits_over_the_page_end(memory: Memory) -> None:
    memory.data[0x2FFE:0x3002] = (0x00000073).to_bytes(4, "little")
    with pytest.raises(MemWriteOnExecutablePage):
        memory.fetch(0x2FFE)
    memory.flags[3] = EXECUTABLE
    assert memory.fetch(0x2FFE) == 0x73


def test_fetch_over_the_end_of_memory(memory: Memory) -> None:
    memory.flags[1023] = EXECUTABLE
    memory.data[MEMORY_SIZE - 2] = 0x73
    with pytest.raises(MemOutOfBound):
        memory.fetch(MEMORY_SIZE - 2)


def test_init_pages_fills_and_flags(memory: Memory) -> None:
    memory.write(0x8000, b"\xff" * 0x3000)
    memory.init_pages(0x8000, 0x2000, FREEZED, b"abc", 5)
    assert memory.read(0x8000, 0x10) == bytes(5) + b"abc" + bytes(8)
    assert memory.read(0x9FF0, 0x20) == bytes(0x10) + b"\xff" * 0x10
    assert memory.flags[8:11] == bytes([FREEZED | DIRTY, FREEZED | DIRTY, DIRTY])


def test_init_pages_cuts_the_source(memory: Memory) -> None:
    memory.init_pages(0x8000, 0x1000, 0, b"x" * 0x2000, 0xFF0)
    assert memory.read(0x8FEF, 0x12) == b"\0" + b"x" * 16 + b"\0"


@pytest.mark.parametrize(
    ("address", "size", "offset", "error"),
    [
        (0x8001, 0x1000, 0, MemPageUnalignedAccess),
        (0x8000, 0x1001, 0, MemPageUnalignedAccess),
        (0x8000, TOP - 1, 0, MemPageUnalignedAccess),
        (MEMORY_SIZE + 1, 0x1000, 0, MemPageUnalignedAccess),
        (MEMORY_SIZE, 0x1000, 0, MemOutOfBound),
        (MEMORY_SIZE + 0x1000, 0, 0, MemOutOfBound),
        (0, MEMORY_SIZE + 0x1000, 0, MemOutOfBound),
        (0x8000, 0x1000, 0x1001, MemOutOfBound),
        (0x1000, 0x2000, 0, MemWriteOnFreezedPage),
        (0x4000, 0x1000, 0, MemWriteOnFreezedPage),
    ],
)
def test_init_pages_refuses(memory: Memory, address: int, size: int, offset: int, error: type[Exception]) -> None:
    before = bytes(memory.flags)
    with pytest.raises(error):
        memory.init_pages(address, size, 0, b"x", offset)
    assert memory.flags == before
    assert bytes(memory.data).count(0) == MEMORY_SIZE


def test_init_pages_of_nothing_at_the_end(memory: Memory) -> None:
    memory.init_pages(MEMORY_SIZE, 0, FREEZED, b"")


def test_c_strings(memory: Memory) -> None:
    memory.write(0x8000, b"ab\0")
    assert memory.read_c_string(0x8000) == b"ab"
    assert memory.read_c_string(0x8002) == b""
    memory.write(MEMORY_SIZE - 2, b"zz")
    for address in (MEMORY_SIZE - 2, MEMORY_SIZE, TOP - 1):
        with pytest.raises(MemOutOfBound):
            memory.read_c_string(address)


def test_pages_before_one_that_is_frozen_keep_the_new_flags(memory: Memory) -> None:
    """But nothing is written to them."""
    memory.store(0x3000, 8, 7)
    with pytest.raises(MemWriteOnFreezedPage):
        memory.init_pages(0x3000, 0x3000, EXECUTABLE, b"content")
    assert [memory.flags[page] & ~DIRTY for page in (3, 4, 5)] == [EXECUTABLE, FREEZED, 0]
    assert memory.load(0x3000, 8) == 7
