"""The traps of ``scheduler`` §18, each with its tiny example.

T8 and T14 are about suspending the whole scheduler, and so are halves of T9 and T10.
"""

from __future__ import annotations

import pytest

from spawnlab.scenarios.steps import (
    Close,
    Exit,
    InheritedFds,
    Log,
    Pipe,
    Read,
    Repeat,
    Spawn,
    Wait,
    Write,
)
from spawnlab.scheduler.events import (
    Booted,
    Faulted,
    IterationEnded,
    IterationStarted,
    Logged,
    OtherEndGone,
    SwappedIn,
    SwappedOut,
    Transferred,
    WaitEnded,
)
from spawnlab.scheduler.io_pass import io_pass
from spawnlab.scheduler.scheduler import RunMode, Scheduler
from spawnlab.scheduler.states import WaitForRead, WaitForWrite
from spawnlab.scheduler.swapping import resume_vm, suspend_vm
from spawnlab.vm.errors import CyclesExceeded, Pause
from spawnlab.vm.machine import PauseSignal

from .programs import (
    CURRENT_CYCLES,
    DEBUG,
    FOREVER,
    LEAVE_WITH_ANSWER,
    MEMORY_END,
    PROCESS_ID,
    SMALLEST,
    call,
    leave,
    pipe,
    read,
    spawn,
    spawn_with,
    spin,
    wait,
    words,
    write,
)
from .runs import Played, play, play_steps, sg_data_of

BLOCKED = (Wait(vm=0),)
"""Steps that block until the root ends."""


def last_spent(run: Played, vm: int) -> int:
    return [event.spent for event in run.events(IterationEnded) if event.vm == vm][-1]


def test_t01_the_limit_of_vms_is_compared_with_greater() -> None:
    """16 VMs live, and one more can be spawned; then no more."""
    spawns = Repeat(times=16, steps=(Spawn(program="p1"),))
    run = play_steps((spawns, Spawn(program="p1", code="MAX_VMS_SPAWNED")), BLOCKED)
    assert run.exit_code == 0
    assert len(run.events(Booted)) == 17


def test_t02_the_largest_id_runs_first() -> None:
    """A child runs to its first block before its parent sees that spawn returned."""
    run = play_steps((Spawn(program="p1"), Log(text="parent")), (Log(text="child"), *BLOCKED))
    assert [event.vm for event in run.events(Logged)] == [1, 0]


def test_t03_a_delivered_blocking_wait_leaves_the_code_to_be_collected() -> None:
    """VM 2 waits for VM 1 while it lives: success; again: success; a third time: 5."""
    root = (Pipe(ends=("r", "w")), Spawn(program="p1", fds=("r",)), Spawn(program="p2"), Write(fd="w", text="go"))
    reader = (InheritedFds(names=("r",)), Read(fd="r", size=2), Exit(code=6))
    waiter = (Wait(vm=1, exit_code=6), Wait(vm=1, exit_code=6), Wait(vm=1, code="WAIT_FAILURE"), Log(text="done"))
    run = play_steps(root, reader, waiter)
    assert len(run.events(WaitEnded, 2)) == 2
    assert [event.text for event in run.events(Logged)] == ["done"]


def test_t04_waking_by_a_close_is_success_and_only_later_calls_give_7() -> None:
    root = (Pipe(ends=("r", "w")), Spawn(program="p1", fds=("r",)), Close(fd="w"), Wait(vm=1, exit_code=0))
    reader = (
        InheritedFds(names=("r",)),
        Read(fd="r", size=8, hex=""),
        Read(fd="r", size=8, code="OTHER_END_CLOSED"),
        Close(fd="r"),
    )
    run = play_steps(root, reader)
    assert run.exit_code == 0
    assert run.answers(1) == [0, 0, 7, 0]


