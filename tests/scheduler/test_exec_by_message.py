"""Exec of version 2: posted to the scheduler (``syscalls`` §8, variant 2, and ``scheduler`` §11.3)."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from spawnlab.scheduler.chain import Script
from spawnlab.scheduler.events import Booted, IterationEnded, ProgramReplaced
from spawnlab.scheduler.limits import EXEC_LOAD_ELF_V2_CYCLES_BASE
from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell
from spawnlab.scheduler.transaction import DataLocation, DataPieceId, Place
from spawnlab.vm.machine import SP

from .execs import EXEC, exec_, with_arguments
from .loads import BUFFER, GROUP, LOAD_CELL_DATA, failure, load
from .programs import (
    CURRENT_CYCLES,
    INHERITED_FD,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    PROCESS_ID,
    SMALLEST,
    call,
    leave,
    pipe,
    read,
    spawn,
    spawn_with,
    wait,
    words,
    write,
)
from .runs import machine_of, play

MIB = 1 << 20
OTHER = "  li a0, 41\n" + LEAVE_WITH_ANSWER
PLACES: dict[str, Any] = {
    "inputs": (MockCell(lock=Script()), MockCell(lock=THE_SCRIPT, data=SMALLEST), MockCell(data=b"x")),
    "outputs": (MockCell(), MockCell(data=SMALLEST)),
    "witnesses": (b"no", SMALLEST),
}
AS_TYPE: dict[str, Any] = {
    "group_type": "type",
    "inputs": (MockCell(), MockCell(type=THE_SCRIPT, data=b"x")),
    "outputs": (MockCell(), MockCell(type=THE_SCRIPT, data=SMALLEST)),
    "witnesses": (b"no", SMALLEST),
}


# Where the program is


def test_a_program_of_a_cell_dep() -> None:
    """The call yields: the next iteration runs the same VM."""
    run = play(exec_(1) + leave(7), OTHER)
    assert (run.exit_code, run.turns(), run.table.next_vm_id) == (41, [0, 0], 1)
    (replaced,) = run.events(ProgramReplaced)
    assert (replaced.vm, replaced.location) == (0, DataLocation(DataPieceId(Place.CELL_DEP, 1)))


@pytest.mark.parametrize(
    ("index", "source", "place", "fields"),
    [
        (1, 1, 0, PLACES),
        (1, 2, 0, PLACES),
        (0, GROUP | 1, 0, PLACES),
        (1, 1, 1, PLACES),
        (1, 2, 1, PLACES),
        (0, GROUP | 1, 1, PLACES),
        (0, GROUP | 2, 0, AS_TYPE),
        (0, GROUP | 2, 1, AS_TYPE),
        (0, GROUP | 1, 1, AS_TYPE),
    ],
)
def test_each_row(index: int, source: int, place: int, fields: dict[str, Any]) -> None:
    assert play(exec_(index, source, place) + leave(9), **fields).exit_code == 0


@pytest.mark.parametrize(
    ("index", "source", "place"),
    [
        (0, 0, 0),  # unknown sources
        (0, 5, 0),
        (0, GROUP, 0),
        (0, 1 << 32 | 3, 0),
        (0, 4, 0),  # header deps
        (0, GROUP | 3, 0),
        (0, GROUP | 4, 0),
        (0, 3, 1),
        (0, GROUP | 3, 1),
        (0, 3, 2),  # unknown places
        (0, 1, (1 << 64) - 1),
        (1 << 32, 3, 0),
        (-1, 1, 1),
        (1, 0x02 << 56 | 3, 0),  # S1: only 0 and 1 are known as top bytes
        (1, 0xFF << 56 | 1, 1),
    ],
)
def test_what_is_no_row_is_code_1(index: int, source: int, place: int) -> None:
    """Never a fault; without yield, and for no more than 500 cycles. Nothing else is looked at."""
    text = exec_(index, source, place, offset=9, argc=9, argv=-1)
    run = play(text + LEAVE_WITH_ANSWER, **PLACES)
    assert (run.exit_code, run.turns()) == (1, [0])
    free = play(text.replace(f"li a7, {EXEC}", f"li a7, {CURRENT_CYCLES}") + LEAVE_WITH_ANSWER, **PLACES)
    assert run.outcome.cycles == free.outcome.cycles


@pytest.mark.parametrize(
    ("index", "source", "place"),
    [
        (9, 3, 0),
        (3, 1, 0),
        (2, 2, 0),
        (2, 1, 1),
        (2, 2, 1),
        (1, GROUP | 1, 0),
        (0, GROUP | 2, 0),
        ((1 << 32) - 1, 3, 0),
    ],
)
def test_a_row_without_such_an_item_is_a_fault(index: int, source: int, place: int) -> None:
    run = play(exec_(index, source, place, argc=9, argv=-1), **PLACES)
    assert failure(run) == "snapshot data load error"


# Which part of it

PADDED = b"12345" + SMALLEST + b"678"


@pytest.mark.parametrize(
    ("offset", "length", "error"),
    [
        (5, 132, None),
        (5, 0, None),
        (5, 136, None),  # clamped
        (5, (1 << 32) - 1, None),
        (5, 131, "ElfSegmentAddrOrSizeError"),
        (140, 0, 'ElfParseError("bad offset 0")'),
        (141, 0, 'ElfParseError("bad offset 0")'),
        ((1 << 32) - 1, (1 << 32) - 1, 'ElfParseError("bad offset 0")'),
    ],
)
def test_bounds(offset: int, length: int, error: str | None) -> None:
    run = play(exec_(0, 1, 1, offset=offset, length=length) + leave(9), witnesses=(PADDED,))
    assert (run.exit_code, run.error) == (None if error else 0, error)


def test_an_empty_piece() -> None:
    assert play(exec_(0, 1, 1), witnesses=(b"",)).error == 'ElfParseError("bad offset 0")'


# Cost


@pytest.mark.parametrize("argument", [None, "", "x" * 100])
def test_75_000_and_the_bytes_in_one_rounding(argument: str | None) -> None:
    """Held by the machine until it runs again."""
    text = f'.data\ntext: .asciz "{argument}"\n.text\n'
    arguments = with_arguments("text") if argument is not None else ""
    run = play(arguments + exec_(1, argc=0 if argument is None else 1) + text, SMALLEST)
    stack = 16 if argument is None else -(-(len(argument) + 1 + 24) // 16) * 16
    (replaced,) = run.events(ProgramReplaced)
    assert replaced.load_cycles == (132 + stack) // 4
    first, second = run.events(IterationEnded)
    assert second.total - first.total == EXEC_LOAD_ELF_V2_CYCLES_BASE + replaced.load_cycles + 2 + 500
    assert EXEC_LOAD_ELF_V2_CYCLES_BASE == 75_000


def test_nothing_is_charged_for_the_yield() -> None:
    """Up to the call: what loading the root took, and as much as a call that doesn't yield."""
    run = play(exec_(1) + leave(), SMALLEST)
    free = play(exec_(1).replace(f"li a7, {EXEC}", f"li a7, {CURRENT_CYCLES}") + leave(), SMALLEST)
    assert free.outcome.cycles - run.events(IterationEnded)[0].total == 2 + 500


