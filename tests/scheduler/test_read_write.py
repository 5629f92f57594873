"""System calls 2605 and 2606 and the I/O pass that ends them (``scheduler`` §9, §10.5 and §10.6, ``syscalls`` §11)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.events import Answered, Blocked, FdClosed, OtherEndGone, Posted, Refused, Transferred
from spawnlab.scheduler.states import WaitForRead, WaitForWrite

from .programs import (
    FOREVER,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    READ,
    TEXT,
    WRITE,
    call,
    close,
    leave,
    pipe,
    read,
    spawn_with,
    write,
)
from .runs import play

INVALID_FD, OTHER_END_CLOSED = ReturnCode.INVALID_FD, ReturnCode.OTHER_END_CLOSED
READER = pipe() + spawn_with(1, 2)
"""The root's start where VM 1 gets the read end, the root keeps the write end."""
WRITER = pipe() + spawn_with(1, 3)
"""The other way round."""
LETTERS = b"abcdefghijklmnopqrstuvwxyz012345"
BUFFER = "  la s0, buffer\n"


def sizes(run_events: list[Transferred]) -> list[int]:
    return [event.size for event in run_events]


# Moving bytes


def test_bytes_go_from_the_writers_buffer_to_the_readers() -> None:
    run = play(READER + write(3, 5) + FOREVER, read(2, 32, "argv") + FOREVER)
    assert run.events(Transferred) == [Transferred(0, 1, 3, 5, b"abcde")]
    assert run.memory(1, "argv", 8) == b"abcde\0\0\0"
    assert (run.word(0, "length"), run.word(1, "length")) == (5, 5)


def test_a_read_takes_no_more_than_it_asked_for_and_the_writer_waits_on() -> None:
    run = play(READER + write(3, 10), read(2, 4, "argv") + FOREVER)
    assert sizes(run.events(Transferred)) == [4]
    assert run.memory(1, "argv", 8) == b"abcd\0\0\0\0"
    state = run.scheduler.state(0)
    assert isinstance(state, WaitForWrite)
    assert (state.fd, state.consumed, state.length) == (3, 4, 10)
    assert run.word(0, "length") == 10


def test_reads_go_on_where_the_last_one_stopped() -> None:
    run = play(READER + write(3, 10) + leave("[length]"), (read(2, 4, "s0") + "  addi s0, s0, 4\n") * 4 + leave())
    assert run.exit_code == 10
    assert [event.head for event in run.events(Transferred)] == [b"abcd", b"efgh", b"ij"]


def test_a_read_ends_with_one_transfer_however_small() -> None:
    root = READER + write(3, 1) + write(3, 2) + FOREVER
    run = play(root, read(2, 8, "argv") + FOREVER)
    assert sizes(run.events(Transferred)) == [1]
    assert run.word(1, "length") == 1
    assert isinstance(run.scheduler.state(0), WaitForWrite)


def test_both_sides_of_a_full_transfer_run_again() -> None:
    run = play(READER + write(3, 8) + leave(), read(2, 8) + leave())
    assert run.turns() == [0, 0, 1, 0, 1, 0]


def test_the_head_of_a_transfer_is_kept_not_all_of_it() -> None:
    run = play(READER + write(3, 1000, TEXT) + leave(), read(2, 1000, 1 << 20) + leave())
    (event,) = run.events(Transferred)
    assert (event.size, len(event.head)) == (1000, 64)


def test_code_can_be_written_to_a_pipe_but_not_read_into() -> None:
    assert play(READER + write(3, 8, TEXT) + leave(), read(2, 8) + leave()).exit_code == 0
    assert play(READER + write(3, 8), read(2, 8, TEXT)).error == "MemWriteOnExecutablePage"


def test_a_pipe_with_both_ends_in_one_vm_is_of_no_use() -> None:
    run = play(pipe() + write(3, 1))
    assert run.outcome.deadlock is not None
    run = play(pipe() + read(2, 1))
    assert run.outcome.deadlock is not None


def test_many_bytes_need_one_iteration_each_side() -> None:
    run = play(READER + write(3, 1 << 20, 0) + leave(), read(2, 1 << 20, 1 << 20) + leave())
    assert sizes(run.events(Transferred)) == [1 << 20]


