"""At most four machines: who is suspended and who resumed, in which order, for how much (``scheduler`` §10b)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from spawnlab.scheduler.events import Blocked, IterationEnded, SwappedIn, SwappedOut, Transferred
from spawnlab.scheduler.io_pass import io_pass
from spawnlab.scheduler.states import RUNNABLE, VmState, WaitForRead, WaitForWrite
from spawnlab.scheduler.swapping import instantiate, resume_vm, suspend_vm
from spawnlab.vm.errors import CyclesExceeded, Unexpected

from .programs import FOREVER, SMALLEST, leave, pipe, read, spawn, spawn_with, words, write
from .runs import Played, play

SWAP = 100_000


def arranged(count: int, instantiated: Sequence[int]) -> Played:
    """A run with so many VMs, all blocked, of which just these are machines; counters and journal start afresh."""
    run = play(spawn(1) * (count - 1) + FOREVER, FOREVER)
    table = run.table
    assert len(table.states) == count
    for vm in sorted(table.instantiated):
        suspend_vm(table, vm)
    for vm in instantiated:
        resume_vm(table, vm)
    table.iteration_cycles = 0
    run.journal.events.clear()
    return run


def into(run: Played, ids: Sequence[int]) -> list[tuple[str, int]]:
    """The swaps that instantiating ``ids`` takes; checks what they cost."""
    instantiate(run.table, ids)
    assert set(ids) <= run.table.instantiated.keys()
    swaps = run.swaps()
    assert run.table.iteration_cycles == SWAP * len(swaps)
    return swaps


@pytest.mark.parametrize(
    ("instantiated", "ids", "swaps"),
    [
        ((0, 1, 2, 3), (2,), ""),
        ((0, 1, 2, 3), (3, 1), ""),
        ((0, 1, 2, 3), (), ""),
        ((1, 2, 3), (5,), "in 5"),  # a free slot
        ((1, 2), (5, 4), "in 4, in 5"),  # free slots are filled from the end of the list
        ((1, 2, 3, 4), (0,), "out 1, in 0"),  # the lowest goes
        ((0, 1, 2, 3), (5,), "out 0, in 5"),
        ((1, 2, 3, 4), (6, 1), "out 2, in 6"),  # but none that is asked for
        ((1, 2, 3, 4), (6, 0), "out 1, in 6, out 2, in 0"),  # victims go from the start of the list
        ((2, 3, 4, 5), (0, 6), "out 2, in 0, out 3, in 6"),
        ((5, 6, 7), (1, 2), "in 2, out 5, in 1"),  # one free slot: the last of the list, then a victim for the first
        ((5, 6, 7), (2, 5), "in 2"),
        ((1, 2, 3, 4), (4, 0, 3), "out 1, in 0"),
        ((), (3, 2, 1, 0), "in 0, in 1, in 2, in 3"),
        ((4, 5, 6, 7), (0, 1, 2, 3), "out 4, in 0, out 5, in 1, out 6, in 2, out 7, in 3"),
    ],
)
def test_who_goes_and_who_comes(instantiated: tuple[int, ...], ids: tuple[int, ...], swaps: str) -> None:
    run = arranged(8, instantiated)
    assert ", ".join(f"{way} {vm}" for way, vm in into(run, ids)) == swaps


def test_more_than_four_cannot_be_asked_for() -> None:
    run = arranged(8, (1, 2, 3, 4))
    with pytest.raises(Unexpected) as caught:
        instantiate(run.table, (0, 1, 2, 3, 4))
    assert caught.value.debug == 'Unexpected("At most 4 VMs can be instantiated but 5 are requested!")'
    assert run.swaps() == []


@pytest.mark.parametrize("vm", [1, 9])
def test_only_a_snapshot_can_be_resumed(vm: int) -> None:
    run = arranged(3, (1,))
    with pytest.raises(Unexpected) as caught:
        resume_vm(run.table, vm)
    assert caught.value.debug == f'Unexpected("VM {vm} is not suspended!")'
    assert run.table.iteration_cycles == 0


@pytest.mark.parametrize("vm", [2, 9])
def test_only_a_machine_can_be_suspended(vm: int) -> None:
    run = arranged(3, (1,))
    with pytest.raises(Unexpected) as caught:
        suspend_vm(run.table, vm)
    assert caught.value.debug == f'Unexpected("VM {vm} is not instantiated!")'
    assert run.table.iteration_cycles == 0


def test_a_swap_is_charged_before_it_is_made() -> None:
    run = arranged(3, (1,))
    run.table.iteration_cycles = (1 << 64) - SWAP
    with pytest.raises(CyclesExceeded):
        suspend_vm(run.table, 1)
    with pytest.raises(CyclesExceeded):
        resume_vm(run.table, 0)
    assert run.table.instantiated.keys() == {1}
    assert run.table.suspended.keys() == {0, 2}


def test_each_swap_is_an_event_with_its_cost() -> None:
    run = arranged(8, (1, 2, 3, 4))
    instantiate(run.table, (0,))
    assert run.journal.events == [SwappedOut(1, SWAP), SwappedIn(0, SWAP)]


def test_nothing_is_swapped_while_there_is_room() -> None:
    run = play(spawn(1) * 3 + leave(), FOREVER)
    assert run.swaps() == []


def test_a_blocked_vm_stays_a_machine_until_its_slot_is_needed() -> None:
    run = play(spawn(1) * 3 + FOREVER, FOREVER)
    assert run.table.instantiated.keys() == {0, 1, 2, 3}


def test_booting_takes_the_slot_of_the_lowest_be_it_the_parent() -> None:
    run = play(spawn(1) * 5 + leave(), FOREVER)
    # the fourth child: VM 0 goes and comes back for its answer, for which VM 1 goes; the fifth likewise
    assert run.swaps() == [("out", 0), ("out", 1), ("in", 0), ("out", 0), ("out", 2), ("in", 0)]


def test_an_ended_vm_leaves_its_slot_free() -> None:
    run = play(spawn(1) * 20 + leave(), SMALLEST)
    assert run.swaps() == []


def test_the_chosen_vm_is_made_a_machine_before_it_runs() -> None:
    """VM 1 is woken by the end of VM 5, which has the other end of its pipe, with three others between them."""
    root = pipe() + spawn_with(1, 2) + spawn(2) * 3 + spawn_with(3, 3) + leave()
    run = play(root, read(2, 1) + leave(), FOREVER, leave())
    assert ("in", 1) in run.swaps()
    assert run.exit_code == 0


def test_registers_and_memory_survive_swaps() -> None:
    """VM 1 sets registers and memory, sleeps while five others need its slot, and checks."""
    marks = "".join(f"  li s{i}, {1000 + i}\n" for i in range(12)) + words("pair", 77, -1) + "  li sp, 0x3ffff0\n"
    marks += "  li t3, 4242\n  sd t3, 0(sp)\n"
    checks = "".join(f"  addi t5, s{i}, -{1000 + i}\n  bnez t5, bad\n" for i in range(12))
    checks += "  ld t4, 0(sp)\n  bne t3, t4, bad\n  la t0, pair\n  ld t4, 0(t0)\n  addi t4, t4, -77\n  bnez t4, bad\n"
    checks += "  ld t4, 8(t0)\n  addi t4, t4, 1\n  bnez t4, bad\n"
    child = marks + read(2, 8) + checks + leave(7) + "bad:\n" + leave(1)
    run = play(pipe() + spawn_with(1, 2) + spawn(2) * 5 + write(3, 8) + leave(), child, FOREVER)
    assert ("out", 1) in run.swaps()
    assert ("in", 1) in run.swaps()
    assert run.table.terminated_vms[1] == 7


def test_pending_cycles_survive_swaps() -> None:
    """VM 1 has written 400 of 4000 bytes and not run since: 100 cycles are in its snapshot."""
    root = pipe() + spawn_with(1, 3) + read(2, 400, 1 << 20) + spawn(2) * 5 + FOREVER
    run = play(root, write(3, 4000, 0), FOREVER)
    assert 1 in run.table.suspended
    assert run.scheduler.peek(1, lambda machine: machine.cycles, lambda snapshot, _: snapshot.cycles) == 100
    instantiate(run.table, (1,))
    assert run.table.machine(1).cycles == 100


# The I/O pass decides who goes


def passed(states: dict[int, VmState], fds: dict[int, int], instantiated: Sequence[int]) -> str:
    """The swaps of an I/O pass over VMs in these states."""
    run = arranged(8, instantiated)
    run.table.states.update(dict.fromkeys(run.table.states, RUNNABLE))
    run.table.states.update(states)
    run.table.fds = fds
    run.table.stir()
    io_pass(run.table)
    return ", ".join(f"{way} {vm}" for way, vm in run.swaps())


def reader(fd: int) -> WaitForRead:
    return WaitForRead(fd, 1, 1 << 20, (1 << 20) + 8)


def writer(fd: int) -> WaitForWrite:
    return WaitForWrite(fd, 0, 1, 1 << 20, (1 << 20) + 8)


def test_readers_without_other_end_come_before_such_writers() -> None:
    assert passed({0: writer(3), 1: reader(4)}, {3: 0, 4: 1}, (4, 5, 6, 7)) == "out 4, in 1, out 1, in 0"


def test_closed_ends_are_settled_before_bytes_move() -> None:
    states: dict[int, VmState] = {0: reader(2), 1: writer(3), 2: writer(7), 3: reader(8)}
    fds = {2: 0, 3: 1, 7: 2, 8: 3}
    assert passed(states, fds, (4, 5, 6, 7)) == (
        "out 4, in 3, out 3, in 2, out 2, in 0, out 5, in 1"  # VM 3 and VM 2 for the closed ends, then the pair
    )


def test_pairs_go_by_the_writers_id() -> None:
    """VM 3 writes to VM 0, VM 2 to VM 1: the pair of VM 2 is first, though its reader's id is larger."""
    states: dict[int, VmState] = {0: reader(2), 1: reader(4), 2: writer(5), 3: writer(3)}
    fds = {2: 0, 3: 3, 4: 1, 5: 2}
    assert passed(states, fds, (4, 5, 6, 7)) == "out 4, in 1, out 5, in 2, out 1, in 0, out 2, in 3"


