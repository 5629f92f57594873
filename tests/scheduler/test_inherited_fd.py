"""System call 2607: which fds a VM was given (``scheduler`` §10.7 and §14, ``syscalls`` §11)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.limits import U64_MAX

from .programs import (
    FOREVER,
    INHERITED_FD,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    TEXT,
    call,
    close,
    leave,
    pipe,
    spawn,
    spawn_with,
    words,
)
from .runs import Played, play

PIPES = pipe() + pipe()


def inherited(room: int, buffer: int | str = "argv", at: int | str = "length") -> str:
    """Ask for the list, with room for so many fds."""
    return (words(at, room) if isinstance(at, str) else "") + call(INHERITED_FD, buffer, at)


def listed(run: Played, vm: int, count: int) -> list[int]:
    content = run.memory(vm, "argv", 8 * count)
    return [int.from_bytes(content[8 * i : 8 * i + 8], "little") for i in range(count)]


def test_the_list_is_in_the_order_of_the_spawn() -> None:
    run = play(PIPES + spawn_with(1, 4, 3, 2) + FOREVER, inherited(5) + FOREVER)
    assert listed(run, 1, 5) == [4, 3, 2, 0, 0]
    assert run.word(1, "length") == 3
    assert run.answers(1) == [0]


@pytest.mark.parametrize(("room", "seen"), [(0, [0, 0, 0]), (1, [5, 0, 0]), (2, [5, 3, 0]), (3, [5, 3, 2])])
def test_a_small_buffer_gets_the_first_and_the_full_count(room: int, seen: list[int]) -> None:
    run = play(PIPES + spawn_with(1, 5, 3, 2) + FOREVER, inherited(room) + FOREVER)
    assert listed(run, 1, 3) == seen
    assert run.word(1, "length") == 3


def test_each_fd_takes_8_bytes_and_no_more() -> None:
    run = play(PIPES + spawn_with(1, 3, 2) + FOREVER, inherited(5, "buffer") + FOREVER)
    assert run.memory(1, "buffer", 24) == b"\3" + bytes(7) + b"\2" + bytes(7) + b"qrstuvwx"


@pytest.mark.parametrize("room", [1 << 63, U64_MAX])
def test_room_may_be_huge(room: int) -> None:
    run = play(PIPES + spawn_with(1, 2) + FOREVER, inherited(room) + FOREVER)
    assert listed(run, 1, 2) == [2, 0]


def test_a_child_without_fds_has_an_empty_list() -> None:
    run = play(spawn(1) + FOREVER, inherited(4) + FOREVER)
    assert (listed(run, 1, 1), run.word(1, "length")) == ([0], 0)


def test_the_root_has_an_empty_list() -> None:
    run = play(PIPES + inherited(4) + LEAVE_WITH_ANSWER)
    assert (run.exit_code, run.word(0, "length"), listed(run, 0, 1)) == (0, 0, [0])


def test_the_list_stays_when_fds_are_closed_or_handed_on() -> None:
    run = play(PIPES + spawn_with(1, 2, 4) + FOREVER, close(2) + spawn_with(2, 4) + inherited(4) + FOREVER, FOREVER)
    assert listed(run, 1, 3) == [2, 4, 0]
    assert run.table.fds == {3: 0, 4: 2, 5: 0}


def test_the_list_stays_when_its_vm_has_ended() -> None:
    run = play(PIPES + spawn_with(1, 2) + leave(), leave())
    assert run.table.inherited_fd == {1: (2,)}


def test_pipes_of_its_own_are_not_in_a_vms_list() -> None:
    run = play(PIPES + spawn_with(1, 2) + FOREVER, pipe() + inherited(4) + FOREVER)
    assert run.word(1, "length") == 1


@pytest.mark.parametrize("address", [MEMORY_END, MEMORY_END - 7, U64_MAX])
def test_a_bad_address_of_the_count_is_a_fault(address: int) -> None:
    assert play(inherited(0, "argv", address)).error == "MemOutOfBound"


def test_the_count_cannot_be_stored_over_code() -> None:
    assert play(inherited(0, "argv", TEXT)).error == "MemWriteOnExecutablePage"


@pytest.mark.parametrize(
    ("buffer", "error"),
    [
        (MEMORY_END - 8, "MemOutOfBound"),  # the second fd
        (U64_MAX, "MemOutOfBound"),
        (U64_MAX - 7, "MemOutOfBound"),
        (TEXT, "MemWriteOnExecutablePage"),
    ],
)
def test_a_bad_buffer_is_a_fault_and_the_count_stays(buffer: int, error: str) -> None:
    run = play(PIPES + spawn_with(1, 2, 3) + FOREVER, inherited(7, buffer))
    assert run.error == error
    assert run.word(1, "length") == 7


def test_a_bad_buffer_is_no_matter_where_nothing_is_stored() -> None:
    run = play(PIPES + spawn_with(1, 2) + FOREVER, inherited(0, MEMORY_END) + inherited(1, "argv") + FOREVER)
    assert run.answers(1) == [0, 0]
    assert play(inherited(9, MEMORY_END) + LEAVE_WITH_ANSWER).exit_code == 0


def test_the_count_is_stored_after_the_fds() -> None:
    """The buffer starts at the count: the first fd is lost."""
    run = play(PIPES + spawn_with(1, 5, 4) + FOREVER, inherited(2, "argv", "argv") + FOREVER)
    assert listed(run, 1, 2) == [2, 4]


def test_an_fd_over_the_count_does_not_change_how_many_are_stored() -> None:
    """The second fd lands on the count word, which has been read before."""
    run = play(
        PIPES + spawn_with(1, 5, 4, 2) + FOREVER,
        "  la s0, argv\n  addi s1, s0, 8\n  li t0, 3\n  sd t0, 0(s1)\n" + call(INHERITED_FD, "s0", "s1") + FOREVER,
    )
    assert listed(run, 1, 3) == [5, 3, 2]