@pytest.mark.parametrize("length", [1 << 63, (1 << 64) - 1])
def test_lengths_may_be_huge_where_the_other_sides_is_small(length: int) -> None:
    run = play(READER + write(3, 4) + leave(), read(2, length) + leave("[length]"))
    assert run.table.terminated_vms[1] == 4
    run = play(READER + write(3, length) + leave(), read(2, 4) + leave("[length]"))
    assert (run.table.terminated_vms[1], run.exit_code) == (4, 0)


# Zero lengths


def test_a_read_of_nothing_is_answered_when_there_is_a_writer() -> None:
    run = play(READER + write(3, 4) + leave(), read(2, 0) + read(2, 4) + leave("[length]"))
    assert sizes(run.events(Transferred)) == [0, 4]
    assert run.answers(1) == [0, 0]


def test_a_read_of_nothing_blocks_without_a_writer() -> None:
    run = play(READER + FOREVER, read(2, 0))
    assert isinstance(run.scheduler.state(1), WaitForRead)


def test_a_write_of_nothing_blocks_until_there_is_a_reader_then_both_end() -> None:
    run = play(WRITER + read(2, 4) + leave("[length]"), write(3, 0) + leave("[length]"))
    assert run.events(Blocked, 1) != []
    assert sizes(run.events(Transferred)) == [0]
    assert (run.exit_code, run.table.terminated_vms[1]) == (0, 0)


@pytest.mark.parametrize("address", [MEMORY_END, (1 << 64) - 1, TEXT])
def test_buffers_are_not_looked_at_for_nothing(address: int) -> None:
    run = play(READER + write(3, 0, address) + leave(), read(2, 4, address) + leave())
    assert run.exit_code == 0


# Answers without blocking


@pytest.mark.parametrize(("number", "fd"), [(READ, 3), (READ, 1), (READ, (1 << 64) - 1), (WRITE, 2), (WRITE, 0)])
def test_the_wrong_direction_is_refused_at_once(number: int, fd: int) -> None:
    run = play(pipe() + call(number, fd, "buffer", "length") + LEAVE_WITH_ANSWER)
    assert run.exit_code == INVALID_FD
    (posted,) = run.events(Posted)  # the pipe's
    assert run.word(0, "length") == 8
    (refused,) = run.events(Refused)
    assert (refused.vm, refused.call, refused.argument, refused.code) == (0, number, fd, INVALID_FD)
    assert refused.pc > posted.pc


def test_a_refused_call_is_told_with_the_pc_behind_it() -> None:
    """As that of a posted message: here both calls are the program's first."""
    (refused,) = play(call(READ, 3, "buffer", "length") + leave()).events(Refused)
    (posted,) = play(call(READ, 2, "buffer", "length") + leave()).events(Posted)
    assert refused.pc == posted.pc


@pytest.mark.parametrize("address", [MEMORY_END, MEMORY_END - 7, (1 << 64) - 1])
@pytest.mark.parametrize(("number", "fd"), [(READ, 2), (READ, 3), (WRITE, 2), (WRITE, 3)])
def test_the_length_is_loaded_before_the_direction_is_looked_at(number: int, fd: int, address: int) -> None:
    run = play(pipe() + call(number, fd, "buffer", address))
    assert run.error == "MemOutOfBound"


@pytest.mark.parametrize("use", [read(2, 5), write(3, 5), read(4, 5), write(5, 5), read(0, 5), write(1, 5)])
def test_an_fd_that_is_not_the_vms_own_is_refused(use: str) -> None:
    run = play(pipe() + spawn_with(1, 2, 3) + use + LEAVE_WITH_ANSWER, FOREVER)
    assert run.exit_code == INVALID_FD
    assert run.word(0, "length") == 5


@pytest.mark.parametrize("use", [read(2, 5), write(3, 5)])
def test_a_closed_other_end_is_reported_and_the_length_stays(use: str) -> None:
    run = play(pipe() + close(2 if use == write(3, 5) else 3) + use + LEAVE_WITH_ANSWER)
    assert run.exit_code == OTHER_END_CLOSED
    assert run.word(0, "length") == 5


def test_who_owns_the_fd_is_asked_before_who_has_the_other_end() -> None:
    run = play(pipe() + spawn_with(1, 2) + close(3) + read(2, 5) + LEAVE_WITH_ANSWER, FOREVER)
    assert run.exit_code == INVALID_FD


