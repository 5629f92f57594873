"""What costs how much, and where each charge lands (``scheduler`` §7)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.events import AnyEvent, Booted, Faulted, IterationEnded, IterationStarted, Transferred
from spawnlab.scheduler.io_pass import io_pass
from spawnlab.scheduler.scheduler import RunMode, Scheduler
from spawnlab.scheduler.scheduler import play as play_machine
from spawnlab.scheduler.states import WaitForWrite
from spawnlab.scheduler.syscalls.context import CycleCounter
from spawnlab.vm.errors import CyclesExceeded, CyclesOverflow

from .programs import (
    CLOSE,
    CURRENT_CYCLES,
    FOREVER,
    INHERITED_FD,
    PIPE,
    PROCESS_ID,
    READ,
    SMALLEST,
    VM_VERSION,
    WAIT,
    WRITE,
    call,
    leave,
    pipe,
    read,
    spawn,
    spawn_with,
    words,
    write,
)
from .runs import Played, play, sg_data_of

U64_MAX = (1 << 64) - 1
ECALL, YIELD, SPAWN_EXTRA = 500, 800, 100_000


# Each call's cost


CALLS = {
    VM_VERSION: 0,
    CURRENT_CYCLES: 0,
    PROCESS_ID: 0,
    WAIT: YIELD,
    PIPE: YIELD,
    INHERITED_FD: YIELD,
    CLOSE: YIELD,
}


@pytest.mark.parametrize("number", CALLS)
def test_the_cost_of_a_call(number: int) -> None:
    """Of a program of one call: loading, two addresses, the number and the call, then a code, a number and the end."""
    run = play(call(number, "buffer", "length") + leave())
    around = run.events(Booted)[0].load_cycles + 2 + 1 + ECALL + 2 + ECALL
    assert run.outcome.cycles == around + CALLS[number]


@pytest.mark.parametrize(
    ("number", "fd", "extra"),
    [(READ, 3, 0), (WRITE, 2, 0), (READ, 2, YIELD), (WRITE, 3, YIELD), (READ, 8, YIELD), (WRITE, 9, YIELD)],
)
def test_the_cost_of_a_read_or_write_that_is_refused(number: int, fd: int, extra: int) -> None:
    """A wrong direction costs the ecall alone; a wrong owner the message too."""
    run = play(call(number, fd, "buffer", "length") + leave())
    harmless = play(call(PROCESS_ID, fd, "buffer", "length") + leave())
    assert run.outcome.cycles - harmless.outcome.cycles == extra


def test_loading_is_charged_for_file_bytes_and_stack_rounded_once() -> None:
    """1 + 16 bytes of a segment and the stack: 5 cycles, not 1 + 4."""
    run = play("  nop\n" + leave(), SMALLEST)
    made = run.programs[0]
    assert made is not None
    assert run.events(Booted)[0].load_cycles == -(-(len(made.text) + len(made.data) + 16) // 4)


def test_root_arguments_are_charged() -> None:
    """Two texts of 6 and 2 bytes and 4 words, down to a multiple of 16: 48 bytes of stack."""
    run = play(SMALLEST, root_args=[b"hello", b"w"])
    assert run.events(Booted)[0].load_cycles == (132 + 48) // 4
    assert run.events(Booted)[0].arguments == (b"hello", b"w")


# Where charges land


def test_what_all_iterations_spent_is_the_total() -> None:
    root = pipe() + spawn_with(1, 2) + spawn(2) * 6 + write(3, 30) + leave()
    run = play(root, read(2, 7) * 5 + FOREVER, FOREVER)
    assert sum(event.spent for event in run.events(IterationEnded)) == run.outcome.cycles
    totals = [event.total for event in run.events(IterationEnded)]
    assert totals == sorted(totals)
    assert totals[-1] == run.outcome.cycles


def test_a_childs_loading_is_charged_when_it_first_runs() -> None:
    scheduler = Scheduler(sg_data_of(spawn(1) + leave(), SMALLEST))
    scheduler.iterate()
    consumed = scheduler.consumed_cycles()
    assert scheduler.table.machine(1).cycles == 37
    assert scheduler.iterate().executed_vm == 1
    assert scheduler.consumed_cycles() == consumed + 37 + 502


def test_transfers_are_charged_when_each_side_next_runs() -> None:
    scheduler = Scheduler(
        sg_data_of(pipe() + spawn_with(1, 2) + write(3, 4000, 0) + leave(), read(2, 8000, 1 << 20) + leave())
    )
    moved: list[AnyEvent] = []
    scheduler.table.observers.append(lambda event: moved.append(event) if isinstance(event, Transferred) else None)
    while not moved:
        scheduler.iterate()
    assert (scheduler.table.machine(0).cycles, scheduler.table.machine(1).cycles) == (1000, 1000)


def test_a_transfer_may_exceed_the_caps_of_both_sides() -> None:
    """Their machines' limits are of earlier turns; it is the reader's next turn that fails."""
    programs = (pipe() + spawn_with(1, 2) + write(3, 1 << 20, 0) + leave(), read(2, 1 << 20, 1 << 20) + leave())
    ended = play(*programs).events(IterationEnded)
    stopped = play(*programs, limit=ended[3].total + 1000)
    assert stopped.error == "CyclesExceeded"
    assert stopped.outcome.cycles == ended[3].total + (1 << 18)
    assert stopped.turns()[-1] == 1


def test_pending_cycles_of_a_vm_that_never_runs_again_are_never_charged() -> None:
    """VM 1's write costs VM 1 2,000 cycles, which it would pay only after the root, which ends."""

    def run(size: int) -> Played:
        return play(pipe() + spawn_with(1, 3) + read(2, 8000, 1 << 20) + leave(), write(3, size, 0) + leave())

    assert run(8000).outcome.cycles - run(4000).outcome.cycles == 2000
    # VM 1 has more to write than is taken, so it never runs again: only the reader's side is charged
    assert run(12_004).outcome.cycles - run(12_000).outcome.cycles == 0
    assert run(12_000).outcome.cycles < run(8000).outcome.cycles - 2000


