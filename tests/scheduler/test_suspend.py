"""A whole scheduler suspended and resumed: what is kept, what is lost, what it costs (``scheduler`` §15, T8 to T14)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.scheduler.deadlock import Deadlock
from spawnlab.scheduler.events import AnyEvent, Resumed, Suspended, SwappedIn, SwappedOut
from spawnlab.scheduler.messages import Close
from spawnlab.scheduler.scheduler import RunMode, Scheduler, TerminatedResult
from spawnlab.scheduler.state_file import state_from_bytes, state_to_bytes
from spawnlab.scheduler.states import RUNNABLE, TERMINATED
from spawnlab.scheduler.suspended import FullSuspendedState, SuspendedVm
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.vm.errors import CyclesExceeded, InvalidVersion, SnapshotDataLoadError, Unexpected
from spawnlab.vm.machine import PauseSignal
from spawnlab.vm.snapshot import DirtyPages, SourcePages

from .programs import FOREVER, close, leave, pipe, read, spawn, spawn_with, spin, wait, write
from .runs import case_of as case
from .runs import check_invariants, group, sg_data_of

SWAP = 100_000
TALK = (pipe() + spawn_with(1, 2) + write(3, 12) + wait(1) + leave("[code]"), read(2, 12) + spin(50) + leave(7))
"""A parent and a child over a pipe: two VMs, no swaps."""
CROWD = (
    pipe() + spawn_with(1, 2) + spawn(2) * 4 + write(3, 9) + wait(1) + leave("[code]"),
    read(2, 9) + leave(3),
    FOREVER,
)
"""Six VMs: VM 1, which is to read, is swapped out by the time that the root writes."""


def again(scheduler: Scheduler, observers: tuple[Callable[[AnyEvent], None], ...] = ()) -> Scheduler:
    """Suspended, written, read, and resumed."""
    sg_data = scheduler.sg_data()
    state = scheduler.suspend()
    assert state_from_bytes(state_to_bytes(state)) == state
    resumed = Scheduler.resume(sg_data, state, observers=observers)
    check_invariants(resumed)
    return resumed


def in_pieces(sg_data: ScriptGroupData, suspend_after: Callable[[int], bool]) -> tuple[TerminatedResult, int]:
    """Run by iterations, suspending after those that are asked for; also gives how often."""
    scheduler, suspends, iterations = Scheduler(sg_data), 0, 0
    while (result := scheduler.iterate().terminated_status) is None:
        iterations += 1
        if suspend_after(iterations):
            scheduler = again(scheduler)
            suspends += 1
    return result, suspends


# What is kept


@settings(max_examples=30)
@given(st.sets(st.integers(1, 8)))
def test_without_swaps_nobody_can_tell(places: set[int]) -> None:
    sg_data = sg_data_of(*TALK)
    whole = Scheduler(sg_data).run()
    assert whole.exit_code == 7
    assert in_pieces(sg_data, places.__contains__)[0] == whole


def test_everything_is_in_the_state() -> None:
    scheduler = Scheduler(sg_data_of(*CROWD))
    for _ in range(9):
        scheduler.iterate()
    table = scheduler.table
    before = {
        "states": dict(table.states),
        "fds": dict(table.fds),
        "inherited": dict(table.inherited_fd),
        "ended": dict(table.terminated_vms),
        "next": (table.next_vm_id, table.next_fd_slot),
        "machines": sorted(table.instantiated),
        "registers": {vm: list(table.instantiated[vm].machine.registers) for vm in table.instantiated},
        "memory": {vm: bytes(table.instantiated[vm].machine.memory.data) for vm in table.instantiated},
    }
    assert table.suspended
    assert len(before["machines"]) == 4
    later = again(scheduler).table
    assert later is not table
    assert later.total_cycles.value == table.total_cycles.value
    assert before == {
        "states": later.states,
        "fds": later.fds,
        "inherited": later.inherited_fd,
        "ended": later.terminated_vms,
        "next": (later.next_vm_id, later.next_fd_slot),
        "machines": sorted(later.instantiated),
        "registers": {vm: later.instantiated[vm].machine.registers for vm in later.instantiated},
        "memory": {vm: bytes(later.instantiated[vm].machine.memory.data) for vm in later.instantiated},
    }


def test_lists_ascend() -> None:
    scheduler = Scheduler(sg_data_of(*CROWD))
    for _ in range(9):
        scheduler.iterate()
    state = scheduler.suspend()
    for ids in ([vm.id for vm in state.vms], [fd for fd, _ in state.fds], state.instantiated_ids):
        assert list(ids) == sorted(ids)
        assert len(ids) > 1


def test_the_roots_arguments_are_not_kept() -> None:
    """They are on its stack by then, if it has been made."""
    show_argc = "  ld a0, 0(sp)\n" + leave("a0")
    scheduler = Scheduler(sg_data_of(show_argc))
    scheduler.set_root_vm_args([b"a", b"b"])
    assert again(scheduler).run().exit_code == 0
    scheduler = Scheduler(sg_data_of(pipe() + show_argc))
    scheduler.set_root_vm_args([b"a", b"b"])
    scheduler.iterate()
    assert again(scheduler).run().exit_code == 2


def test_a_scheduler_that_has_not_begun() -> None:
    scheduler = Scheduler(sg_data_of(*TALK))
    state = scheduler.suspend()
    assert (state.vms, state.next_vm_id, state.next_fd_slot, state.size) == ((), 0, 2, 32)
    assert Scheduler.resume(scheduler.sg_data(), state).run() == Scheduler(sg_data_of(*TALK)).run()


def test_a_finished_run_forgets_its_exit_code() -> None:
    """T14."""
    scheduler = Scheduler(sg_data_of(leave(5)))
    assert scheduler.run().exit_code == 5
    resumed = again(scheduler)
    assert resumed.terminated()
    assert resumed.state(0) == TERMINATED
    assert resumed.run() == TerminatedResult(0, scheduler.consumed_cycles())
    assert resumed.iterate().executed_vm == 0
    assert resumed.table.terminated_vms == {0: 5}


def test_what_is_stored_of_a_paused_vm() -> None:
    """A pause leaves the VM as it was before the next instruction."""
    scheduler = Scheduler(sg_data_of(spin(1000) + leave(4)))
    pause = PauseSignal()
    with pytest.raises(CyclesExceeded):
        scheduler.run(RunMode(100, pause))
    before = scheduler.table.instantiated[0].machine
    resumed = again(scheduler)
    after = resumed.table.instantiated[0].machine
    assert (after.this_pc, after.registers, after.cycles) == (before.this_pc, before.registers, 0)
    assert resumed.state(0) == RUNNABLE
    assert resumed.run().exit_code == 4


# Cycles


def test_suspending_machines_is_charged_in_the_stored_state_only() -> None:
    scheduler = Scheduler(sg_data_of(*TALK))
    for _ in range(3):
        scheduler.iterate()
    total = scheduler.consumed_cycles()
    state = scheduler.suspend()
    assert state.iteration_cycles == 2 * SWAP
    assert state.total_cycles == total
    assert Scheduler.resume(scheduler.sg_data(), state).table.iteration_cycles == 0


def test_t8_swaps_of_the_last_io_pass_are_not_paid_after_a_resume() -> None:
    sg_data = sg_data_of(*CROWD)
    scheduler = Scheduler(sg_data)
    while not scheduler.table.iteration_cycles:  # until an I/O pass has swapped
        scheduler.iterate()
    residual = scheduler.table.iteration_cycles
    assert residual % SWAP == 0
    resumed = again(scheduler)
    whole = Scheduler(sg_data).run()
    assert resumed.run() == TerminatedResult(whole.exit_code, whole.consumed_cycles - residual)


def exceeding() -> Scheduler:
    """VM 0 ends its turn beyond the budget, in the system call that posts a message: O2 is what stops it."""
    sg_data = sg_data_of(*TALK)
    scheduler = Scheduler(sg_data)
    scheduler.iterate()
    whole = Scheduler(sg_data)
    whole.iterate()
    whole.iterate()
    with pytest.raises(CyclesExceeded):
        scheduler.run(RunMode(whole.consumed_cycles() - scheduler.consumed_cycles() - 1))
    return scheduler


def test_t9_a_budget_that_was_overshot_is_counted_twice_unless_the_run_is_suspended() -> None:
    scheduler = exceeding()
    left = scheduler.table.iteration_cycles
    assert left > SWAP
    resumed = Scheduler.resume(scheduler.sg_data(), exceeding().suspend())
    assert scheduler.run().consumed_cycles == resumed.run().consumed_cycles + left
    assert resumed.run() == Scheduler(resumed.sg_data()).run()


def test_t10_the_io_pass_that_was_skipped_is_not_made_up_for() -> None:
    """Reader and writer have met, but the budget was overshot: nobody moves their bytes after a resume."""
    sg_data = sg_data_of(*TALK)
    budget = next(limit for limit in range(101_000, 120_000) if _meets_without_moving(sg_data, limit))
    scheduler = Scheduler(sg_data)
    with pytest.raises(CyclesExceeded):
        scheduler.run(RunMode(budget))
    with pytest.raises(Deadlock) as caught:
        again(scheduler).run()
    assert caught.value.report.io_pass_skipped


def _meets_without_moving(sg_data: ScriptGroupData, limit: int) -> bool:
    scheduler = Scheduler(sg_data)
    try:
        scheduler.run(RunMode(limit))
    except CyclesExceeded:
        states = scheduler.table.states
        return len(states) == 2 and all(state != RUNNABLE for state in states.values())
    return False


# Size


def test_each_part_adds_to_the_size() -> None:
    """By the specification's formula; 340 bytes of a VM are its id, state, version, registers and three numbers."""
    scheduler = Scheduler(sg_data_of(*CROWD))
    for _ in range(9):
        scheduler.iterate()
    state = scheduler.suspend()
    page = SourcePages(0, 0, scheduler.sg_data().program, 0, 8192)
    bare = msgspec.structs.replace(state.vms[0].snapshot, source_pages=(), dirty_pages=())
    with_source = msgspec.structs.replace(bare, source_pages=(page, page))
    with_dirty = msgspec.structs.replace(
        bare, dirty_pages=(DirtyPages(0, 4, bytes(4096)), DirtyPages(8192, 4, bytes(8192)))
    )
    empty = msgspec.structs.replace(state, vms=(), fds=(), inherited_fd=(), terminated_vms=(), instantiated_ids=())
    assert empty.size == 32
    for fields, size in (
        ({"fds": ((2, 0), (3, 0), (4, 1))}, 3 * 16),
        ({"inherited_fd": ((1, (2, 3, 4)), (2, ()))}, 2 * 8),
        ({"terminated_vms": ((1, 0), (2, -1), (3, 5))}, 3 * 9),
        ({"instantiated_ids": (0, 1, 2)}, 3 * 8),
        ({"vms": (SuspendedVm(0, RUNNABLE, bare),)}, 8 + 48 + 4 + 32 * 8 + 3 * 8),
        ({"vms": (SuspendedVm(0, RUNNABLE, with_source), SuspendedVm(1, RUNNABLE, bare))}, 2 * 340 + 2 * 33),
        ({"vms": (SuspendedVm(0, RUNNABLE, with_dirty),)}, 340 + 9 + 4096 + 9 + 8192),
    ):
        assert msgspec.structs.replace(empty, **fields).size == 32 + size
    assert state.size > 5 * 340


