"""Molecule, the chain's encoding (``transaction`` §2). Only what is written is needed: scripts read the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def u32(number: int) -> bytes:
    """4 bytes, little-endian."""
    return number.to_bytes(4, "little")


def u64(number: int) -> bytes:
    """8 bytes, little-endian."""
    return number.to_bytes(8, "little")


def fixvec(items: Sequence[bytes]) -> bytes:
    """Items of one fixed size: their count, then the items."""
    return u32(len(items)) + b"".join(items)


def byte_string(content: bytes) -> bytes:
    """``Bytes``, a fixvec of single bytes."""
    return u32(len(content)) + content


def dynvec(items: Iterable[bytes]) -> bytes:
    """Items of any size: the total size, an offset for each from the start, then the items. A table is the same."""
    parts = list(items)
    offsets: list[bytes] = []
    at = 4 + 4 * len(parts)
    for part in parts:
        offsets.append(u32(at))
        at += len(part)
    return u32(at) + b"".join(offsets) + b"".join(parts)


table = dynvec
