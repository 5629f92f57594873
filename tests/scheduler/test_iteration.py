"""One iteration after the other: who has the turn, and the scheduler's operations (``scheduler`` §6 and §8)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.deadlock import Deadlock
from spawnlab.scheduler.events import AnyEvent, IterationStarted
from spawnlab.scheduler.handling import handle_messages
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.messages import Close, Pipe
from spawnlab.scheduler.scheduler import IterationResult, RunMode, Scheduler, TerminatedResult
from spawnlab.scheduler.scheduler import play as play_machine
from spawnlab.scheduler.states import TERMINATED, Wait, WaitForRead, WaitForWrite
from spawnlab.scheduler.syscalls.context import VmContext
from spawnlab.scheduler.syscalls.generator import consensus_syscalls
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.vm.errors import Unexpected
from spawnlab.vm.machine import Machine, SystemCall

from .programs import (
    FOREVER,
    MEMORY_END,
    SMALLEST,
    call,
    close,
    leave,
    pipe,
    read,
    spawn,
    spawn_with,
    wait,
    write,
)
from .runs import check_invariants, play, sg_data_of


def scheduler_of(*programs: str | bytes) -> Scheduler:
    return Scheduler(sg_data_of(*programs))


# Choice


def test_the_largest_runnable_id_has_the_turn() -> None:
    run = play(spawn(1) + spawn(1) + leave(), pipe() + close(2) + leave())
    assert run.turns() == [0, 1, 1, 1, 0, 2, 2, 2, 0]


def test_a_vm_keeps_the_turn_until_it_blocks_or_ends() -> None:
    """A message is not the end of a turn's series: VM 1 posts three before it blocks."""
    run = play(spawn(1) + FOREVER, pipe() * 3 + read(2, 1))
    assert run.turns() == [0, 1, 1, 1, 1, 0]


def test_an_iteration_ends_with_each_message() -> None:
    run = play(pipe() + pipe() + leave())
    assert run.turns() == [0, 0, 0]
    assert run.outcome.iterations == 3


def test_an_iteration_that_blocks_the_last_vm_succeeds() -> None:
    """The deadlock is noticed only when a VM is to be chosen."""
    scheduler = scheduler_of(wait(0))
    assert scheduler.iterate() == IterationResult(0, None)
    with pytest.raises(Deadlock):
        scheduler.iterate()


# The operations


def test_before_anything_runs() -> None:
    scheduler = scheduler_of(SMALLEST)
    assert (scheduler.consumed_cycles(), scheduler.state(0), scheduler.terminated()) == (0, None, False)
    assert scheduler.table.next_vm_id == 0
    assert scheduler.table.next_fd_slot == 2
    assert scheduler.sg_data().version == 2


def test_iterate_says_who_ran_and_how_it_ended() -> None:
    scheduler = scheduler_of(spawn(1) + leave(3), leave(5))
    assert scheduler.iterate() == IterationResult(0, None)
    assert scheduler.iterate() == IterationResult(1, None)
    last = scheduler.iterate()
    assert last == IterationResult(0, TerminatedResult(3, scheduler.consumed_cycles()))


def test_after_the_end_nothing_happens_any_more() -> None:
    scheduler = scheduler_of(spawn(1) + leave(3), leave(5))
    result = scheduler.run()
    seen: list[AnyEvent] = []
    scheduler.table.observers.append(seen.append)
    assert scheduler.iterate() == IterationResult(0, result)
    assert scheduler.run() == result
    assert scheduler.run(RunMode(0)) == result
    assert seen == []
    assert scheduler.terminated()
    assert scheduler.state(0) == TERMINATED


def test_run_and_iterate_come_to_the_same() -> None:
    programs = (pipe() + spawn_with(1, 2) + write(3, 5) + leave(4), read(2, 9) + leave())
    ran, iterated = Journal("x"), Journal("x")
    first = Scheduler(sg_data_of(*programs), observers=[ran])
    result = first.run()
    second = Scheduler(sg_data_of(*programs), observers=[iterated])
    while (status := second.iterate().terminated_status) is None:
        check_invariants(second)
    assert status == result
    limits_apart = [event for event in ran if not isinstance(event, IterationStarted)]
    assert limits_apart == [event for event in iterated if not isinstance(event, IterationStarted)]


def test_an_exit_code_is_no_error() -> None:
    assert scheduler_of(leave(77)).run().exit_code == 77


