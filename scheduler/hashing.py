"""The chain's hash (``transaction`` §3)."""

from __future__ import annotations

import hashlib

HASH_SIZE = 32
ZERO_HASH = bytes(HASH_SIZE)


def ckb_hash(content: bytes) -> bytes:
    """BLAKE2b of 32 bytes with the chain's personalisation."""
    return hashlib.blake2b(content, digest_size=HASH_SIZE, person=b"ckb-default-hash").digest()


def data_hash(content: bytes) -> bytes:
    """A cell's data hash: zeros for no data."""
    return ckb_hash(content) if content else ZERO_HASH
