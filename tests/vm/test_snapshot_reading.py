"""Reading a machine at rest: the bytes are those that it has when it is resumed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.transaction import DataPieceId
from spawnlab.vm.errors import MemOutOfBound
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import MEMORY_SIZE, PAGE_SIZE, Memory
from spawnlab.vm.snapshot import DirtyPages, SnapshotContext, SourcePages, read_snapshot
from spawnlab.vm.version import VERSIONS

from .test_snapshot_file import DATA, PIECE, loaded

machine, context = loaded()
machine.run(500)
FROZEN = context.make_snapshot(machine)
RESUMED = Machine(VERSIONS[2])
SnapshotContext(DATA).resume(RESUMED, FROZEN)


def test_all_of_it() -> None:
    assert FROZEN.source_pages
    assert FROZEN.dirty_pages
    assert read_snapshot(FROZEN, DATA, 0, MEMORY_SIZE) == RESUMED.memory.data[:]


@given(st.integers(0, MEMORY_SIZE), st.integers(0, 3 * PAGE_SIZE))
def test_any_part(address: int, size: int) -> None:
    size = min(size, MEMORY_SIZE - address)
    assert read_snapshot(FROZEN, DATA, address, size) == RESUMED.memory.read(address, size)


@pytest.mark.parametrize("run", [*FROZEN.source_pages, *FROZEN.dirty_pages])
def test_the_edges_of_each_run(run: SourcePages[DataPieceId] | DirtyPages) -> None:
    address = run.address
    for start in (address - PAGE_SIZE, address - 1, address, address + PAGE_SIZE - 1):
        size = min(PAGE_SIZE, MEMORY_SIZE - start)
        assert read_snapshot(FROZEN, DATA, start, size) == RESUMED.memory.read(start, size)


def test_beyond_the_end() -> None:
    with pytest.raises(MemOutOfBound):
        read_snapshot(FROZEN, DATA, MEMORY_SIZE - 1, 2)


def test_a_piece_that_is_gone_reads_as_zeros() -> None:
    """Resuming would fail; looking does not."""
    page = msgspec.structs.replace(FROZEN.source_pages[0], source=msgspec.structs.replace(PIECE, index=9))
    other = msgspec.structs.replace(FROZEN, source_pages=(page,), dirty_pages=())
    assert read_snapshot(other, DATA, page.address, page.length) == bytes(page.length)


def test_what_is_in_no_page_is_the_memorys_that_it_is_resumed_on() -> None:
    fresh, filled = Memory(), Machine(VERSIONS[2])
    for memory in (fresh, filled.memory):
        memory.fill(b"pattern", MEMORY_SIZE)
    SnapshotContext(DATA).resume(filled, FROZEN)
    whole = read_snapshot(FROZEN, DATA, 0, MEMORY_SIZE, fresh)
    assert whole == filled.memory.data[:] != RESUMED.memory.data[:]
    assert read_snapshot(FROZEN, DATA, 12345, 67, fresh) == whole[12345 : 12345 + 67]
