"""Topologies: what can be, what becomes of them, and the laws of each kind."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.explore.generate import ANY, KINDS, Shape, random_topology
from spawnlab.explore.player import build_of
from spawnlab.explore.topology import Operation, Pipe, Topology, TopologyError, check, scenario_of, tidy
from spawnlab.play import run, run_synchronously
from spawnlab.scheduler.events import IterationEnded, Logged
from spawnlab.staging import Run
from spawnlab.testing.strategies import topologies


def happened(run: Run) -> tuple[object, ...]:
    """A run without cycles, pcs and texts."""
    outcome = run.outcome
    turns = [event.vm for event in run.journal if isinstance(event, IterationEnded)]
    events = [(type(event), event.vm) for event in run.journal if not isinstance(event, Logged)]
    return outcome.status, outcome.exit_code, outcome.failure and outcome.failure.debug, turns, events


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_is_played_without_compiling_is_what_the_scenario_does(kind: str, data: st.DataObject) -> None:
    topology = data.draw(topologies(kind))
    assert happened(run_synchronously(build_of(topology))) == happened(run_synchronously(scenario_of(topology)))


@given(topologies("any"))
@settings(max_examples=30, deadline=None)
def test_both_drivers_play_a_topology_alike(topology: Topology) -> None:
    assert run(build_of(topology)).journal == run_synchronously(build_of(topology)).journal


@given(topologies("acyclic", vms_max=10, pipes_max=14))
@settings(deadline=None)
def test_acyclic_ones_end_well(topology: Topology) -> None:
    assert run_synchronously(build_of(topology)).outcome.exit_code == 0


@given(topologies("cyclic", vms_max=10, pipes_max=14))
@settings(deadline=None)
def test_cyclic_ones_end_in_a_deadlock(topology: Topology) -> None:
    assert run_synchronously(build_of(topology)).outcome.deadlock is not None


def test_others_end_in_many_ways() -> None:
    for kind in ("broken", "free"):
        ends: Counter[object] = Counter()
        for seed in range(80):
            outcome = run_synchronously(build_of(random_topology(Random(seed), Shape(kind)))).outcome
            ends["deadlock" if outcome.deadlock else outcome.exit_code] += 1
        assert ends["deadlock"] > 5, ends
        assert ends[0] > 5, ends
        assert len(ends) > 3, ends


@given(st.integers(0, 1 << 64), st.sampled_from((*KINDS, ANY)))
def test_random_ones_can_be_and_are_the_same_again(seed: int, kind: str) -> None:
    shape = Shape(kind, 9, 12, 30)
    topology = random_topology(Random(seed), shape)
    check(topology)
    assert tidy(topology) == topology
    assert topology.vms <= 9
    assert len(topology.pipes) <= 12
    assert random_topology(Random(seed), shape) == topology


def test_a_child_may_be_spawned_late_and_waited_for_too_early() -> None:
    early = Topology((0,), (), (Operation(0, "wait", 1), Operation(0, "spawn", 1)))
    late = Topology((0,), (), (Operation(0, "spawn", 1), Operation(0, "wait", 1)))
    for make in (scenario_of, build_of):
        assert run_synchronously(make(early)).outcome.exit_code == 5  # WAIT_FAILURE
        assert run_synchronously(make(late)).outcome.exit_code == 0


@pytest.mark.parametrize(
    ("topology", "words"),
    [
        (Topology((1,)), "the parent of VM 1 is VM 1: it must be one of 0 to 0"),
        (Topology((), (Pipe(1, 1, 1),)), "pipe 0 is made by VM 1: there are VMs 0 to 0"),
        (Topology((0, 0), (Pipe(1, 2, 1),)), "VM 2 can't hold pipe 0: it does not descend from VM 1"),
        (Topology((), (), (Operation(0, "read", 0),)), "operation 0 can't be"),
        (Topology((0,), (), (Operation(1, "wait", 1),)), "operation 0 can't be"),
        (Topology((), (), (Operation(0, "dance"),)), "operation 0 can't be"),
    ],
)
def test_what_can_not_be(topology: Topology, words: str) -> None:
    with pytest.raises(TopologyError, match=words):
        scenario_of(topology)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"kind": "round"}, "there is no kind 'round'.*acyclic, cyclic, broken, free, any"),
        ({"vms_max": 0}, "vms_max must be 1 to 16"),
        ({"kind": "cyclic", "vms_max": 1}, "vms_max must be 2 to 16"),
        ({"pipes_max": 33}, "pipes_max must be 0 to 32"),
    ],
)
def test_shapes_that_can_not_be(shape: dict[str, object], words: str) -> None:
    with pytest.raises(TopologyError, match=words):
        Shape(**shape)  # type: ignore[arg-type]