def test_current_cycles_have_it_all() -> None:
    run = play(exec_(1), call(CURRENT_CYCLES) + words("child", "a0") + leave())
    first = run.events(IterationEnded)[0].total
    loading = run.events(ProgramReplaced)[0].load_cycles
    assert run.word(0, "child", program=1) == first + 75_000 + loading + 1 + 500


@pytest.mark.parametrize("short", [0, 1])
def test_the_limit_stays(short: int) -> None:
    whole = play(exec_(1), OTHER).outcome.cycles
    assert play(exec_(1), OTHER, limit=whole - short).exit_code == (None if short else 41)


# What the program finds


def test_everything_is_erased() -> None:
    """Registers are zero but for sp; memory is what the new program says."""
    before = "".join(f"  li x{r}, {r}\n" for r in (*range(5, 10), *range(18, 32)))
    fill = words("buffer", 5) + f"  li t0, {BUFFER}\n  sd t0, 0(t0)\n"
    sums = "".join(f"  add x1, x1, x{r}\n" for r in range(3, 32))
    look = sums + f"  lui t0, {BUFFER >> 12}\n  ld t0, 0(t0)\n  add x1, x1, t0\n  mv a0, x1\n" + LEAVE_WITH_ANSWER
    run = play(fill + before + exec_(1), look)
    assert run.exit_code == 0
    assert machine_of(run.scheduler, 0).registers[SP] == MEMORY_END - 16


