"""A deadlock as a value: who waits for what, who holds which end, and which waits form a ring."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.deadlock import Deadlock, DeadlockReport, Waiting, explain_deadlock
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.states import RUNNABLE, VmState, Wait, WaitForRead, WaitForWrite
from spawnlab.vm.errors import Unexpected, VmError

from .programs import FOREVER, close, pipe, read, spawn, spawn_with, wait, write
from .runs import Played, play, sg_data_of


def reader(fd: int, length: int = 8) -> WaitForRead:
    return WaitForRead(fd, length, 0, 0)


def writer(fd: int, consumed: int = 0, length: int = 8) -> WaitForWrite:
    return WaitForWrite(fd, consumed, length, 0, 0)


def waiting(target: int) -> Wait:
    return Wait(target, 0)


def words_of(report: DeadlockReport) -> dict[int, str]:
    return {w.vm: w.words for w in report.waiting}


def report_of(run: Played) -> DeadlockReport:
    assert run.outcome.deadlock is not None
    return run.outcome.deadlock


# Who waits for what


@pytest.mark.parametrize(
    ("state", "fds", "target", "words"),
    [
        (waiting(0), {}, (0,), "waits for the end of VM 0"),
        (waiting(1), {}, (1,), "waits for the end of itself"),
        (reader(2), {2: 1, 3: 0}, (0,), "waits to read from fd 2, whose write end 3 is held by VM 0"),
        (reader(2), {2: 1, 3: 1}, (1,), "waits to read from fd 2, whose write end 3 is held by itself"),
        (writer(5), {5: 1, 4: 7}, (7,), "waits to write 8 of 8 bytes to fd 5, whose read end 4 is held by VM 7"),
        (writer(5, 3), {5: 1, 4: 7}, (7,), "waits to write 5 of 8 bytes to fd 5, whose read end 4 is held by VM 7"),
        (writer(5), {5: 1, 4: 1}, (1,), "waits to write 8 of 8 bytes to fd 5, whose read end 4 is held by itself"),
        (reader(2), {2: 1}, (), "waits to read from fd 2, whose write end 3 is closed"),
        (writer(3), {3: 1}, (), "waits to write 8 of 8 bytes to fd 3, whose read end 2 is closed"),
        (RUNNABLE, {}, (), "does not wait"),
    ],
)
def test_what_one_vm_waits_for(state: VmState, fds: Mapping[int, int], target: tuple[int, ...], words: str) -> None:
    assert explain_deadlock({1: state}, fds).waiting == (Waiting(1, state, target, words),)


def test_all_vms_are_listed_ascending() -> None:
    states = {5: waiting(0), 0: waiting(0), 2: waiting(5)}
    assert [w.vm for w in explain_deadlock(states, {}).waiting] == [0, 2, 5]


def test_the_order_of_the_tables_does_not_matter() -> None:
    states: dict[int, VmState] = {0: reader(2), 1: reader(4), 2: waiting(1)}
    fds = {2: 0, 3: 1, 4: 1, 5: 0}
    backwards = dict(reversed(states.items())), dict(reversed(fds.items()))
    assert explain_deadlock(*backwards) == explain_deadlock(states, fds)


# Rings


def rings(targets: Mapping[int, int]) -> tuple[tuple[int, ...], ...]:
    return explain_deadlock({vm: waiting(target) for vm, target in targets.items()}, {}).rings


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ({}, ()),
        ({0: 0}, ((0,),)),
        ({0: 1, 1: 0}, ((0, 1),)),
        ({0: 1, 1: 2, 2: 0}, ((0, 1, 2),)),
        ({0: 2, 2: 1, 1: 0}, ((0, 2, 1),)),
        ({0: 1, 1: 1}, ((1,),)),  # VM 0 waits for one that waits for itself
        ({0: 1, 1: 2, 2: 1}, ((1, 2),)),  # VM 0 is no part of the ring
        ({0: 3, 3: 0, 1: 2, 2: 1}, ((0, 3), (1, 2))),
        ({0: 0, 1: 1, 2: 0}, ((0,), (1,))),
        ({0: 9}, ()),  # nobody's end: there is no VM 9
        ({3: 1, 1: 2, 2: 3, 0: 3}, ((1, 2, 3),)),
        ({1: 3, 3: 2, 2: 1}, ((1, 3, 2),)),
    ],
)
def test_rings(targets: Mapping[int, int], expected: tuple[tuple[int, ...], ...]) -> None:
    assert rings(targets) == expected


def test_a_ring_of_pipes() -> None:
    states: dict[int, VmState] = {0: reader(2), 1: writer(5), 2: waiting(0)}
    report = explain_deadlock(states, {2: 0, 3: 1, 4: 2, 5: 1})
    assert report.rings == ((0, 1, 2),)


def test_a_closed_end_is_part_of_no_ring() -> None:
    states: dict[int, VmState] = {0: waiting(1), 1: reader(2)}
    assert explain_deadlock(states, {2: 1}).rings == ()


GRAPHS = st.dictionaries(st.integers(0, 12), st.integers(0, 12), max_size=13)


@given(GRAPHS)
def test_rings_are_just_the_vms_that_come_back_to_themselves(targets: Mapping[int, int]) -> None:
    def comes_back(start: int) -> bool:
        vm = start
        for _ in targets:
            if vm not in targets:
                return False
            vm = targets[vm]
            if vm == start:
                return True
        return False

    found = rings(targets)
    members = [vm for ring in found for vm in ring]
    assert sorted(members) == sorted(vm for vm in targets if comes_back(vm))
    for ring in found:
        assert ring[0] == min(ring)
        assert all(targets[vm] == following for vm, following in zip(ring, (*ring[1:], ring[0]), strict=True))
    assert list(found) == sorted(found)


# The error


def test_the_error_is_one_of_the_references() -> None:
    scheduler = Scheduler(sg_data_of(wait(0)))
    with pytest.raises(Deadlock) as caught:
        scheduler.run()
    error = caught.value
    assert isinstance(error, Unexpected | VmError)
    assert (error.variant, error.display) == ("Unexpected", "unexpected error")
    assert error.debug == 'Unexpected("A deadlock situation has been reached!")'
    assert str(error) == "deadlock: VM 0 waits for the end of itself"
    assert error.report == DeadlockReport(
        (Waiting(0, waiting_at(scheduler), (0,), "waits for the end of itself"),), ((0,),)
    )


def waiting_at(scheduler: Scheduler) -> VmState:
    state = scheduler.state(0)
    assert state is not None
    return state


def test_the_same_deadlock_is_met_again() -> None:
    scheduler = Scheduler(sg_data_of(pipe() + read(2, 1)))
    with pytest.raises(Deadlock) as first:
        scheduler.run()
    consumed = scheduler.consumed_cycles()
    with pytest.raises(Deadlock) as second:
        scheduler.iterate()
    assert first.value.report == second.value.report
    assert scheduler.consumed_cycles() == consumed


# In runs


def test_two_that_read_first() -> None:
    root = pipe() + pipe() + spawn_with(1, 3, 4) + read(2, 1)
    report = report_of(play(root, read(4, 1)))
    assert report.rings == ((0, 1),)
    assert words_of(report) == {
        0: "waits to read from fd 2, whose write end 3 is held by VM 1",
        1: "waits to read from fd 4, whose write end 5 is held by VM 0",
    }


def test_two_that_write_first() -> None:
    root = pipe() + pipe() + spawn_with(1, 3, 4) + write(5, 2)
    report = report_of(play(root, write(3, 1)))
    assert report.rings == ((0, 1),)
    assert words_of(report)[0] == "waits to write 2 of 2 bytes to fd 5, whose read end 4 is held by VM 1"


def test_an_end_that_was_never_handed_over() -> None:
    """The root keeps the write end and waits for the child that reads: a ring of a pipe and a wait."""
    report = report_of(play(pipe() + spawn_with(1, 2) + wait(1), read(2, 1)))
    assert report.rings == ((0, 1),)
    assert words_of(report) == {
        0: "waits for the end of VM 1",
        1: "waits to read from fd 2, whose write end 3 is held by VM 0",
    }


def test_both_ends_in_one_vm() -> None:
    report = report_of(play(pipe() + read(2, 1)))
    assert report.rings == ((0,),)
    assert words_of(report) == {0: "waits to read from fd 2, whose write end 3 is held by itself"}


def test_an_orphan_wait_hangs_on_another_ring() -> None:
    """VM 2 reads from VM 1, which waits for itself; the root waits for VM 2."""
    root = pipe() + spawn_with(1, 3) + spawn_with(2, 2) + wait(2)
    report = report_of(play(root, wait(1), read(2, 1)))
    assert report.rings == ((1,),)
    assert [w.waits_for for w in report.waiting] == [(2,), (1,), (1,)]


def test_a_partly_taken_write_says_what_is_left() -> None:
    report = report_of(play(pipe() + spawn_with(1, 3) + read(2, 3) + wait(1), write(3, 10)))
    assert words_of(report)[1] == "waits to write 7 of 10 bytes to fd 3, whose read end 2 is held by VM 0"


def test_swapped_out_vms_are_in_the_report() -> None:
    run = play(spawn(1) * 16 + wait(3), FOREVER)
    report = report_of(run)
    assert [w.vm for w in report.waiting] == list(range(17))
    assert report.rings == ((0, 3),)


def test_a_closed_end_wakes_so_it_is_no_deadlock() -> None:
    assert play(pipe() + spawn_with(1, 2) + close(3) + wait(1) + "  li a7, 93\n  ecall\n", read(2, 1)).error is not None
    run = play(pipe() + close(3) + read(2, 1) + "  li a7, 93\n  ecall\n")
    assert run.exit_code == 7


# T10: what an I/O pass would have served

READS, WRITES = WaitForRead(2, 8, 0, 0), WaitForWrite(3, 0, 8, 0, 0)


@pytest.mark.parametrize(
    ("states", "fds", "skipped"),
    [
        ({0: READS, 1: WRITES}, {2: 0, 3: 1}, True),
        ({0: READS, 1: Wait(0, 0)}, {2: 0}, True),  # the write end is closed
        ({0: Wait(1, 0), 1: WRITES}, {3: 1}, True),
        ({0: READS, 1: Wait(0, 0)}, {2: 0, 3: 1}, False),
        ({0: READS, 1: WaitForWrite(5, 0, 8, 0, 0)}, {2: 0, 3: 1, 4: 0, 5: 1}, False),
        ({0: Wait(0, 0)}, {}, False),
    ],
)
def test_whether_an_io_pass_was_skipped(states: dict[int, VmState], fds: dict[int, int], skipped: bool) -> None:
    assert explain_deadlock(states, fds).io_pass_skipped is skipped
