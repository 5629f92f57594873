"""Names that come again: VMs and pipes by the place that they take, and not by ids that are never used twice.

A program that spawns a child in a loop makes VM 1, VM 2, VM 3 and so on, and pipes with ever higher fds. Each takes the
lowest slot that is free at the time, so that the rounds of such a loop are the same.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from .model import Pipe, Story


class Slots:
    """The slot of each VM, and of each pipe by its read end."""

    def __init__(self, story: Story) -> None:
        last = len(story.turns)
        lives = [(vm.born_turn, vm.vm, last if vm.ended_turn is None else vm.ended_turn) for vm in story.vms]
        self.vms = _slots(sorted(lives))
        pipes = [(pipe.made_turn, pipe.read.fd, _closed(pipe, last)) for pipe in story.pipes]
        self._pipes = _slots(sorted(pipes))

    def vm(self, number: int | None) -> int | None:
        """A VM's slot; ``None`` for no VM, and for one that never was."""
        return None if number is None else self.vms.get(number)

    def fd(self, fd: int | None) -> tuple[int | None, bool] | None:
        """The slot of an fd's pipe, and whether it is the write end."""
        return None if fd is None else (self._pipes.get(fd & ~1), fd % 2 == 1)

    def pipe(self, read_fd: int) -> int:
        """A pipe's slot, by its read end."""
        return self._pipes[read_fd]


def _closed(pipe: Pipe, last: int) -> int:
    ends = (pipe.read.closed_turn, pipe.write.closed_turn)
    return max(last if end is None else end for end in ends)


def _slots(lives: Iterable[tuple[int, int, int]]) -> dict[int, int]:
    """From (first turn, name, last turn), in order, to the lowest slot that is free from the first turn on."""
    slots: dict[int, int] = {}
    free: list[int] = []
    taken: list[tuple[int, int]] = []
    for first, name, last in lives:
        while taken and taken[0][0] < first:
            heapq.heappush(free, heapq.heappop(taken)[1])
        slot = heapq.heappop(free) if free else len(taken)
        slots[name] = slot
        heapq.heappush(taken, (last, slot))
    return slots
