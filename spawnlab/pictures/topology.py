"""VMs and pipes as a graph: who spawned whom, who has which end of which pipe, and in a deadlock who waits for whom.

It is the graph at the run's end: an end of a pipe is with the VM that has it then, or had it last. Where a run has more
VMs than can be looked at, those that took the same place one after the other (``slots.py``) are one node, and what is
between the same nodes is one edge; both say how many.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from . import wording
from .model import Pipe, Story, Vm
from .slots import Slots

NODES_MAX = 60
"""VMs that are shown by themselves at the most, and nodes that are shown at all."""

_PIPES_MAX = 6
"""Pipes between the same two nodes that are shown by themselves."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One VM, or several that took the same place."""

    vms: tuple[int, ...]
    name: str
    state: str
    """How it ended, or what it waits for."""
    stuck: bool
    """Whether it waits for ever, in a deadlock."""
    in_ring: bool


class SpawnEdge(msgspec.Struct, frozen=True):
    """A parent's node and its child's, as indices."""

    parent: int
    child: int


class PipeEdge(msgspec.Struct, frozen=True, kw_only=True):
    """A pipe, or several between the same nodes, from who writes to who reads (indices of nodes)."""

    writer: int
    reader: int
    pipes: tuple[int, ...]
    """By their read ends."""
    name: str
    """``fd 3 → 2``."""
    use: str
    """What went through, and which ends are closed."""


class WaitEdge(msgspec.Struct, frozen=True, kw_only=True):
    """In a deadlock, a VM that waits for another, which could wake it."""

    waiter: int
    target: int
    words: str
    in_ring: bool


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """The whole graph, and what has to be said of it."""

    title: str
    words: tuple[str, ...]
    warnings: int
    """How many of the words, the first ones, are warnings."""
    nodes: tuple[Node, ...]
    spawns: tuple[SpawnEdge, ...]
    pipes: tuple[PipeEdge, ...]
    waits: tuple[WaitEdge, ...]


def topology_of(story: Story, *, nodes_max: int = NODES_MAX) -> Topology:
    """The graph of a run."""
    groups = _groups(story, nodes_max)
    shown = groups[:nodes_max]
    node_of = {vm.vm: index for index, group in enumerate(shown) for vm in group}
    report = story.ending.deadlock
    waiting = report.waiting if report else ()
    ringed = {vm for ring in report.rings for vm in ring} if report else set[int]()
    in_ring = {
        (vm, ring[(i + 1) % len(ring)]) for ring in (report.rings if report else ()) for i, vm in enumerate(ring)
    }
    stuck = {one.vm: one.words.partition(",")[0] for one in waiting}
    pairs = ((node_of.get(vm.parent), node_of[vm.vm]) for group in shown for vm in group if vm.parent is not None)
    spawns = sorted({(parent, child) for parent, child in pairs if parent is not None})
    said = [*wording.warnings(story), wording.ending(story)]
    if len(groups) < len(story.vms):
        said.append(f"{wording.count(len(story.vms), 'VM')}; those that took the same place are one")
    if len(shown) < len(groups):
        left = sum(len(group) for group in groups[nodes_max:])
        said.append(f"{wording.count(left, 'VM')} and their pipes are left out")
    return Topology(
        title=wording.title(story),
        words=tuple(said),
        warnings=len(wording.warnings(story)),
        nodes=tuple(_node(group, stuck, ringed) for group in shown),
        spawns=tuple(SpawnEdge(parent, child) for parent, child in spawns),
        pipes=_pipe_edges(story, node_of),
        waits=tuple(
            WaitEdge(
                waiter=node_of[one.vm], target=node_of[target], words=one.words, in_ring=(one.vm, target) in in_ring
            )
            for one in waiting
            for target in one.waits_for
            if one.vm in node_of and target in node_of
        ),
    )


def _groups(story: Story, nodes_max: int) -> list[list[Vm]]:
    """VMs by node. Those that live at the end of a run stay by themselves."""
    if len(story.vms) <= nodes_max:
        return [[vm] for vm in story.vms]
    slots = Slots(story)
    groups: defaultdict[tuple[int, int, tuple[str, ...]], list[Vm]] = defaultdict(list)
    for vm in story.vms:
        alone = vm.vm if vm.ended is None else -1
        groups[slots.vms[vm.vm], alone, tuple(program.name for program in vm.programs)].append(vm)
    return sorted(groups.values(), key=lambda group: group[0].vm)


def _node(group: list[Vm], stuck: dict[int, str], ringed: set[int]) -> Node:
    first = group[0]
    if len(group) == 1:
        name = wording.named(first.vm, first.programs)
    else:
        name = f"{len(group):,} VMs ({wording.label(first.program, 32)}): {_listed(tuple(vm.vm for vm in group))}"
    codes = sorted({vm.exit_code for vm in group if vm.exit_code is not None})
    if first.vm in stuck:
        state = stuck[first.vm]
    elif not codes:
        state = "has not ended"
    else:
        state = f"exit code{'' if len(codes) == 1 else 's'} {_listed(tuple(codes))}"
    return Node(
        vms=tuple(vm.vm for vm in group),
        name=name,
        state=state,
        stuck=first.vm in stuck,
        in_ring=first.vm in ringed,
    )


def _pipe_edges(story: Story, node_of: dict[int, int]) -> tuple[PipeEdge, ...]:
    pairs: defaultdict[tuple[int, int], list[Pipe]] = defaultdict(list)
    for pipe in story.pipes:
        writer, reader = node_of.get(pipe.write.holders[-1].vm), node_of.get(pipe.read.holders[-1].vm)
        if writer is not None and reader is not None:
            pairs[writer, reader].append(pipe)
    groups = [
        (writer, reader, group)
        for (writer, reader), pipes in pairs.items()
        for group in ([pipes] if len(pipes) > _PIPES_MAX else [[pipe] for pipe in pipes])
    ]
    return tuple(
        PipeEdge(
            writer=writer,
            reader=reader,
            pipes=tuple(pipe.read.fd for pipe in group),
            name=_pipe_name(group),
            use=_use(group),
        )
        for writer, reader, group in groups
    )


def _pipe_name(group: list[Pipe]) -> str:
    if len(group) == 1:
        return f"fd {group[0].write.fd} → {group[0].read.fd}"
    return f"{len(group):,} pipes: fds {_listed(tuple(pipe.write.fd for pipe in group))}"


def _use(group: list[Pipe]) -> str:
    """``5 bytes``, ``40 bytes in 5 transfers, both ends closed``."""
    transfers, size = sum(pipe.transfers for pipe in group), sum(pipe.size for pipe in group)
    said = "unused" if not transfers else wording.count(size, "byte")
    if transfers > 1:
        said += f" in {transfers:,} transfers"
    if len(group) > 1:
        return said
    closed = [what for what, end in (("read", group[0].read), ("write", group[0].write)) if end.closed is not None]
    return said + {0: "", 1: f", {''.join(closed)} end closed", 2: ", closed"}[len(closed)]


def _listed(numbers: tuple[int, ...]) -> str:
    """A few numbers: ``1, 2, 3, … 1,000``."""
    if len(numbers) <= 5:
        return ", ".join(map(str, numbers))
    return f"{', '.join(map(str, numbers[:3]))}, … {numbers[-1]}"
