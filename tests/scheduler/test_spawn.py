"""System call 2601: starting children: ids, fds, limits, order (``scheduler`` §10.2 and §11.2)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.events import Booted, FdMoved, PipeOpened
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.vm.errors import VmError

from .programs import (
    FOREVER,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    SMALLEST,
    call,
    close,
    leave,
    pipe,
    spawn,
    spawn_with,
    wait,
    words,
    write,
)
from .runs import play, sg_data_of

INVALID_FD, MAX_VMS_SPAWNED = ReturnCode.INVALID_FD, ReturnCode.MAX_VMS_SPAWNED


# Ids


def test_the_childs_id_is_stored() -> None:
    run = play(words("child", -1) + spawn(1) + leave("[child]"), SMALLEST)
    assert run.exit_code == 1
    assert run.word(0, "child") == 1


def test_ids_count_up_and_are_never_used_again() -> None:
    run = play((spawn(1) + wait(1)) * 3 + leave("[child]"), SMALLEST)
    assert run.exit_code == 3
    assert [event.vm for event in run.events(Booted)] == [0, 1, 2, 3]


def test_a_refused_spawn_takes_no_id() -> None:
    run = play(spawn_with(1, 9) + spawn(9) + spawn(1) + leave("[child]"), SMALLEST)
    assert run.answers(0) == [INVALID_FD, 0]
    assert run.exit_code == 1


def test_a_child_whose_boot_fails_has_taken_an_id() -> None:
    run = play(spawn(1), b"not a program")
    assert run.table.next_vm_id == 2
    assert sorted(run.table.states) == [0]


def test_a_program_can_spawn_itself() -> None:
    again = "  li a7, 2603\n  ecall\n  li t1, 3\n  beq a0, t1, last\n"
    run = play(again + spawn(0) + call(2602, "[child]", "code") + leave("[code]") + "last:\n" + leave(33))
    assert [event.parent for event in run.events(Booted)] == [None, 0, 1, 2]
    assert run.exit_code == 33


# Fds


def test_a_childs_fds_are_no_longer_its_parents() -> None:
    run = play(pipe() + spawn_with(1, 2) + close(2) + LEAVE_WITH_ANSWER, FOREVER)
    assert run.events(FdMoved) == [FdMoved(1, 2, 0)]
    assert run.exit_code == INVALID_FD
    assert run.table.fds == {2: 1, 3: 0}


def test_a_child_can_use_its_fds() -> None:
    run = play(pipe() + spawn_with(1, 3, 2) + close(2) + leave(), close(2) + close(3) + leave())
    assert run.answers(1) == [0, 0]


@pytest.mark.parametrize("fds", [(4,), (2, 9), (2, 3, (1 << 64) - 1), (1,)])
def test_an_fd_that_is_not_open_is_refused_and_nothing_moves(fds: tuple[int, ...]) -> None:
    run = play(pipe() + spawn_with(1, *fds) + LEAVE_WITH_ANSWER, SMALLEST)
    assert run.exit_code == INVALID_FD
    assert run.table.fds == {2: 0, 3: 0}
    assert run.events(Booted, 1) == []


def test_another_vms_fd_is_refused() -> None:
    run = play(pipe() + spawn_with(1, 2) + spawn_with(1, 2) + LEAVE_WITH_ANSWER, FOREVER)
    assert run.exit_code == INVALID_FD


def test_a_closed_fd_is_refused() -> None:
    run = play(pipe() + close(2) + spawn_with(1, 2) + LEAVE_WITH_ANSWER, SMALLEST)
    assert run.exit_code == INVALID_FD


def test_a_bad_address_of_the_list_is_a_fault_also_for_an_index_that_is_not_there() -> None:
    for index in (1, 9):
        root = words("block", 0, 0, "child", MEMORY_END) + spawn(index)
        assert play(root, SMALLEST).error == "MemOutOfBound"


def test_fds_are_handed_over_in_the_order_of_the_list() -> None:
    run = play(pipe() + pipe() + spawn_with(1, 5, 2, 4) + leave(), SMALLEST)
    assert [event.fd for event in run.events(FdMoved)] == [5, 2, 4]
    assert run.table.inherited_fd == {1: (5, 2, 4)}
    assert len(run.events(PipeOpened)) == 2


# Limits


def spawn_many(count: int) -> str:
    return f"  li s0, {count}\nagain:\n{spawn(1)}  addi s0, s0, -1\n  bnez s0, again\n"


def test_17_vms_can_live() -> None:
    run = play(spawn_many(16) + leave(), FOREVER)
    assert run.answers(0) == [0] * 16


def test_the_18th_is_refused_and_takes_no_id() -> None:
    run = play(spawn_many(18) + leave("[child]"), FOREVER)
    assert run.answers(0) == [0] * 16 + [MAX_VMS_SPAWNED] * 2
    assert run.exit_code == 16
    assert run.table.next_vm_id == 17


def test_a_bad_fd_is_reported_before_too_many_vms() -> None:
    run = play(spawn_many(16) + spawn_with(1, 9) + LEAVE_WITH_ANSWER, FOREVER)
    assert run.exit_code == INVALID_FD


def test_ended_vms_do_not_count() -> None:
    run = play(spawn_many(40) + leave("[child]"), SMALLEST)
    assert run.exit_code == 40


def test_too_many_vms_move_no_fds() -> None:
    run = play(spawn_many(16) + pipe() + spawn_with(1, 2) + LEAVE_WITH_ANSWER, FOREVER)
    assert run.exit_code == MAX_VMS_SPAWNED
    assert run.table.fds == {2: 0, 3: 0}


# Order


def test_a_child_runs_before_its_parent_goes_on() -> None:
    run = play(spawn(1) + spawn(1) + leave(), SMALLEST)
    assert run.turns() == [0, 1, 0, 2, 0]


def test_a_child_that_fails_ends_the_whole_run() -> None:
    assert play(spawn(1) + leave(), "  ld t0, -8(x0)\n").error == "MemOutOfBound"
    with pytest.raises(VmError):
        Scheduler(sg_data_of(spawn(1) + leave(), write(3, 1, at=MEMORY_END))).run()
