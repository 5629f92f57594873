"""Loading cell data as code (``syscalls`` §7, 2091)."""

from __future__ import annotations

from typing import Any

import pytest

from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell

from .loads import DEP, GROUP, INPUT, LOAD_CELL_DATA_AS_CODE, OUTPUT, failure
from .programs import DEBUG, MEMORY_END, TEXT, call, leave, words
from .runs import Played, play

U64_MAX = (1 << 64) - 1
PAGE = 4096
AT = 0x20_0000
TWELVE = bytes.fromhex("1305700067800000") + b"more"
"""``li a0, 7; ret``, and 4 bytes more."""
LONG = TWELVE + bytes(range(256)) * 40
CELLS: dict[str, Any] = {
    "inputs": (MockCell(data=TWELVE), MockCell(data=b"")),
    "outputs": (MockCell(data=TWELVE),),
    "deps": (MockCell(data=LONG),),
}
CALL_IT = f"  li t0, {AT}\n  jalr t0\n"


def as_code(
    index: int = 0, source: int = INPUT, *, at: int = AT, memory: int = PAGE, offset: int = 0, size: int = len(TWELVE)
) -> str:
    return call(LOAD_CELL_DATA_AS_CODE, at, memory, offset, size, index, source)


def played(text: str, **fields: Any) -> Played:
    return play(text + leave("a0"), **CELLS | fields)


def cost(text: str) -> int:
    """Cycles of the call beside the 500: another that costs nothing stands in its place in another run."""
    free = text.replace(f"li a7, {LOAD_CELL_DATA_AS_CODE}", f"li a7, {DEBUG}")
    runs = [play(program + leave(), **CELLS) for program in (text, free)]
    assert [run.error for run in runs] == [None, None]
    return runs[0].outcome.cycles - runs[1].outcome.cycles


# Success


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize(
    ("index", "source"), [(0, INPUT), (0, OUTPUT), (1, DEP), (0, GROUP | INPUT), (0, 2 << 56 | INPUT)]
)
def test_the_code_can_be_called(index: int, source: int, version: int) -> None:
    run = played(as_code(index, source) + "  bnez a0, end\n" + CALL_IT + "end:\n", version=version)
    assert run.exit_code == 7
    assert run.memory(0, AT, PAGE) == TWELVE.ljust(PAGE, b"\0")


def test_a_type_groups_cells() -> None:
    cells: dict[str, Any] = {
        "group_type": "type",
        "inputs": (MockCell(), MockCell(type=THE_SCRIPT, data=TWELVE)),
        "outputs": (MockCell(), MockCell(), MockCell(type=THE_SCRIPT, data=b"out" + TWELVE)),
    }
    run = played(as_code(0, GROUP | INPUT) + as_code(0, GROUP | OUTPUT, at=AT + PAGE, size=3), **cells)
    assert run.exit_code == 0
    assert (run.memory(0, AT, 12), run.memory(0, AT + PAGE, 4)) == (TWELVE, b"out\0")


@pytest.mark.parametrize(
    ("offset", "size", "memory"),
    [(0, 1, PAGE), (8, 4, PAGE), (11, 1, PAGE), (0, 12, 3 * PAGE)],
)
def test_a_part_and_zeros_behind_it(offset: int, size: int, memory: int) -> None:
    """Whatever was in the pages before."""
    before = f"  li t0, {AT}\n  li t1, -1\n  sd t1, 16(t0)\n  li t0, {AT + memory - 8}\n  sd t1, 0(t0)\n"
    run = played(before + as_code(offset=offset, size=size, memory=memory))
    assert run.exit_code == 0
    assert run.memory(0, AT, memory) == TWELVE[offset:][:size].ljust(memory, b"\0")


def test_more_than_a_page() -> None:
    run = played(as_code(1, DEP, offset=5, size=2 * PAGE - 1, memory=2 * PAGE))
    assert run.exit_code == 0
    assert run.memory(0, AT, 2 * PAGE) == LONG[5:][: 2 * PAGE - 1] + b"\0"


@pytest.mark.parametrize(("size", "memory", "cycles"), [(4, PAGE, 1024), (12, PAGE, 1024), (4, 3 * PAGE, 3072)])
def test_s05_the_memory_size_is_charged_not_the_content(size: int, memory: int, cycles: int) -> None:
    assert cost(as_code(size=size, memory=memory)) == cycles


def test_no_word_of_memory_is_stored_to() -> None:
    run = played(words("length", 99) + as_code())
    assert run.word(0, "length") == 99


# The pages afterwards


