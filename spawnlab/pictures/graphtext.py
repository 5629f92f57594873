"""A topology as text: a flowchart of Mermaid, and DOT for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from .escaping import dot as quoted
from .escaping import mermaid as escaped
from .topology import Node, Topology

_STUCK, _RING = "#d55e00", "#a33d00"


def flowchart(topology: Topology) -> str:
    """A Mermaid flowchart: VMs, spawns as dotted lines, pipes as arrows, waits of a deadlock as thick red ones."""
    return "\n".join(_flowchart(topology)) + "\n"


def _flowchart(topology: Topology) -> Iterator[str]:
    yield "flowchart TD"
    yield f"    accTitle: {escaped(topology.title)}"
    yield f"    accDescr: {escaped('; '.join(topology.words))}"
    yield f'    about["{_lines(topology.title, *topology.words)}"]'
    yield "    style about fill:none,stroke:none"
    for index, node in enumerate(topology.nodes):
        yield f'    vm{index}["{_lines(node.name, node.state)}"]'
    yield from (f"    vm{spawn.parent} -.->|spawns| vm{spawn.child}" for spawn in topology.spawns)
    for pipe in topology.pipes:
        yield f'    vm{pipe.writer} -->|"{_lines(pipe.name, pipe.use)}"| vm{pipe.reader}'
    yield from (f'    vm{wait.waiter} ==>|"waits for"| vm{wait.target}' for wait in topology.waits)
    before = len(topology.spawns) + len(topology.pipes)
    for number, wait in enumerate(topology.waits, before):
        yield f"    linkStyle {number} stroke:{_RING if wait.in_ring else _STUCK},color:{_RING}"
    for index, node in enumerate(topology.nodes):
        if node.stuck:
            yield f"    style vm{index} stroke:{_RING if node.in_ring else _STUCK},stroke-width:3px"


def _lines(*texts: str) -> str:
    return "<br>".join(map(escaped, texts))


def dot(topology: Topology) -> str:
    """DOT: VMs as boxes, spawns as dotted edges, pipes as edges with labels, waits of a deadlock in red."""
    return "\n".join(_dot(topology)) + "\n"


def _dot(topology: Topology) -> Iterator[str]:
    yield "digraph run {"
    yield f"  label={quoted(chr(10).join((topology.title, *topology.words)))}; labelloc=t; fontname=sans;"
    yield "  node [shape=box, style=rounded, fontname=sans]; edge [fontname=sans, fontsize=11];"
    for index, node in enumerate(topology.nodes):
        yield f"  vm{index} [label={quoted(node.name + chr(10) + node.state)}{_stuck(node)}];"
    for spawn in topology.spawns:
        yield f'  vm{spawn.parent} -> vm{spawn.child} [style=dotted, label="spawns"];'
    for pipe in topology.pipes:
        label = quoted(f"{pipe.name}\n{pipe.use}")
        yield f"  vm{pipe.writer} -> vm{pipe.reader} [label={label}];"
    for wait in topology.waits:
        color = _RING if wait.in_ring else _STUCK
        yield (
            f'  vm{wait.waiter} -> vm{wait.target} [label="waits for", color="{color}", fontcolor="{color}", '
            "penwidth=2, constraint=false];"
        )
    yield "}"


def _stuck(node: Node) -> str:
    if not node.stuck:
        return ""
    return f', color="{_RING if node.in_ring else _STUCK}", penwidth=2'
