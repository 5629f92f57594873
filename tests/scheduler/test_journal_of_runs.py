"""What the journal of a run says."""

from __future__ import annotations

from typing import get_args

from spawnlab.scheduler.events import (
    Answered,
    AnyEvent,
    Booted,
    Faulted,
    FdClosed,
    FdMoved,
    IterationEnded,
    IterationStarted,
    OtherEndGone,
    PipeOpened,
    Posted,
    SwappedOut,
    Transferred,
    WaitEnded,
)
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.messages import FdRead
from spawnlab.scheduler.scheduler import Scheduler

from .programs import DEBUG, call, leave, pipe, read, spawn, spawn_with, wait, write
from .runs import Played, play, sg_data_of

ALL_KINDS = get_args(AnyEvent)


# What runs record


def rich() -> Played:
    """A run with events of every kind but the fault."""
    reader = read(2, 3) + read(2, 8) + call(DEBUG, "buffer") + leave(2)
    root = pipe() + spawn_with(1, 2) + spawn(2) * 4 + write(3, 7) + call(2608, 3) + wait(1) + leave()
    return play(root, reader + leave(), pipe() + wait(0))


def test_runs_record_events_of_every_kind() -> None:
    closing = play(pipe() + spawn_with(1, 2) + call(2608, 3) + "  ld t0, -8(x0)\n", read(2, 1) + wait(0))
    replaced = play(call(2043, 1, 3, 0, 0, 0, 0), leave())
    refused = play(read(3, 1) + leave())  # a write end
    injected = play(leave(), faults=["exit:0:1:3"])
    suspended: list[AnyEvent] = []
    state = Scheduler(sg_data_of(leave()), observers=[suspended.append]).suspend()
    Scheduler.resume(sg_data_of(leave()), state, observers=[suspended.append])
    kinds = {type(event) for run in (rich(), closing, replaced, refused, injected) for event in run.journal} | set(
        map(type, suspended)
    )
    assert kinds == set(ALL_KINDS)


def test_two_runs_of_the_same_have_the_same_fingerprint() -> None:
    assert rich().journal.fingerprint() == rich().journal.fingerprint()


def test_a_runs_journal_is_read_back() -> None:
    journal = rich().journal
    assert Journal.from_bytes(journal.to_bytes()) == journal


def test_the_first_event_is_the_roots_boot() -> None:
    run = rich()
    first = run.journal.events[0]
    assert isinstance(first, Booted)
    assert (first.vm, first.parent, first.arguments) == (0, None, ())
    assert first.location.piece == sg_data_of("").program


def test_iterations_are_numbered_and_nested() -> None:
    number, inside = 0, False
    for event in rich().journal:
        if isinstance(event, IterationStarted):
            number += 1
            assert not inside
            assert event.iteration == number
            inside = True
        elif isinstance(event, IterationEnded):
            assert inside
            assert event.iteration == number
            inside = False
    assert not inside


def test_a_message_is_recorded_with_the_pc_behind_its_call() -> None:
    run = play(read(4, 8) + leave())
    (posted,) = run.events(Posted)
    made = run.programs[0]
    assert made is not None
    assert posted.message == FdRead(0, 4, 8, run.address("buffer"), run.address("length"))
    assert made.text[posted.pc - 4 - 0x10000 :][:4] == b"\x73\0\0\0"
    assert run.events(Answered) == [Answered(0, 6)]


def test_a_fault_is_recorded_with_its_error_and_place() -> None:
    run = play("  nop\n  ld t0, -8(x0)\n")
    (fault,) = run.events(Faulted)
    assert (fault.vm, fault.error) == (0, "MemOutOfBound")
    assert fault.pc is not None
    assert 0x10004 <= fault.pc <= 0x10008
    assert fault.total == run.outcome.cycles


def test_the_events_of_a_pipes_life() -> None:
    """From its making over handing on, moving bytes, and closing, to the peer that learns of it."""
    run = play(pipe() + spawn_with(1, 2) + write(3, 2) + call(2608, 3) + leave(), read(2, 8) + read(2, 8) + leave())
    wanted = (PipeOpened, FdMoved, Transferred, FdClosed, OtherEndGone)
    life = [event for event in run.journal if isinstance(event, wanted)]
    assert life == [
        PipeOpened(0, 2, 3),
        FdMoved(1, 2, 0),
        Transferred(0, 1, 3, 2, b"ab"),
        FdClosed(0, 3),
        OtherEndGone(1, 2, 0),
        FdClosed(1, 2),
    ]


def test_the_events_of_a_swap_and_a_wait_have_who_and_how_much() -> None:
    run = rich()
    assert {event.cycles for event in run.events(SwappedOut)} == {100_000}
    assert run.events(WaitEnded) == [WaitEnded(0, 1, 2)]
