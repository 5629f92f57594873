"""Shrinking: what is planted in a large topology comes down to the smallest form that has it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import find, settings

from spawnlab.explore.generate import Shape, random_topology
from spawnlab.explore.player import build_of
from spawnlab.explore.shrink import key, shrink
from spawnlab.explore.topology import Operation, Topology, check, tidy
from spawnlab.play import run_synchronously
from spawnlab.scheduler.events import Answered, Ended, FdClosed, OtherEndGone, Refused, Transferred
from spawnlab.scheduler.states import Wait, WaitForRead, WaitForWrite
from spawnlab.staging import Run
from spawnlab.testing.strategies import topologies

LARGE = {"vms_max": 12, "pipes_max": 16, "operations_max": 60}
Bug = Callable[[Run], bool]


def ring_of(count: int, *kinds: type) -> Bug:
    """A ring of at least so many VMs that wait in certain ways."""

    def has(run: Run) -> bool:
        report = run.outcome.deadlock
        if report is None:
            return False
        states = {waiting.vm: waiting.state for waiting in report.waiting}
        return any(
            len(ring) >= count and (not kinds or {type(states[vm]) for vm in ring} == set(kinds))
            for ring in report.rings
        )

    return has


def stuck(kind: type, count: int = 1) -> Bug:
    def has(run: Run) -> bool:
        report = run.outcome.deadlock
        return report is not None and sum(isinstance(w.state, kind) for w in report.waiting) >= count

    return has


def code(number: int) -> Bug:
    return lambda run: run.outcome.exit_code == number


def event(kind: type, **fields: object) -> Bug:
    def has(run: Run) -> bool:
        return any(isinstance(e, kind) and all(getattr(e, n) == v for n, v in fields.items()) for e in run.journal)

    return has


def both(*bugs: Bug) -> Bug:
    return lambda run: all(bug(run) for bug in bugs)


def answered(number: int) -> Bug:
    """A call of whichever VM is answered with a code."""
    return lambda run: any(isinstance(e, Answered | Refused) and e.code == number for e in run.journal)


BUGS: dict[str, tuple[str, Bug, set[tuple[int, int, int]]]] = {
    # name: kind of topology, bug, and VMs, pipes and operations of its smallest forms
    "a read that waits for ever": ("free", stuck(WaitForRead), {(1, 1, 1)}),
    "a write that waits for ever": ("free", stuck(WaitForWrite), {(1, 1, 1)}),
    "a wait that lasts for ever": ("free", stuck(Wait), {(1, 0, 1), (2, 1, 2)}),
    "two reads that wait": ("free", stuck(WaitForRead, 2), {(2, 2, 2)}),
    "three reads that wait": ("cyclic", stuck(WaitForRead, 3), {(3, 3, 3)}),
    "two writes that wait": ("free", stuck(WaitForWrite, 2), {(2, 2, 2)}),
    "a ring of two waits": ("free", ring_of(2, Wait), {(2, 0, 2)}),
    "a ring of two over pipes": ("cyclic", ring_of(2, WaitForRead), {(2, 2, 2)}),
    "a ring of a read and a write": ("free", ring_of(2, WaitForRead, WaitForWrite), {(2, 2, 2)}),
    "a ring of a wait and a read": ("free", ring_of(2, Wait, WaitForRead), {(2, 1, 2)}),
    "a ring of a wait and a write": ("free", ring_of(2, Wait, WaitForWrite), {(2, 1, 2)}),
    "a ring of three over pipes": ("cyclic", ring_of(3, WaitForRead), {(3, 3, 3)}),
    "a ring of four over pipes": ("cyclic", ring_of(4, WaitForRead), {(4, 4, 4)}),
    "an fd that is not one's own": ("free", answered(6), {(1, 1, 2), (2, 1, 1)}),
    "an end whose other end was closed": ("free", answered(7), {(1, 1, 2), (2, 1, 1)}),
    "a read that finds the other end gone": ("free", event(OtherEndGone), {(3, 1, 1)}),
    "a wait for nobody": ("free", answered(5), {(2, 0, 2)}),
    "a transfer": ("acyclic", event(Transferred), {(2, 1, 2)}),
    "a read too many": ("broken", both(event(Transferred), stuck(WaitForRead)), {(2, 1, 3), (2, 2, 3)}),
    "an exit code of the root": ("free", code(127), {(1, 0, 1)}),
    "an exit code of a child": ("free", both(event(Ended, exit_code=2), code(0)), {(2, 0, 1)}),
}


def bug_in(topology: Topology, bug: Bug) -> bool:
    return bug(run_synchronously(build_of(topology)))


@pytest.mark.parametrize("name", BUGS)
def test_planted_bugs_come_down_to_their_smallest_form(name: str) -> None:
    kind, bug, smallest = BUGS[name]
    found = 0
    for seed in range(4000):
        topology = random_topology(Random(seed), Shape(kind, **LARGE))
        if topology.vms < 6 or len(topology.operations) < 10 or not bug_in(topology, bug):
            continue
        small = shrink(topology, lambda candidate: bug_in(candidate, bug))
        assert small.size[:3] in smallest, (seed, small)
        assert bug_in(small, bug)
        found += 1
        if found == 2:
            return
    raise AssertionError(f"{found} topologies with it")


def test_what_does_not_hold_can_not_be_shrunk() -> None:
    with pytest.raises(ValueError, match="nothing to shrink"):
        shrink(Topology(), lambda _: False)


def test_each_step_is_smaller_and_can_be() -> None:
    seen: list[Topology] = []

    def holds(topology: Topology) -> bool:
        check(topology)
        assert tidy(topology) == topology
        seen.append(topology)
        return any(op.kind == "read" for op in topology.operations)

    start = next(t for t in (random_topology(Random(s), Shape("free", **LARGE)) for s in range(99)) if holds(t))
    small = shrink(start, holds)
    assert [op.kind for op in small.operations] == ["read"]
    assert small.size == (1, 1, 1, 0)
    assert all(key(other) < key(start) for other in seen[-20:] if other != start)


def test_hypothesis_shrinks_a_deadlock_to_two_vms_and_one_pipe() -> None:
    bug = ring_of(2, Wait, WaitForRead)
    small = find(
        topologies("free", vms_max=8, pipes_max=8, operations_max=24),
        lambda topology: bug_in(topology, bug),
        settings=settings(max_examples=4000, derandomize=True, database=None),
    )
    assert small.size[:3] == (2, 1, 2), small


def test_operations_are_kept_with_their_vms() -> None:
    topology = Topology((0, 0), (), (Operation(0, "exit"), Operation(2, "wait", 0)))
    small = shrink(topology, lambda t: any(op.kind == "wait" for op in t.operations))
    assert small == Topology((), (), (Operation(0, "wait", 0),))


def test_closed_ends_are_kept() -> None:
    bug = both(event(FdClosed), stuck(WaitForRead))
    every = (random_topology(Random(seed), Shape("free", **LARGE)) for seed in range(500))
    start = next(topology for topology in every if bug_in(topology, bug))
    assert len(shrink(start, lambda topology: bug_in(topology, bug)).operations) <= 2
