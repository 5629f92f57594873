"""A scheduler that is copied and gone back to: nobody can tell, whatever the programs do and however often."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.explore.player import build_of
from spawnlab.explore.topology import Topology
from spawnlab.scheduler.events import AnyEvent, IterationEnded, Transferred
from spawnlab.scheduler.faults import faults_of
from spawnlab.scheduler.hypothetical import policy_of
from spawnlab.scheduler.limits import U64_MAX
from spawnlab.scheduler.mockup import MockCell
from spawnlab.scheduler.outcome import Outcome, outcome_of
from spawnlab.scheduler.scheduler import RunMode, Scheduler, SchedulerCopy
from spawnlab.scheduler.scheduler import play as play_machine
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.testing.strategies import topologies
from spawnlab.vm.errors import VmError

from .execs import exec_
from .loads import DEP
from .programs import FOREVER, close, leave, pipe, read, spawn, spawn_with, wait, write
from .runs import check_invariants, sg_data_of
from .test_load_code import AT, LONG, PAGE, as_code

CROWD = (
    pipe() + spawn_with(1, 2) + spawn(2) * 4 + write(3, 9) + wait(1) + leave("[code]"),
    read(2, 9) + leave(3),
    FOREVER,
)
"""Six VMs: VM 1, which is to read, is swapped out by the time that the root writes."""
RELAY = (
    pipe() + spawn_with(1, 2) + write(3, 30) + close(3) + wait(1) + leave("[code]"),
    read(2, 7) * 5 + leave("[length]"),
)


def played_on(scheduler: Scheduler, events: list[AnyEvent], limit: int) -> tuple[list[AnyEvent], Outcome]:
    """Play to the end; gives the events from now on, and the outcome."""
    seen = len(events)
    try:
        while not scheduler.terminated():
            limit = scheduler.complete(play_machine(scheduler.prepare(RunMode(limit)).machine))
            check_invariants(scheduler)
    except VmError as error:
        return events[seen:], outcome_of(scheduler, error)
    return events[seen:], outcome_of(scheduler, None)


def check(sg_data: ScriptGroupData, *, policy: str = "largest", limit: int = U64_MAX) -> int:
    """Copy a run after each turn; play on from each copy, twice; gives how many there were."""
    events: list[AnyEvent] = []
    scheduler = Scheduler(sg_data, policy=policy_of(policy), observers=[events.append])
    copies: list[tuple[SchedulerCopy, int, int]] = []
    left = limit
    try:
        while not scheduler.terminated():
            copies.append((scheduler.copy(), len(events), left))
            left = scheduler.complete(play_machine(scheduler.prepare(RunMode(left)).machine))
        outcome = outcome_of(scheduler, None)
    except VmError as error:
        outcome = outcome_of(scheduler, error)
    for copy, seen, then in [*copies, *reversed(copies)]:
        noted = events[:seen]
        again = Scheduler.go_back(sg_data, copy, observers=[noted.append])
        assert again.copy().table == copy.table
        assert played_on(again, noted, then) == (events[seen:], outcome)
    return len(copies)


@pytest.mark.parametrize("programs", [CROWD, RELAY], ids=["crowd", "relay"])
@pytest.mark.parametrize("policy", ["largest", "round-robin", "random:3", "pct:1:4"])
def test_what_follows_is_the_same(programs: tuple[str, ...], policy: str) -> None:
    assert check(sg_data_of(*programs), policy=policy) > 10


@pytest.mark.parametrize("version", [1, 2])
def test_programs_that_were_replaced(version: int) -> None:
    programs = (exec_(1), exec_(2), leave(7))
    assert check(sg_data_of(*programs, version=version)) == (1 if version == 1 else 3)


@given(topologies("any", vms_max=8, pipes_max=6), st.integers(0, 9))
@settings(max_examples=40)
def test_topologies(topology: Topology, seed: int) -> None:
    sg_data = build_of(topology).sg_data
    check(sg_data)
    check(sg_data, policy=f"random:{seed}")


@given(st.data())
@settings(max_examples=20)
def test_within_a_limit(data: st.DataObject) -> None:
    sg_data = sg_data_of(*CROWD)
    events: list[AnyEvent] = []
    played_on(Scheduler(sg_data, observers=[events.append]), events, U64_MAX)
    totals = [event.total for event in events if isinstance(event, IterationEnded)]
    check(sg_data, limit=data.draw(st.sampled_from(totals).map(lambda total: total - 1) | st.integers(0, totals[-1])))


QUIRK = as_code(1, DEP, memory=2 * PAGE) + pipe() + f"  li t0, {AT + PAGE}\n  lbu a0, 0(t0)\n" + leave("a0")
"""Loads code whose second page is zeros here, and the cell's in a snapshot; then looks at it."""


