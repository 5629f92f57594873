"""Exec of version 1: done within the call (``syscalls`` §8, variant 1, and §15)."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from spawnlab.conform.modes import Mode
from spawnlab.conform.reference import case_of, run_reference
from spawnlab.scheduler.chain import Script
from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.events import Booted
from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell
from spawnlab.vm.machine import SP

from . import runs
from .execs import EXEC, exec_, with_arguments
from .loads import BUFFER, GROUP, LOAD_CELL_DATA, failure, load
from .programs import CURRENT_CYCLES, LEAVE_WITH_ANSWER, MEMORY_END, SMALLEST, TEXT, call, leave, words
from .runs import Played, machine_of, play

MIB = 1 << 20
OTHER = "  li a0, 41\n" + LEAVE_WITH_ANSWER
CODE = 132
"""Bytes of :data:`SMALLEST`, all in its only segment."""


def v1(*programs: str | bytes, **fields: Any) -> Played:
    return play(*programs, version=1, **fields)


def answer(call: str, *others: str | bytes, **fields: Any) -> int | None:
    return v1(call + LEAVE_WITH_ANSWER, *others, **fields).exit_code


# Where the program is


def test_a_program_of_a_cell_dep() -> None:
    run = v1(exec_(1) + leave(7), OTHER)
    assert (run.exit_code, run.turns()) == (41, [0])


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
        (1, 2 << 56 | 1, 0, PLACES),  # any other top byte is the whole transaction's
    ],
)
def test_each_place(index: int, source: int, place: int, fields: dict[str, Any]) -> None:
    assert answer(exec_(index, source, place) + "  li a0, 9\n", **fields) == 0


@pytest.mark.parametrize(
    ("index", "source", "place"),
    [
        (0, 4, 0),
        (0, GROUP | 3, 0),
        (0, GROUP | 4, 0),
        (0, 3, 1),
        (0, 4, 1),
        (0, GROUP | 3, 1),
        (1, 3, 0),  # beyond the end
        (3, 1, 0),
        (2, 2, 0),
        (1, GROUP | 1, 0),
        (0, GROUP | 2, 0),
        (2, 1, 1),
        (2, 2, 1),
        (1, GROUP | 1, 1),
        (0, GROUP | 2, 1),
        (1 << 32, 3, 0),
        (-1, 1, 1),
    ],
)
def test_no_such_piece(index: int, source: int, place: int) -> None:
    """Code 1, before bounds and arguments are looked at."""
    assert answer(exec_(index, source, place, offset=9, length=9, argc=9, argv=-1), **PLACES) == 1


@pytest.mark.parametrize("source", [0, 5, GROUP, GROUP | 9, 1 << 32 | 3])
@pytest.mark.parametrize("place", [0, 9])
def test_an_unknown_source_is_a_fault(source: int, place: int) -> None:
    text = f"external error: SourceEntry parse_from_u64 {source % GROUP}"
    assert failure(v1(exec_(9, source, place))) == text


@pytest.mark.parametrize("place", [2, 1 << 32, (1 << 64) - 1])
@pytest.mark.parametrize("index", [0, 9])
def test_an_unknown_place_is_a_fault(place: int, index: int) -> None:
    assert failure(v1(exec_(index, 3, place))) == f"external error: Place parse_from_u64 {place}"


# Which part of it

PADDED = b"12345" + SMALLEST + b"678"


@pytest.mark.parametrize(
    ("offset", "length", "code"),
    [
        (5, CODE, 0),
        (5, CODE + 3, 0),
        (5, 0, 0),  # to the end
        (5, CODE + 4, 3),
        (140, 0, 3),
        (140, 1, 3),
        ((1 << 32) - 1, (1 << 32) - 1, 3),
        (139, 2, 3),
        (0, 141, 3),
    ],
)
def test_bounds(offset: int, length: int, code: int) -> None:
    run = v1(exec_(0, 1, 1, offset=offset, length=length) + LEAVE_WITH_ANSWER, witnesses=(PADDED,))
    assert run.exit_code == code
    whole = v1(exec_(0, 1, 1) + LEAVE_WITH_ANSWER, witnesses=(SMALLEST,))
    assert code or run.outcome.cycles >= whole.outcome.cycles


def test_an_empty_piece_is_code_3() -> None:
    for length in (0, 1):
        assert answer(exec_(0, 1, 1, length=length, argc=9, argv=-1), witnesses=(b"",)) == 3


# What the program finds


def test_everything_is_erased_but_the_cycles() -> None:
    """Registers are zero but for sp; memory is what the new program says."""
    before = "".join(f"  li x{r}, {r}\n" for r in (*range(5, 10), *range(18, 32)))
    fill = words("buffer", 5) + f"  li t0, {BUFFER}\n  sd t0, 0(t0)\n"
    sums = "".join(f"  add x1, x1, x{r}\n" for r in (*range(3, 32),))
    look = sums + f"  lui t0, {BUFFER >> 12}\n  ld t0, 0(t0)\n  add x1, x1, t0\n  mv a0, x1\n" + LEAVE_WITH_ANSWER
    run = v1(fill + before + exec_(1), look)
    assert run.exit_code == 0
    assert machine_of(run.scheduler, 0).registers[SP] == MEMORY_END - 16


def test_arguments() -> None:
    """argc, argv and NULL at sp; each ends with NUL."""
    other = "  ld a0, 0(sp)\n  ld a1, 8(sp)\n  lb a1, 4(a1)\n  add a0, a0, a1\n  ld a1, 24(sp)\n  add a0, a0, a1\n"
    run = v1(
        with_arguments("buffer", "text") + exec_(1, argc=2) + '.data\ntext: .asciz "w"\n.text\n',
        other + LEAVE_WITH_ANSWER,
    )
    assert run.exit_code == 2 + ord("e")
    sp = machine_of(run.scheduler, 0).registers[SP]
    assert sp % 16 == 0
    argc, first, second, end = struct.unpack("<4Q", run.memory(0, sp, 32))
    assert (argc, end) == (2, 0)
    assert run.memory(0, first, 33) == b"abcdefghijklmnopqrstuvwxyz012345\0"
    assert (run.memory(0, second, 2), first - second) == (b"w\0", 2)


def elf(*segments: tuple[int, int, int], body: bytes = b"", entry: int = TEXT) -> bytes:
    """An ELF file; a segment is flags, address and bytes in memory, of which the file has the ``body``."""
    size = 64 + 56 * len(segments)
    header = b"\x7fELF\2\1\1".ljust(16, b"\0")
    header += struct.pack("<HHIQQQIHHHHHH", 2, 243, 1, entry, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
    for flags, address, memory in segments:
        header += struct.pack("<IIQQQQQQ", 1, flags, size, address, address, min(len(body), memory), memory, 4096)
    return header + body


LEAVE_41 = bytes.fromhex("130590029308d00573000000")
"""``li a0, 41; li a7, 93; ecall``: three cycles and 500."""


@pytest.mark.parametrize(("body", "argument"), [(12, 0), (13, 0), (13, 13), (14, 14), (16, 15), (16, 16)])
def test_s16_the_two_roundings(body: int, argument: int) -> None:
    """For the bytes of segments and those of the stack: here a multiple of 4 always, since it is of 16."""
    code = elf((5, TEXT, 4096), body=LEAVE_41.ljust(body, b"\0"))
    text = ".data\ntext: .asciz " + f'"{"x" * argument}"\n.text\n'
    before, exec_it, after = with_arguments("text"), exec_(1, argc=1), leave(41) + text
    run = v1(before + exec_it + after, code)
    missed = v1(before + exec_it.replace("li a0, 1\n", "li a0, 9\n") + after, code)
    stack = argument + 1 + 8 * 3
    stack += -stack % 16
    assert run.exit_code == missed.exit_code == 41
    assert run.outcome.cycles - missed.outcome.cycles == -(-body // 4) + stack // 4


def test_cycles_go_on() -> None:
    """The new program sees what the old one has used. Loading it is charged for as for a root."""
    after = words("child", "a0") + leave()
    other = call(CURRENT_CYCLES) + after
    new = v1(exec_(1) + after, other)
    old = v1(exec_(1).replace(f"li a7, {EXEC}", f"li a7, {CURRENT_CYCLES}") + after, other)
    loading = v1(other).events(Booted)[0].load_cycles
    assert new.word(0, "child", program=1) == old.word(0, "child", program=0) + loading + 1 + 500


@pytest.mark.parametrize("short", [0, 1])
def test_the_limit_stays(short: int) -> None:
    programs = exec_(1), OTHER
    whole = v1(*programs).outcome.cycles
    assert v1(*programs, limit=whole - short).exit_code == (None if short else 41)


def test_many_times() -> None:
    """Witness i is a program that runs the next; 30 in a row."""
    run = v1(*(exec_(index + 1) for index in range(30)), OTHER)
    assert (run.exit_code, run.outcome.iterations) == (41, 1)


# Arguments that fail


@pytest.mark.parametrize("argv", [MEMORY_END, MEMORY_END - 4, -1, -8])
def test_a_bad_argv_is_a_fault(argv: int) -> None:
    assert v1(exec_(1, argc=1, argv=argv), OTHER).error == "MemOutOfBound"
    assert v1(exec_(1, argc=0, argv=argv), OTHER).exit_code == 41


@pytest.mark.parametrize("pointer", [MEMORY_END, -1, 1 << 32])
def test_a_bad_argument_is_a_fault(pointer: int) -> None:
    assert v1(with_arguments("buffer", pointer) + exec_(1, argc=2), OTHER).error == "MemOutOfBound"


def test_an_argument_without_end_is_a_fault() -> None:
    fill = f"  li t0, {MEMORY_END - 8}\n  li t1, -1\n  sd t1, 0(t0)\n"
    run = v1(fill + with_arguments(MEMORY_END - 3) + exec_(1, argc=1), OTHER)
    assert run.error == "MemOutOfBound"


def long_argument(size: int) -> tuple[str, dict[str, Any]]:
    """Code that passes an argument of so many bytes to cell dep 1, and the transaction that has the bytes."""
    fetch = load(LOAD_CELL_DATA, 2, 3, size=size, buffer=MIB)
    return fetch + with_arguments(MIB) + exec_(1, argc=1), {"deps": (MockCell(data=b"x" * size),)}


def test_the_largest_argument() -> None:
    """1 MiB is argc, argv and NULL, the argument and its NUL, and what alignment takes."""
    text, fields = long_argument(MIB - 24 - 1)
    run = v1(text, "  mv a0, sp\n  srli a0, a0, 15\n" + LEAVE_WITH_ANSWER, **fields)
    assert run.exit_code == (MEMORY_END - MIB) >> 15 == 96


@pytest.mark.parametrize("size", [MIB - 24, MIB - 8])
def test_s10_an_argument_that_the_stack_has_no_room_for(size: int) -> None:
    """The answer is 4, in the new program: sp is below the stack, and no stack was charged for."""
    text, fields = long_argument(size)
    new = "  mv s1, a0\n" + LEAVE_WITH_ANSWER
    run = v1(text, new, **fields)
    assert run.exit_code == ReturnCode.WRONG_FORMAT
    machine = machine_of(run.scheduler, 0)
    assert machine.registers[SP] < MEMORY_END - MIB
    assert machine.registers[SP] == (MEMORY_END - size - 1 - 24) & ~15
    fits, fields = long_argument(MIB - 32)
    other = v1(fits, new, **fields)
    assert other.exit_code == 0
    moved = -(-size // 4) + (MIB >> 2) - -(-(MIB - 32) // 4)
    assert run.outcome.cycles == other.outcome.cycles + moved - 2 * (MIB >> 2)


def test_arguments_of_more_than_1_mib_are_a_fault() -> None:
    """8 bytes are counted for each besides its own, its NUL is not."""
    text, fields = long_argument(MIB - 7)
    run = v1(text, OTHER, **fields)
    assert run.error == 'Unexpected("@@@VM@@@UNEXPECTED@@@ARGV@@@TOOLONG@@@")'
    assert failure(run) == "unexpected error"


@pytest.mark.parametrize(("argc", "error"), [(MIB // 8 + 1, True), (MIB // 8, False), (1 << 40, True)])
def test_so_many_empty_arguments(argc: int, error: bool) -> None:
    """All pointers are 0, where the memory is."""
    run = v1(exec_(1, argc=argc, argv=BUFFER), LEAVE_WITH_ANSWER)
    if error:
        assert run.error == 'Unexpected("@@@VM@@@UNEXPECTED@@@ARGV@@@TOOLONG@@@")'
    else:
        assert run.exit_code == ReturnCode.WRONG_FORMAT


# What is no program

BROKEN = {
    "no file": b"\0",
    "a cut header": SMALLEST[:63],
    "not for 64 bits": SMALLEST[:4] + b"\1" + SMALLEST[5:],
    "a cut segment": SMALLEST[:-1],
    "writable code": SMALLEST[:68] + b"\7" + SMALLEST[69:],
    "not readable": SMALLEST[:68] + b"\1" + SMALLEST[69:],
    "two segments on a page": elf((5, TEXT + 0x1000, 4096), (5, TEXT + 0x1000, 4096)),
    "beyond the memory": elf((5, MEMORY_END, 4096)),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_s11_what_is_no_program_is_code_4_which_nobody_sees(content: bytes) -> None:
    """The old code is gone, so the next fetch fails. Nothing was charged but the call."""
    before = "  li s0, 5\n"
    run = v1(before + exec_(1) + leave(), content)
    assert run.error == "MemWriteOnExecutablePage"
    machine = machine_of(run.scheduler, 0)
    assert machine.registers == [0] * 10 + [ReturnCode.WRONG_FORMAT] + [0] * 21
    missing = v1(before + exec_(1).replace("li a0, 1", "li a0, 9") + leave(), content).outcome.cycles
    assert run.outcome.cycles == missing - 500 - 2  # exit and the loads of its arguments


def test_a_segment_that_cannot_be_mapped_leaves_those_before_it() -> None:
    """The first is mapped, the second on top of it fails: the old program goes on, in the new one's code."""
    nops = bytes.fromhex("13000000") * 100
    run = v1(exec_(1) + leave(7), elf((5, TEXT, 4096), (5, TEXT, 4096), body=nops + LEAVE_41))
    assert run.exit_code == 41


