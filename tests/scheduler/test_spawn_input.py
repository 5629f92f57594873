"""What spawn is told: arguments, its block in memory, and which part of the transaction (``syscalls`` §10)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.chain import Script
from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.events import AnyEvent, Booted, IterationStarted, Posted
from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.transaction import DataLocation, DataPieceId, Place
from spawnlab.vm.machine import SP

from .programs import (
    CELL_DEP,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    SMALLEST,
    SPAWN,
    TEXT,
    call,
    leave,
    pipe,
    spawn,
    words,
)
from .runs import Played, machine_of, play, sg_data_of

INDEX_OUT_OF_BOUND, SLICE_OUT_OF_BOUND = ReturnCode.INDEX_OUT_OF_BOUND, ReturnCode.SLICE_OUT_OF_BOUND
GROUP = 1 << 56


def spawned(run: Played) -> list[DataLocation]:
    return [event.location for event in run.events(Booted) if event.parent is not None]


# Arguments


def stack_of_child(root: str) -> tuple[int, bytes, tuple[bytes, ...]]:
    """The first child's sp and stack before it runs, and what its event says."""
    sg_data = sg_data_of(root, SMALLEST)
    found: list[tuple[int, bytes]] = []

    def look(event: AnyEvent) -> None:
        if isinstance(event, IterationStarted) and event.vm == 1:
            machine = machine_of(scheduler, 1)
            sp = machine.registers[SP]
            found.append((sp, machine.memory.read(sp, MEMORY_END - sp)))

    scheduler = Scheduler(sg_data, observers=[look])
    scheduler.run()
    return *found[0], play(root, SMALLEST).events(Booted)[1].arguments


def test_a_child_finds_its_arguments_on_the_stack() -> None:
    """The example of ``syscalls`` §9."""
    texts = words("argv", "hello", "w") + words("block", 2) + spawn(1) + leave()
    sp, stack, arguments = stack_of_child(texts + '.data\nhello: .asciz "hello"\nw: .asciz "w"\n')
    assert sp == 0x3FFFD0
    assert len(stack) == 48
    assert [int.from_bytes(stack[i : i + 8], "little") for i in range(0, 32, 8)] == [2, 0x3FFFFA, 0x3FFFF8, 0]
    assert stack[0x3FFFF8 - sp :] == b"w\0hello\0"
    assert arguments == (b"hello", b"w")


def test_a_child_without_arguments_has_16_bytes_of_zeros() -> None:
    assert stack_of_child(spawn(1) + leave()) == (MEMORY_END - 16, bytes(16), ())


def test_argv_is_not_looked_at_where_argc_is_zero() -> None:
    assert play(words("block", 0, -1) + spawn(1) + LEAVE_WITH_ANSWER, SMALLEST).exit_code == 0


@pytest.mark.parametrize(
    ("argc", "argv", "error"),
    [
        (1, MEMORY_END - 7, "MemOutOfBound"),  # the pointer
        (1, (1 << 64) - 8, "MemOutOfBound"),
        (1, 1 << 32, "MemOutOfBound"),
        (2, MEMORY_END - 8, "MemOutOfBound"),  # the second pointer; the first is 0, an empty text
        (1 << 63, 0, "MemOutOfBound"),  # half a million empty texts, then the memory's end
        ((1 << 64) - 1, (1 << 64) - 16, "MemOutOfBound"),
        (100_000, 1 << 20, None),  # 900,016 bytes
        (120_000, 1 << 20, "MemOutOfStack"),  # more than a MiB, with the pointers
    ],
)
def test_huge_argc_and_bad_argv(argc: int, argv: int, error: str | None) -> None:
    assert play(words("block", argc, argv) + spawn(1) + leave(), SMALLEST).error == error


@pytest.mark.parametrize("pointer", [MEMORY_END, (1 << 64) - 1])
def test_a_bad_pointer_in_argv_is_a_fault(pointer: int) -> None:
    assert play(words("argv", pointer) + words("block", 1) + spawn(1), SMALLEST).error == "MemOutOfBound"


def test_an_argument_without_nul_runs_into_the_memorys_end() -> None:
    fill = f"  li t0, {MEMORY_END}\n  li t1, -1\n  sd t1, -8(t0)\n"
    root = fill + words("argv", MEMORY_END - 8) + words("block", 1) + spawn(1)
    assert play(root, SMALLEST).error == "MemOutOfBound"


def test_texts_of_more_than_a_mebibyte_do_not_fit() -> None:
    """The stack is tested after each text, so the bad pointer behind the ninth is never read."""
    fill = "  la t0, long\n  li t1, 0x78\n  li t2, 130000\nfill:\n  sb t1, 0(t0)\n  addi t0, t0, 1\n"
    fill += "  addi t2, t2, -1\n  bnez t2, fill\n"
    root = fill + words("many", *["long"] * 9, -1) + words("block", 10, "many") + spawn(1) + leave()
    run = play(root + ".bss\nmany: .zero 128\nlong: .zero 130001\n", SMALLEST)
    assert run.error == "MemOutOfStack"


# The argument block


@pytest.mark.parametrize("address", [MEMORY_END, MEMORY_END - 24, (1 << 64) - 8, (1 << 64) - 16])
def test_a_bad_block_is_a_fault_even_for_an_index_that_is_not_there(address: int) -> None:
    assert play(call(SPAWN, 1, CELL_DEP, 0, 0, address), SMALLEST).error == "MemOutOfBound"
    assert play(call(SPAWN, 9, CELL_DEP, 0, 0, address), SMALLEST).error == "MemOutOfBound"


