"""Where the nodes of a topology go: igraph lays out layers (Sugiyama), so that few lines cross.

VMs of one generation are a layer, and pipes, which are nodes here, lie between the layers of who uses them.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# igraph's types are not whole.

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from ..scenarios.extras import install_words
from .errors import PictureError
from .siblings import in_order
from .topology import Topology

Point = tuple[float, float]


_LAYER_MAX = 4
"""Nodes in a layer above which generations go from left to right: boxes are wider than high."""


class Placed(msgspec.Struct, frozen=True):
    """Middles of VMs and of pipes, and the points at which edges bend, by (from, to).

    There pipes are numbered behind the VMs.
    """

    vms: tuple[Point, ...]
    pipes: tuple[Point, ...]
    bends: dict[tuple[int, int], tuple[Point, ...]]
    sideways: bool
    """Whether generations go from left to right."""


def check_layout() -> None:
    """Raise :class:`PictureError` unless a topology can be laid out."""
    try:
        import igraph  # noqa: F401 # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise PictureError(f"a drawn topology needs igraph: {install_words('draw')} ({error})") from None


def place(topology: Topology, *, across: float, down: float) -> Placed:
    """Lay a topology out: what is beside each other is ``across`` apart, what is below each other ``down``.

    Raises :class:`PictureError`.
    """
    check_layout()
    import igraph

    count = len(topology.nodes)
    edges = [(spawn.parent, spawn.child) for spawn in topology.spawns]
    for number, pipe in enumerate(topology.pipes, count):
        edges += [(pipe.writer, number), (number, pipe.reader)]
    layers = _layers(topology)
    graph = igraph.Graph(n=count + len(topology.pipes), edges=edges, directed=True)
    sideways = max(Counter(layers).values(), default=0) > _LAYER_MAX
    gap, layer = (down, across) if sideways else (across, down)
    laid: Any = graph.layout_sugiyama(layers=layers, hgap=gap, vgap=layer)  # pyright: ignore[reportArgumentType]
    apart = _apart([(x, y) for x, y in laid.coords], layers, gap)
    routes = {edge: tuple((x, y) for x, y in route) for edge, route in zip(edges, laid.edge_routing, strict=True)}
    ordered, routed = in_order(topology, apart, routes)
    points: list[Point] = [(y, x) if sideways else (x, y) for x, y in ordered]
    bends = {edge: tuple((y, x) if sideways else (x, y) for x, y in route) for edge, route in routed.items()}
    return Placed(tuple(points[:count]), tuple(points[count:]), bends, sideways)


def _apart(points: list[Point], layers: Sequence[int], gap: float) -> list[Point]:
    """The same, with all in a layer at least a gap apart: igraph does not keep it where many edges pull."""
    moved = list(points)
    last: dict[int, float] = {}
    for index in sorted(range(len(points)), key=lambda index: (points[index][0], index)):
        x, y = points[index]
        layer = layers[index]
        x = max(x, last[layer] + gap) if layer in last else x
        moved[index], last[layer] = (x, y), x
    return moved


def _layers(topology: Topology) -> list[int]:
    depths = _depths(len(topology.nodes), [(spawn.parent, spawn.child) for spawn in topology.spawns])
    layers = [2 * depth for depth in depths]
    for pipe in topology.pipes:
        one, other = sorted((depths[pipe.writer], depths[pipe.reader]))
        layers.append(2 * one + 1 if other - one <= 1 else 2 * other - 1)
    return layers


def _depths(count: int, spawns: Sequence[tuple[int, int]]) -> list[int]:
    """Generations; a parent comes before its children."""
    depths = [0] * count
    for parent, child in sorted(spawns, key=lambda pair: pair[1]):
        if parent != child:  # VMs that are one node may have spawned one another
            depths[child] = max(depths[child], depths[parent] + 1)
    return depths