def test_of_a_pair_the_reader_comes_first_where_victims_are_needed() -> None:
    assert passed({0: reader(2), 1: writer(3)}, {2: 0, 3: 1}, (4, 5, 6, 7)) == "out 4, in 0, out 5, in 1"
    assert passed({1: reader(2), 0: writer(3)}, {2: 1, 3: 0}, (4, 5, 6, 7)) == "out 4, in 1, out 5, in 0"


def test_of_a_pair_the_writer_takes_a_free_slot() -> None:
    assert passed({0: reader(2), 1: writer(3)}, {2: 0, 3: 1}, (5, 6, 7)) == "in 1, out 5, in 0"


def test_swaps_of_the_io_pass_are_paid_in_the_next_iteration() -> None:
    root = pipe() + spawn_with(1, 2) + spawn(2) * 3 + write(3, 1) + leave()
    run = play(root, read(2, 1) + leave(), FOREVER)
    events = run.journal.events
    woken = next(i for i, event in enumerate(events) if isinstance(event, Transferred))
    assert [type(event) for event in events[woken - 3 : woken]] == [Blocked, SwappedOut, SwappedIn]
    this, following = [event for event in events[woken:] if isinstance(event, IterationEnded)][:2]
    assert (this.vm, following.vm) == (0, 1)
    assert this.spent < 2000
    assert 2 * SWAP < following.spent < 2 * SWAP + 1000
