"""Random topologies of four kinds, from lists of numbers that may come from anywhere: a seed, or Hypothesis.

* ``acyclic``: data goes along the arrows of a graph without rings, and all VMs transfer it in one order: it never
  comes to a deadlock. The reference tests itself with such topologies.
* ``cyclic``: the same with a ring of VMs of which each reads before it writes: always a deadlock.
* ``broken``: an acyclic one, with something wrong at one place.
* ``free``: each VM does anything with what it has.

``any`` is one of these at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import msgspec

from ..scheduler.limits import MAX_FDS, MAX_VMS_COUNT
from .topology import Operation, Pipe, Topology, TopologyError, tidy

KINDS = ("acyclic", "cyclic", "broken", "free")
ANY = "any"
SIZES = (1, 0, 2, 3, 8, 100, 4096, 5000)
"""Bytes of a transfer; the simplest first."""
CYCLES = (0, 1, 17, 1000, 30_000)
NUMBER_MAX = 255
"""The numbers that topologies are made from are 0 to this."""
_FREE = (
    "read",
    "write",
    "read",
    "write",
    "read",
    "write",
    "close_read",
    "close_write",
    "wait",
    "compute",
    "spawn",
    "exit",
)
_EXIT_CODES = (0, 1, 2, -1, 127)


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How large topologies may be: VMs with the root, pipes, and operations of a ``free`` one (or of each pipe: 2)."""

    kind: str = "free"
    vms_max: int = 8
    pipes_max: int = 10
    operations_max: int = 24

    def __post_init__(self) -> None:
        if self.kind not in (*KINDS, ANY):
            raise TopologyError(f"there is no kind {self.kind!r} of topology; there are {', '.join((*KINDS, ANY))}")
        for name, least, most in (
            ("vms_max", 2 if self.kind in ("cyclic", ANY) else 1, MAX_VMS_COUNT),
            ("pipes_max", 2 if self.kind in ("cyclic", ANY) else 0, MAX_FDS // 2),
            ("operations_max", 0, 10_000),
        ):
            if not least <= getattr(self, name) <= most:
                raise TopologyError(f"{name} must be {least} to {most} for {self.kind} topologies")


class Numbers(msgspec.Struct, frozen=True):
    """What a topology is made from; any lists of numbers will do, and shorter ones and smaller numbers are simpler."""

    parents: Sequence[int]
    pipes: Sequence[tuple[int, int, int, int]]
    """Maker, reader, writer and size."""
    operations: Sequence[tuple[int, int, int, int]]
    """VM, kind, target and size."""
    ranks: Sequence[int] = ()
    """Which way data goes."""


def random_topology(random: Random, shape: Shape) -> Topology:
    """A topology of a shape."""
    if shape.kind == ANY:
        shape = msgspec.structs.replace(shape, kind=random.choice(KINDS))

    def numbers(count: int, of: int) -> list[tuple[int, ...]]:
        return [tuple(random.randrange(NUMBER_MAX + 1) for _ in range(of)) for _ in range(count)]

    least = 2 if shape.kind == "cyclic" else 1
    vms = random.randint(least, shape.vms_max)
    free = shape.kind == "free"
    return topology_of(
        Numbers(
            parents=[number for (number,) in numbers(vms - 1, 1)],
            pipes=numbers(random.randint(0, shape.pipes_max), 4),  # type: ignore[arg-type]
            operations=numbers(random.randint(0, shape.operations_max) if free else 1, 4),  # type: ignore[arg-type]
            ranks=[number for (number,) in numbers(vms, 1)],
        ),
        shape,
    )


def topology_of(numbers: Numbers, shape: Shape) -> Topology:
    """The topology that the numbers stand for."""
    parents = [number % (index + 1) for index, number in enumerate(numbers.parents)]
    if shape.kind == "cyclic" and not parents:
        parents = [0]
    tree = Topology(tuple(parents))
    if shape.kind == "free":
        return _free(tree, numbers)
    ranks = [(*numbers.ranks[vm : vm + 1], 0)[0] for vm in range(tree.vms)]
    order = sorted(range(tree.vms), key=lambda vm: (ranks[vm], vm))
    ring = _ring(tree, numbers) if shape.kind == "cyclic" else []
    made = _acyclic(tree, numbers.pipes[: max(0, shape.pipes_max - len(ring))], order)
    if ring:
        made = _with_ring(made, ring)
    made = _with_waits(made)
    return _broken(made, numbers) if shape.kind == "broken" else made


# One order for all


def _acyclic(tree: Topology, pipes: Sequence[tuple[int, int, int, int]], order: list[int]) -> Topology:
    """Transfers are in the order of their writers: so all of a VM's inputs come before its outputs."""
    rank = {vm: index for index, vm in enumerate(order)}
    placed: list[tuple[Pipe, int]] = []
    for maker, one, other, size in pipes:
        made = _pipe(tree, maker, one, other)
        if made.reader == made.writer:
            continue
        reader, writer = sorted((made.reader, made.writer), key=lambda vm: -rank[vm])
        placed.append((Pipe(made.maker, reader, writer), SIZES[size % len(SIZES)]))
    placed.sort(key=lambda item: rank[item[0].writer])
    operations: list[Operation] = []
    for number, (pipe, size) in enumerate(placed):
        operations += Operation(pipe.writer, "write", number, size), Operation(pipe.reader, "read", number, size)
    return msgspec.structs.replace(tree, pipes=tuple(pipe for pipe, _ in placed), operations=_sorted(operations))


def _pipe(tree: Topology, maker: int, reader: int, writer: int) -> Pipe:
    maker %= tree.vms
    holders = tree.below(maker)
    return Pipe(maker, holders[reader % len(holders)], holders[writer % len(holders)])


def _sorted(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    return tuple(sorted(operations, key=lambda operation: operation.vm))


def _with_waits(topology: Topology) -> Topology:
    """Each VM waits for its children at last, so that the root ends after all others."""
    waits = [Operation(parent, "wait", child) for child, parent in enumerate(topology.parents, 1)]
    return msgspec.structs.replace(topology, operations=_sorted([*topology.operations, *waits]))


def _ring(tree: Topology, numbers: Numbers) -> list[int]:
    """At least two VMs."""
    chosen = numbers.operations[0] if numbers.operations else (0, 0, 0, 0)
    count = 2 + chosen[0] % (tree.vms - 1)
    return [(chosen[1] + index) % tree.vms for index in range(count)]


def _with_ring(topology: Topology, ring: list[int]) -> Topology:
    pipes, first, last = list(topology.pipes), list[Operation](), list[Operation]()
    for writer, reader in pairwise([*ring, ring[0]]):
        first.append(Operation(reader, "read", len(pipes), 1))
        last.append(Operation(writer, "write", len(pipes), 1))
        pipes.append(Pipe(0, reader, writer))
    operations = _sorted([*first, *topology.operations, *last])
    return msgspec.structs.replace(topology, pipes=tuple(pipes), operations=operations)


# Something wrong


def _broken(topology: Topology, numbers: Numbers) -> Topology:
    operations = list(topology.operations)
    if not operations or not numbers.operations:
        return topology
    place, kind, how, size = numbers.operations[0]
    index = place % len(operations)
    operation = operations[index]
    match kind % 5:
        case 0:
            del operations[index]
        case 1:
            operations[index] = msgspec.structs.replace(operation, size=SIZES[size % len(SIZES)])
        case 2:
            operations.insert(index, operations.pop(how % len(operations)))
        case 3:
            operations.insert(index, _anything(topology, (operation.vm, how, place, size)))
        case _:
            operations.insert(index, operation)
    return tidy(msgspec.structs.replace(topology, operations=tuple(operations)))


# Anything


def _free(tree: Topology, numbers: Numbers) -> Topology:
    pipes = tuple(_pipe(tree, maker, reader, writer) for maker, reader, writer, _ in numbers.pipes)
    topology = msgspec.structs.replace(tree, pipes=pipes)
    operations = tuple(_anything(topology, chosen) for chosen in numbers.operations)
    return tidy(msgspec.structs.replace(topology, operations=operations))


def _anything(topology: Topology, chosen: tuple[int, int, int, int]) -> Operation:
    """An operation of a VM: on an end that it holds, if it holds one of that kind."""
    vm, kind, target, size = chosen
    vm %= topology.vms
    name = _FREE[kind % len(_FREE)]
    if name in ("compute", "exit"):
        return Operation(vm, name, 0, CYCLES[size % len(CYCLES)] if name == "compute" else _EXIT_CODES[size % 5])
    if name in ("wait", "spawn"):
        targets = topology.children(vm) or [0]
    else:
        reads = name in ("read", "close_read")
        holds = [n for n, pipe in enumerate(topology.pipes) if vm == (pipe.reader if reads else pipe.writer)]
        has = [number for number, can_read in topology.ends_of(vm) if can_read == reads]
        targets = holds if holds and size % 8 else has or [0]
    bytes_ = SIZES[size % len(SIZES)] if name in ("read", "write") else 0
    return Operation(vm, name, targets[target % len(targets)], bytes_)
