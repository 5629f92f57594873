"""Each pipe: who made it, who had its ends, when they were closed, and what went through."""

from __future__ import annotations

import msgspec

from ..scheduler.events import AnyEvent, FdClosed, FdMoved, PipeOpened, Transferred
from ..scheduler.fds import other_end
from .model import Holding, Pipe, PipeEnd


class _End(msgspec.Struct):
    fd: int
    holders: list[Holding]
    closed: int | None = None
    closed_turn: int | None = None

    def held(self) -> PipeEnd:
        return PipeEnd(self.fd, tuple(self.holders), self.closed, self.closed_turn)


class _Pipe(msgspec.Struct):
    maker: int
    made: int
    made_turn: int
    transfers: int = 0
    size: int = 0


class Plumbing:
    """Follows events; ``start`` is where the journal begins, which has pipes that it does not tell the making of."""

    def __init__(self) -> None:
        self.start = 0
        self.owners: dict[int, int] = {}
        """Of the fds that are open, as the scheduler has them."""
        self._ends: dict[int, _End] = {}
        self._pipes: dict[int, _Pipe] = {}

    def follow(self, event: AnyEvent, at: int, turn: int) -> None:
        """Take note of an event."""
        match event:
            case PipeOpened(vm=maker, read_fd=read_fd, write_fd=write_fd):
                self._open(maker, read_fd, write_fd, at, turn)
            case FdMoved(vm=vm, fd=fd, giver=giver):
                self._know(fd, giver)
                holders = self._ends[fd].holders
                if holders[-1].vm != vm:  # an fd may be listed twice
                    holders[-1] = Holding(holders[-1].vm, holders[-1].start, at)
                    holders.append(Holding(vm, at, None))
                    self.owners[fd] = vm
            case FdClosed(vm=vm, fd=fd):
                self._know(fd, vm)
                end = self._ends[fd]
                end.holders[-1] = Holding(vm, end.holders[-1].start, at)
                end.closed, end.closed_turn = at, turn
                self.owners.pop(fd, None)
            case Transferred(vm=writer, reader=reader, fd=fd, size=size):
                self._know(fd, writer)
                self._know(other_end(fd), reader)
                pipe = self._pipes[other_end(fd)]
                pipe.transfers += 1
                pipe.size += size
            case _:
                pass

    def finish(self) -> tuple[Pipe, ...]:
        """All pipes, in the order they were made."""
        return tuple(
            Pipe(
                maker=pipe.maker,
                made=pipe.made,
                made_turn=pipe.made_turn,
                read=self._ends[fd].held(),
                write=self._ends[other_end(fd)].held(),
                transfers=pipe.transfers,
                size=pipe.size,
            )
            for fd, pipe in sorted(self._pipes.items())
        )

    def _open(self, maker: int, read_fd: int, write_fd: int, at: int, turn: int) -> None:
        self._pipes[read_fd] = _Pipe(maker, at, turn)
        for fd in (read_fd, write_fd):
            self._ends[fd] = _End(fd, [Holding(maker, at, None)])
            self.owners[fd] = maker

    def _know(self, fd: int, vm: int) -> None:
        """An fd that was there before the journal: what is known of its pipe is who has this end of it now."""
        if fd not in self._ends:
            read_fd = fd & ~1
            self._open(vm, read_fd, read_fd + 1, self.start, -1)
        elif self._ends[fd].holders[-1].vm != vm and self._ends[fd].closed is None:
            self._ends[fd].holders[-1] = Holding(vm, self._ends[fd].holders[-1].start, None)
            self.owners[fd] = vm
