"""Which sources each system call that loads takes, and what it checks first (``syscalls`` §5)."""

from __future__ import annotations

from typing import Any

import pytest

from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell, Surroundings

from .environment import OLD
from .loads import (
    BUFFER,
    DEP,
    GROUP,
    HEADER_DEP,
    INPUT,
    LOAD_BLOCK_EXTENSION,
    LOAD_CELL,
    LOAD_CELL_BY_FIELD,
    LOAD_CELL_DATA,
    LOAD_CELL_DATA_AS_CODE,
    LOAD_HEADER,
    LOAD_HEADER_BY_FIELD,
    LOAD_INPUT,
    LOAD_INPUT_BY_FIELD,
    LOAD_WITNESS,
    OUTPUT,
    failure,
    load,
)
from .programs import call, leave
from .runs import Played, play

_BLOCK = OLD.hash()
ONE_OF_EACH: dict[str, Any] = {
    "group_type": "type",
    "inputs": (MockCell(type=THE_SCRIPT, data=b"some data", block_hash=_BLOCK),),
    "outputs": (MockCell(type=THE_SCRIPT, data=b"some data"),),
    "deps": (MockCell(data=b"some data", block_hash=_BLOCK),),
    "witnesses": (b"witness",),
    "surroundings": Surroundings(
        header_deps=(_BLOCK,) * 2, headers=((_BLOCK, OLD),), extensions=((_BLOCK, b"extension"),)
    ),
}
SOURCES = (INPUT, OUTPUT, DEP, HEADER_DEP, *(GROUP | entry for entry in (INPUT, OUTPUT, DEP, HEADER_DEP)))
CELLS = {INPUT, OUTPUT, DEP, GROUP | INPUT, GROUP | OUTPUT}
HEADERS = {INPUT, DEP, HEADER_DEP, GROUP | INPUT}
INPUTS = {INPUT, GROUP | INPUT}
WITNESSES = {INPUT, OUTPUT, GROUP | INPUT, GROUP | OUTPUT}
TAKEN = {
    LOAD_CELL: CELLS,
    LOAD_CELL_BY_FIELD: CELLS,
    LOAD_CELL_DATA: CELLS,
    LOAD_CELL_DATA_AS_CODE: CELLS,
    LOAD_HEADER: HEADERS,
    LOAD_HEADER_BY_FIELD: HEADERS,
    LOAD_BLOCK_EXTENSION: HEADERS,
    LOAD_INPUT: INPUTS,
    LOAD_INPUT_BY_FIELD: INPUTS,
    LOAD_WITNESS: WITNESSES,
}
"""The table of sources."""
FIELDS = {
    # calls with a field, and what the fault of a bad one names
    LOAD_CELL_BY_FIELD: "CellField",
    LOAD_HEADER_BY_FIELD: "HeaderField",
    LOAD_INPUT_BY_FIELD: "InputField",
}


def run(number: int, index: int, source: int, field: int = 0, **fields: Any) -> Played:
    """Load from a place of the transaction; dep 0 is the program, so 1 is the one with a block."""
    index += source & 0xFF == DEP
    if number == LOAD_CELL_DATA_AS_CODE:
        return play(call(number, BUFFER, 4096, 0, 4, index, source) + leave("a0"), **ONE_OF_EACH, **fields)
    return play(load(number, index, source, field) + leave("a0"), **ONE_OF_EACH, **fields)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("number", TAKEN)
def test_the_sources_of_a_call(number: int, source: int) -> None:
    """What it doesn't take is code 1, whatever the index."""
    assert run(number, 0, source).exit_code == (0 if source in TAKEN[number] else 1)
    assert run(number, 5, source).exit_code == 1


@pytest.mark.parametrize("number", TAKEN)
def test_s01_a_top_byte_that_is_not_1_means_the_whole_transaction(number: int) -> None:
    for top in (2, 3, 0x81, 0xFF):
        for entry in (INPUT, OUTPUT, DEP, HEADER_DEP):
            assert run(number, 0, top << 56 | entry).exit_code == (0 if entry in TAKEN[number] else 1)


@pytest.mark.parametrize("number", TAKEN)
@pytest.mark.parametrize("index", [2, (1 << 32) - 1, 1 << 32, 1 << 63, (1 << 64) - 2])
def test_an_index_beyond_the_end(number: int, index: int) -> None:
    for source in TAKEN[number]:
        assert run(number, index, source).exit_code == 1


@pytest.mark.parametrize("number", TAKEN)
@pytest.mark.parametrize("source", [0, 5, 1 << 32 | 1, (1 << 56) - 1, GROUP, GROUP | 5, 0xFF << 56 | 7])
def test_an_unknown_source_is_a_fault_whatever_else(number: int, source: int) -> None:
    entry = source % GROUP
    for index, field in ((0, 0), (9, 99)):
        text = failure(run(number, index, source, field))
        assert text == f"external error: SourceEntry parse_from_u64 {entry}"


@pytest.mark.parametrize("number", FIELDS)
@pytest.mark.parametrize("field", [7, 99, 1 << 32, (1 << 64) - 1])
def test_s14_a_bad_field_is_a_fault_and_a_bad_index_a_code_that_wins(number: int, field: int) -> None:
    text = failure(run(number, 0, INPUT, field))
    assert text == f"external error: {FIELDS[number]} parse_from_u64 {field}"
    assert run(number, 9, INPUT, field).exit_code == 1
    assert run(number, 0, HEADER_DEP | GROUP, field).exit_code == 1


@pytest.mark.parametrize(
    ("number", "fields"), [(LOAD_CELL_BY_FIELD, 7), (LOAD_HEADER_BY_FIELD, 3), (LOAD_INPUT_BY_FIELD, 2)]
)
def test_the_first_field_that_is_none(number: int, fields: int) -> None:
    assert [run(number, 0, INPUT, field).exit_code for field in range(fields)] == [0] * fields
    assert failure(run(number, 0, INPUT, fields)) == f"external error: {FIELDS[number]} parse_from_u64 {fields}"
