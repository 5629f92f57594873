"""Limits, faults and which of them wins, and pauses (``scheduler`` §6 and §8)."""

from __future__ import annotations

import msgspec
import pytest

from spawnlab.scheduler.events import Faulted, IterationEnded, IterationStarted, Logged
from spawnlab.scheduler.outcome import conduct
from spawnlab.scheduler.scheduler import RunMode, Scheduler
from spawnlab.scheduler.scheduler import play as play_machine
from spawnlab.scheduler.states import RUNNABLE
from spawnlab.scheduler.transaction import DataPieceId, Place
from spawnlab.vm.errors import CyclesExceeded, MemOutOfBound, Pause
from spawnlab.vm.machine import PauseSignal

from .programs import (
    DEBUG,
    MEMORY_END,
    SMALLEST,
    call,
    leave,
    pipe,
    read,
    spawn,
    spawn_with,
    spin,
    wait,
    write,
)
from .runs import check_invariants, play, sg_data_of

ENDLESS = "again: j again\n"
DEADLOCK = 'Unexpected("A deadlock situation has been reached!")'


def scheduler_of(*programs: str | bytes) -> Scheduler:
    return Scheduler(sg_data_of(*programs))


# Limits


def test_the_limit_is_inclusive() -> None:
    run = play(pipe() + leave())
    assert play(pipe() + leave(), limit=run.outcome.cycles).exit_code == 0
    assert play(pipe() + leave(), limit=run.outcome.cycles - 1).error == "CyclesExceeded"


def test_the_limit_shrinks_with_each_iteration() -> None:
    run = play(pipe() + pipe() + leave(), limit=100_000)
    started, ended = run.events(IterationStarted), run.events(IterationEnded)
    assert [event.limit for event in started] == [100_000, *(100_000 - event.total for event in ended[:-1])]


def test_a_vm_that_ran_out_of_cycles_can_go_on() -> None:
    scheduler = scheduler_of(spin(1000) + pipe() + leave(9))
    stops = 0
    while not scheduler.terminated():
        try:
            scheduler.run(RunMode(1500))
        except CyclesExceeded:
            stops += 1
            check_invariants(scheduler)
    whole = scheduler_of(spin(1000) + pipe() + leave(9)).run()
    assert scheduler.terminated_result() == whole
    assert stops > 2


def test_the_vm_stops_before_the_instruction_that_is_too_much() -> None:
    scheduler = scheduler_of(ENDLESS)
    with pytest.raises(CyclesExceeded):
        scheduler.run(RunMode(1000))
    assert 1000 - 3 < scheduler.consumed_cycles() <= 1000
    assert scheduler.state(0) == RUNNABLE


def test_a_message_may_overshoot_and_the_iteration_fails_for_it() -> None:
    """The 800 of a message are added without a check; the machine itself has not failed."""
    run = play(pipe() + leave(), limit=play(pipe() + leave()).events(IterationEnded)[0].spent - 1)
    assert run.error == "CyclesExceeded"
    assert [fault.pc for fault in run.events(Faulted)] == [None]  # no machine has failed
    assert run.outcome.cycles == run.events(IterationEnded)[0].spent
    assert run.table.fds == {2: 0, 3: 0}


def test_the_exit_itself_may_not_overshoot() -> None:
    assert play(SMALLEST, limit=538).events(Faulted)[0].pc is not None


@pytest.mark.parametrize("limit", [0, 1, 36, 37, 38])
def test_a_limit_below_the_cost_of_loading(limit: int) -> None:
    run = play(SMALLEST, limit=limit)
    assert run.error == "CyclesExceeded"
    assert run.outcome.cycles == max(37, limit)


# Which fault wins


def test_a_fault_of_the_vm_is_reported_where_the_budget_holds() -> None:
    run = play("  ld t0, -8(x0)\n", limit=1_000_000)
    assert run.error == "MemOutOfBound"
    assert run.events(Faulted)[0].error == "MemOutOfBound"


def test_an_exceeded_budget_wins_over_a_fault() -> None:
    """Spawning what is no program fails the run, and has taken 100,800 cycles before."""
    assert play(spawn(1), b"no program", limit=1_000_000).error == 'ElfParseError("Malformed entity: Too small")'
    assert play(spawn(1), b"no program", limit=50_000).error == "CyclesExceeded"