def test_arguments() -> None:
    run = play(with_arguments("buffer", "text") + exec_(1, argc=2) + '.data\ntext: .asciz "w"\n.text\n', OTHER)
    assert run.exit_code == 41
    sp = machine_of(run.scheduler, 0).registers[SP]
    argc, first, second, end = struct.unpack("<4Q", run.memory(0, sp, 32))
    assert (argc, end, sp % 16) == (2, 0, 0)
    assert run.memory(0, first, 33) == b"abcdefghijklmnopqrstuvwxyz012345\0"
    assert (run.memory(0, second, 2), first - second) == (b"w\0", 2)
    assert run.events(ProgramReplaced)[0].arguments == (b"abcdefghijklmnopqrstuvwxyz012345", b"w")


def test_a_child_keeps_its_id_and_its_fds() -> None:
    """It inherits what it was given, and its parent waits for it."""
    replacing = call(INHERITED_FD, "fds", "length") + read(2, 1) + call(PROCESS_ID) + "  addi a0, a0, 40\n"
    root = pipe() + spawn_with(1, 2) + write(3, 1) + wait(1) + "  la a0, code\n  lb a0, 0(a0)\n" + LEAVE_WITH_ANSWER
    run = play(root, exec_(2), replacing + LEAVE_WITH_ANSWER)
    assert run.exit_code == 41
    assert [booted.vm for booted in run.events(Booted)] == [0, 1]
    assert run.events(ProgramReplaced)[0].vm == 1


def test_many_times() -> None:
    run = play(*(exec_(index + 1) for index in range(20)), OTHER)
    assert (run.exit_code, run.outcome.iterations) == (41, 21)


# What fails: it ends the whole script


def test_s17_a_bad_program_ends_the_whole_script() -> None:
    run = play(spawn(1) + leave(), exec_(2), b"\0\1\2\3")
    assert run.error == 'ElfParseError("Malformed entity: Too small")'


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (SMALLEST[:4] + b"\1" + SMALLEST[5:], "ElfBits"),
        (SMALLEST[:68] + b"\7" + SMALLEST[69:], "ElfSegmentWritableAndExecutable"),
        (SMALLEST[:68] + b"\1" + SMALLEST[69:], "ElfSegmentUnreadable"),
    ],
)
def test_what_is_no_program(content: bytes, error: str) -> None:
    assert play(exec_(1), content).error == error


def test_bad_arguments() -> None:
    for argv in (MEMORY_END, -1, -8):
        assert play(exec_(1, argc=1, argv=argv), OTHER).error == "MemOutOfBound"
        assert play(exec_(1, argc=0, argv=argv), OTHER).exit_code == 41
    assert play(with_arguments("buffer", MEMORY_END) + exec_(1, argc=2), OTHER).error == "MemOutOfBound"
    assert play(exec_(1, argc=1 << 40, argv=BUFFER), OTHER).error == "MemOutOfBound"  # argv ends with the memory


@pytest.mark.parametrize(("size", "error"), [(MIB - 25, None), (MIB - 24, "MemOutOfStack"), (MIB + 7, "MemOutOfStack")])
def test_only_the_stack_limits_arguments(size: int, error: str | None) -> None:
    """The text of 1 MiB and more is no fault of its own."""
    fetch = load(LOAD_CELL_DATA, 2, 3, size=size, buffer=MIB)
    run = play(fetch + with_arguments(MIB) + exec_(1, argc=1), OTHER, deps=(MockCell(data=b"x" * size),))
    assert run.error == error
