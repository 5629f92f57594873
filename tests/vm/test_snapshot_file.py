"""Snapshots as bytes: a round trip, a resume that no program sees, and no bytes that are misread."""

from __future__ import annotations

import hashlib
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.scheduler.mockup import mock_group
from spawnlab.scheduler.transaction import DataPieceId, Place
from spawnlab.vm import elf
from spawnlab.vm.assembler import assemble
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import MEMORY_SIZE, PAGE_SIZE
from spawnlab.vm.sealed import CorruptFileError, seal
from spawnlab.vm.snapshot import DirtyPages, Snapshot, SnapshotContext, SourcePages
from spawnlab.vm.snapshot_file import KIND, VERSION, snapshot_from_bytes, snapshot_to_bytes
from spawnlab.vm.version import VERSIONS

U64 = st.integers(0, 2**64 - 1)
PIECE = DataPieceId(Place.CELL_DEP, 0)
Frozen = Snapshot[DataPieceId]

# Stirs registers and three pages of memory: the stack, data from the file, and zeros.
PROGRAM = assemble(
    """
      la s0, table
      li s1, 200
    again:
      ld t0, 0(s0)
      addi t0, t0, 7
      sd t0, 0(s0)
      addi sp, sp, -8
      sd t0, 0(sp)
      mulhu t1, t0, s1
      mul t2, t0, s1
      la t3, far
      add t3, t3, t2
      sd t1, 0(t3)
      addi s1, s1, -1
      bnez s1, again
      lbu a0, 0(s0)
      li a7, 93
      ecall
      .zero 5000
    .data
    table: .dword 5
      .zero 8192
    .bss
    far: .zero 2000000
    """
).elf()
DATA = mock_group([PROGRAM])


