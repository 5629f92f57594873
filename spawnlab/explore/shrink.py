"""Making a topology small while something stays true of it: VMs, pipes and operations are left out, or put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from .topology import ON_PIPES, Operation, Pipe, Topology, tidy

Holds = Callable[[Topology], bool]
_SMALLER = (0, 1, 2)


def shrink(topology: Topology, holds: Holds) -> Topology:
    """The smallest topology that is found from this one by steps of which each still ``holds``.

    Raises :class:`ValueError` if it does not hold to begin with.
    """
    if not holds(topology):
        raise ValueError("there is nothing to shrink: it does not hold of the topology itself")
    tried: set[Topology] = {topology}
    while (smaller := _first(topology, holds, tried)) is not None:
        topology = smaller
    return topology


def _first(topology: Topology, holds: Holds, tried: set[Topology]) -> Topology | None:
    for candidate in map(tidy, _candidates(topology)):
        if candidate in tried or key(candidate) >= key(topology):
            continue
        tried.add(candidate)
        if holds(candidate):
            return candidate
    return None


def key(topology: Topology) -> tuple[object, ...]:
    """What smaller means: by size, and of topologies of one size those with smaller numbers."""
    return topology.size, topology


def _candidates(topology: Topology) -> Iterator[Topology]:
    """Topologies with less in them, those with much less first."""
    for vm in range(topology.vms - 1, 0, -1):
        yield without_vm(topology, vm)
    for pipe in range(len(topology.pipes)):
        yield without_pipes(topology, {pipe})
    yield from _without_operations(topology)
    for vm in range(topology.vms - 1, 0, -1):
        for into in range(vm):
            yield from merged(topology, vm, into)
    yield from _simpler_pipes(topology)
    yield from _simpler_operations(topology)
    yield from _simpler_trees(topology)


def without_vm(topology: Topology, vm: int) -> Topology:
    """Without a VM, those that descend from it, and the pipes that any of them has to do with."""
    gone = set(topology.below(vm))
    pipes = {n for n, pipe in enumerate(topology.pipes) if gone & {pipe.maker, pipe.reader, pipe.writer}}
    return _renumbered(without_pipes(topology, pipes), gone)


def without_pipes(topology: Topology, gone: set[int]) -> Topology:
    """Without some pipes, and what is done with them."""
    kept = [number for number in range(len(topology.pipes)) if number not in gone]
    place = {number: index for index, number in enumerate(kept)}
    operations: list[Operation] = []
    for operation in topology.operations:
        if operation.kind not in ON_PIPES:
            operations.append(operation)
        elif operation.target in place:
            operations.append(msgspec.structs.replace(operation, target=place[operation.target]))
    return Topology(topology.parents, tuple(topology.pipes[number] for number in kept), tuple(operations))


def _renumbered(topology: Topology, gone: set[int]) -> Topology:
    """Without VMs that nobody needs."""
    kept = [vm for vm in range(topology.vms) if vm not in gone]
    place = {vm: index for index, vm in enumerate(kept)}
    operations: list[Operation] = []
    for operation in topology.operations:
        if operation.vm in gone or (operation.kind in ("wait", "spawn") and operation.target in gone):
            continue
        target = place[operation.target] if operation.kind in ("wait", "spawn") else operation.target
        operations.append(msgspec.structs.replace(operation, vm=place[operation.vm], target=target))
    return Topology(
        tuple(place[topology.parents[vm - 1]] for vm in kept[1:]),
        tuple(Pipe(place[p.maker], place[p.reader], place[p.writer]) for p in topology.pipes),
        tuple(operations),
    )


def merged(topology: Topology, vm: int, into: int) -> Iterator[Topology]:
    """One VM does what two did: before what it did itself, or after that. What they told each other is left out."""
    both = {vm, into}
    between = {n for n, pipe in enumerate(topology.pipes) if {pipe.reader, pipe.writer} == both}
    topology = without_pipes(topology, between)
    parents = tuple(_moved(parent, vm, into) for parent in topology.parents)
    pipes = tuple(Pipe(0, _moved(p.reader, vm, into), _moved(p.writer, vm, into)) for p in topology.pipes)
    told = [op for op in topology.operations if op.kind not in ("wait", "spawn") or op.target != vm]
    moved = [msgspec.structs.replace(op, vm=into) for op in told if op.vm == vm]
    own = [op for op in told if op.vm == into]
    others = [op for op in told if op.vm not in both]
    for operations in ([*moved, *own], [*own, *moved]):
        yield _renumbered(Topology(parents, pipes, (*operations, *others)), {vm})


def _moved(number: int, vm: int, into: int) -> int:
    return into if number == vm else number


def _without_operations(topology: Topology) -> Iterator[Topology]:
    count = len(topology.operations)
    length = max(1, count // 2)
    while count:
        for start in range(0, count, length):
            yield _with(topology, [*topology.operations[:start], *topology.operations[start + length :]])
        if length == 1:
            return
        length //= 2


def _with(topology: Topology, operations: Sequence[Operation]) -> Topology:
    return msgspec.structs.replace(topology, operations=tuple(operations))


def _simpler_pipes(topology: Topology) -> Iterator[Topology]:
    """Pipes whose ends stay further up; operations go with them."""
    for number, pipe in enumerate(topology.pipes):
        for maker in range(pipe.maker + 1):
            for reader in range(pipe.reader + 1):
                for writer in range(pipe.writer + 1):
                    other = Pipe(maker, reader, writer)
                    if other < pipe and _can_be(topology, other):
                        yield _with_pipe(topology, number, other)


def _can_be(topology: Topology, pipe: Pipe) -> bool:
    return bool(topology.line(pipe.reader, pipe.maker) and topology.line(pipe.writer, pipe.maker))


def _with_pipe(topology: Topology, number: int, pipe: Pipe) -> Topology:
    before = topology.pipes[number]
    holders = {"read": (before.reader, pipe.reader), "write": (before.writer, pipe.writer)}
    operations: list[Operation] = []
    for operation in topology.operations:
        if operation.kind in ON_PIPES and operation.target == number:
            was, now = holders[operation.kind.removeprefix("close_")]
            operations.append(msgspec.structs.replace(operation, vm=_moved(operation.vm, was, now)))
        else:
            operations.append(operation)
    pipes = (*topology.pipes[:number], pipe, *topology.pipes[number + 1 :])
    return Topology(topology.parents, pipes, tuple(operations))


def _simpler_operations(topology: Topology) -> Iterator[Topology]:
    for index, operation in enumerate(topology.operations):
        for size in _SMALLER:
            if abs(size) < abs(operation.size):
                changed = msgspec.structs.replace(operation, size=size)
                yield _with(topology, [*topology.operations[:index], changed, *topology.operations[index + 1 :]])


def _simpler_trees(topology: Topology) -> Iterator[Topology]:
    """A VM spawned by one further up; pipes that it can't have any more by the root's making."""
    for child, parent in enumerate(topology.parents, 1):
        for other in range(parent):
            parents = (*topology.parents[: child - 1], other, *topology.parents[child:])
            tree = Topology(parents)
            pipes = tuple(p if _can_be(tree, p) else Pipe(0, p.reader, p.writer) for p in topology.pipes)
            yield Topology(parents, pipes, topology.operations)