def test_pages_before_one_that_is_frozen_become_code() -> None:
    """Zeros, which are no instruction: another error than that of a page that is no code."""
    run = v1(exec_(1) + leave(7), elf((5, TEXT + 4096, 4096), (5, TEXT, 2 * 4096)))
    assert run.outcome.failure is not None
    assert run.outcome.failure.variant == "InvalidInstruction"


ELSEWHERE = elf((5, 0, 4096), (5, 0, 4096), body=bytes.fromhex("13000000") * 100 + LEAVE_41)
"""The code is at address 0, and the second segment cannot be mapped."""


def test_after_a_failure_the_old_program_goes_on_behind_the_call() -> None:
    assert v1(exec_(1) + leave(7), ELSEWHERE).error == "MemWriteOnExecutablePage"


@pytest.mark.reference
def test_the_assembly_machine_goes_on_at_0() -> None:
    """``docs/differences.md`` §4: of the reference's machines only the interpreter goes on behind the call."""
    group = runs.group(runs.case_of(exec_(1) + leave(7), ELSEWHERE, version=1))
    found = {machine: run_reference([case_of(group, Mode())], machine=machine)[0] for machine in ("asm", "plain")}
    assert found["asm"].exit_code == 41
    assert found["plain"].error_variant == "MemWriteOnExecutablePage"