@pytest.mark.parametrize("page", [0, 1])
def test_the_pages_cannot_be_written(page: int) -> None:
    """Those of the zeros neither."""
    store = f"  li t0, {AT + page * PAGE}\n  sb zero, 0(t0)\n"
    assert played(as_code(memory=2 * PAGE) + store).error == "MemWriteOnExecutablePage"
    assert played(as_code(memory=PAGE) + f"  li t0, {AT + PAGE}\n  sb zero, 0(t0)\n").exit_code == 0


@pytest.mark.parametrize(("at", "memory"), [(AT, PAGE), (AT - PAGE, 2 * PAGE), (AT, 2 * PAGE)])
def test_frozen_pages_cannot_be_mapped_again(at: int, memory: int) -> None:
    assert played(as_code() + as_code(at=at, memory=memory)).error == "MemWriteOnFreezedPage"


def test_the_pages_of_the_program_are_frozen() -> None:
    assert played(as_code(at=TEXT)).error == "MemWriteOnFreezedPage"


def test_pages_beside_it_can_be_mapped() -> None:
    assert played(as_code() + as_code(at=AT + PAGE) + as_code(at=AT - 2 * PAGE, memory=2 * PAGE)).exit_code == 0


# Code 1


@pytest.mark.parametrize(
    ("index", "source"),
    [(2, INPUT), (1, OUTPUT), (2, DEP), (1, GROUP | INPUT), (0, GROUP | OUTPUT), (1 << 32, INPUT), (U64_MAX, DEP)],
)
def test_no_such_cell(index: int, source: int) -> None:
    """Before anything else is looked at."""
    for text in (as_code(index, source), as_code(index, source, at=1, memory=1, offset=U64_MAX, size=U64_MAX)):
        assert played(text).exit_code == 1
    assert cost(as_code(index, source)) == 0


# Code 3


@pytest.mark.parametrize(
    ("offset", "size", "memory"),
    [
        (12, 1, PAGE),  # from beyond the end
        (13, 1, PAGE),
        (1 << 63, 1, PAGE),
        (0, 13, PAGE),  # to beyond the end
        (11, 2, PAGE),
        (0, 12, 11),  # more than there is memory for
        (0, 12, 0),
        (0, 0, PAGE),  # nothing
        (0, 0, 0),
        (12, 0, PAGE),
        (U64_MAX, 0, PAGE),
    ],
)
def test_slices(offset: int, size: int, memory: int) -> None:
    run = played(as_code(offset=offset, size=size, memory=memory) + f"  li t0, {AT}\n  sb zero, 0(t0)\n")
    assert run.exit_code == 3
    assert cost(as_code(offset=offset, size=size, memory=memory)) == 0


def test_s06_no_content_is_code_3_even_of_an_empty_cell() -> None:
    assert played(as_code(size=0)).exit_code == 3
    assert played(as_code(1, size=0)).exit_code == 3
    assert played(as_code(1, size=1)).exit_code == 3


def test_code_3_comes_before_the_address() -> None:
    for at, memory in ((1, PAGE), (MEMORY_END, PAGE), (AT, PAGE + 1), (TEXT, PAGE)):
        assert played(as_code(at=at, memory=memory, size=13)).exit_code == 3


# Faults


@pytest.mark.parametrize(("offset", "size"), [(U64_MAX, 1), (1, U64_MAX), (U64_MAX, U64_MAX), (1 << 63, 1 << 63)])
def test_an_end_beyond_64_bits_is_a_fault(offset: int, size: int) -> None:
    assert played(as_code(offset=offset, size=size)).error == "MemOutOfBound"


@pytest.mark.parametrize(
    ("at", "memory"), [(AT + 1, PAGE), (AT + 2048, PAGE), (AT, PAGE + 1), (AT, 12), (U64_MAX, PAGE)]
)
def test_what_is_not_whole_pages_is_a_fault(at: int, memory: int) -> None:
    assert failure(played(as_code(at=at, memory=memory))) == "memory error: unaligned page access"


@pytest.mark.parametrize(
    ("at", "memory"),
    [(MEMORY_END, PAGE), (MEMORY_END - PAGE, 2 * PAGE), (AT, MEMORY_END), (1 << 63, PAGE), (0, 1 << 63), (-PAGE, PAGE)],
)
def test_pages_beyond_the_memory_are_a_fault(at: int, memory: int) -> None:
    assert played(as_code(at=at, memory=memory)).error == "MemOutOfBound"


def test_the_last_page() -> None:
    assert played(f"  li sp, {AT}\n" + as_code(at=MEMORY_END - PAGE)).exit_code == 0
