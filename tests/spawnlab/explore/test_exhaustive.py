"""All topologies up to a size: none is missing, none is there twice."""

from __future__ import annotations

from itertools import permutations, product

import msgspec
import pytest

from spawnlab.explore.exhaustive import Space
from spawnlab.explore.topology import ON_PIPES, Operation, Pipe, Topology, TopologyError, is_possible


def everything(vms: int, pipes: int, operations: int) -> set[Topology]:
    """The same by trying all there could be: one of each class of topologies with other names."""
    found: set[Topology] = set()
    for count in range(1, vms + 1):
        for parents in product(range(count), repeat=count - 1):
            tree = Topology(parents)
            if any(parent > child for child, parent in enumerate(parents)) or list(parents) != sorted(parents):
                continue
            ends = [Pipe(*three) for three in product(range(count), repeat=3)]
            can = [p for p in ends if tree.line(p.reader, p.maker) and tree.line(p.writer, p.maker)]
            for number in range(pipes + 1):
                for chosen in product(can, repeat=number):
                    found |= {named(t) for t in _with_operations(Topology(parents, chosen), operations)}
    return found


def _with_operations(frame: Topology, operations: int) -> list[Topology]:
    lists: list[list[tuple[Operation, ...]]] = []
    for vm in range(frame.vms):
        every = [
            Operation(vm, kind, target, int(kind in ("read", "write")))
            for kind in (*ON_PIPES, "wait")
            for target in range(max(frame.vms, len(frame.pipes)))
        ]
        own = [op for op in every if is_possible(frame, op) and _is_holder(frame, op) and not _is_for_itself(op)]
        lists.append([chosen for length in range(operations + 1) for chosen in product(own, repeat=length)])
    made = [
        Topology(frame.parents, frame.pipes, tuple(op for some in chosen for op in some)) for chosen in product(*lists)
    ]
    return [t for t in made if {op.target for op in t.operations if op.kind in ON_PIPES} == set(range(len(t.pipes)))]


def _is_for_itself(operation: Operation) -> bool:
    return operation.kind == "wait" and operation.vm == operation.target == 0


def _is_holder(frame: Topology, operation: Operation) -> bool:
    if operation.kind not in ON_PIPES:
        return True
    pipe = frame.pipes[operation.target]
    return operation.vm == (pipe.reader if operation.kind in ("read", "close_read") else pipe.writer)


def named(topology: Topology) -> Topology:
    """The first of all that differ in the order of their pipes."""
    numbers = range(len(topology.pipes))
    candidates: list[Topology] = []
    for order in permutations(numbers):
        place = {old: new for new, old in enumerate(order)}
        operations = tuple(
            msgspec.structs.replace(op, target=place[op.target]) if op.kind in ON_PIPES else op
            for op in topology.operations
        )
        candidates.append(Topology(topology.parents, tuple(topology.pipes[old] for old in order), operations))
    return min(candidates)


@pytest.mark.parametrize("size", [(1, 0, 2), (1, 1, 2), (1, 2, 2), (2, 0, 2), (2, 1, 2), (2, 2, 1), (3, 1, 1)])
def test_none_is_missing_and_none_is_there_twice(size: tuple[int, int, int]) -> None:
    space = Space(*size)
    made = [topology for number in range(space.numbers) if (topology := space.topology(number)) is not None]
    assert len(made) == len(set(made))
    assert {named(topology) for topology in made} == everything(*size)
    assert len({named(topology) for topology in made}) == len(made)


@pytest.mark.parametrize("size", [(0, 1, 1), (5, 5, 5), (2, -1, 1), (6, 6, 0), (4, 4, 4)])
def test_spaces_that_can_not_be(size: tuple[int, int, int]) -> None:
    with pytest.raises(TopologyError, match="too large to be searched whole"):
        Space(*size)


def test_what_is_numbered_need_not_be_kept() -> None:
    """A space of numbers beyond count: each is made when it is asked for."""
    space = Space(3, 3, 6)
    assert space.numbers > 1 << 40
    found = [space.topology(number) for number in (0, space.numbers // 3, space.numbers - 1)]
    assert found[0] == Topology()
    assert found[-1] is None or found[-1].vms == 3
