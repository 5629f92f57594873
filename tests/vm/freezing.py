"""What the tests of snapshots share: pieces of data, and a machine with its context."""

from __future__ import annotations

from spawnlab.vm.machine import Machine
from spawnlab.vm.snapshot import Snapshot, SnapshotContext
from spawnlab.vm.version import VERSIONS

PAGE = 0x1000
Context = SnapshotContext[str]


class Pieces(dict[str, bytes]):
    """Data by name."""

    def load_data(self, piece: str, offset: int, length: int) -> tuple[bytes, int] | None:
        if piece not in self:
            return None
        rest = self[piece][min(offset, len(self[piece])) :]
        return rest[: length or None], len(rest)


def numbered(size: int) -> bytes:
    """Bytes whose every page differs."""
    return bytes((at + (at >> 12) * 7 + 1) & 0xFF for at in range(size))


CELL = numbered(6 * PAGE)


def pair(version: int = 2, **pieces: bytes) -> tuple[Machine, Context]:
    return Machine(VERSIONS[version]), SnapshotContext(Pieces(cell=CELL, **pieces))


def resumed(context: Context, snapshot: Snapshot[str], version: int = 2) -> tuple[Machine, Context]:
    machine, again = Machine(VERSIONS[version]), SnapshotContext(context.data_source)
    again.resume(machine, snapshot)
    return machine, again