# Wrong uses


def test_a_suspended_scheduler_is_used_up() -> None:
    scheduler = Scheduler(sg_data_of(*TALK))
    scheduler.iterate()
    scheduler.suspend()
    uses: list[Callable[[], object]] = [
        scheduler.suspend, scheduler.run, scheduler.iterate, lambda: scheduler.prepare(RunMode())
    ]  # fmt: skip
    for use in uses:
        with pytest.raises(RuntimeError, match="was suspended"):
            use()


def test_not_in_the_middle_of_a_turn() -> None:
    scheduler = Scheduler(sg_data_of(*TALK))
    scheduler.prepare(RunMode())
    for use in (scheduler.suspend, scheduler.run, scheduler.iterate):
        with pytest.raises(RuntimeError, match="complete"):
            use()


def test_not_while_messages_wait() -> None:
    scheduler = Scheduler(sg_data_of(*TALK))
    scheduler.iterate()
    scheduler.table.message_box.append(Close(0, 2))
    with pytest.raises(RuntimeError, match="message"):
        scheduler.suspend()


def test_a_state_made_by_hand_whose_root_has_another_id() -> None:
    """No file holds such a state (:func:`state_from_bytes` refuses it)."""
    scheduler = Scheduler(sg_data_of(*TALK))
    state = msgspec.structs.replace(scheduler.suspend(), next_vm_id=1)
    with pytest.raises(AssertionError, match="not the root"):
        Scheduler.resume(scheduler.sg_data(), state).run()