# The Meepo quirk


def quirk() -> Played:
    """VM 1 is woken by a write for which it must be swapped in, and looks at the cycles; then the root does."""
    look = call(CURRENT_CYCLES) + words("child", "a0")
    root = pipe() + spawn_with(1, 2) + spawn(2) * 3 + write(3, 1) + look + FOREVER
    return play(root, read(2, 1) + look + FOREVER, FOREVER)


def test_meepo_the_next_vm_does_not_see_the_io_passs_swaps() -> None:
    run = quirk()
    ended = run.events(IterationEnded)
    woken = max(i for i, event in enumerate(ended) if event.vm == 1)
    before = ended[woken - 1]
    assert before.vm == 0
    pending = 1  # of the byte that moved
    assert run.word(1, "child") == before.total + pending + 1 + ECALL
    assert 2 * SPAWN_EXTRA < ended[woken].spent < 2 * SPAWN_EXTRA + 2000


def test_meepo_the_vm_after_it_sees_them() -> None:
    run = quirk()
    ended = run.events(IterationEnded)
    woken = max(i for i, event in enumerate(ended) if event.vm == 1)
    assert run.word(0, "child") == ended[woken].total + 1 + 1 + ECALL


def test_meepo_consumed_cycles_are_too_low_between_the_iterations() -> None:
    root = pipe() + spawn_with(1, 2) + spawn(2) * 3 + write(3, 1) + leave()
    scheduler = Scheduler(sg_data_of(root, read(2, 1) + leave(), FOREVER))
    while scheduler.table.iteration_cycles == 0:
        assert scheduler.iterate().terminated_status is None
    assert scheduler.table.iteration_cycles == 2 * SPAWN_EXTRA
    before = scheduler.consumed_cycles()
    scheduler.iterate()
    assert scheduler.consumed_cycles() > before + 2 * SPAWN_EXTRA