def test_the_state_of_each_vm() -> None:
    scheduler = scheduler_of(
        pipe() + pipe() + spawn_with(1, 2) + spawn_with(2, 5) + spawn(3) + wait(0), read(2, 1), write(5, 1), SMALLEST
    )
    with pytest.raises(Deadlock):
        scheduler.run()
    kinds = [type(scheduler.state(vm)) for vm in range(4)]
    assert kinds == [Wait, WaitForRead, WaitForWrite, type(None)]


def test_peek_looks_at_machines_and_snapshots_and_changes_nothing() -> None:
    scheduler = scheduler_of(spawn(1) * 5 + leave(), FOREVER)
    while scheduler.state(5) is None:
        scheduler.iterate()
    before = (sorted(scheduler.table.instantiated), scheduler.consumed_cycles(), scheduler.table.iteration_cycles)
    places = [scheduler.peek(vm, lambda _: "machine", lambda _, data: data.version) for vm in range(6)]
    assert places == [2 if vm in scheduler.table.suspended else "machine" for vm in range(6)]
    assert 2 in places
    assert before == (
        sorted(scheduler.table.instantiated), scheduler.consumed_cycles(), scheduler.table.iteration_cycles
    )  # fmt: skip


@pytest.mark.parametrize("vm", [1, 7])
def test_peek_at_a_vm_that_is_not_there(vm: int) -> None:
    scheduler = scheduler_of(spawn(1) + leave(), SMALLEST)
    scheduler.run()
    with pytest.raises(Unexpected) as caught:
        scheduler.peek(vm, lambda _: None, lambda _, __: None)
    assert caught.value.debug == f'Unexpected("VM {vm} does not exist!")'
    assert caught.value.display == "unexpected error"


def test_arguments_of_the_root_count_only_before_it_is_booted() -> None:
    scheduler = scheduler_of(pipe() + leave())
    scheduler.iterate()
    consumed = scheduler.consumed_cycles()
    scheduler.set_root_vm_args([b"late"])
    scheduler.run()
    plain = scheduler_of(pipe() + leave())
    plain.run()
    assert scheduler.consumed_cycles() == plain.consumed_cycles() > consumed


def test_the_generator_is_called_for_each_machine_that_is_made() -> None:
    made: list[int] = []

    def generator(
        vm_id: int, sg_data: ScriptGroupData, vm_context: VmContext, context: list[int]
    ) -> tuple[SystemCall, ...]:
        context.append(vm_id)
        assert vm_context.vm_id == vm_id
        assert vm_context.sg_data is sg_data is scheduler.sg_data()
        return consensus_syscalls(vm_id, sg_data, vm_context, None)

    scheduler = Scheduler(sg_data_of(spawn(1) * 4 + leave(), FOREVER), generator, made)
    scheduler.run()
    assert made == [0, 1, 2, 3, 4, 0]  # and VM 0 once more, when it was swapped in


def test_handlers_are_tried_in_order() -> None:
    asked: list[str] = []

    def handler(name: str, number: int) -> SystemCall:
        def handle(machine: Machine) -> bool:
            asked.append(name)
            machine.registers[10] = 0
            return machine.registers[17] == number

        return handle

    def generator(*_: object) -> tuple[SystemCall, ...]:
        return handler("first", 5), handler("second", 6), handler("third", 6)

    Scheduler(sg_data_of(call(6) + leave()), generator=generator).run()
    assert asked == ["first", "second"]


# By turns


def test_turns_must_be_completed_one_after_the_other() -> None:
    scheduler = scheduler_of(pipe() + leave())
    with pytest.raises(RuntimeError):
        scheduler.complete(0)
    turn = scheduler.prepare(RunMode(5000))
    assert (turn.iteration, turn.vm, turn.limit) == (1, 0, 5000)
    with pytest.raises(RuntimeError):
        scheduler.prepare(RunMode())
    left = scheduler.complete(play_machine(turn.machine))
    assert left == 5000 - scheduler.consumed_cycles()
    turn = scheduler.prepare(RunMode(left))
    scheduler.complete(play_machine(turn.machine))
    with pytest.raises(RuntimeError):
        scheduler.prepare(RunMode())


def test_messages_are_handled_in_the_order_of_their_arrival() -> None:
    """Not by VM id. The consensus calls never leave more than one."""
    scheduler = scheduler_of(spawn(1) + FOREVER, FOREVER)
    scheduler.iterate()
    table = scheduler.table
    table.message_box += [
        Pipe(1, MEMORY_END - 16, MEMORY_END - 8),
        Pipe(0, MEMORY_END - 16, MEMORY_END - 8),
        Close(1, 2),
    ]
    handle_messages(table)
    assert table.fds == {3: 1, 4: 0, 5: 0}
    assert table.message_box == []
