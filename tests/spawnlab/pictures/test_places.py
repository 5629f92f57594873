"""Where things of a topology are: siblings in order, and lines that can be followed."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.explore.topology import Topology as Scenario
from spawnlab.explore.topology import scenario_of
from spawnlab.pictures.graph import graph
from spawnlab.pictures.layout import place
from spawnlab.pictures.siblings import in_order
from spawnlab.pictures.story import story_of
from spawnlab.pictures.topology import Node, PipeEdge, SpawnEdge, Topology, topology_of
from spawnlab.testing.strategies import topologies

from . import goldens, svgs


def family(count: int, *, pipes: bool = True) -> Topology:
    """A parent with children; each has a pipe to the parent, if they have any."""
    node = Node(vms=(0,), name="VM", state="", stuck=False, in_ring=False)
    made = [PipeEdge(writer=i, reader=0, pipes=(2 * i,), name="", use="") for i in range(1, count + 1)]
    return Topology(
        title="",
        words=(),
        warnings=0,
        nodes=(node,) * (count + 1),
        spawns=tuple(SpawnEdge(0, child) for child in range(1, count + 1)),
        pipes=tuple(made) if pipes else (),
        waits=(),
    )


@pytest.mark.parametrize("pipes", [True, False])
@given(places=st.permutations(range(7)))
def test_siblings_that_know_only_their_parent_are_in_the_order_of_their_ids(places: list[int], pipes: bool) -> None:
    made = family(7, pipes=pipes)
    points = [(0.0, 0.0), *((float(place), 2.0) for place in places)]
    if pipes:
        points += [(float(place), 1.0) for place in places]
    routes = {(0, child): ((points[child][0], 1.0),) for child in range(1, 8)}
    moved, routed = in_order(made, points, routes)
    assert sorted(moved) == sorted(points)
    assert all(one < other for one, other in pairwise(moved[1:8]))
    assert all(one < other for one, other in pairwise(moved[8:]))
    assert [routed[0, child] for child in range(1, 8)] == [((float(x), 1.0),) for x in range(7)]


@pytest.mark.parametrize("name", ["four_at_once", "seventeen_vms"])
def test_siblings_of_the_gallery(name: str) -> None:
    placed = place(topology_of(goldens.story(name)), across=200, down=80)
    along = [y if placed.sideways else x for x, y in placed.vms]
    quiet = along[2:] if name == "seventeen_vms" else along[1:]  # there VM 1 alone has a pipe
    assert quiet == sorted(quiet)


@settings(deadline=None, max_examples=40)
@given(topologies("any"))
def test_whoever_has_to_do_with_others_stays(made: Scenario) -> None:
    """All places are those that there were, and VMs with pipes among each other are where they were."""
    run = spawnlab.run_synchronously(scenario_of(made), limit=10_000_000)
    topology = topology_of(story_of(run.journal, run.build))
    points = [(float(i), float(i % 3)) for i in range(len(topology.nodes) + len(topology.pipes))]
    moved, _ = in_order(topology, points, {})
    assert sorted(moved) == sorted(points)
    parents = {spawn.child: spawn.parent for spawn in topology.spawns}
    for pipe in topology.pipes:
        if parents.get(pipe.writer) != pipe.reader and parents.get(pipe.reader) != pipe.writer:
            assert (moved[pipe.writer], moved[pipe.reader]) == (points[pipe.writer], points[pipe.reader])


DEADLOCKS = ["deadlock", "ring_of_three", "both_write_first", "leaked_fd", "four_at_once", "pipeline"]


@pytest.mark.parametrize("name", DEADLOCKS)
def test_no_wait_runs_under_the_name_of_a_pipe(name: str) -> None:
    root = svgs.parsed(graph(goldens.story(name)))
    pills = [
        svgs.box_of(rect) for group in svgs.classed(root, "g", "pill") for rect in group if rect.tag.endswith("rect")
    ]
    lines = [
        path.get("d", "")
        for arrow in svgs.classed(root, "g", "arrow")
        if arrow.get("data-kind") == "waits"
        for path in arrow.iter(f"{svgs.NAMESPACE}path")
    ]
    points = [(float(x), float(y)) for d in lines for x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", d)]
    assert bool(points) == (goldens.story(name).ending.deadlock is not None)
    assert pills
    for x, y in points:
        assert not any(pill.left < x < pill.right and pill.top < y < pill.bottom for pill in pills)