def test_a_closed_pipe_is_nobodys() -> None:
    assert play(pipe() + close(2) + close(3) + read(2, 5) + LEAVE_WITH_ANSWER).exit_code == INVALID_FD


def test_the_refusal_of_a_read_leaves_a_bad_buffer_alone() -> None:
    assert play(read(2, 5, MEMORY_END) + LEAVE_WITH_ANSWER).exit_code == INVALID_FD


# Waking by closing


def test_a_reader_wakes_with_nothing_when_the_writer_closes() -> None:
    run = play(READER + close(3) + FOREVER, read(2, 8) + leave("[length]"))
    assert run.answers(1) == [0]
    assert run.table.terminated_vms == {1: 0}


def test_a_reader_wakes_with_nothing_when_the_writer_ends() -> None:
    """VM 2 has the write end and ends."""
    root = pipe() + spawn_with(1, 2) + spawn_with(2, 3) + FOREVER
    run = play(root, read(2, 8) + leave("[length]"), leave())
    assert run.events(OtherEndGone) == [OtherEndGone(1, 2, 0)]
    assert run.turns()[-2:] == [1, 0]


def test_a_writer_wakes_with_what_was_taken_when_the_reader_ends() -> None:
    run = play(READER + write(3, 10) + leave("[length]"), read(2, 7) + leave())
    assert run.exit_code == 7


def test_a_writer_wakes_with_nothing_when_nothing_was_taken() -> None:
    root = pipe() + spawn_with(1, 3) + spawn_with(2, 2) + FOREVER
    run = play(root, write(3, 10) + leave("[length]"), leave())
    assert run.events(OtherEndGone) == [OtherEndGone(1, 3, 0)]
    assert run.table.terminated_vms == {1: 0, 2: 0}


def test_readers_are_woken_before_writers_both_ascending() -> None:
    """VM 4 has one end of each of three pipes; its end closes them all."""
    root = pipe() * 3 + spawn_with(1, 3) + spawn_with(2, 4) + spawn_with(3, 7) + spawn_with(4, 2, 5, 6) + FOREVER
    run = play(root, write(3, 1) + FOREVER, read(4, 1) + FOREVER, write(7, 1) + FOREVER, leave())
    assert [event.vm for event in run.events(OtherEndGone)] == [2, 1, 3]
    assert [event.fd for event in run.events(FdClosed)] == [2, 5, 6]


# Bad addresses


@pytest.mark.parametrize(
    ("buffer", "error"),
    [(MEMORY_END - 7, "MemOutOfBound"), ((1 << 64) - 1, "MemOutOfBound"), ((1 << 64) - 8, "MemOutOfBound")],
)
def test_a_bad_buffer_is_a_fault_when_bytes_move(buffer: int, error: str) -> None:
    assert play(READER + write(3, 8, buffer), read(2, 8)).error == error
    assert play(READER + write(3, 8), read(2, 8, buffer)).error == error


def test_a_bad_buffer_is_no_matter_where_nothing_moves() -> None:
    run = play(READER + close(3) + leave(), read(2, 8, MEMORY_END) + leave())
    assert run.exit_code == 0


def test_only_what_moves_must_lie_in_memory() -> None:
    run = play(READER + write(3, 4, MEMORY_END - 4) + leave(), read(2, 100, MEMORY_END - 4) + leave())
    assert run.exit_code == 0
    run = play(READER + write(3, 100, MEMORY_END - 4), read(2, 4) + read(2, 1))
    assert run.error == "MemOutOfBound"  # the second part of the write lies behind the end


def test_a_length_in_code_can_be_loaded_and_not_be_stored() -> None:
    """The word at the start of the program is a large number, so the write can't end but by closing."""
    run = play(READER + call(WRITE, 3, "buffer", TEXT), read(2, 8) + leave())
    assert run.error == "MemWriteOnExecutablePage"
    run = play(READER + close(3), call(READ, 2, "buffer", TEXT))
    assert run.error == "MemWriteOnExecutablePage"
    run = play(READER + write(3, 8), call(READ, 2, "buffer", TEXT))
    assert run.error == "MemWriteOnExecutablePage"


