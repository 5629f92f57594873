"""A topology as a value: which VM spawns which, who makes each pipe and who comes to hold its ends, and what they do.

It is what generators make, searches count and shrinking cuts down; :func:`scenario_of` makes programs of it. VM 0 is
the root, and a VM's number is above its parent's. These are numbers of the plan: which ids the VMs get is known when
they are spawned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ..scenarios import steps as s
from ..scenarios.model import Program, Scenario
from ..vm.errors import SpawnlabError

ON_PIPES = ("read", "write", "close_read", "close_write")
OPERATIONS = (*ON_PIPES, "wait", "spawn", "compute", "exit")
VMS_MAX, PIPES_MAX, OPERATIONS_MAX = 256, 1024, 10_000
"""Many more than can live, and than are generated; a text from anywhere may say that there are a million."""
SIZE_MAX, CYCLES_MAX = 1 << 20, 1 << 40
"""Bytes of a transfer and cycles of a computation, as scenarios have them."""


class TopologyError(SpawnlabError):
    """A topology that can't be: says where, and what would be right."""


class Pipe(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A pipe: the VM that makes it, and the VMs that come to hold its ends: the maker or those that descend from it.

    An end goes down the tree from each VM to its child, as they are spawned.
    """

    maker: int
    reader: int
    writer: int


class Operation(msgspec.Struct, frozen=True, order=True, array_like=True):
    """One operation of a VM. Children that no ``spawn`` names are spawned before the VM's first operation.

    ``target`` is a pipe, or a VM to wait for or to spawn; ``size`` is bytes, cycles, or an exit code.
    """

    vm: int
    kind: str
    target: int = 0
    size: int = 0


class Topology(msgspec.Struct, frozen=True, order=True, array_like=True):
    """``parents[i]`` spawns VM ``i + 1``; a VM's operations are done in their order."""

    parents: tuple[int, ...] = ()
    pipes: tuple[Pipe, ...] = ()
    operations: tuple[Operation, ...] = ()

    @property
    def vms(self) -> int:
        """How many VMs there are."""
        return len(self.parents) + 1

    @property
    def size(self) -> tuple[int, int, int, int]:
        """What smaller means: VMs, pipes, operations, and bytes and cycles."""
        return self.vms, len(self.pipes), len(self.operations), sum(abs(op.size) for op in self.operations)

    def children(self, vm: int) -> list[int]:
        """The VMs that it spawns, ascending."""
        return [child for child, parent in enumerate(self.parents, 1) if parent == vm]

    def line(self, vm: int, ancestor: int) -> list[int]:
        """From ``ancestor`` down to ``vm``; empty if it does not descend from it."""
        found = [vm]
        while found[0] > ancestor:
            found.insert(0, self.parents[found[0] - 1])
        return found if found[0] == ancestor else []

    def below(self, vm: int) -> list[int]:
        """The VM and those that descend from it, ascending."""
        return [other for other in range(self.vms) if self.line(other, vm)]

    def ends_of(self, vm: int) -> Iterator[tuple[int, bool]]:
        """The pipe ends that a VM has at some time: pipe, and whether it is the one to read from."""
        for number in range(len(self.pipes)):
            for reads in (True, False):
                if self.has_end(vm, number, reads):
                    yield number, reads

    def has_end(self, vm: int, number: int, reads: bool) -> bool:
        """Whether a VM has that end of a pipe at some time."""
        pipe = self.pipes[number]
        return vm in self.line(pipe.reader if reads else pipe.writer, pipe.maker)


def check(topology: Topology) -> None:
    """Raise :class:`TopologyError` unless all numbers are of what there is, and not too many."""
    for what, most, count in (
        ("VMs", VMS_MAX, topology.vms),
        ("pipes", PIPES_MAX, len(topology.pipes)),
        ("operations", OPERATIONS_MAX, len(topology.operations)),
    ):
        if count > most:
            raise TopologyError(f"there are {count:,} {what}: at most {most:,} can be played")
    for child, parent in enumerate(topology.parents, 1):
        if not 0 <= parent < child:
            raise TopologyError(f"the parent of VM {child} is VM {parent}: it must be one of 0 to {child - 1}")
    for number, pipe in enumerate(topology.pipes):
        if not 0 <= pipe.maker < topology.vms:
            raise TopologyError(f"pipe {number} is made by VM {pipe.maker}: there are VMs 0 to {topology.vms - 1}")
        for holder in (pipe.reader, pipe.writer):
            if not (pipe.maker <= holder < topology.vms and topology.line(holder, pipe.maker)):
                raise TopologyError(f"VM {holder} can't hold pipe {number}: it does not descend from VM {pipe.maker}")
    for index, operation in enumerate(topology.operations):
        if not is_possible(topology, operation):
            raise TopologyError(f"operation {index} can't be: {operation}")


def is_possible(topology: Topology, operation: Operation) -> bool:
    """Whether it can be written down: the VM knows what the operation is about."""
    vm, kind, target = operation.vm, operation.kind, operation.target
    if not 0 <= vm < topology.vms:
        return False
    if kind in ON_PIPES:
        known = 0 <= target < len(topology.pipes) and 0 <= operation.size <= SIZE_MAX
        return known and topology.has_end(vm, target, kind in ("read", "close_read"))
    if kind == "wait":  # all know the root's id
        return target == 0 or (0 < target < topology.vms and topology.parents[target - 1] == vm)
    if kind == "spawn":
        return 0 < target < topology.vms and topology.parents[target - 1] == vm
    return kind in OPERATIONS and (kind != "compute" or 0 <= operation.size <= CYCLES_MAX)


def tidy(topology: Topology) -> Topology:
    """Without operations that can't be, that come after an exit, or that spawn a child for the second time."""
    kept: list[Operation] = []
    over: set[int] = set()
    spawned: set[int] = set()
    for operation in sorted(topology.operations, key=lambda op: op.vm):
        if operation.vm in over or not is_possible(topology, operation):
            continue
        if operation.kind == "spawn":
            if operation.target in spawned:
                continue
            spawned.add(operation.target)
        kept.append(operation)
        if operation.kind == "exit":
            over.add(operation.vm)
    return msgspec.structs.replace(topology, operations=tuple(kept))


def scenario_of(topology: Topology, **fields: object) -> Scenario:
    """The scenario: a program a VM, ``root`` and ``vm1`` and so on. ``fields`` are others of the scenario.

    Raises :class:`TopologyError`.
    """
    check(topology)
    given = handed(topology)
    programs = {_name(vm): Program(steps=tuple(_steps(topology, vm, given))) for vm in range(topology.vms)}
    return Scenario(programs=programs, **fields)  # type: ignore[arg-type]


def _name(vm: int) -> str:
    return f"vm{vm}" if vm else "root"


End = tuple[int, bool]
"""A pipe, and whether it is the end to read from."""
Handed = tuple[tuple[End, ...], ...]
"""The ends that each VM is given when it is spawned."""


def _steps(topology: Topology, vm: int, given: Handed) -> Iterator[s.AnyStep]:
    if given[vm]:
        yield s.InheritedFds(names=_names(given[vm]))
    for number, pipe in enumerate(topology.pipes):
        if pipe.maker == vm:
            yield s.Pipe(ends=(f"r{number}", f"w{number}"))
    own = [operation for operation in topology.operations if operation.vm == vm]
    later = {operation.target for operation in own if operation.kind == "spawn"}
    for child in topology.children(vm):
        if child not in later:
            yield _spawn(child, given)
    for operation in own:
        yield _step(operation, own, given)


def handed(topology: Topology) -> Handed:
    """The ends that each VM is given when it is spawned."""
    given: list[list[End]] = [[] for _ in range(topology.vms)]
    for number, pipe in enumerate(topology.pipes):
        for holder, reads in ((pipe.reader, True), (pipe.writer, False)):
            for vm in topology.line(holder, pipe.maker)[1:]:
                given[vm].append((number, reads))
    return tuple(map(tuple, given))


def _names(ends: Sequence[End]) -> tuple[str, ...]:
    return tuple(f"{'r' if reads else 'w'}{number}" for number, reads in ends)


def _spawn(child: int, given: Handed) -> s.Spawn:
    return s.Spawn(program=_name(child), fds=_names(given[child]), name=f"child{child}")


def _step(operation: Operation, own: Sequence[Operation], given: Handed) -> s.AnyStep:
    target, size = operation.target, operation.size
    match operation.kind:
        case "read":
            return s.Read(fd=f"r{target}", size=size)
        case "write":
            return s.Write(fd=f"w{target}", size=size)
        case "close_read":
            return s.Close(fd=f"r{target}")
        case "close_write":
            return s.Close(fd=f"w{target}")
        case "wait":
            return s.Wait(vm=0 if target == 0 else f"child{target}" if is_known(target, operation, own) else NOBODY)
        case "spawn":
            return _spawn(target, given)
        case "compute":
            return s.Compute(cycles=size)
        case _:
            return s.Exit(code=size)


def is_known(target: int, operation: Operation, own: Sequence[Operation]) -> bool:
    """Whether a child was spawned by the time of an operation; ``own`` are those of its VM."""
    ahead = own[next(index for index, other in enumerate(own) if other is operation) :]
    return not any(other.kind == "spawn" and other.target == target for other in ahead)


NOBODY = 1 << 32
"""An id that no VM has."""