def test_a_bad_block_is_not_read_where_no_piece_is_named() -> None:
    run = play(call(SPAWN, 1, CELL_DEP, 2, 0, MEMORY_END) + LEAVE_WITH_ANSWER, SMALLEST)
    assert run.exit_code == INDEX_OUT_OF_BOUND


def test_the_block_may_end_at_the_memorys_end() -> None:
    """Its last word, the address of the list of fds, is 0 there."""
    fill = f"  li s0, {MEMORY_END - 32}\n  la t0, child\n  sd t0, 16(s0)\n"
    assert play(fill + spawn(1, "s0") + LEAVE_WITH_ANSWER, SMALLEST).exit_code == 0


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (MEMORY_END - 7, "MemOutOfBound"),
        ((1 << 64) - 1, "MemOutOfBound"),
        (TEXT, "MemWriteOnExecutablePage"),
        (TEXT - 4, "MemWriteOnExecutablePage"),
    ],
)
def test_a_bad_address_for_the_id_is_a_fault_after_the_child_was_made(address: int, error: str) -> None:
    root = pipe() + words("fds", 2, 0) + words("block_fds", 0, 0, address) + spawn(1, "block_fds")
    run = play(root, SMALLEST)
    assert run.error == error
    assert sorted(run.table.states) == [0, 1]
    assert run.table.fds == {2: 1, 3: 0}


def test_the_id_may_be_stored_over_the_block() -> None:
    run = play(words("block", 0, 0, "block") + spawn(1) + leave("[block]"), SMALLEST)
    assert run.exit_code == 1


# What is spawned


@pytest.mark.parametrize(
    ("source", "place", "piece"),
    [
        (1, 0, Place.INPUT),
        (2, 0, Place.OUTPUT),
        (3, 0, Place.CELL_DEP),
        (GROUP | 1, 0, Place.GROUP_INPUT),
        (1, 1, Place.WITNESS),
        (2, 1, Place.WITNESS),
        (GROUP | 1, 1, Place.WITNESS_GROUP_INPUT),
    ],
)
def test_children_come_from_all_over_the_transaction(source: int, place: int, piece: Place) -> None:
    run = play(
        spawn(0 if source >> 56 else 1, source=source, place=place) + LEAVE_WITH_ANSWER,
        SMALLEST,
        inputs=(MockCell(lock=Script()), MockCell(lock=THE_SCRIPT, data=SMALLEST), MockCell(data=b"x")),
        outputs=(MockCell(), MockCell(data=SMALLEST)),
        witnesses=(b"", SMALLEST),
    )
    assert run.exit_code == 0
    assert spawned(run) == [DataLocation(DataPieceId(piece, 0 if source >> 56 else 1))]


@pytest.mark.parametrize(
    ("index", "source", "place"),
    [
        (0, 4, 0),  # header dep
        (0, GROUP | 3, 0),  # the group's cell deps: there is no such thing
        (0, GROUP | 4, 0),
        (0, 3, 1),  # witnesses go by inputs and outputs
        (0, 4, 1),
        (0, 3, 2),
        (0, 3, 1 << 63),
        (1 << 32, 3, 0),
        ((1 << 64) - 1, 3, 0),
        (2, 3, 0),  # not there
        (0, 2, 0),
        (0, 1, 1),
        (0, GROUP | 2, 0),
        (1, GROUP | 1, 0),
        ((1 << 32) - 1, 1, 0),
    ],
)
def test_what_is_not_there_is_out_of_bound_and_posts_nothing(index: int, source: int, place: int) -> None:
    run = play(spawn(index, source=source, place=place) + LEAVE_WITH_ANSWER, SMALLEST)
    assert run.exit_code == INDEX_OUT_OF_BOUND
    assert run.events(Posted) == []


@pytest.mark.parametrize("entry", [0, 5, 0xFF, (1 << 56) - 1])
@pytest.mark.parametrize("top", [0, 1, 2])
def test_a_source_that_does_not_exist_is_a_fault(entry: int, top: int) -> None:
    run = play(spawn(1, 0, source=top << 56 | entry, place=9), SMALLEST)
    assert run.error == f'External("SourceEntry parse_from_u64 {entry}")'


BEHIND_5 = b"12345" + SMALLEST + b"behind"


@pytest.mark.parametrize(
    ("offset", "length", "answer"),
    [
        (5, 0, 0),
        (5, 132, 0),
        (5, 138, 0),
        (5, 139, SLICE_OUT_OF_BOUND),
        (5, 0xFFFF_FFFF, SLICE_OUT_OF_BOUND),
        (143, 0, SLICE_OUT_OF_BOUND),
        (0xFFFF_FFFF, 0, SLICE_OUT_OF_BOUND),
        (0xFFFF_FFFF, 0xFFFF_FFFF, SLICE_OUT_OF_BOUND),
    ],
)
def test_bounds(offset: int, length: int, answer: int) -> None:
    run = play(spawn(1, bounds=offset << 32 | length) + LEAVE_WITH_ANSWER, BEHIND_5)
    assert run.exit_code == answer
    if answer == 0:
        assert spawned(run) == [DataLocation(DataPieceId(Place.CELL_DEP, 1), 5, length)]


@pytest.mark.parametrize("bounds", [0, 1, 1 << 32])
def test_an_empty_piece_is_always_out_of_bound(bounds: int) -> None:
    assert play(spawn(1, bounds=bounds) + LEAVE_WITH_ANSWER, b"").exit_code == SLICE_OUT_OF_BOUND


def test_a_part_that_is_no_program_is_a_fault_of_the_run() -> None:
    run = play(spawn(1, bounds=4 << 32) + leave(), BEHIND_5)
    assert run.error is not None
    assert run.error.startswith("ElfParseError(")