def test_meepo_the_next_vms_cap_is_not_reduced_but_the_budget_after_it_is() -> None:
    root = pipe() + spawn_with(1, 2) + spawn(2) * 3 + write(3, 1) + leave()
    run = play(root, read(2, 1) + leave(), FOREVER, limit=10_000_000)
    started, ended = run.events(IterationStarted), run.events(IterationEnded)
    woken = max(i for i, event in enumerate(ended) if event.vm == 1)
    assert started[woken].limit == started[woken - 1].limit - ended[woken - 1].spent
    assert ended[woken - 1].spent < 2000
    assert started[woken + 1].limit == started[woken].limit - ended[woken].spent
    assert ended[woken].spent > 2 * SPAWN_EXTRA


def test_meepo_the_next_vm_runs_to_its_end_though_the_swaps_have_used_the_budget() -> None:
    """Its cap doesn't know of the swaps: only the iteration as a whole fails."""
    root = pipe() + spawn_with(1, 2) + spawn(2) * 3 + write(3, 1) + leave()
    programs = (root, read(2, 1) + leave(), FOREVER)
    ended = play(*programs).events(IterationEnded)
    woken = max(i for i, event in enumerate(ended) if event.vm == 1)
    stopped = play(*programs, limit=ended[woken - 1].total + 2 * SPAWN_EXTRA + 100)
    assert stopped.error == "CyclesExceeded"
    assert [fault.pc for fault in stopped.events(Faulted)] == [None]  # no machine has failed
    assert stopped.outcome.cycles == ended[woken].total
    assert stopped.table.terminated_vms == {1: 0}


def test_meepo_instantiating_the_chosen_vm_is_not_seen_by_itself() -> None:
    """VM 1 is woken by a closing end, though not swapped in: the choice of it does that, and it doesn't see it."""
    look = call(CURRENT_CYCLES) + words("child", "a0")
    root = spawn(1) * 4 + look + FOREVER
    run = play(root, FOREVER)
    ended = run.events(IterationEnded)
    assert run.word(0, "child") == ended[-2].total + 1 + ECALL
    assert ended[-1].vm == 0


# Overflow


def test_the_total_cannot_exceed_64_bits() -> None:
    counter = CycleCounter(U64_MAX - 5)
    counter.add(5)
    with pytest.raises(CyclesExceeded):
        counter.add(1)
    assert counter.value == U64_MAX


def test_a_total_that_would_overflow_fails_the_iteration_and_stays() -> None:
    scheduler = Scheduler(sg_data_of(SMALLEST))
    scheduler.table.total_cycles.value = U64_MAX - 538
    with pytest.raises(CyclesExceeded):
        scheduler.run()
    assert scheduler.consumed_cycles() == U64_MAX - 538


def test_iteration_cycles_that_would_overflow_leave_the_message_unhandled() -> None:
    scheduler = Scheduler(sg_data_of(pipe()))
    turn = scheduler.prepare(RunMode())
    result = play_machine(turn.machine)
    scheduler.table.iteration_cycles = U64_MAX - 100
    with pytest.raises(CyclesExceeded):
        scheduler.complete(result)
    assert len(scheduler.table.message_box) == 1
    assert scheduler.table.fds == {}


def test_a_transfer_that_overflows_a_machines_counter_is_a_fault() -> None:
    run = play(pipe() + spawn_with(1, 2) + FOREVER, read(2, 8))
    run.table.block(0, WaitForWrite(3, 0, 8, 0, 0))
    run.table.machine(0).cycles = U64_MAX - 1
    with pytest.raises(CyclesOverflow):
        io_pass(run.table)


def test_current_cycles_that_would_overflow_are_a_fault() -> None:
    scheduler = Scheduler(sg_data_of(call(CURRENT_CYCLES)))
    turn = scheduler.prepare(RunMode())
    scheduler.table.total_cycles.value = U64_MAX - 500
    result = play_machine(turn.machine)
    assert isinstance(result, CyclesOverflow)
    with pytest.raises(CyclesExceeded):  # since the total would overflow as well, and that is looked at first
        scheduler.complete(result)