@st.composite
def snapshots(draw: st.DrawFn) -> Frozen:
    """Any snapshot that a machine can be resumed from: up to six runs of pages, apart from each other."""
    edges = sorted(draw(st.sets(st.integers(0, MEMORY_SIZE // PAGE_SIZE), max_size=12)))
    runs = [(start, min(end, start + 3)) for start, end in zip(edges[::2], edges[1::2], strict=False)]
    source: list[SourcePages[DataPieceId]] = []
    dirty: list[DirtyPages] = []
    for start, end in runs:
        address, length, flags = start * PAGE_SIZE, (end - start) * PAGE_SIZE, draw(st.integers(0, 3))
        if draw(st.booleans()):
            piece = DataPieceId(draw(st.sampled_from(Place)), draw(st.integers(0, 2**32 - 1)))
            source.append(SourcePages(address, flags, piece, draw(U64), length))
        else:
            dirty.append(DirtyPages(address, flags | 4, random.Random(start).randbytes(length)))
    return Snapshot(
        version=draw(st.integers(0, 2)),
        pc=draw(U64),
        cycles=draw(U64),
        max_cycles=draw(U64),
        reservation_address=draw(U64),
        registers=(0, *draw(st.lists(U64, min_size=31, max_size=31))),
        source_pages=tuple(source),
        dirty_pages=tuple(dirty),
    )


@given(snapshots())
def test_a_snapshot_comes_back_from_its_bytes(snapshot: Frozen) -> None:
    content = snapshot_to_bytes(snapshot)
    again = snapshot_from_bytes(content, DataPieceId)
    assert again == snapshot
    assert snapshot_to_bytes(again) == content


def loaded() -> tuple[Machine, SnapshotContext[DataPieceId]]:
    machine, context = Machine(VERSIONS[2]), SnapshotContext(DATA)
    machine.load_program(PROGRAM)
    context.track_program(machine, elf.parse(PROGRAM, 2), PIECE, 0)
    return machine, context


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 500), max_size=4))
def test_a_program_sees_nothing_of_being_frozen(steps: list[int]) -> None:
    whole, _ = loaded()
    code = whole.run()
    machine, context = loaded()
    for count in steps:
        if machine.run(count) is not None:
            break
        frozen = snapshot_from_bytes(snapshot_to_bytes(context.make_snapshot(machine)), DataPieceId)
        machine, context = Machine(VERSIONS[2]), SnapshotContext(DATA)
        context.resume(machine, frozen)
    ended = machine.exit_code if not machine.running else machine.run()
    assert (ended, machine.cycles, machine.registers) == (code, whole.cycles, whole.registers)
    assert machine.memory.data[:] == whole.memory.data[:]
    assert machine.memory.flags == whole.memory.flags


def test_pages_that_did_not_change_are_referred_to() -> None:
    machine, context = loaded()
    machine.run(3)
    snapshot = context.make_snapshot(machine)
    code = snapshot.source_pages[0]
    assert (code.address, code.length, code.source, code.offset) == (0x10000, 4096, PIECE, 4096)
    assert all(run.address > 0x10000 for run in snapshot.dirty_pages)


GOOD = snapshot_to_bytes(
    Snapshot(
        version=2, pc=1, cycles=2, max_cycles=3, reservation_address=4, registers=(0,) * 32,
        source_pages=(SourcePages(0x10000, 3, PIECE, 0, 4096),), dirty_pages=(DirtyPages(0x20000, 4, bytes(4096)),),
    )
)  # fmt: skip


def refused(content: bytes) -> str:
    with pytest.raises(CorruptFileError) as caught:
        snapshot_from_bytes(content, DataPieceId)
    return str(caught.value)


@pytest.mark.parametrize("size", [*range(0, 120, 7), *range(120, len(GOOD), 311), len(GOOD) - 1])
def test_a_file_cut_anywhere_is_refused(size: int) -> None:
    assert refused(GOOD[:size]).startswith("byte ")


def test_a_flipped_bit_anywhere_is_refused() -> None:
    generator = random.Random(1)
    for _ in range(2000):
        damaged = bytearray(GOOD)
        damaged[generator.randrange(len(GOOD))] ^= 1 << generator.randrange(8)
        refused(bytes(damaged))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    refused(content)
    refused(KIND + bytes((VERSION,)) + content)
    sealed = KIND + bytes((VERSION,)) + content
    refused(sealed + hashlib.sha256(sealed).digest())


def test_another_version_is_refused() -> None:
    assert refused(seal(KIND, 2, {})) == "byte 17: version 2; this program reads version 1"
    assert refused(seal(b"SPAWNLAB-OTHERFILE", 1, {})) == "byte 0: not a SPAWNLAB-SNAPSHOT file"


SNAPSHOT: Frozen = snapshot_from_bytes(GOOD, DataPieceId)
DIRTY_PAGE, SOURCE_PAGE = SNAPSHOT.dirty_pages[0], SNAPSHOT.source_pages[0]
HOSTILE: list[tuple[dict[str, object], str]] = [
    ({"version": 3}, "version: 3 is not 0, 1 or 2"),
    ({"registers": (0,) * 31}, "registers: there must be 32"),
    ({"registers": (1, *(0,) * 31)}, "registers: there must be 32, the first of them 0"),
    ({"registers": (*(0,) * 31, -1)}, "pc, cycles, registers: a number is not between 0 and 2^64 - 1"),
    ({"pc": -1}, "pc, cycles, registers: a number"),
    ({"cycles": -1}, "pc, cycles, registers: a number"),
    ({"pc": "x"}, "byte 18 on: Expected `int`"),
    ({"dirty_pages": (DirtyPages(1, 4, bytes(4096)),)}, "dirty_pages: 0x1, 4096 bytes, are not whole pages"),
    ({"dirty_pages": (DirtyPages(0, 4, bytes(4095)),)}, "dirty_pages: 0x0, 4095 bytes, are not whole pages"),
    ({"dirty_pages": (DirtyPages(0, 4, b""),)}, "dirty_pages: 0x0, 0 bytes, are not whole pages"),
    ({"dirty_pages": (DirtyPages(4 << 20, 4, bytes(4096)),)}, "dirty_pages: 0x400000, 4096 bytes, overlap others"),
    ({"dirty_pages": (DirtyPages(-4096, 4, bytes(4096)),)}, "dirty_pages: 0x-1000, 4096 bytes, overlap others"),
    ({"dirty_pages": (DirtyPages(0x10000, 4, bytes(4096)),)}, "dirty_pages: 0x10000, 4096 bytes, overlap others"),
    ({"dirty_pages": (DIRTY_PAGE, DIRTY_PAGE)}, "dirty_pages: 0x20000, 4096 bytes, overlap others"),
    ({"dirty_pages": (DirtyPages(0, 0, bytes(4096)),)}, "dirty_pages: 0x0 has flags 0"),
    ({"source_pages": (msgspec.structs.replace(SOURCE_PAGE, flags=4),)}, "source_pages: 0x10000 has flags 4"),
    ({"source_pages": (msgspec.structs.replace(SOURCE_PAGE, flags=8),)}, "source_pages: 0x10000 has flags 8"),
    ({"source_pages": (msgspec.structs.replace(SOURCE_PAGE, offset=-1),)}, "source_pages: an offset is not between"),
    ({"source_pages": (msgspec.structs.replace(SOURCE_PAGE, length=2**63),)}, "source_pages: 0x10000, 92233720368"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_well_sealed_file_with_wrong_contents_is_refused(change: dict[str, object], expected: str) -> None:
    body = {**msgspec.structs.asdict(SNAPSHOT), **change}
    assert refused(seal(KIND, VERSION, body)).startswith(expected)
