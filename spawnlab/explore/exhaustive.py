"""All topologies up to a size, each with a number: small worlds are searched whole.

An operation is a read or a write of 1 byte or a close, of an end that the VM comes to hold, or a wait for a child or
for the root. What is the same but for the names of VMs and pipes is counted once: children are numbered in the order of
their parents, pipes by their ends, and a pipe that nobody uses is left out. The order in which a VM spawns its children
does matter, so that it is no symmetry.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, permutations, product
from math import prod

import msgspec

from .topology import ON_PIPES, Operation, Pipe, Topology, TopologyError

FRAMES_MAX = 100_000
"""Trees with pipes that are kept at once."""


class _World(msgspec.Struct, frozen=True):
    """A tree and its pipes; ``can`` is, for each VM, what an operation of it may be."""

    frame: Topology
    first: int
    can: tuple[tuple[Operation, ...], ...]


class Space:
    """All topologies of at most so many VMs and pipes, and operations of each VM.

    ``numbers`` is how many numbers there are; some are of what is the same as another.
    Raises :class:`~spawnlab.explore.topology.TopologyError` for a space that is too large to be searched.
    """

    def __init__(self, vms: int, pipes: int, operations: int) -> None:
        if vms < 1 or pipes < 0 or operations < 0 or vms + pipes + operations > 12:
            raise TopologyError("too large to be searched whole: VMs, pipes and operations may add up to 12")
        self._operations = operations
        self._worlds: list[_World] = []
        self.numbers = 0
        for frame in _frames(vms, pipes):
            if len(self._worlds) == FRAMES_MAX:
                raise TopologyError(f"too large to be searched whole: over {FRAMES_MAX:,} ways to hand out the pipes")
            can = tuple(_operations_of(frame, vm) for vm in range(frame.vms))
            self._worlds.append(_World(frame, self.numbers, can))
            self.numbers += prod(_count(len(some), operations) for some in can)
        self._firsts = [world.first for world in self._worlds]

    def topology(self, number: int) -> Topology | None:
        """The topology of a number from 0 on; ``None`` where another number has the same one."""
        world = self._worlds[bisect_right(self._firsts, number) - 1]
        rest = number - world.first
        operations: list[Operation] = []
        for can in world.can:
            rest, index = divmod(rest, _count(len(can), self._operations))
            operations += _list(can, index)
        topology = msgspec.structs.replace(world.frame, operations=tuple(operations))
        return topology if _is_first(topology) else None


def _count(choices: int, length_max: int) -> int:
    """How many lists there are."""
    return sum(choices**length for length in range(length_max + 1))


def _list(choices: Sequence[Operation], index: int) -> list[Operation]:
    """The list with this index, among all from the empty one on."""
    length = 0
    while index >= len(choices) ** length:
        index -= len(choices) ** length
        length += 1
    found: list[Operation] = []
    for _ in range(length):
        index, choice = divmod(index, len(choices))
        found.insert(0, choices[choice])
    return found


def _frames(vms: int, pipes: int) -> Iterator[Topology]:
    for count in range(1, vms + 1):
        for parents in product(*(range(child) for child in range(1, count))):
            if list(parents) != sorted(parents):
                continue
            tree = Topology(parents)
            known = sorted(
                Pipe(maker, reader, writer)
                for maker in range(count)
                for reader, writer in product(tree.below(maker), repeat=2)
            )
            for number in range(pipes + 1):
                for chosen in combinations_with_replacement(known, number):
                    yield Topology(parents, chosen)


def _operations_of(frame: Topology, vm: int) -> tuple[Operation, ...]:
    """What an operation of a VM may be."""
    can: list[Operation] = []
    for number, pipe in enumerate(frame.pipes):
        if pipe.reader == vm:
            can += Operation(vm, "read", number, 1), Operation(vm, "close_read", number)
        if pipe.writer == vm:
            can += Operation(vm, "write", number, 1), Operation(vm, "close_write", number)
    can += (Operation(vm, "wait", child) for child in frame.children(vm))
    if vm:
        can.append(Operation(vm, "wait", 0))
    return tuple(can)


def _is_first(topology: Topology) -> bool:
    """Whether all pipes are used, and no other naming of equal pipes comes before this one."""
    used = {operation.target for operation in topology.operations if operation.kind in ON_PIPES}
    if len(used) < len(topology.pipes):
        return False
    numbers = range(len(topology.pipes))
    for order in permutations(numbers):
        if any(topology.pipes[order[n]] != topology.pipes[n] for n in numbers):
            continue
        renamed = tuple(
            msgspec.structs.replace(op, target=order[op.target]) if op.kind in ON_PIPES else op
            for op in topology.operations
        )
        if renamed < topology.operations:
            return False
    return True
