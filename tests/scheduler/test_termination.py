"""The end of a VM, and of the root (``scheduler`` §12)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.events import Answered, Ended, FdClosed, OtherEndGone, SwappedIn, SwappedOut, WaitEnded
from spawnlab.scheduler.states import TERMINATED

from .programs import (
    FOREVER,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    SMALLEST,
    leave,
    pipe,
    read,
    spawn,
    spawn_with,
    wait,
    words,
    write,
)
from .runs import play


def test_the_roots_end_is_the_end_of_all() -> None:
    root = pipe() + pipe() + spawn_with(1, 2) + spawn_with(2, 5) + spawn(3) + spawn(4) * 3 + leave(7)
    run = play(root, read(2, 1), write(5, 1), wait(0), FOREVER)
    assert run.exit_code == 7
    assert run.table.states == {0: TERMINATED}
    assert run.table.instantiated.keys() == {0}
    assert run.table.suspended == {}


def test_the_roots_end_leaves_the_rest_as_it_is() -> None:
    run = play(pipe() + spawn_with(1, 2) + spawn(2) + leave(), FOREVER, leave(3))
    assert run.table.fds == {2: 1, 3: 0}
    assert run.table.inherited_fd == {1: (2,), 2: ()}
    assert run.table.terminated_vms == {0: 0, 2: 3}
    assert run.events(FdClosed) == []


def test_the_roots_end_wakes_nobody() -> None:
    run = play(pipe() + spawn_with(1, 2) + spawn(2) + leave(), read(2, 1), wait(0))
    assert run.events(OtherEndGone) == []
    assert run.events(WaitEnded) == []
    assert run.journal.events.index(Ended(0, 0)) == len(run.journal) - 2


def test_iteration_cycles_are_settled_at_the_end() -> None:
    run = play(spawn(1) * 6 + leave(), FOREVER)
    assert run.table.iteration_cycles == 0


@pytest.mark.parametrize(("code", "seen"), [(5, 5), (255, -1), (256, 0), (128, -128)])
def test_exit_codes_are_kept_as_signed_bytes(code: int, seen: int) -> None:
    run = play(spawn(1) + leave(), leave(code))
    assert run.table.terminated_vms == {0: 0, 1: seen}
    assert run.events(Ended, 1) == [Ended(1, seen)]


def test_an_ended_child_has_no_state() -> None:
    run = play(spawn(1) + FOREVER, SMALLEST)
    assert run.scheduler.state(1) is None
    assert run.table.states.keys() == {0}
    assert run.table.instantiated.keys() == {0}


def test_a_child_outlives_its_parent() -> None:
    """VM 1 spawns VM 2 and ends; VM 2 then reads from the root."""
    run = play(
        pipe() + spawn_with(1, 2) + write(3, 5) + FOREVER, spawn_with(2, 2) + leave(), read(2, 8) + leave("[length]")
    )
    assert run.table.terminated_vms == {1: 0, 2: 5}


def test_nothing_is_inherited_back() -> None:
    run = play(pipe() + spawn_with(1, 2) + read(2, 1) + LEAVE_WITH_ANSWER, SMALLEST)
    assert run.exit_code == 6


def test_fds_of_an_ended_vm_are_closed_ascending() -> None:
    run = play(pipe() * 3 + spawn_with(1, 7, 2, 4) + FOREVER, SMALLEST)
    assert run.events(FdClosed) == [FdClosed(1, 2), FdClosed(1, 4), FdClosed(1, 7)]
    assert run.table.fds == {3: 0, 5: 0, 6: 0}


def test_waiters_are_served_before_fds_are_closed() -> None:
    """VM 2 waits for VM 1, VM 3 reads from it: both are woken in the iteration in which VM 1 ends."""
    root = pipe() + pipe() + spawn_with(1, 2, 5) + spawn(2) + spawn_with(3, 4) + write(3, 1) + FOREVER
    run = play(root, read(2, 1) + leave(9), wait(1) + FOREVER, read(4, 1) + FOREVER)
    events = run.journal.events
    ended = events.index(Ended(1, 9))
    assert events[ended + 1 : ended + 7] == [
        WaitEnded(2, 1, 9),
        Answered(2, 0),
        FdClosed(1, 2),
        FdClosed(1, 5),
        OtherEndGone(3, 4, 0),
        Answered(3, 0),
    ]


def test_a_peer_without_other_end_may_be_swapped_in_for_it() -> None:
    """VM 1 waits for bytes of VM 5, which ends."""
    root = pipe() + spawn_with(1, 2) + spawn(2) * 3 + spawn_with(3, 3) + FOREVER
    run = play(root, read(2, 1) + FOREVER, FOREVER, leave())
    events = run.journal.events
    gone = events.index(OtherEndGone(1, 2, 0))
    assert isinstance(events[gone - 1], SwappedIn)


def test_a_waiters_bad_address_fails_the_run_with_the_ended_vm_half_gone() -> None:
    root = pipe() + spawn_with(1, 2) + spawn(2) + write(3, 1) + FOREVER
    run = play(root, read(2, 1) + leave(9), wait(1, MEMORY_END))
    assert run.error == "MemOutOfBound"
    assert run.table.terminated_vms == {1: 9}
    assert 1 in run.table.states
    assert run.table.fds == {2: 1, 3: 0}


def test_each_end_makes_room_for_another_vm() -> None:
    run = play(spawn(1) * 15 + spawn(2) * 5 + spawn(1) * 2 + LEAVE_WITH_ANSWER, FOREVER, SMALLEST)
    assert run.exit_code == 8
    assert run.answers(0)[-2:] == [0, 8]


def test_a_grandchild_can_be_awaited_by_the_root() -> None:
    run = play(spawn(1) + wait(2) + leave("[code]") + words("child", 0), spawn(2) + leave(), leave(21))
    assert run.exit_code == 21


def test_a_vm_that_makes_room_for_those_it_wakes_leaves_nothing_behind() -> None:
    """It is a machine while they are woken, and the lowest of four by the second: it is swapped out at its end."""
    root = pipe() + spawn_with(1, 2) + spawn(2) * 5 + write(3, 1) + wait(2) + leave("[code]")
    run = play(root, read(2, 1) + leave(3), wait(1) + leave("[code]"))
    since = run.journal.events[run.journal.events.index(Ended(1, 3)) :]
    assert [event.vm for event in since if isinstance(event, SwappedOut)][:2] == [0, 1]
    assert [event.exit_code for event in run.events(Ended)] == [3] * 7
    assert 1 not in run.table.suspended
    assert 1 not in run.table.states