def test_t05_a_spawn_may_suspend_its_own_caller() -> None:
    """The fourth child costs 300,000 more than the third: VM 0 goes, VM 1 goes, VM 0 comes back."""
    run = play(spawn(1) * 4 + leave(), FOREVER)
    assert run.swaps() == [("out", 0), ("out", 1), ("in", 0)]
    costs = [play(spawn(1) * n + leave() + spawn(1) * (4 - n), FOREVER).outcome.cycles for n in (2, 3, 4)]
    assert (costs[2] - costs[1]) - (costs[1] - costs[0]) == 300_000


def test_t06_an_ending_vm_holds_its_slot_while_waiters_are_served() -> None:
    """VM 1 waits for VM 5 and is suspended; when VM 5 ends, another makes room for VM 1 though a slot gets free."""
    waiter = read(2, 1) + wait(5) + FOREVER
    root = (
        pipe() + pipe() + spawn_with(1, 2) + spawn(2) * 3 + spawn_with(3, 4)
        + write(3, 1) + spawn(2) * 2 + write(5, 1) + FOREVER
    )  # fmt: skip
    run = play(root, waiter, FOREVER, read(4, 1) + leave(9))
    events = run.journal.events
    delivered = events.index(WaitEnded(1, 5, 9))
    out, came = events[delivered - 2 : delivered]
    assert isinstance(out, SwappedOut)
    assert came == SwappedIn(1, 100_000)
    assert out.vm != 5


def test_t07_swaps_of_the_io_pass_appear_one_iteration_late() -> None:
    """VM 1 is woken by a write that needed two swaps: its own cycles lack 200,000, the root sees them."""
    look = call(CURRENT_CYCLES) + words("child", "a0")
    root = pipe() + spawn_with(1, 2) + spawn(2) * 3 + write(3, 1) + look + FOREVER
    run = play(root, read(2, 1) + look + FOREVER, FOREVER)
    between = run.word(0, "child") - run.word(1, "child")
    assert 200_000 < between < 200_000 + 3000
    assert last_spent(run, 1) > 200_000


def test_t09_an_iteration_over_the_budget_is_counted_twice_when_run_again() -> None:
    """The iteration's cycles went to the total and are not cleared, so the next iteration adds them again."""
    programs = (pipe() + leave(), SMALLEST)
    whole = Scheduler(sg_data_of(*programs)).run().consumed_cycles
    scheduler = Scheduler(sg_data_of(*programs))
    first = Scheduler(sg_data_of(*programs))
    first.iterate()
    spent = first.consumed_cycles()
    with pytest.raises(CyclesExceeded):
        scheduler.run(RunMode(spent - 1))
    assert scheduler.consumed_cycles() == scheduler.table.iteration_cycles == spent
    assert scheduler.run().consumed_cycles == whole + spent


def test_t10_an_iteration_over_the_budget_skips_the_io_pass() -> None:
    """The first half of the trap: a reader and its writer both wait, and no VM can run."""
    programs = (pipe() + spawn_with(1, 2) + write(3, 1) + leave(), read(2, 1) + leave())
    run = play(*programs)
    before = next(i for i, event in enumerate(run.events(IterationEnded)) if event.vm == 0 and i >= 3)
    budget = run.events(IterationEnded)[before].total - 1
    stopped = play(*programs, limit=budget)
    assert stopped.error == "CyclesExceeded"
    states = stopped.table.states
    assert isinstance(states[0], WaitForWrite)
    assert isinstance(states[1], WaitForRead)
    assert stopped.events(Transferred) == []


@pytest.mark.parametrize(("code", "seen"), [(256, 0), (128, -128), (255, -1), (-1, -1)])
def test_t11_an_exit_code_is_8_bits_signed(code: int, seen: int) -> None:
    run = play_steps((Spawn(program="p1"), Wait(vm=1, exit_code=seen), Exit(code=code)), (Exit(code=code),))
    assert run.exit_code == seen