def test_a_copy_keeps_what_suspending_changes() -> None:
    cell = MockCell(data=LONG[:PAGE] + b"\x55" * PAGE)
    sg_data = sg_data_of(QUIRK, deps=(cell,))
    assert check(sg_data) == 2
    scheduler = Scheduler(sg_data)
    scheduler.iterate()
    copy = scheduler.copy()
    suspended = Scheduler.resume(sg_data, scheduler.suspend())
    assert suspended.run().exit_code == 0x55
    assert Scheduler.go_back(sg_data, copy).run().exit_code == 0


def test_an_io_pass_that_is_still_to_come_is_kept() -> None:
    """A run that was suspended without the pass, and is gone on with, has it when it comes to its deadlock."""
    made = spawnlab.load("gallery:suspended_badly")
    assert made.scenario.suspend is not None
    plain = msgspec.structs.replace(made.scenario, suspend=None)
    saved = spawnlab.run_synchronously(plain, suspend_at=made.scenario.suspend.at[0]).saved
    assert saved is not None
    scheduler = Scheduler.resume(made.sg_data, saved.state)
    events: list[AnyEvent] = []
    again: list[AnyEvent] = []
    copied = Scheduler.go_back(made.sg_data, scheduler.copy(), observers=[again.append])
    scheduler.table.observers.append(events.append)
    outcome = played_on(scheduler, events, U64_MAX)[1]
    assert outcome.deadlock is not None
    assert any(isinstance(event, Transferred) for event in events)
    assert (played_on(copied, again, U64_MAX)[1], again) == (outcome, events)


def test_nothing_changes_by_copying() -> None:
    sg_data = sg_data_of(*CROWD)
    whole = Scheduler(sg_data).run()
    scheduler = Scheduler(sg_data)
    for _ in count():
        before = scheduler.copy()
        assert before.table == scheduler.copy().table
        if scheduler.iterate().terminated_status is not None:
            break
    assert scheduler.terminated_result() == whole


def test_a_copy_is_not_changed_by_what_follows() -> None:
    scheduler = Scheduler(sg_data_of(*RELAY))
    for _ in range(4):
        scheduler.iterate()
    copy = scheduler.copy()
    for _ in range(2):
        again = Scheduler.go_back(scheduler.sg_data(), copy)
        assert again.copy().table == copy.table
        assert again.run().exit_code == 2
    assert copy.table.size == sum(made.machine.size for made in copy.table.instantiated.values()) > 4096


def test_there_is_no_copy_within_an_iteration() -> None:
    scheduler = Scheduler(sg_data_of(*RELAY))
    turn = scheduler.prepare(RunMode())
    with pytest.raises(RuntimeError, match="under way"):
        scheduler.copy()
    scheduler.complete(play_machine(turn.machine))
    scheduler.copy()
    scheduler.suspend()
    with pytest.raises(RuntimeError, match="suspended"):
        scheduler.copy()


def test_there_is_no_copy_after_half_a_turn() -> None:
    """A fault before the message was handled leaves it in the box."""
    scheduler = Scheduler(sg_data_of(pipe()))
    result = play_machine(scheduler.prepare(RunMode()).machine)
    scheduler.table.iteration_cycles = U64_MAX  # so that the turn can't be charged
    with pytest.raises(VmError):
        scheduler.complete(result)
    assert scheduler.table.message_box
    with pytest.raises(RuntimeError, match="a message is waiting"):
        scheduler.copy()


def test_arguments_of_the_root_are_kept() -> None:
    scheduler = Scheduler(sg_data_of("  ld a0, 0(sp)\n" + leave("a0")))
    scheduler.set_root_vm_args([b"one", b"two"])
    assert Scheduler.go_back(scheduler.sg_data(), scheduler.copy()).run().exit_code == 2


def test_a_run_with_faults_cannot_be_copied() -> None:
    scheduler = Scheduler(sg_data_of(*RELAY), faults=faults_of(["exit:1:1:0"]))
    with pytest.raises(RuntimeError, match="a run with faults can't be copied"):
        scheduler.copy()
