"""Snapshots as bytes: a sealed file, checked whole before it becomes a snapshot."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from .memory import DIRTY, EXECUTABLE, FREEZED, MEMORY_SIZE, PAGE_SIZE
from .sealed import CorruptFileError, seal, unseal
from .snapshot import Snapshot

KIND, VERSION = b"SPAWNLAB-SNAPSHOT", 1
_FLAGS_ALL = FREEZED | EXECUTABLE | DIRTY
_REGISTERS = 32

Id = TypeVar("Id")


def snapshot_to_bytes(snapshot: Snapshot[Any]) -> bytes:
    """The bytes of a snapshot; equal snapshots give equal bytes."""
    return seal(KIND, VERSION, snapshot)


def snapshot_from_bytes(content: bytes, piece_type: type[Id]) -> Snapshot[Id]:
    """Read a snapshot whose pieces of data are named by ``piece_type``.

    Raises :class:`~spawnlab.vm.sealed.CorruptFileError`, whatever the bytes are, unless they are a snapshot that a
    machine can be resumed from.
    """
    decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Snapshot[piece_type])
    snapshot: Snapshot[Id] = unseal(KIND, VERSION, content, decoder)
    check_snapshot(snapshot)
    return snapshot


def check_snapshot(snapshot: Snapshot[Any]) -> None:
    """Raise :class:`CorruptFileError` unless the parts fit together."""
    if snapshot.version not in (0, 1, 2):
        raise CorruptFileError(f"version: {snapshot.version} is not 0, 1 or 2")
    if len(snapshot.registers) != _REGISTERS or any(snapshot.registers[:1]):
        raise CorruptFileError("registers: there must be 32, the first of them 0")
    numbers = (snapshot.pc, snapshot.cycles, snapshot.max_cycles, snapshot.reservation_address, *snapshot.registers)
    if any(not 0 <= number < 1 << 64 for number in numbers):
        raise CorruptFileError("pc, cycles, registers: a number is not between 0 and 2^64 - 1")
    runs = [(run.address, run.length, run.flags, "source_pages") for run in snapshot.source_pages]
    runs += [(run.address, len(run.data), run.flags, "dirty_pages") for run in snapshot.dirty_pages]
    if any(not 0 <= run.offset < 1 << 64 for run in snapshot.source_pages):
        raise CorruptFileError("source_pages: an offset is not between 0 and 2^64 - 1")
    end = 0
    for address, length, flags, where in sorted(runs):
        if address % PAGE_SIZE or length % PAGE_SIZE or length <= 0:
            raise CorruptFileError(f"{where}: 0x{address:x}, {length} bytes, are not whole pages")
        if address < end or address + length > MEMORY_SIZE:
            raise CorruptFileError(f"{where}: 0x{address:x}, {length} bytes, overlap others or leave the memory")
        if flags & ~_FLAGS_ALL or (where == "dirty_pages") != bool(flags & DIRTY):
            raise CorruptFileError(f"{where}: 0x{address:x} has flags {flags}")
        end = address + length