def test_a_small_length_in_code_fails_where_the_write_ends() -> None:
    """All bytes are taken, and the writer's own length cannot be stored."""
    run = play(READER + call(WRITE, 3, "buffer", "small") + "small: .dword 8\n", read(2, 4) + read(2, 8))
    assert run.error == "MemWriteOnExecutablePage"
    assert run.answers(1)[-1:] == [0]
    assert [event.size for event in run.events(Transferred)][:1] == [4]


def test_what_a_fault_leaves_behind() -> None:
    """The bytes have moved, the reader's length could not be stored: both still wait."""
    run = play(READER + write(3, 8), call(READ, 2, "argv", TEXT))
    assert run.memory(1, "argv", 8) == LETTERS[:8]
    assert run.events(Transferred) == []
    assert isinstance(run.scheduler.state(0), WaitForWrite)
    assert isinstance(run.scheduler.state(1), WaitForRead)


def test_the_readers_length_is_stored_after_its_bytes() -> None:
    run = play(READER + write(3, 8) + FOREVER, read(2, 16, "length") + FOREVER)
    assert run.word(1, "length") == 8


def test_a_buffer_may_overlap_the_length_in_part() -> None:
    run = play(READER + write(3, 12) + FOREVER, BUFFER + read(2, 16, "s0", "buffer") + FOREVER)
    assert run.memory(1, "buffer", 12) == (12).to_bytes(8, "little") + b"ijkl"


def test_the_writers_length_word_may_lie_in_its_buffer() -> None:
    run = play(READER + write(3, 12, "length", "length") + FOREVER, read(2, 16) + FOREVER)
    assert run.memory(1, "buffer", 8) == (12).to_bytes(8, "little")
    assert run.word(0, "length") == 12


# Several pairs in one pass


def test_the_state_says_what_is_waited_for() -> None:
    run = play(READER + FOREVER, read(2, 6))
    state = WaitForRead(2, 6, run.address("buffer", 1), run.address("length", 1))
    assert run.scheduler.state(1) == state
    assert run.events(Blocked, 1) == [Blocked(1, state)]
    run = play(WRITER + FOREVER, write(3, 6))
    assert run.scheduler.state(1) == WaitForWrite(3, 0, 6, run.address("buffer", 1), run.address("length", 1))


def test_only_a0_and_the_documented_memory_change() -> None:
    keep = "".join(f"  li s{i}, {100 + i}\n" for i in range(12))
    check = "".join(f"  addi s{i}, s{i}, -{100 + i}\n  bnez s{i}, bad\n" for i in range(12))
    more = "  li a3, 55\n  li t5, 66\n"
    after = "  addi a3, a3, -55\n  bnez a3, bad\n  addi t5, t5, -66\n  bnez t5, bad\n"
    reader = keep + more + read(2, 8) + check + after + leave(7) + "bad:\n" + leave(1)
    run = play(READER + write(3, 8) + leave(), reader)
    assert run.table.terminated_vms[1] == 7


def test_a_reader_that_was_woken_runs_before_a_smaller_writer() -> None:
    run = play(READER + write(3, 1) + leave(), read(2, 1) + leave())
    woken = [event.vm for event in run.events(Answered)][-2:]
    assert woken == [1, 0]
    assert run.turns()[-2:] == [1, 0]


def test_a_pipe_can_be_handed_down() -> None:
    """The root's write end goes to its child and from there to the grandchild, who writes to the root."""
    run = play(WRITER + read(2, 8) + leave("[length]"), spawn_with(2, 3) + FOREVER, write(3, 5) + leave())
    assert run.exit_code == 5


# Widths


def test_a_length_word_has_8_bytes_and_what_follows_it_is_left_alone() -> None:
    """``length2`` lies behind ``length`` and holds 8. One write is taken whole, two calls end as the peer is gone."""
    whole = play(pipe() + spawn_with(1, 2) + write(3, 12) + FOREVER, read(2, 12) + FOREVER)
    cut = play(pipe() + spawn_with(1, 2) + write(3, 12) + FOREVER, read(2, 5) + leave())
    gone = play(pipe() + spawn_with(1, 2) + close(3) + FOREVER, read(2, 1 << 63) + FOREVER)
    assert [run.word(0, "length") for run in (whole, cut)] == [12, 5]
    assert gone.word(1, "length") == 0
    assert [run.word(vm, "length2") for run, vm in ((whole, 0), (whole, 1), (cut, 0), (gone, 1))] == [8, 8, 8, 8]
