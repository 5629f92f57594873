"""System call 2602: waiting for another VM's end (``scheduler`` §10.3 and §13)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.codes import ReturnCode
from spawnlab.scheduler.events import Blocked, WaitEnded
from spawnlab.scheduler.states import Wait

from .programs import (
    FOREVER,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    SMALLEST,
    TEXT,
    leave,
    pipe,
    read,
    spawn,
    spawn_with,
    wait,
    write,
)
from .runs import play

SUCCESS, WAIT_FAILURE = ReturnCode.SUCCESS, ReturnCode.WAIT_FAILURE
SISTERS = pipe() + spawn_with(1, 2) + spawn(2)
"""The root's start where VM 1 lives (it reads from the root) when VM 2 waits for it. Only a smaller VM can end such a
wait, since the root has its turn only when all others are blocked."""
LET_GO = write(3, 1)
READER = read(2, 1) + leave(6)


def test_a_vm_that_ended_is_answered_at_once() -> None:
    run = play(spawn(1) + wait(1) + leave("[code]"), leave(5))
    assert run.answers(0) == [SUCCESS, SUCCESS]
    assert run.events(Blocked) == []
    assert run.exit_code == 5


def test_a_collected_vm_is_unknown() -> None:
    run = play(spawn(1) + wait(1) + wait(1) + LEAVE_WITH_ANSWER, SMALLEST)
    assert run.exit_code == WAIT_FAILURE
    assert 1 not in run.table.terminated_vms


@pytest.mark.parametrize("target", [1, 5, (1 << 64) - 1])
def test_a_vm_that_never_was_is_unknown_and_nothing_is_stored(target: int) -> None:
    run = play(wait(target) + LEAVE_WITH_ANSWER)
    assert run.exit_code == WAIT_FAILURE
    assert run.memory(0, "code", 8) == b"\x11" * 8


def test_an_unknown_vm_is_unknown_also_with_a_bad_address() -> None:
    assert play(wait(1, MEMORY_END) + LEAVE_WITH_ANSWER).exit_code == WAIT_FAILURE


def test_a_vm_that_lives_blocks_the_one_that_waits() -> None:
    run = play(SISTERS + LET_GO + wait(2) + leave("[code]"), READER, wait(1) + leave("[code]"))
    assert run.events(Blocked, 2) == [Blocked(2, Wait(1, run.address("code", 2)))]
    assert run.events(WaitEnded) == [WaitEnded(2, 1, 6), WaitEnded(0, 2, 6)]
    assert run.exit_code == 6


def test_the_code_of_a_blocking_wait_stays_to_be_collected_once_more() -> None:
    run = play(SISTERS + LET_GO, READER, wait(1) + wait(1) + wait(1) + leave())
    assert run.answers(2) == [SUCCESS, SUCCESS, WAIT_FAILURE]
    assert [event.exit_code for event in run.events(WaitEnded, 2)] == [6, 6]


def test_all_who_wait_get_the_code_the_lowest_id_first() -> None:
    waits = wait(1) + leave("[code]")
    run = play(SISTERS + spawn(2) + spawn(2) + LET_GO + leave(), READER, waits)
    assert run.events(WaitEnded) == [WaitEnded(vm, 1, 6) for vm in (2, 3, 4)]
    assert run.turns()[-4:] == [4, 3, 2, 0]


def test_a_wait_of_the_root_for_a_vm_that_lives_is_never_ended() -> None:
    """The root has its turn only when all others are blocked, and whom it waits for is one of them."""
    run = play(pipe() + spawn_with(1, 2) + wait(1), READER)
    assert run.outcome.deadlock is not None


def test_anyone_may_wait_for_anyone() -> None:
    """A child waits for its elder sister, a root for its grandchild."""
    run = play(spawn(1) + spawn(2) + wait(2) + leave("[code]"), leave(9), wait(1) + leave("[code]"))
    assert run.exit_code == 9
    run = play(spawn(1) + wait(2) + leave("[code]"), spawn(2) + FOREVER, leave(8))
    assert run.exit_code == 8


def test_a_vm_that_waits_for_itself_is_never_woken() -> None:
    run = play(spawn(1) + wait(1), wait(1))
    assert run.error == 'Unexpected("A deadlock situation has been reached!")'
    assert run.scheduler.state(1) == Wait(1, run.address("code", 1))


def test_waiting_for_the_root_ends_silently_with_it() -> None:
    run = play(spawn(1) + leave(3), FOREVER + leave(4))
    assert run.exit_code == 3
    assert run.events(WaitEnded) == []


@pytest.mark.parametrize(("code", "byte"), [(200, 200), (-1, 255), (256, 0), (0x17F, 0x7F)])
def test_only_one_byte_is_stored(code: int, byte: int) -> None:
    run = play(spawn(1) + wait(1) + leave(), leave(code))
    assert run.memory(0, "code", 8) == bytes([byte]) + b"\x11" * 7


def test_only_one_byte_is_stored_by_a_blocking_wait() -> None:
    run = play(SISTERS + LET_GO + FOREVER, READER, wait(1) + FOREVER)
    assert run.memory(2, "code", 8) == b"\x06" + b"\x11" * 7


@pytest.mark.parametrize(
    ("address", "error"),
    [(MEMORY_END, "MemOutOfBound"), ((1 << 64) - 1, "MemOutOfBound"), (TEXT, "MemWriteOnExecutablePage")],
)
def test_a_bad_address_is_a_fault_when_the_code_is_stored(address: int, error: str) -> None:
    at_once = play(spawn(1) + wait(1, address), leave(5))
    assert at_once.error == error
    assert at_once.table.terminated_vms == {1: 5}
    blocking = play(SISTERS + LET_GO, READER, wait(1, address))
    assert blocking.error == error
    assert blocking.table.terminated_vms == {1: 6}


def test_the_last_byte_of_memory_is_a_good_address() -> None:
    assert play(spawn(1) + wait(1, MEMORY_END - 1) + LEAVE_WITH_ANSWER, leave(5)).exit_code == SUCCESS


def test_only_the_end_of_that_very_vm_is_delivered() -> None:
    """VM 2 waits for VM 3 (which stays) when VM 1 ends."""
    root = pipe() + pipe("pair2") + spawn_with(1, 2) + spawn_with(2, 4) + spawn(3) + write(5, 1) + write(3, 1) + leave()
    run = play(root, read(2, 1) + leave(), read(4, 1) + wait(3) + FOREVER, FOREVER)
    assert run.events(Blocked, 2)[-1].state == Wait(3, run.address("code", 2))
    assert run.table.terminated_vms == {0: 0, 1: 0}
    assert run.events(WaitEnded) == []
