"""System calls 2604 and 2608: making pipes and closing their ends (``scheduler`` §10.4, §10.8 and §14)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.events import Answered, FdClosed, OtherEndGone, PipeOpened, Posted

from .programs import (
    FOREVER,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    SMALLEST,
    TEXT,
    close,
    leave,
    pipe,
    read,
    spawn_with,
    write,
)
from .runs import play

INVALID_FD, MAX_FDS_CREATED, OTHER_END_CLOSED = (
    ReturnCode.INVALID_FD,
    ReturnCode.MAX_FDS_CREATED,
    ReturnCode.OTHER_END_CLOSED,
)


def pipes(count: int) -> str:
    return f"  li s0, {count}\nagain:\n{pipe()}  addi s0, s0, -1\n  bnez s0, again\n"


# Making


def test_fds_start_at_2_the_read_end_even_the_write_end_odd() -> None:
    run = play(pipe() + pipe("pair2") + leave())
    assert (run.word(0, "pair"), run.word(0, run.address("pair") + 8)) == (2, 3)
    assert (run.word(0, "pair2"), run.word(0, run.address("pair2") + 8)) == (4, 5)
    assert run.events(PipeOpened) == [PipeOpened(0, 2, 3), PipeOpened(0, 4, 5)]


def test_numbers_are_never_used_again() -> None:
    run = play(pipe() + close(2) + close(3) + pipe() + leave("[pair]"))
    assert run.exit_code == 4


def test_all_vms_share_the_numbers() -> None:
    run = play(pipe() + spawn_with(1, 2) + pipe() + leave("[pair]"), pipe() + leave())
    assert run.exit_code == 6


def test_32_pipes_can_be_open() -> None:
    run = play(pipes(32) + leave())
    assert run.answers(0) == [0] * 32
    assert len(run.table.fds) == 64


def test_the_33rd_is_refused_and_stores_nothing() -> None:
    run = play(pipes(32) + pipe("pair2") + LEAVE_WITH_ANSWER)
    assert run.exit_code == MAX_FDS_CREATED
    assert run.memory(0, "pair2", 16) == bytes(16)
    assert run.table.next_fd_slot == 66


def test_too_many_fds_are_reported_before_a_bad_address() -> None:
    assert play(pipes(32) + pipe(MEMORY_END) + LEAVE_WITH_ANSWER).exit_code == MAX_FDS_CREATED


def test_closing_makes_room_and_numbers_go_on() -> None:
    run = play(pipes(32) + close(2) + close(3) + pipe("pair2") + leave("[pair2]"))
    assert run.exit_code == 66


def test_the_limit_is_for_all_vms_together() -> None:
    run = play(pipe() + spawn_with(1, 2) + pipes(1) + LEAVE_WITH_ANSWER, pipes(31) + FOREVER)
    assert run.exit_code == MAX_FDS_CREATED


def test_the_end_of_a_vm_makes_room() -> None:
    run = play(pipe() + spawn_with(1, 2) + pipes(1) + LEAVE_WITH_ANSWER, pipes(31) + leave())
    assert run.exit_code == 0


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (MEMORY_END, "MemOutOfBound"),
        (MEMORY_END - 8, "MemOutOfBound"),  # the second word
        (MEMORY_END - 12, "MemOutOfBound"),
        ((1 << 64) - 9, "MemOutOfBound"),
        (TEXT, "MemWriteOnExecutablePage"),
        (TEXT - 8, "MemWriteOnExecutablePage"),
    ],
)
def test_a_bad_address_is_a_fault_after_the_pipe_was_made(address: int, error: str) -> None:
    run = play(pipe(address))
    assert run.error == error
    assert run.table.fds == {2: 0, 3: 0}


@pytest.mark.parametrize("address", [(1 << 64) - 8, (1 << 64) - 1])
def test_a_second_word_beyond_64_bits_is_a_fault_before_anything_is_asked(address: int) -> None:
    run = play(pipe(address))
    assert run.error == "MemOutOfBound"
    assert run.events(Posted) == []
    assert run.table.fds == {}
    assert run.outcome.cycles == play(pipe((1 << 64) - 9)).outcome.cycles - 800


def test_the_first_number_is_stored_before_the_second_fails() -> None:
    run = play(pipe(MEMORY_END - 8))
    assert run.word(0, MEMORY_END - 8) == 2


# Closing


def test_closing_an_own_fd() -> None:
    run = play(pipe() + close(3) + LEAVE_WITH_ANSWER)
    assert run.exit_code == 0
    assert run.events(FdClosed) == [FdClosed(0, 3)]
    assert run.table.fds == {2: 0}


def test_closing_twice() -> None:
    assert play(pipe() + close(3) + close(3) + LEAVE_WITH_ANSWER).exit_code == INVALID_FD


@pytest.mark.parametrize("fd", [0, 1, 4, (1 << 64) - 1])
def test_closing_what_is_not_open(fd: int) -> None:
    run = play(pipe() + close(fd) + LEAVE_WITH_ANSWER)
    assert run.exit_code == INVALID_FD
    assert run.table.fds == {2: 0, 3: 0}


def test_closing_another_vms_fd() -> None:
    run = play(pipe() + spawn_with(1, 2) + close(2) + LEAVE_WITH_ANSWER, close(3) + FOREVER)
    assert run.exit_code == INVALID_FD
    assert run.answers(1) == [INVALID_FD]
    assert run.table.fds == {2: 1, 3: 0}


def test_the_other_end_stays_open_and_can_be_closed() -> None:
    run = play(pipe() + close(2) + close(3) + LEAVE_WITH_ANSWER)
    assert run.exit_code == 0
    assert run.table.fds == {}


def test_closing_wakes_a_blocked_reader_in_the_same_iteration() -> None:
    run = play(pipe() + spawn_with(1, 2) + close(3) + FOREVER, read(2, 8) + leave("[length]"))
    assert run.events(OtherEndGone) == [OtherEndGone(1, 2, 0)]
    events = run.journal.events
    closed, woken = events.index(FdClosed(0, 3)), events.index(Answered(1, 0))
    assert closed < woken
    assert run.turns()[-2:] == [1, 0]


def test_closing_wakes_a_blocked_writer_with_what_was_taken() -> None:
    root = pipe() + spawn_with(1, 3) + read(2, 3) + close(2) + FOREVER
    run = play(root, write(3, 10) + leave("[length]"))
    assert run.events(OtherEndGone) == [OtherEndGone(1, 3, 3)]
    assert run.table.terminated_vms == {1: 3}


@pytest.mark.parametrize(("kept", "use"), [(2, read(2, 1)), (3, write(3, 1))])
def test_later_calls_on_a_pipe_without_other_end(kept: int, use: str) -> None:
    run = play(pipe() + close(kept ^ 1) + use + LEAVE_WITH_ANSWER)
    assert run.exit_code == OTHER_END_CLOSED
    run = play(pipe() + close(kept ^ 1) + use + close(kept) + LEAVE_WITH_ANSWER)
    assert run.exit_code == 0


def test_the_end_of_a_vm_closes_its_fds() -> None:
    run = play(pipe() + pipe("pair2") + spawn_with(1, 4, 3) + read(2, 1) + LEAVE_WITH_ANSWER, SMALLEST)
    assert run.events(FdClosed) == [FdClosed(1, 3), FdClosed(1, 4)]
    assert run.exit_code == OTHER_END_CLOSED
