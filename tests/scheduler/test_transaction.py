"""Pieces of data by name, and the naming itself (``transaction`` §5 and §6, ``syscalls`` §5 and §8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.chain import Script
from spawnlab.scheduler.fds import is_read, is_write, other_end
from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell
from spawnlab.scheduler.syscalls.sources import Entry, Source, find_piece, parse_bounds, parse_source
from spawnlab.scheduler.transaction import DataPieceId, Place
from spawnlab.vm.errors import External

from .runs import sg_data_of

GROUP = 1 << 56
DATA = sg_data_of(
    b"dep 0",
    b"dep 1",
    inputs=(
        MockCell(lock=Script(), data=b"input 0"),
        MockCell(lock=THE_SCRIPT, data=b"input 1"),
        MockCell(lock=THE_SCRIPT, data=b"input 2"),
    ),
    outputs=(MockCell(data=b"output 0"), MockCell(data=b"output 1")),
    witnesses=(b"witness 0", b"witness 1"),
)


# load_data


@pytest.mark.parametrize(
    ("place", "index", "content"),
    [
        (Place.CELL_DEP, 1, b"dep 1"),
        (Place.CELL_DEP, 2, None),
        (Place.INPUT, 0, b"input 0"),
        (Place.INPUT, 3, None),
        (Place.OUTPUT, 1, b"output 1"),
        (Place.OUTPUT, 2, None),
        (Place.WITNESS, 1, b"witness 1"),
        (Place.WITNESS, 2, None),
        (Place.GROUP_INPUT, 0, b"input 1"),
        (Place.GROUP_INPUT, 1, b"input 2"),
        (Place.GROUP_INPUT, 2, None),
        (Place.WITNESS_GROUP_INPUT, 0, b"witness 1"),
        (Place.WITNESS_GROUP_INPUT, 1, None),  # input 2 has no witness
        (Place.GROUP_OUTPUT, 0, None),  # a lock script's group has no outputs
        (Place.WITNESS_GROUP_OUTPUT, 0, None),
        (Place.INPUT, (1 << 32) - 1, None),
    ],
)
def test_each_place(place: Place, index: int, content: bytes | None) -> None:
    found = DATA.load_data(DataPieceId(place, index), 0, 0)
    assert found == (None if content is None else (content, len(content)))


@pytest.mark.parametrize(
    ("offset", "length", "found"),
    [
        (0, 0, (b"dep 0", 5)),
        (0, 3, (b"dep", 5)),
        (0, 99, (b"dep 0", 5)),
        (4, 0, (b"0", 1)),
        (4, 1, (b"0", 1)),
        (1, 2, (b"ep", 4)),
        (5, 0, (b"", 0)),
        (5, 1, (b"", 0)),
        (99, 0, (b"", 0)),
        (0, (1 << 64) - 1, (b"dep 0", 5)),
        ((1 << 64) - 1, (1 << 64) - 1, (b"", 0)),
    ],
)
def test_a_part(offset: int, length: int, found: tuple[bytes, int]) -> None:
    assert DATA.load_data(DataPieceId(Place.CELL_DEP, 0), offset, length) == found


@given(st.binary(max_size=20), st.integers(0, 25), st.integers(0, 25))
def test_any_part_by_the_specifications_words(content: bytes, offset: int, length: int) -> None:
    found = sg_data_of(content).load_data(DataPieceId(Place.CELL_DEP, 0), offset, length)
    start = min(offset, len(content))
    full = len(content) - start
    size = full if length == 0 else min(full, length)
    assert found == (content[start:][:size], full)


def test_a_piece_and_its_name() -> None:
    assert str(DataPieceId(Place.GROUP_INPUT, 3)) == "group_input 3"


def test_the_program_is_a_cell_dep() -> None:
    assert (DATA.version, DATA.program) == (2, DataPieceId(Place.CELL_DEP, 0))


# Sources, pieces, bounds


@pytest.mark.parametrize(
    ("source", "parsed"),
    [
        (1, (1, False)),
        (2, (2, False)),
        (3, (3, False)),
        (4, (4, False)),
        (GROUP | 1, (1, True)),
        (GROUP | 4, (4, True)),
        (2 * GROUP | 1, (1, False)),
        (0xFF * GROUP | 3, (3, False)),
        (3 * GROUP | 2, (2, False)),
    ],
)
def test_sources(source: int, parsed: tuple[int, bool]) -> None:
    assert parse_source(source) == Source(Entry(parsed[0]), parsed[1])


@pytest.mark.parametrize("top", [0, 1, 2, 0xFF])
@pytest.mark.parametrize("entry", [0, 5, 1 << 32 | 1, (1 << 56) - 1])
def test_sources_that_are_none(entry: int, top: int) -> None:
    with pytest.raises(External) as caught:
        parse_source(top << 56 | entry)
    assert caught.value.display == f"external error: SourceEntry parse_from_u64 {entry}"


ROWS = {
    (0, 1, False): Place.INPUT,
    (0, 2, False): Place.OUTPUT,
    (0, 3, False): Place.CELL_DEP,
    (0, 1, True): Place.GROUP_INPUT,
    (0, 2, True): Place.GROUP_OUTPUT,
    (1, 1, False): Place.WITNESS,
    (1, 2, False): Place.WITNESS,
    (1, 1, True): Place.WITNESS_GROUP_INPUT,
    (1, 2, True): Place.WITNESS_GROUP_OUTPUT,
}


@given(st.integers(0, 3), st.integers(1, 4), st.booleans(), st.integers(0, (1 << 64) - 1))
def test_pieces_by_the_specifications_table(place: int, entry: int, group: bool, index: int) -> None:
    row = ROWS.get((place, entry, group))
    expected = None if row is None or index >= 1 << 32 else DataPieceId(row, index)
    assert find_piece(Source(Entry(entry), group), index, place) == expected


def test_the_largest_index() -> None:
    deps = Source(Entry.CELL_DEP, False)
    assert find_piece(deps, (1 << 32) - 1, 0) == DataPieceId(Place.CELL_DEP, (1 << 32) - 1)
    assert find_piece(deps, 1 << 32, 0) is None


@given(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1))
def test_bounds(offset: int, length: int) -> None:
    assert parse_bounds(offset << 32 | length) == (offset, length)


# Fds


@given(st.integers(0, (1 << 64) - 1))
def test_the_ends_of_a_pipe(fd: int) -> None:
    assert is_read(fd) is not is_write(fd)
    assert is_read(fd) is is_write(other_end(fd))
    assert other_end(other_end(fd)) == fd
    assert fd // 2 == other_end(fd) // 2
