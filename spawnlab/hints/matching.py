"""Which read gets the bytes of which write.

An end belongs to one VM at a time, and a VM does one thing at a time, so the reads of a pipe have an order, as have its
writes. A transfer moves as many bytes as the first of each can, and ends the read. So who meets whom does not depend on
the order of turns; only a VM that ends early may keep one from coming.
"""

from __future__ import annotations

from collections import defaultdict, deque

from ..scenarios import steps as s
from .contents import content_of
from .world import Call, End, World


def match(world: World) -> None:
    """Fill in the partner of each read and write, and how it is served."""
    _Matcher(world).match()


class _Stream:
    """A pipe: how far its reads and writes are matched."""

    def __init__(self, reads: list[Call], writes: list[Call]) -> None:
        self.reads, self.writes = deque(reads), deque(writes)
        self.left: int | None = None
        """Of the first write."""


class _Matcher:
    def __init__(self, world: World) -> None:
        self.world = world
        self.streams = [_Stream(*pipe.calls) for pipe in world.pipes]
        self.counts: dict[int, int] = {}
        """Bytes of reads that are settled, by their object's identity."""
        self.wanted: dict[int, list[int]] = defaultdict(list)
        """Pipes that can't be gone on with before a read is settled."""

    def match(self) -> None:
        todo = deque(range(len(self.streams)))
        while todo:
            todo.extend(self._go_on(todo.popleft()))
        for number, stream in enumerate(self.streams):
            blocked = bool(stream.reads and stream.writes)
            self._rest(stream.reads, End(number, writes=True), blocked)
            self._rest(stream.writes, End(number, writes=False), blocked)

    def _go_on(self, number: int) -> list[int]:
        """Match as far as sizes are known; gives the pipes that can be gone on with now."""
        stream = self.streams[number]
        freed: list[int] = []
        while stream.reads and stream.writes:
            read, write = stream.reads[0], stream.writes[0]
            if stream.left is None:
                size = self._size(write)
                if size is None:
                    self.wanted[id(write.source)].append(number)
                    return freed
                write.size = stream.left = size
            read.partner, read.served = write, "matched"
            read.taken = min(read.size, stream.left)
            read.offset = write.taken
            write.taken += read.taken
            stream.left -= read.taken
            stream.reads.popleft()
            freed += self._settle(read, read.taken)
            if stream.left == 0:
                write.partner, write.served = read, "matched"
                stream.writes.popleft()
                stream.left = None
        if not stream.writes and not self._is_opaque(End(number, writes=True)):
            for read in stream.reads:  # nothing comes any more: it comes back with no bytes, if it does
                freed += self._settle(read, 0)
        return freed

    def _settle(self, read: Call, count: int) -> list[int]:
        self.counts[id(read)] = count
        return self.wanted.pop(id(read), [])

    def _size(self, write: Call) -> int | None:
        return write.size if write.source is None else self.counts.get(id(write.source))

    def _is_opaque(self, end: End) -> bool:
        """Whether its last holder does what nobody knows."""
        return self.world.vms[self.world.holders(end)[-1].vm].opaque

    def _rest(self, calls: deque[Call], other: End, blocked: bool) -> None:
        """What is left when all on the other end is used up."""
        served = "any" if blocked else "opaque" if self._is_opaque(other) else "none"
        for call in calls:
            call.served = served


def bytes_of_read(read: Call) -> bytes | None:
    """The bytes that a matched read gets; ``None`` where they are not known."""
    offset, taken = 0, read.taken
    while read.served == "matched" and read.partner is not None:
        write = read.partner
        offset += read.offset
        step = write.step
        assert isinstance(step, s.Write)
        if step.data is None:
            content = content_of(step)
            return bytes(taken) if content is None else content[offset : offset + taken]
        if write.source is None:
            return None
        read = write.source
    return None
