"""Siblings by their ids, from left to right, where it makes no difference to the lines of a topology.

A layout puts children of a parent in any order. Those that have to do with nobody but their parent can change places,
each together with its pipes, and no line crosses another for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from .topology import Topology

Point = tuple[float, float]
Edge = tuple[int, int]
Routes = Mapping[Edge, tuple[Point, ...]]
Ways = dict[Edge, tuple[Point, ...]]


def in_order(topology: Topology, points: Sequence[Point], routes: Routes) -> tuple[list[Point], Ways]:
    """The same places, and ways of edges, with siblings that can change places in the order of their ids.

    Nodes and edges are as in :class:`~.layout.Placed`: VMs first, then pipes; edges from and to.
    """
    moved, routed = list(points), dict(routes)
    for parent, children in _alike(topology):
        pipes = [[len(topology.nodes) + pipe for pipe in _pipes_of(topology, child)] for child in children]
        _sort(children, moved)
        _sort_routes([(parent, child) for child in children], routed)
        for column in zip(*pipes, strict=True):
            _sort(column, moved)
            for ends in (
                zip(children, column, strict=True),
                zip(column, children, strict=True),
                ((parent, pipe) for pipe in column),
                ((pipe, parent) for pipe in column),
            ):
                _sort_routes(ends, routed)
    return moved, routed


def _alike(topology: Topology) -> list[tuple[int, list[int]]]:
    """A parent, and children of it that take the same room: with as many pipes, each as the others' the same way."""
    groups: defaultdict[tuple[int, tuple[bool, ...]], list[int]] = defaultdict(list)
    for parent, children in _families(topology).items():
        for child in children:
            writes = tuple(topology.pipes[pipe].writer == child for pipe in _pipes_of(topology, child))
            groups[parent, writes].append(child)
    return [(parent, children) for (parent, _), children in groups.items()]


def _families(topology: Topology) -> dict[int, list[int]]:
    """Children by their parent, ascending: those that have spawned nobody, and have pipes with their parent only."""
    parents = {spawn.child: spawn.parent for spawn in topology.spawns}
    once = {child for child in parents if sum(spawn.child == child for spawn in topology.spawns) == 1}
    busy = {spawn.parent for spawn in topology.spawns}
    for pipe in topology.pipes:
        for one, other in ((pipe.writer, pipe.reader), (pipe.reader, pipe.writer)):
            if parents.get(one) != other:
                busy.add(one)
    families: defaultdict[int, list[int]] = defaultdict(list)
    for child in sorted(once - busy):
        families[parents[child]].append(child)
    return families


def _pipes_of(topology: Topology, child: int) -> list[int]:
    return [number for number, pipe in enumerate(topology.pipes) if child in (pipe.writer, pipe.reader)]


def _sort(nodes: Sequence[int], points: list[Point]) -> None:
    for node, point in zip(nodes, sorted(points[node] for node in nodes), strict=True):
        points[node] = point


def _sort_routes(edges: Iterable[Edge], routes: dict[Edge, tuple[Point, ...]]) -> None:
    chosen = [edge for edge in edges if edge in routes]
    if len({len(routes[edge]) for edge in chosen}) == 1:
        for edge, route in zip(chosen, sorted(routes[edge] for edge in chosen), strict=True):
            routes[edge] = route
