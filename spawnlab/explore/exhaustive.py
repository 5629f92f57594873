"""All topologies up to a size, each with a number: small worlds are searched whole.

An operation is a read or a write of 1 byte or a close, of an end that the VM comes to hold, or a wait for a child or
for the root. What is the same but for the names of VMs and pipes is counted once: children are numbered in the order of
their parents, pipes by their ends, and a pipe that nobody uses is left out. The order in which a VM spawns its children
does matter, so that it is no symmetry.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import combinations_with_replacement, permutations, product
from math import prod

import msgspec

from .topology import ON_PIPES, Operation, Pipe, Topology, TopologyError

TOTAL_MAX = 1 << 62


class _World(msgspec.Struct, frozen=True):
    """A tree and its pipes; ``lists`` are, for each VM, all that it may do."""

    frame: Topology
    first: int
    lists: tuple[tuple[tuple[Operation, ...], ...], ...]

    @property
    def count(self) -> int:
        return prod(map(len, self.lists))


class Space:
    """All topologies of at most so many VMs and pipes, and operations of each VM.

    ``numbers`` is how many numbers there are; some are of what is the same as another.
    Raises :class:`~spawnlab.explore.topology.TopologyError` for a space that is too large to be numbered.
    """

    def __init__(self, vms: int, pipes: int, operations: int) -> None:
        if vms < 1 or pipes < 0 or operations < 0 or vms + pipes + operations > 12:
            raise TopologyError("too large to be searched whole: VMs, pipes and operations may add up to 12")
        self._worlds: list[_World] = []
        self.numbers = 0
        for frame in _frames(vms, pipes):
            lists = tuple(_lists(frame, vm, operations) for vm in range(frame.vms))
            world = _World(frame, self.numbers, lists)
            self._worlds.append(world)
            self.numbers += world.count
            if self.numbers > TOTAL_MAX:
                raise TopologyError("there are too many topologies to be numbered")
        self._firsts = [world.first for world in self._worlds]

    def topology(self, number: int) -> Topology | None:
        """The topology of a number from 0 on; ``None`` where another number has the same one."""
        world = self._worlds[bisect_right(self._firsts, number) - 1]
        rest = number - world.first
        chosen: list[tuple[Operation, ...]] = []
        for lists in world.lists:
            rest, index = divmod(rest, len(lists))
            chosen.append(lists[index])
        topology = msgspec.structs.replace(world.frame, operations=tuple(op for some in chosen for op in some))
        return topology if _is_first(topology) else None


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


def _lists(frame: Topology, vm: int, operations: int) -> tuple[tuple[Operation, ...], ...]:
    """All lists of operations of a VM, the empty one first."""
    can: list[Operation] = []
    for number, pipe in enumerate(frame.pipes):
        if pipe.reader == vm:
            can += Operation(vm, "read", number, 1), Operation(vm, "close_read", number)
        if pipe.writer == vm:
            can += Operation(vm, "write", number, 1), Operation(vm, "close_write", number)
    can += (Operation(vm, "wait", child) for child in frame.children(vm))
    if vm:
        can.append(Operation(vm, "wait", 0))
    return tuple(chosen for length in range(operations + 1) for chosen in product(can, repeat=length))


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