def test_t12_the_roots_exit_is_final_at_once() -> None:
    """What moved costs the reader, which is the root; the writer never runs again, so it never pays its half."""

    def moved(size: int) -> Played:
        return play(pipe() + spawn_with(1, 3) + read(2, size, 1 << 20) + leave(), write(3, 2000, 0) + leave())

    assert moved(2000).events(OtherEndGone) == []
    assert moved(1000).outcome.cycles - moved(4).outcome.cycles == 249
    assert moved(2000).outcome.cycles - moved(1000).outcome.cycles > 250 + 500
    run = play(spawn(1) + spawn(2) + leave(4), FOREVER, wait(1))
    assert run.exit_code == 4
    assert run.events(WaitEnded) == []


def test_t13_a_limit_is_per_call() -> None:
    """Three runs with a limit that one run of all would exceed."""
    programs = (spin(500) + call(DEBUG, "buffer") + spin(500) + leave(), SMALLEST)
    whole = Scheduler(sg_data_of(*programs)).run().consumed_cycles
    scheduler = Scheduler(sg_data_of(*programs))
    pause = PauseSignal()
    scheduler.table.observers.append(lambda event: pause.request() if isinstance(event, Logged) else None)
    limit = whole * 2 // 3
    with pytest.raises(Pause):
        scheduler.run(RunMode(limit, pause))
    assert scheduler.run(RunMode(limit, pause)).consumed_cycles == whole
    with pytest.raises(CyclesExceeded):
        Scheduler(sg_data_of(*programs)).run(RunMode(limit))


def test_t15_pairs_go_by_the_writers_id_and_gone_readers_before_gone_writers() -> None:
    run = eight_blocked((4, 5, 6, 7))
    run.table.fds = {2: 0, 3: 3, 4: 1, 5: 2}
    states = {0: reader(2), 1: reader(4), 2: writer(5), 3: writer(3)}
    run.table.states.update(states)
    run.table.stir()
    io_pass(run.table)
    assert [event.vm for event in run.events(Transferred)] == [2, 3]
    run = eight_blocked((4, 5, 6, 7))
    run.table.fds = {3: 0, 4: 1, 6: 2, 9: 3}
    run.table.states.update({0: writer(3), 1: reader(4), 2: reader(6), 3: writer(9)})
    run.table.stir()
    io_pass(run.table)
    assert [event.vm for event in run.events(OtherEndGone)] == [1, 2, 0, 3]


def test_t16_of_a_suspended_pair_the_writer_takes_the_free_slot() -> None:
    """{5, 6, 7} are machines: the writer takes the free slot, then the reader evicts VM 5."""
    run = eight_blocked((5, 6, 7))
    run.table.fds = {2: 1, 3: 2}
    run.table.states.update({1: reader(2), 2: writer(3)})
    run.table.stir()
    io_pass(run.table)
    assert run.swaps() == [("in", 2), ("out", 5), ("in", 1)]
    run = eight_blocked((4, 5, 6, 7))
    run.table.fds = {2: 1, 3: 2}
    run.table.states.update({1: reader(2), 2: writer(3)})
    run.table.stir()
    io_pass(run.table)
    assert run.swaps() == [("out", 4), ("in", 1), ("out", 5), ("in", 2)]


def reader(fd: int) -> WaitForRead:
    return WaitForRead(fd, 1, 1 << 20, (1 << 20) + 8)


def writer(fd: int) -> WaitForWrite:
    return WaitForWrite(fd, 0, 1, 1 << 20, (1 << 20) + 8)


def eight_blocked(machines: tuple[int, ...]) -> Played:
    """A run of eight VMs that all wait for the root, of which just these are machines."""
    run = play(spawn(1) * 7 + FOREVER, FOREVER)
    for vm in sorted(run.table.instantiated):
        suspend_vm(run.table, vm)
    for vm in machines:
        resume_vm(run.table, vm)
    run.journal.events.clear()
    return run


