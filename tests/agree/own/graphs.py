"""Random graphs of programs that write to one another, for the reference's program ``spawn_dag``.

Who starts whom is a tree. Each pipe is made by the last common ancestor of its two ends, and handed down on both sides.
All do their writes and reads in the order of one list, so that nobody waits for ever.
"""

from __future__ import annotations

from random import Random

from spawnlab.scheduler.limits import MAX_FDS, MAX_VMS_COUNT
from spawnlab.scheduler.molecule import byte_string, dynvec, fixvec, table, u64


def graph(seed: int) -> bytes:
    """The program's witness: who starts whom with which pipes, who makes them, who writes what."""
    random = Random(f"spawn_dag/{seed}")
    count = random.randrange(5, MAX_VMS_COUNT) + 1
    parents = [0, *(random.randrange(vm) for vm in range(1, count))]
    handed: dict[int, list[int]] = {vm: [] for vm in range(1, count)}
    made: list[tuple[int, bytes]] = []
    writes: list[bytes] = []
    for pipe in range(random.randrange(3, MAX_FDS // 2)):
        writer, reader = random.sample(range(count), 2)
        ancestors = _ancestors(writer, parents)
        maker = next(vm for vm in _ancestors(reader, parents) if vm in ancestors)
        for vm, fd in ((writer, 2 * pipe + 1), (reader, 2 * pipe)):
            while vm != maker:
                handed[vm].append(fd)
                vm = parents[vm]  # noqa: PLW2901
        made.append((maker, table((u64(maker), u64(2 * pipe), u64(2 * pipe + 1)))))
        content = random.randbytes(random.randint(1, 1024))
        writes.append(table((u64(writer), u64(2 * pipe + 1), u64(reader), u64(2 * pipe), byte_string(content))))
    starts = [table((u64(parents[vm]), u64(vm), fixvec([u64(fd) for fd in fds]))) for vm, fds in handed.items()]
    pipes = [pipe for _, pipe in sorted(made, key=lambda one: one[0])]
    return table((dynvec(starts), dynvec(pipes), dynvec(writes)))


def _ancestors(vm: int, parents: list[int]) -> list[int]:
    """The program itself first, the root last."""
    found = [vm]
    while found[-1]:
        found.append(parents[found[-1]])
    return found
