"""Loading a part: the rules that 12 system calls share (``syscalls`` §4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.scheduler.mockup import Surroundings

from .environment import ENVIRONMENT, OLD, WITNESSES
from .loads import BUFFER, LOAD_BLOCK_EXTENSION, LOAD_CELL_BY_FIELD, LOAD_WITNESS, PARTIAL, ROOM, START, load, loaded
from .programs import MEMORY_END, TEXT, leave, words
from .runs import Played, play

U64_MAX = (1 << 64) - 1
SEVENTY_SEVEN = (LOAD_WITNESS, 3)
"""Loads a witness of 77 bytes: 0, 1, 2 and so on."""
CONTENT = WITNESSES[3]


@pytest.mark.parametrize(
    ("offset", "size", "length", "written", "cycles"),
    [
        (0, 77, 77, 77, 20),
        (0, ROOM, 77, 77, 20),
        (0, U64_MAX, 77, 77, 20),
        (0, 76, 77, 76, 19),
        (0, 4, 77, 4, 1),
        (0, 5, 77, 5, 2),
        (0, 1, 77, 1, 1),
        (0, 0, 77, 0, 0),
        (1, 4, 76, 4, 1),
        (70, 100, 7, 7, 2),
        (76, 100, 1, 1, 1),
        (77, 100, 0, 0, 0),
        (78, 100, 0, 0, 0),
        (U64_MAX, 100, 0, 0, 0),
        (U64_MAX, U64_MAX, 0, 0, 0),
        (1 << 32, 4, 0, 0, 0),
    ],
)
def test_a_part(offset: int, size: int, length: int, written: int, cycles: int) -> None:
    """The length word gets what there is from the offset on; a cycle is charged for 4 bytes written."""
    got = loaded(*SEVENTY_SEVEN, offset=offset, size=size, **ENVIRONMENT)
    assert (got.answer, got.length, got.cycles) == (0, length, cycles)
    assert got.buffer == (CONTENT[offset:][:written] + START[written:]).ljust(ROOM, b"\0")


def test_s03_the_length_is_what_there_is_not_what_was_written() -> None:
    got = loaded(*SEVENTY_SEVEN, size=4, **ENVIRONMENT)
    assert (got.length, got.buffer[:4], got.cycles) == (77, CONTENT[:4], 1)


@given(st.binary(max_size=40), st.integers(0, 50), st.integers(0, 50))
@settings(max_examples=30)
def test_any_part_by_the_specifications_words(content: bytes, offset: int, size: int) -> None:
    got = loaded(LOAD_WITNESS, offset=offset, size=size, witnesses=(content,), noted=False)
    off = min(len(content), offset)
    full = len(content) - off
    n = min(size, full)
    assert (got.answer, got.length, got.cycles) == (0, full, -(-n // 4))
    assert got.buffer == (content[off : off + n] + START[n:]).ljust(ROOM, b"\0")


@pytest.mark.parametrize("number", PARTIAL)
def test_every_call_loads_parts(number: int) -> None:
    """Whole and part in one program: the hashes are others in another."""
    whole, beyond = loaded(number, **ENVIRONMENT), loaded(number, offset=1 << 20, **ENVIRONMENT)
    assert (whole.answer, whole.cycles) == (0, -(-whole.length // 4))
    assert (beyond.answer, beyond.length, beyond.buffer[:16], beyond.cycles) == (0, 0, START, 0)
    part = load(number, offset=3, size=5, buffer=BUFFER + ROOM, length="length2")
    run = played(load(number) + part)
    assert run.exit_code == 0
    assert run.word(0, "length") == whole.length > 7
    assert run.word(0, "length2") == whole.length - 3
    size = min(5, whole.length - 3)
    assert run.memory(0, BUFFER + ROOM, 6) == run.memory(0, BUFFER + 3, size).ljust(6, b"\0")


# First the length, then the data


def played(call: str) -> Played:
    return play(call + leave("a0"), **ENVIRONMENT)


def test_where_buffer_and_length_overlap_the_data_wins() -> None:
    run = played(load(*SEVENTY_SEVEN, buffer="length", size=8))
    assert (run.exit_code, run.memory(0, "length", 8)) == (0, CONTENT[:8])
    run = played(
        words("length", 3) + "  la s0, length\n  addi s0, s0, 2\n" + load(*SEVENTY_SEVEN, buffer="s0", size=None)
    )
    assert run.memory(0, "length", 8) == b"\x4d\0" + CONTENT[:3] + b"\0\0\0"


def test_a_length_word_need_not_be_aligned() -> None:
    run = played(
        f"  li s0, {BUFFER + 4093}\n  li t0, 9\n  sb t0, 0(s0)\n" + load(*SEVENTY_SEVEN, length="s0", size=None)
    )
    assert run.memory(0, BUFFER, 10) == CONTENT[:9] + b"\0"
    assert run.memory(0, BUFFER + 4093, 8) == (77).to_bytes(8, "little")


@pytest.mark.parametrize("length", [MEMORY_END, MEMORY_END - 7, U64_MAX, U64_MAX - 7, 1 << 32])
def test_a_length_word_beyond_the_memory_is_a_fault(length: int) -> None:
    run = played(load(*SEVENTY_SEVEN, length=length))
    assert run.error == "MemOutOfBound"
    assert run.memory(0, BUFFER, 4) == bytes(4)


def test_a_length_word_in_code_can_be_loaded_but_not_stored() -> None:
    run = played(load(*SEVENTY_SEVEN, length=TEXT))
    assert run.error == "MemWriteOnExecutablePage"
    assert run.memory(0, BUFFER, 4) == bytes(4)


@pytest.mark.parametrize(
    ("buffer", "error"),
    [
        (MEMORY_END, "MemOutOfBound"),
        (MEMORY_END - 76, "MemOutOfBound"),
        (U64_MAX, "MemOutOfBound"),
        (U64_MAX - 76, "MemOutOfBound"),
        (TEXT, "MemWriteOnExecutablePage"),
        (TEXT - 1, "MemWriteOnExecutablePage"),
        (TEXT - 76, "MemWriteOnExecutablePage"),
    ],
)
def test_a_bad_buffer_is_a_fault_after_the_length_was_stored(buffer: int, error: str) -> None:
    """All pages are checked before a byte is written."""
    run = played(load(*SEVENTY_SEVEN, buffer=buffer))
    assert run.error == error
    assert run.word(0, "length") == 77
    if buffer < MEMORY_END:
        untouched = min(MEMORY_END, TEXT if buffer < TEXT else MEMORY_END) - buffer
        assert buffer == TEXT or run.memory(0, buffer, untouched) == bytes(untouched)


@pytest.mark.parametrize("buffer", [MEMORY_END - 77, TEXT - 77])
def test_a_buffer_up_to_the_edge(buffer: int) -> None:
    run = played(load(*SEVENTY_SEVEN, buffer=buffer))
    assert (run.exit_code, run.memory(0, buffer, 77)) == (0, CONTENT)


@pytest.mark.parametrize("buffer", [MEMORY_END, U64_MAX, TEXT])
@pytest.mark.parametrize(("size", "offset"), [(0, 0), (9, 77), (9, U64_MAX)])
def test_nothing_to_write_is_never_a_fault(buffer: int, size: int, offset: int) -> None:
    run = played(load(*SEVENTY_SEVEN, buffer=buffer, size=size, offset=offset))
    assert run.exit_code == 0


# Codes


def test_a_code_leaves_memory_alone_and_costs_nothing_more() -> None:
    assert loaded(LOAD_WITNESS, 9, **ENVIRONMENT).is_refusal(1)
    assert loaded(LOAD_CELL_BY_FIELD, 0, 1, 4, **ENVIRONMENT).is_refusal(2)
    unknown: dict[str, Any] = ENVIRONMENT | {"surroundings": Surroundings(header_deps=(OLD.hash(),))}
    assert loaded(LOAD_BLOCK_EXTENSION, 0, 1, **unknown).is_refusal(2)


def test_a_code_comes_before_any_look_at_memory() -> None:
    for number, index, field in ((LOAD_WITNESS, 9, 0), (LOAD_CELL_BY_FIELD, 0, 5), (LOAD_BLOCK_EXTENSION, 4, 0)):
        run = played(load(number, index, 1, field, buffer=U64_MAX, length=U64_MAX))
        assert run.exit_code == (1 if number == LOAD_WITNESS else 2)