def test_a_machine_that_is_not_there() -> None:
    with pytest.raises(Unexpected) as caught:
        Scheduler(sg_data_of(*TALK)).table.machine(3)
    assert caught.value.debug == 'Unexpected("Unable to find VM Id")'


def test_charges_that_exceed_64_bits() -> None:
    scheduler = Scheduler(sg_data_of(*TALK))
    scheduler.iterate()
    scheduler.table.iteration_cycles = (1 << 64) - SWAP
    with pytest.raises(CyclesExceeded):
        scheduler.suspend()


def test_a_vm_without_a_machine_or_snapshot() -> None:
    scheduler = Scheduler(sg_data_of(*TALK))
    scheduler.iterate()
    scheduler.table.states[9] = RUNNABLE
    with pytest.raises(Unexpected) as caught:
        scheduler.suspend()
    assert caught.value.debug == 'Unexpected("Unable to find VM Id")'


def _state_after(iterations: int) -> FullSuspendedState:
    scheduler = Scheduler(sg_data_of(*TALK))
    for _ in range(iterations):
        scheduler.iterate()
    return scheduler.suspend()


def test_a_group_of_another_version() -> None:
    with pytest.raises(InvalidVersion):
        Scheduler.resume(group(case(*TALK, version=1)), _state_after(3))