def test_a_fault_of_the_io_pass_wins_over_the_vms() -> None:
    """Bytes can't be stored where VM 1 wants them: that fails each iteration that one goes on with."""
    programs = (read(2, 8, MEMORY_END), write(3, 8))
    scheduler = scheduler_of(pipe() + spawn_with(1, 2) + spawn_with(2, 3) + "  ld t0, -8(x0)\n", *programs)
    with pytest.raises(MemOutOfBound) as first:
        scheduler.run()
    assert "0x400000" in str(first.value)
    faults: list[Faulted] = []
    scheduler.table.observers.append(lambda event: faults.append(event) if isinstance(event, Faulted) else None)
    with pytest.raises(MemOutOfBound) as second:
        scheduler.run()
    assert [fault.error for fault in faults] == ["MemOutOfBound"]  # the VM's own is not seen
    assert str(second.value) == str(first.value)


def test_a_fault_of_the_machine_can_be_met_again() -> None:
    """The reference's scheduler isn't used after other faults than CyclesExceeded; ours stays whole all the same."""
    scheduler = scheduler_of("  ld t0, -8(x0)\n" + leave(6))
    with pytest.raises(MemOutOfBound):
        scheduler.run()
    check_invariants(scheduler)
    assert scheduler.run().exit_code == 6


def test_what_a_deadlock_is_to_the_reference() -> None:
    run = play(wait(0))
    failure = run.outcome.failure
    assert failure is not None
    assert (failure.variant, failure.display, failure.debug) == ("Unexpected", "unexpected error", DEADLOCK)


def test_a_deadlock_costs_nothing_more() -> None:
    run = play(wait(0))
    assert run.outcome.cycles == run.events(IterationEnded)[-1].total
    assert run.outcome.iterations == 1


def test_a_root_that_cannot_be_loaded_fails_before_any_iteration() -> None:
    outcome = conduct(scheduler_of(b"\x7fELF"), 1000)
    assert outcome.failure is not None
    assert outcome.failure.variant == "ElfParseError"
    assert (outcome.iterations, outcome.cycles) == (0, 0)


def test_a_program_that_is_not_there_is_a_snapshot_data_load_error() -> None:
    data = msgspec.structs.replace(sg_data_of(SMALLEST), program=DataPieceId(Place.CELL_DEP, 1))
    outcome = conduct(Scheduler(data), 1000)
    assert outcome.failure is not None
    assert outcome.failure.variant == "SnapshotDataLoadError"


# Pausing


def test_a_pause_leaves_the_vm_as_it_is() -> None:
    scheduler = scheduler_of(spin(100) + pipe() + spin(100) + leave(8))
    pause = PauseSignal()
    pause.request()
    with pytest.raises(Pause):
        scheduler.run(RunMode(pause=pause))
    assert not pause.requested
    assert scheduler.state(0) == RUNNABLE
    assert 0 in scheduler.table.instantiated
    check_invariants(scheduler)
    assert scheduler.run(RunMode(pause=pause)) == scheduler_of(spin(100) + pipe() + spin(100) + leave(8)).run()


def test_a_pause_in_the_middle_is_not_seen_by_the_programs() -> None:
    """The pause is asked for by what VM 1 prints, so it comes in the middle of its turn."""
    programs = (spawn(1) + leave(), spin(10) + call(DEBUG, "buffer") + spin(10) + leave(4))
    scheduler = scheduler_of(*programs)
    pause = PauseSignal()
    scheduler.table.observers.append(lambda event: pause.request() if isinstance(event, Logged) else None)
    with pytest.raises(Pause):
        scheduler.run(RunMode(pause=pause))
    assert scheduler.run(RunMode(pause=pause)) == scheduler_of(*programs).run()


def test_a_pause_that_is_asked_for_after_the_end_is_not_met() -> None:
    scheduler = scheduler_of(SMALLEST)
    pause = PauseSignal()
    scheduler.table.observers.append(lambda event: pause.request() if isinstance(event, IterationEnded) else None)
    scheduler.run(RunMode(pause=pause))
    assert pause.requested


def test_iterate_has_a_pause_of_its_own() -> None:
    scheduler = scheduler_of(pipe() + leave())
    pause = PauseSignal()
    scheduler.table.observers.append(lambda event: pause.request() if isinstance(event, IterationEnded) else None)
    turn = scheduler.prepare(RunMode(pause=pause))
    scheduler.complete(play_machine(turn.machine))
    assert pause.requested
    assert scheduler.iterate().terminated_status is not None
