"""Blocks of memory that are used again: nothing of what one machine wrote is there for the next."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from spawnlab.vm import elf, host_memory
from spawnlab.vm.engines import NAMES, engine
from spawnlab.vm.errors import VmError
from spawnlab.vm.host_memory import BLOCKS_MAX
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED, MEMORY_SIZE, PAGES, Memory
from spawnlab.vm.snapshot import SnapshotContext
from spawnlab.vm.version import VERSIONS

from .support import CODE, EXIT_0, R, Segment, W, elf_of, machine_of

BLOCKS = host_memory._blocks  # pyright: ignore[reportPrivateUsage]


@pytest.fixture(autouse=True)
def _no_blocks() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    gc.collect()
    BLOCKS.clear()
    yield
    BLOCKS.clear()


def is_new(memory: Memory) -> bool:
    return bytes(memory.data) == bytes(MEMORY_SIZE) and bytes(memory.flags) == bytes(PAGES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_machine_wrote_is_gone(name: str) -> None:
    text = (
        "li t0, 50\nagain: sd t0, -8(sp); li t1, 0x20000; sd t0, 2(t1); sb t0, -1(sp); addi t0, t0, -1; bnez t0, again"
    )
    machine = machine_of(f"{text}; li a7, 93; ecall", registers={2: MEMORY_SIZE})
    machine.engine = engine(name)
    assert machine.run() == 0
    assert not is_new(machine.memory)
    machine.memory.reusable = True
    del machine
    gc.collect()
    assert len(BLOCKS) == 1
    assert is_new(Memory())
    assert not BLOCKS


def test_pages_that_have_lost_their_mark_are_cleared() -> None:
    class Source:
        def load_data(self, piece: int, offset: int, length: int) -> tuple[bytes, int]:
            return bytes(length), length

    machine = machine_of("nop")
    machine.memory.write(0x30000, b"x" * 0x2000)
    SnapshotContext(Source()).track(machine, 0x30000, 0x2000, 1, 0)
    assert bytes(machine.memory.flags[0x30:0x32]) == bytes(2)
    machine.memory.reusable = True
    del machine
    gc.collect()
    assert len(BLOCKS) == 1
    assert is_new(Memory())


def test_what_somebody_still_sees_is_not_used_again() -> None:
    memory = Memory()
    seen = memory.data[:16]
    memory.write(3, b"abc")
    memory.reusable = True
    del memory
    gc.collect()
    assert not BLOCKS
    assert bytes(seen[3:6]) == b"abc"


def test_what_nobody_allowed_is_not_used_again() -> None:
    Memory()
    gc.collect()
    assert not BLOCKS


def test_only_so_many_are_kept() -> None:
    made = [Memory() for _ in range(BLOCKS_MAX + 3)]
    while made:
        made.pop().reusable = True
    gc.collect()
    assert len(BLOCKS) == BLOCKS_MAX


def test_an_executable_page_is_none_in_the_next() -> None:
    memory = Memory()
    memory.init_pages(CODE, 0x1000, EXECUTABLE | FREEZED, b"\x13\0\0\0")
    memory.reusable = True
    del memory
    gc.collect()
    following = Memory()
    assert is_new(following)
    assert following.image is None
    assert following.is_untouched()


# Images that machines share

DATA = 0x40000
LARGE_DATA = Segment(DATA, b"\x07" * elf.SHARED_MIN, flags=R | W)
LARGE = elf_of(Segment(CODE, EXIT_0), LARGE_DATA)
OVERLAPPING = elf_of(Segment(CODE, EXIT_0), LARGE_DATA, Segment(CODE, b"again"))


def loaded(file: bytes, version: int = 2) -> Machine:
    machine = Machine(VERSIONS[version])
    machine.load_elf(file)
    return machine


def state(machine: Machine) -> tuple[bytes, bytes]:
    return bytes(machine.memory.data), bytes(machine.memory.flags)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_shared_image_is_what_is_mapped_otherwise(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = loaded(LARGE, version)
    monkeypatch.setattr(elf, "SHARED_MIN", 1 << 30)
    mapped = loaded(LARGE, version)
    assert state(shared) == state(mapped)
    assert shared.memory.image is mapped.memory.image
    assert shared.run() == mapped.run() == 0


def test_who_writes_to_a_shared_image_writes_for_himself() -> None:
    one, other = loaded(LARGE), loaded(LARGE)
    before = state(other)
    one.memory.write(DATA + 100, b"x" * 8192)
    one.memory.flags[0] |= DIRTY
    assert state(one) != before
    assert state(other) == before
    assert state(loaded(LARGE)) == before


def test_a_shared_image_costs_what_is_touched() -> None:
    """A block that is mapped is not one that is used again: clearing it would cost all of it."""
    machine = loaded(LARGE)
    assert len(BLOCKS) == 1  # the one it would have had
    machine.memory.reusable = True
    del machine
    gc.collect()
    assert len(BLOCKS) == 1
    assert is_new(Memory())


def test_where_the_host_is_out_of_files_the_image_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = state(loaded(LARGE))

    def refuse(self: host_memory.SharedImage) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(host_memory.SharedImage, "block", refuse)
    assert state(loaded(LARGE)) == expected


def test_a_large_file_that_cannot_be_mapped_fails_as_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was mapped before the error is there, since a program may go on with it."""

    def failed() -> tuple[str, tuple[bytes, bytes]]:
        machine = Machine(VERSIONS[0])
        with pytest.raises(VmError) as caught:
            machine.load_elf(OVERLAPPING)
        return str(caught.value), state(machine)

    shared = failed()
    monkeypatch.setattr(elf, "SHARED_MIN", 1 << 30)
    assert failed() == shared


# Memory that is filled


def test_filled_memory_holds_the_pattern_and_is_not_written() -> None:
    memory = Memory()
    memory.fill(b"abc", 3 * 0x1000 + 2)
    assert memory.read(0, 3 * 0x1000 + 4) == (b"abc" * 0x1001)[: 3 * 0x1000 + 2] + bytes(2)
    assert memory.is_untouched()
    assert not memory.is_zero()
    assert Memory().is_zero()


def test_the_block_of_filled_memory_is_not_used_again() -> None:
    memory = Memory()
    memory.fill(b"abc", 100)
    memory.reusable = True
    del memory
    gc.collect()
    assert not BLOCKS
    assert is_new(Memory())


def test_a_large_file_is_copied_into_filled_memory() -> None:
    machine = Machine(VERSIONS[2])
    machine.memory.fill(b"abc", MEMORY_SIZE)
    machine.load_elf(LARGE)
    plain = loaded(LARGE)
    assert bytes(machine.memory.flags) == bytes(plain.memory.flags)
    assert machine.memory.read(DATA, elf.SHARED_MIN) == LARGE_DATA.content
    behind = DATA + elf.SHARED_MIN
    assert machine.memory.read(behind, 6) == (b"abc" * 3)[behind % 3 : behind % 3 + 6]
    assert machine.memory.image is LARGE
    assert machine.run() == 0