def test_a_group_without_the_data() -> None:
    """A page of VM 1's code is to be loaded from cell dep 1 again."""
    scheduler = Scheduler(sg_data_of(spawn(1) + FOREVER, "  nop\n" * 2048 + FOREVER))
    scheduler.iterate()
    state = scheduler.suspend()
    assert state.vms[1].snapshot.source_pages
    Scheduler.resume(scheduler.sg_data(), state)
    with pytest.raises(SnapshotDataLoadError):
        Scheduler.resume(sg_data_of(TALK[0]), state)


# What observers see


def test_observers_see_a_suspend_and_a_resume_but_no_swaps() -> None:
    seen: list[AnyEvent] = []
    scheduler = Scheduler(sg_data_of(*TALK), observers=[seen.append])
    for _ in range(3):
        scheduler.iterate()
    del seen[:]
    total = scheduler.consumed_cycles()
    resumed = again(scheduler, (seen.append,))
    assert seen == [Suspended(0, total), Resumed(0, total)]
    resumed.run()
    assert not any(isinstance(event, SwappedIn | SwappedOut) for event in seen)


def test_a_resumed_run_tells_on() -> None:
    """The same events as without the suspend, from there on."""
    whole: list[AnyEvent] = []
    scheduler = Scheduler(sg_data_of(*TALK), observers=[whole.append])
    while not scheduler.terminated():
        scheduler.iterate()
    seen: list[AnyEvent] = []
    scheduler = Scheduler(sg_data_of(*TALK), observers=[seen.append])
    for _ in range(4):
        scheduler.iterate()
    resumed = again(scheduler, (seen.append,))
    resumed.iterations = scheduler.iterations
    while not resumed.terminated():
        resumed.iterate()
    assert [event for event in seen if not isinstance(event, Suspended | Resumed)] == whole


def test_closing_works_on_what_was_resumed() -> None:
    programs = (pipe() + spawn_with(1, 2) + close(3) + wait(1) + leave("[code]"), read(2, 4) + leave("[length]"))
    result, suspends = in_pieces(sg_data_of(*programs), lambda _: True)
    assert suspends > 4
    assert result == Scheduler(sg_data_of(*programs)).run()
