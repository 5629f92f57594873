"""Loading cell data, which has rules of its own beside those for parts (``syscalls`` §7, 2092)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.mockup import MockCell
from spawnlab.scheduler.transaction import DataPieceId, Place

from .environment import AS_TYPE, ENVIRONMENT
from .loads import BUFFER, DEP, GROUP, INPUT, LOAD_CELL_DATA, OUTPUT, ROOM, START, load, loaded
from .programs import MEMORY_END, TEXT, leave
from .runs import Played, play

U64_MAX = (1 << 64) - 1
FIRST_INPUT = b"first input"


def played(call: str) -> Played:
    return play(call + leave("a0"), **ENVIRONMENT)


@pytest.mark.parametrize(
    ("place", "data"),
    [
        ((0, INPUT), FIRST_INPUT),
        ((2, INPUT), b""),
        ((0, OUTPUT), b"first output"),
        ((1, DEP), b"a dep"),
        ((0, GROUP | INPUT), b"second"),
        ((2, GROUP | INPUT), b"without an input"),
    ],
)
def test_the_data_of_a_cell(place: tuple[int, int], data: bytes) -> None:
    got = loaded(LOAD_CELL_DATA, *place, **ENVIRONMENT)
    assert (got.answer, got.content, got.cycles) == (0, data, -(-len(data) // 4))


def test_the_data_of_a_type_groups_cells() -> None:
    assert loaded(LOAD_CELL_DATA, 0, GROUP | INPUT, **AS_TYPE).content == b"without an input"
    assert loaded(LOAD_CELL_DATA, 0, GROUP | OUTPUT, **AS_TYPE).content == b"second output"


@pytest.mark.parametrize(
    ("offset", "size", "length", "written", "cycles"),
    [
        (0, 11, 11, 11, 3),
        (0, 4, 11, 4, 1),
        (0, U64_MAX, 11, 11, 3),
        (7, 100, 4, 4, 1),
        (11, 100, 0, 0, 0),
        (12, 100, 0, 0, 0),
        (U64_MAX, 100, 0, 0, 0),
        (0, 0, 11, 0, 0),
        (4, 0, 7, 0, 0),
        (12, 0, 0, 0, 0),
    ],
)
def test_a_part(offset: int, size: int, length: int, written: int, cycles: int) -> None:
    got = loaded(LOAD_CELL_DATA, 0, INPUT, offset=offset, size=size, **ENVIRONMENT)
    assert (got.answer, got.length, got.cycles) == (0, length, cycles)
    assert got.buffer == (FIRST_INPUT[offset:][:written] + START[written:]).ljust(ROOM, b"\0")


@pytest.mark.parametrize(
    "place", [(6, INPUT), (3, OUTPUT), (2, DEP), (3, GROUP | INPUT), (1 << 32, INPUT), (1 << 32, DEP)]
)
def test_no_such_cell(place: tuple[int, int]) -> None:
    """An index of more than 32 bits is not cut."""
    assert loaded(LOAD_CELL_DATA, *place, **ENVIRONMENT).is_refusal(1)


def test_no_such_cell_comes_before_any_look_at_memory() -> None:
    run = played(load(LOAD_CELL_DATA, 6, INPUT, buffer=U64_MAX, length=U64_MAX))
    assert run.exit_code == 1


# A length of 0


@pytest.mark.parametrize("buffer", [U64_MAX, MEMORY_END, TEXT])
def test_s04_the_buffer_is_not_looked_at_for_a_length_of_0(buffer: int) -> None:
    run = played(load(LOAD_CELL_DATA, 0, INPUT, buffer=buffer, size=0))
    assert (run.exit_code, run.word(0, "length")) == (0, 11)


def test_the_length_word_must_be_writable_even_then() -> None:
    """The code's page ends in zeros, so this is a length of 0."""
    run = played(load(LOAD_CELL_DATA, 0, INPUT, length=TEXT + 4088))
    assert run.error == "MemWriteOnExecutablePage"


# Bad addresses


@pytest.mark.parametrize("length", [MEMORY_END, MEMORY_END - 7, U64_MAX])
def test_a_length_word_beyond_the_memory_is_a_fault(length: int) -> None:
    assert played(load(LOAD_CELL_DATA, 0, INPUT, length=length)).error == "MemOutOfBound"


@pytest.mark.parametrize(
    ("buffer", "error"),
    [
        (MEMORY_END, "MemOutOfBound"),
        (MEMORY_END - 10, "MemOutOfBound"),
        (U64_MAX, "MemOutOfBound"),
        (U64_MAX - 10, "MemOutOfBound"),
        (TEXT, "MemWriteOnExecutablePage"),
        (TEXT - 10, "MemWriteOnExecutablePage"),
    ],
)
def test_a_bad_buffer_is_a_fault_after_the_length_was_stored(buffer: int, error: str) -> None:
    run = played(load(LOAD_CELL_DATA, 0, INPUT, buffer=buffer))
    assert run.error == error
    assert run.word(0, "length") == 11


@pytest.mark.parametrize("buffer", [MEMORY_END, TEXT, U64_MAX - 4095])
def test_nothing_to_write_is_never_a_fault(buffer: int) -> None:
    run = played(load(LOAD_CELL_DATA, 0, INPUT, buffer=buffer, offset=11))
    assert (run.exit_code, run.word(0, "length")) == (0, 0)


def test_where_buffer_and_length_overlap_the_data_wins() -> None:
    run = played(load(LOAD_CELL_DATA, 0, INPUT, buffer="length", size=8))
    assert run.memory(0, "length", 8) == FIRST_INPUT[:8]


# Pages that come from a cell


def test_whole_pages_are_noted_as_coming_from_the_cell() -> None:
    """Loaded 100 bytes before a page's start, so that page 1 has the data from 100 on."""
    data = bytes(range(256)) * 40
    cell = MockCell(data=data)
    call = load(LOAD_CELL_DATA, 1, DEP, size=len(data), buffer=BUFFER - 100)
    run = play(call + leave("a0"), deps=(cell,))
    pages = run.table.instantiated[0].context.snapshots.pages
    first = BUFFER // 4096
    assert {page: (at.source, at.offset) for page, at in pages.items() if page >= first - 1} == {
        first: (DataPieceId(Place.CELL_DEP, 1), 100),
        first + 1: (DataPieceId(Place.CELL_DEP, 1), 100 + 4096),
    }
    run = play(call + "  li t0, 5\n" + f"  li t1, {BUFFER}\n  sb t0, 8(t1)\n" + call + leave("a0"), deps=(cell,))
    assert run.memory(0, BUFFER - 100, len(data)) == data