def test_t17_a_fault_is_reported_only_if_the_budget_held() -> None:
    """The swaps before VM 0's turn exceed the budget, of which VM 0 itself has used little when it fails."""
    root = spawn(1) * 4 + call(PROCESS_ID) + "  ld t0, -8(x0)\n"
    run = play(root, FOREVER)
    assert run.error == "MemOutOfBound"
    started, ended = run.events(IterationStarted)[-1], run.events(IterationEnded)[-1]
    assert (started.vm, ended.vm) == (0, 0)
    tight = play(root, FOREVER, limit=run.outcome.cycles - 1)
    assert tight.error == "CyclesExceeded"
    # and where the machine's own cap holds, but not the budget: what the answer to a spawn costs
    tight = play(spawn(1) * 4, b"\0", limit=100_000)
    assert tight.error == "CyclesExceeded"
    assert [fault.pc for fault in tight.events(Faulted)] == [None]  # no machine has failed


def test_t18_inherited_fd_on_the_root_is_success_with_none() -> None:
    run = play_steps((Pipe(ends=("r", "w")), InheritedFds(names=())))
    assert run.exit_code == 0
    assert run.answers(0) == [0, 0]


def test_t19_a_deadlock_is_noticed_only_when_a_vm_is_chosen() -> None:
    """The root's write blocks the last VM that could run; its I/O pass lets both go on."""
    root = (Pipe(ends=("r", "w")), Spawn(program="p1", fds=("r",)), Write(fd="w", text="x"), Wait(vm=1, exit_code=0))
    run = play_steps(root, (InheritedFds(names=("r",)), Read(fd="r", size=1)))
    assert run.exit_code == 0


def test_t20_pending_cycles_count_against_the_cap_of_the_vm_they_sit_on() -> None:
    """The root has written a mebibyte: its next instruction needs 262,144 cycles more than its own."""
    programs = (pipe() + spawn_with(1, 2) + write(3, 1 << 20, 0) + leave(), read(2, 1 << 20, 1 << 20) + leave())
    run = play(*programs)
    last = run.events(IterationEnded)[-1]
    assert last.vm == 0
    assert last.spent == (1 << 20) // 4 + 2 + 500
    before = run.outcome.cycles - last.spent
    for budget, used in ((262_144, 0), (262_145, 1), (262_146, 2), (262_645, 2)):
        stopped = play(*programs, limit=before + budget)
        assert stopped.error == "CyclesExceeded"
        assert stopped.outcome.cycles == before + 262_144 + used
    assert play(*programs, limit=before + 262_646).exit_code == 0


def test_t21_fds_listed_twice_are_reported_twice() -> None:
    root = (Pipe(ends=("r", "w")), Spawn(program="p1", fds=("r", "r", "w")), Wait(vm=1, exit_code=0))
    child = (InheritedFds(names=("a", "b", "c")), Close(fd="a"), Close(fd="b", code="INVALID_FD"), Close(fd="c"))
    run = play_steps(root, child)
    assert run.exit_code == 0
    assert run.table.inherited_fd == {1: (2, 2, 3)}


def test_t22_only_one_byte_of_the_exit_code_is_written() -> None:
    run = play(spawn(1) + wait(1, MEMORY_END - 1) + LEAVE_WITH_ANSWER, leave(-1))
    assert run.exit_code == 0
    assert run.memory(0, MEMORY_END - 2, 2) == b"\x00\xff"
    assert run.memory(0, "code", 8) == b"\x11" * 8


def test_t23_the_limit_of_fds_can_be_exceeded_by_one() -> None:
    """32 pipes, one end closed: 63 are open, and another pipe makes 65."""
    pipes = Repeat(times=32, steps=(Pipe(ends=("r", "w")),))
    refused = Pipe(ends=("x", "y"), code="MAX_FDS_CREATED")
    run = play_steps((pipes, refused, Close(fd=2), Pipe(ends=("x", "y")), refused))
    assert run.exit_code == 0
    assert len(run.table.fds) == 65
    assert run.answers(0)[-4:] == [9, 0, 0, 9]
