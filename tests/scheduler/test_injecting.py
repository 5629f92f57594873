"""Faults in runs: what each does to its VM, at which moment, and that it does nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from spawnlab.scheduler.events import (
    Blocked,
    Ended,
    FaultInjected,
    FdClosed,
    IterationEnded,
    OtherEndGone,
    Posted,
    Transferred,
)
from spawnlab.scheduler.faults import Fault, faults_of
from spawnlab.scheduler.hypothetical import policy_of
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.messages import FdRead
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.states import WaitForRead
from spawnlab.views.accounts import accounts

from .execs import exec_
from .programs import (
    CURRENT_CYCLES,
    DEBUG,
    EXIT,
    FOREVER,
    LEAVE_WITH_ANSWER,
    PIPE,
    PROCESS_ID,
    READ,
    call,
    close,
    leave,
    pipe,
    read,
    spawn_with,
    wait,
    write,
)
from .runs import Played, play, sg_data_of

LEAVE_WITH_COUNT = "  la t0, length\n  ld a0, 0(t0)\n" + LEAVE_WITH_ANSWER
EXITED_WITH = "  la t0, code\n  lb a0, 0(t0)\n" + LEAVE_WITH_ANSWER
"""End with the exit code that the last wait has given."""


def told(run: Played) -> list[tuple[str, int, int]]:
    """Each fault that took effect, the VM, and the number of its call."""
    return [(event.fault, event.vm, event.count) for event in run.events(FaultInjected)]


def checked(*programs: str, faults: Sequence[str], **fields: Any) -> Played:
    """A run with faults, whose books add up: faults cost nothing that the VMs have not spent."""
    run = play(*programs, faults=faults, **fields)
    books = accounts(run.journal)
    assert books.total == run.outcome.cycles
    assert min(books.consumed.values(), default=0) >= 0
    return run


# An exit

TALKER = call(PROCESS_ID) + pipe() + call(CURRENT_CYCLES) + leave(5)
"""Its calls: 1 process_id, 2 pipe, 3 current_cycles, 4 exit."""


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("code", [0, 9, 127, -128, -1])
def test_the_root_exits_instead_of_any_of_its_calls(count: int, code: int) -> None:
    run = checked(TALKER, faults=[f"exit:0:{count}:{code}"])
    assert run.exit_code == code
    assert told(run) == [(f"exit:0:{count}:{code}", 0, count)]
    assert [event.call for event in run.events(FaultInjected)] == [[PROCESS_ID, PIPE, CURRENT_CYCLES, EXIT][count - 1]]
    assert sum(event.calls for event in run.events(IterationEnded)) == count
    assert len(run.events(Posted)) == (count > 2)


def test_what_comes_before_an_exit_is_as_it_was() -> None:
    plain, run = play(TALKER), play(TALKER, faults=["exit:0:3:0"])
    place = next(index for index, event in enumerate(run.journal) if isinstance(event, FaultInjected))
    assert run.journal.events[:place] == plain.journal.events[:place]
    assert run.journal.events[place + 1] == Ended(0, 0)
    assert run.outcome.cycles == plain.outcome.cycles - 502  # it does not come to its own exit


def test_an_exit_says_where_it_happened() -> None:
    text = TALKER + "last:\n"
    run = play(text, faults=["exit:0:4:0"])
    (event,) = run.events(FaultInjected)
    assert event.pc == run.address("last")


def test_a_child_that_exits_early_is_missed_by_those_who_wait() -> None:
    root = pipe() + spawn_with(1, 3) + read(2, 8) + "  mv s0, a0\n" + wait(1) + EXITED_WITH
    child = call(PROCESS_ID) + write(3, 8) + leave(0)
    assert play(root, child).events(Transferred)
    run = checked(root, child, faults=["exit:1:2:6"])
    assert run.exit_code == 6
    assert run.events(Transferred) == []
    assert run.events(FdClosed, vm=1) == [FdClosed(1, 3)]
    assert run.answers(0) == [0, 0, 7, 0]  # the larger id runs first, so that the read finds the end closed


def test_a_reader_that_waits_is_woken_by_an_early_exit() -> None:
    root = pipe() + spawn_with(1, 3) + read(2, 8) + leave(3)
    run = checked(root, WRITER, faults=["exit:1:1:0"], policy=policy_of("smallest"))  # the root reads first
    assert run.events(OtherEndGone) == [OtherEndGone(0, 2, 0)]
    assert run.exit_code == 3


def test_calls_are_counted_over_an_exec() -> None:
    root = call(PROCESS_ID) + exec_(1)
    other = call(PROCESS_ID) * 3 + leave(1)
    for count, code in ((2, 40), (3, 41), (5, 42), (6, 43)):
        run = checked(root, other, faults=[f"exit:0:{count}:{code}"])
        assert (run.exit_code, told(run)) == (code, [(f"exit:0:{count}:{code}", 0, count)])
    assert checked(root, other, faults=["exit:0:7:44"]).exit_code == 1


def test_calls_are_counted_over_an_exec_in_place() -> None:
    run = checked(call(CURRENT_CYCLES) + exec_(1), call(CURRENT_CYCLES) + leave(1), version=1, faults=["exit:0:3:9"])
    assert (run.exit_code, told(run)) == (9, [("exit:0:3:9", 0, 3)])


def test_calls_are_counted_over_swaps() -> None:
    """The root and five children, each of which waits to write: whoever goes on was swapped out before."""
    pipes, reads = pipe() * 5, "".join(read(fd, 8) for fd in range(2, 12, 2))
    root = pipes + "".join(spawn_with(i + 1, 2 * i + 3) for i in range(5)) + reads + call(PROCESS_ID) + leave(1)
    children = [write(fd, 8) + call(PROCESS_ID) * 2 + leave(0) for fd in range(3, 13, 2)]
    swaps = play(root, *children).swaps()
    assert swaps.count(("in", 1)) == 1
    assert swaps.count(("in", 0)) == 2
    for count in range(9, 18):
        run = checked(root, *children, faults=[f"exit:0:{count}:77"])
        assert (run.exit_code, told(run)) == (77, [(f"exit:0:{count}:77", 0, count)])
    for count in range(1, 5):
        run = checked(root, *children, faults=[f"exit:1:{count}:77"])
        assert told(run) == [(f"exit:1:{count}:77", 1, count)]
        assert Ended(1, 77) in run.journal.events


def test_the_first_of_two_exits_at_one_moment_is_it() -> None:
    run = checked(TALKER, faults=["exit:0:2:8", "exit:0:2:9"])
    assert (run.exit_code, told(run)) == (8, [("exit:0:2:8", 0, 2)])


@pytest.mark.parametrize("version", [0, 1, 2])
def test_an_exit_in_every_version(version: int) -> None:
    run = checked("  la a0, buffer\n" + call(DEBUG, "buffer") * 2 + leave(1), version=version, faults=["exit:0:2:9"])
    assert run.exit_code == 9
    assert len(run.logs()) == 1


def test_an_exit_that_can_not_be_paid_for_does_not_happen() -> None:
    plain = play(TALKER)
    run = play(TALKER, faults=["exit:0:4:1"], limit=plain.outcome.cycles - 1)
    assert run.error == "CyclesExceeded"
    assert told(run) == []
    assert play(TALKER, faults=["exit:0:4:1"], limit=plain.outcome.cycles).exit_code == 1


# An end that is closed

CLOSER = pipe() + spawn_with(1, 3) + read(2, 8) + wait(1) + EXITED_WITH
WRITER = call(PROCESS_ID) + write(3, 8) + LEAVE_WITH_ANSWER


def test_an_end_that_is_closed_before_it_is_used() -> None:
    run = checked(CLOSER, WRITER, faults=["close:1:2:3"])
    assert told(run) == [("close:1:2:3", 1, 2)]
    place = next(index for index, event in enumerate(run.journal) if isinstance(event, FaultInjected))
    assert run.journal.events[place + 1] == FdClosed(1, 3)
    assert run.answers(1) == [6]
    assert run.exit_code == 6


def test_an_end_that_is_closed_while_the_other_side_waits() -> None:
    """As if the VM had closed it in that turn: the I/O pass behind it wakes the other."""
    root = pipe() + spawn_with(1, 3) + read(2, 8) + leave(4)
    first = policy_of("smallest")
    run = checked(root, call(PROCESS_ID) + FOREVER, faults=["close:1:1:3"], policy=first)
    by_call = play(root, close(3) + FOREVER, policy=first)
    for one in (run, by_call):
        assert one.events(OtherEndGone) == [OtherEndGone(0, 2, 0)]
        assert one.answers(0)[-1] == 0
        assert one.exit_code == 4


@pytest.mark.parametrize(
    "fault",
    [
        "close:0:3:3",  # handed on by then
        "close:1:2:2",  # the root's
        "close:1:1:4",  # nobody's
        "close:1:9:3",  # it makes fewer calls
        "close:7:1:3",  # there is no such VM
        "close:0:1:2",  # not made yet
    ],
)
def test_what_the_vm_does_not_have_is_not_closed(fault: str) -> None:
    run = checked(CLOSER, WRITER, faults=[fault])
    assert told(run) == []
    assert run.journal.events == play(CLOSER, WRITER).journal.events


def test_an_end_that_is_closed_before_it_is_handed_on() -> None:
    root = pipe() + spawn_with(1, 3) + LEAVE_WITH_ANSWER
    run = checked(root, leave(0), faults=["close:0:2:3"])
    assert run.exit_code == 6


def test_an_end_that_the_vm_would_close_itself() -> None:
    root = pipe() + close(3) + LEAVE_WITH_ANSWER
    assert checked(root, faults=["close:0:2:3"]).exit_code == 6
    assert checked(root, faults=["close:0:3:3"]).exit_code == 0


def test_closing_and_exiting_at_one_moment() -> None:
    run = checked(CLOSER, WRITER, faults=["exit:1:2:5", "close:1:2:3"])
    assert told(run) == [("close:1:2:3", 1, 2), ("exit:1:2:5", 1, 2)]
    assert run.events(FdClosed, vm=1) == [FdClosed(1, 3)]
    assert run.exit_code == 5


def test_both_ends_at_one_moment() -> None:
    root = pipe() + call(PROCESS_ID) + leave(1)
    run = checked(root, faults=["close:0:2:3", "close:0:2:2"])
    assert told(run) == [("close:0:2:3", 0, 2), ("close:0:2:2", 0, 2)]
    assert run.events(FdClosed) == [FdClosed(0, 3), FdClosed(0, 2)]


# Short reads


def reader(*lengths: int) -> str:
    """Reads from fd 2, and ends with the count of the last read."""
    return pipe() + spawn_with(1, 3) + "".join(read(2, n) for n in lengths) + LEAVE_WITH_COUNT


LEAVE = LEAVE_WITH_ANSWER
BIG_WRITER = write(3, 32) + leave(0)


def sizes(run: Played) -> list[int]:
    return [event.size for event in run.events(Transferred)]


@pytest.mark.parametrize("size", [1, 5, 7])
def test_one_read_that_gets_less(size: int) -> None:
    """Calls of the root: 1 pipe, 2 spawn, 3 and 4 the reads."""
    run = checked(reader(8, 8), BIG_WRITER, faults=[f"short:0:3:{size}"])
    assert sizes(run) == [size, 8]
    assert told(run) == [(f"short:0:3:{size}", 0, 3)]
    (event,) = run.events(FaultInjected)
    assert (event.call, event.size) == (READ, size)
    assert [e.message.length for e in run.events(Posted) if isinstance(e.message, FdRead)] == [8, 8]
    assert [e.state.length for e in run.events(Blocked) if isinstance(e.state, WaitForRead)] == [size, 8]
    assert run.word(0, "length") == 8
    at_pc = [e.pc for e in run.events(Posted) if isinstance(e.message, FdRead)]
    assert event.pc == at_pc[0]


@pytest.mark.parametrize("rest", ["0:3:8", "0:3:9", "0:2:1", "1:1:1", "0:5:1", "9:1:1"])
def test_what_is_no_read_or_asks_for_no_more_is_left(rest: str) -> None:
    run = checked(reader(8), BIG_WRITER, faults=[f"short:{rest}"])
    assert told(run) == []
    assert run.journal.events == play(reader(8), BIG_WRITER).journal.events


@pytest.mark.parametrize("faults", [["short:3"], ["short:0:3:1"]])
def test_a_read_of_nothing_stays_one(faults: list[str]) -> None:
    run = checked(reader(0, 0, 0), BIG_WRITER, faults=faults)
    assert (told(run), sizes(run)) == ([], [0, 0, 0])


@pytest.mark.parametrize("faults", [["short:3"], ["short:0:2:1", "short:0:3:1"]])
def test_a_read_that_is_refused_finds_its_length_as_it_was(faults: list[str]) -> None:
    root = pipe() + read(4, 8) + close(3) + read(2, 8) + LEAVE_WITH_ANSWER
    plain, run = play(root), checked(root, faults=faults)
    assert run.exit_code == 7
    assert told(run) == []
    assert run.journal.events == plain.journal.events
    assert run.word(0, "length") == 8


def test_every_read_gets_from_one_byte_to_all() -> None:
    seen: Counter[int] = Counter()
    for seed in range(60):
        run = checked(reader(*[4] * 8), BIG_WRITER, faults=[f"short:{seed}"])
        assert all(1 <= size <= 4 for size in sizes(run))
        assert len(told(run)) == sum(
            e.state.length < 4 for e in run.events(Blocked) if isinstance(e.state, WaitForRead)
        )
        seen.update(sizes(run))
    assert set(seen) == {1, 2, 3, 4}
    assert min(seen.values()) > 60


def test_equal_seeds_are_equal_runs_in_every_version_of_python() -> None:
    run = checked(reader(*[100] * 6), write(3, 32) * 9 + leave(0), faults=["short:7"])
    assert [e.size for e in run.events(FaultInjected)] == [22, 2, 15, 93, 2, 39]
    again = checked(reader(*[100] * 6), write(3, 32) * 9 + leave(0), faults=["short:7"])
    assert again.journal.fingerprint() == run.journal.fingerprint()


def test_what_a_vm_gets_does_not_depend_on_the_others() -> None:
    root = pipe() + pipe("pair2") + spawn_with(1, 2) + spawn_with(2, 4) + write(3, 32) + write(5, 32) + leave(0)
    one, other = read(2, 30) * 2 + leave(0), read(4, 30) * 2 + leave(0)

    def cuts(vm: int, *programs: str) -> list[int | None]:
        return [event.size for event in checked(*programs, faults=["short:11"]).events(FaultInjected, vm)]

    assert cuts(1, root, one, other) == cuts(1, root, one, leave(0))
    assert cuts(2, root, one, other) == cuts(2, root, leave(0), other)
    assert cuts(1, root, one, other) != cuts(2, root, one, other)


def test_short_reads_come_together() -> None:
    run = checked(reader(8), BIG_WRITER, faults=["short:0:3:5", "short:0:3:3", "short:0:3:4"])
    assert told(run) == [("short:0:3:5", 0, 3), ("short:0:3:3", 0, 3)]
    assert sizes(run) == [3]


def test_the_most_that_a_read_can_ask_for() -> None:
    """The highest length of all is more than a float holds."""
    root = pipe() + spawn_with(1, 3) + read(2, -1) + LEAVE_WITH_COUNT
    for seed in range(20):
        run = checked(root, BIG_WRITER, faults=[f"short:{seed}"])
        assert all(1 <= (event.size or 0) < (1 << 64) - 1 for event in run.events(FaultInjected))
        assert run.exit_code == 32


# All of them


def test_faults_of_a_call_cost_nothing_of_their_own() -> None:
    plain = play(CLOSER, WRITER)
    run = checked(CLOSER, WRITER, faults=["close:1:2:3"])
    turn = next(e for e in run.events(IterationEnded, vm=1) if e.calls == 2)
    same = next(e for e in plain.events(IterationEnded, vm=1) if e.calls == 2)
    assert (turn.used, turn.charged) == (same.used, same.charged)


def test_without_observers_they_happen_too() -> None:
    scheduler = Scheduler(sg_data_of(CLOSER, WRITER), faults=faults_of(["close:1:2:3"]))
    assert scheduler.run().exit_code == 6


def test_a_run_with_faults_can_not_be_suspended() -> None:
    scheduler = Scheduler(sg_data_of(TALKER), faults=faults_of(["exit:0:9:0"]))
    scheduler.iterate()
    with pytest.raises(RuntimeError, match="a run with faults can't be suspended"):
        scheduler.suspend()
    assert scheduler.run().exit_code == 5


def test_a_fault_of_another_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="is no fault that is known here"):
        Scheduler(sg_data_of(TALKER), faults=[Fault()])


def test_the_event_is_kept_like_any_other() -> None:
    run = play(reader(8), BIG_WRITER, faults=["short:0:3:5", "exit:1:1:0"])
    assert Journal.from_bytes(run.journal.to_bytes()) == run.journal
    assert {event.kind for event in run.events(FaultInjected)} <= {"short", "exit"}
