"""Random graphs of VMs and pipes for the reference's test program ``spawn_dag``, which plays what its witness says.

Each VM makes its pipes, spawns its children, goes through the list of writes for those that it is to write or to read,
and waits for its children at last. All go through the list in one order, so no graph comes to a deadlock.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from random import Random

import msgspec

TRIES = 3
"""How often an arrow is drawn that would make a ring, before no more are."""
BYTES_MAX = 1024


class Write(msgspec.Struct, frozen=True):
    """A message from a VM to another, through fds that are numbers of the graph: even to read from, odd to write to."""

    writer: int
    write_fd: int
    reader: int
    read_fd: int
    data: bytes


class Graph(msgspec.Struct, frozen=True):
    """``parents[i]`` spawns VM ``i + 1``; pipe ``i`` is of write ``i``, and made by VM ``makers[i]``."""

    parents: tuple[int, ...]
    makers: tuple[int, ...]
    writes: tuple[Write, ...]

    def handed(self, child: int) -> list[int]:
        """The fds that a VM is given when it is spawned."""
        found: list[int] = []
        for maker, write in zip(self.makers, self.writes, strict=True):
            for fd, holder in ((write.write_fd, write.writer), (write.read_fd, write.reader)):
                line = line_to(self.parents, holder)
                if child in line[line.index(maker) + 1 :]:
                    found.append(fd)
        return found


def line_to(parents: Sequence[int], vm: int) -> list[int]:
    """The VM and whom it descends from, the root first."""
    line = [vm]
    while line[0]:
        line.insert(0, parents[line[0] - 1])
    return line


def random_graph(random: Random, spawns: int, writes: int) -> Graph:
    """A graph of so many VMs beside the root, and of so many writes at the most; without rings of writes."""
    parents = tuple(random.randrange(vm) for vm in range(1, spawns + 1))
    arrows: list[tuple[int, int]] = []
    while spawns and len(arrows) < writes:
        arrow = next((pair for _ in range(TRIES) if not _closes(arrows, pair := _pair(random, spawns))), None)
        if arrow is None:
            break
        arrows.append(arrow)
    makers = tuple(
        max(set(line_to(parents, writer)) & set(line_to(parents, reader)), key=lambda vm: len(line_to(parents, vm)))
        for writer, reader in arrows
    )
    made = tuple(
        Write(writer, 2 * number + 1, reader, 2 * number, random.randbytes(random.randint(1, BYTES_MAX)))
        for number, (writer, reader) in enumerate(arrows)
    )
    return Graph(parents, makers, made)


def _pair(random: Random, spawns: int) -> tuple[int, int]:
    writer, reader = random.sample(range(spawns + 1), 2)
    return writer, reader


def _closes(arrows: Sequence[tuple[int, int]], new: tuple[int, int]) -> bool:
    """Whether an arrow would make a ring."""
    reached, found = {new[1]}, 0
    while len(reached) > found:
        found = len(reached)
        reached |= {reader for writer, reader in arrows if writer in reached}
    return new[0] in reached


# As the program reads it: in Molecule, the chain's serialisation


def encode(graph: Graph) -> bytes:
    """The witness."""
    spawns = [
        _table(_number(parent), _number(child), _numbers(graph.handed(child)))
        for child, parent in enumerate(graph.parents, 1)
    ]
    pipes = [
        _table(_number(maker), _number(write.read_fd), _number(write.write_fd))
        for maker, write in zip(graph.makers, graph.writes, strict=True)
    ]
    writes = [
        _table(*map(_number, (write.writer, write.write_fd, write.reader, write.read_fd)), _bytes(write.data))
        for write in graph.writes
    ]
    return _table(*(_table(*items) for items in (spawns, pipes, writes)))


def _number(value: int) -> bytes:
    return struct.pack("<Q", value)


def _numbers(values: Sequence[int]) -> bytes:
    return struct.pack(f"<I{len(values)}Q", len(values), *values)


def _bytes(content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + content


def _table(*fields: bytes) -> bytes:
    """A table, or a list of items of different sizes: the size of all, where each begins, and all of them."""
    start = 4 + 4 * len(fields)
    offsets = [start + sum(map(len, fields[:index])) for index in range(len(fields))]
    return struct.pack(f"<{1 + len(fields)}I", start + sum(map(len, fields)), *offsets) + b"".join(fields)
