"""Pipes as channels between tasks: each end is a place where its owner's task waits for the other end."""

from __future__ import annotations

import trio

from ..scheduler.fds import is_read, other_end


class PipeEnd:
    """One end of a pipe. While its owner is blocked on it, the owner's task is parked in :attr:`lot`."""

    __slots__ = ("fd", "lot", "owner")

    def __init__(self, fd: int, owner: int) -> None:
        self.fd = fd
        self.owner = owner
        """Id of the VM that holds this end."""
        self.lot = trio.lowlevel.ParkingLot()

    @property
    def readable(self) -> bool:
        """Whether bytes come out here."""
        return is_read(self.fd)

    @property
    def peer_fd(self) -> int:
        """The fd of the other end."""
        return other_end(self.fd)

    @property
    def blocked(self) -> bool:
        """Whether the owner's task waits here."""
        return bool(self.lot)

    def __repr__(self) -> str:
        return f"<{'read' if self.readable else 'write'} end {self.fd} of VM {self.owner}>"
