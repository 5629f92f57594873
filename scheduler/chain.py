"""What a transaction is made of (``transaction`` §2): values, and the bytes that scripts read of them.

Capacities are shannons; hashes are 32 bytes.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import Any

import msgspec

from .hashing import ZERO_HASH, ckb_hash, data_hash
from .molecule import byte_string, dynvec, fixvec, table, u32, u64

SHANNONS_PER_BYTE = 100_000_000
NULL_INDEX = 0xFFFF_FFFF
DATA, TYPE, DATA1, DATA2 = 0, 1, 2, 4
"""Hash types, as their bytes."""
HEADER_SIZE = 208
_HEADER = struct.Struct("<IIQQQ32s32s32s32s32s16s")
"""A header's fields in their order; the last is one number."""


class Script(msgspec.Struct, frozen=True):
    """Which code runs, and its args."""

    code_hash: bytes = ZERO_HASH
    hash_type: int = DATA
    args: bytes = b""

    def encode(self) -> bytes:
        """53 bytes and the args."""
        return table((self.code_hash, bytes((self.hash_type,)), byte_string(self.args)))

    def hash(self) -> bytes:
        """The script's hash: lock hash or type hash."""
        return ckb_hash(self.encode())

    def occupied_bytes(self) -> int:
        """Bytes that it takes of a cell's capacity."""
        return 32 + 1 + len(self.args)


class OutPoint(msgspec.Struct, frozen=True):
    """Names an output of a transaction."""

    tx_hash: bytes = ZERO_HASH
    index: int = NULL_INDEX

    def encode(self) -> bytes:
        """36 bytes."""
        return self.tx_hash + u32(self.index)


class CellInput(msgspec.Struct, frozen=True):
    """An input: the cell that it consumes, and since when it may."""

    previous_output: OutPoint = OutPoint()
    since: int = 0

    def encode(self) -> bytes:
        """44 bytes."""
        return u64(self.since) + self.previous_output.encode()


class CellOutput(msgspec.Struct, frozen=True):
    """A cell but for its data."""

    capacity: int
    lock: Script = Script()
    type: Script | None = None

    def encode(self) -> bytes:
        """24 bytes, the lock and the type script."""
        return table((u64(self.capacity), self.lock.encode(), self.type.encode() if self.type else b""))

    def occupied_capacity(self, data_size: int) -> int:
        """Shannons that the cell needs, with so many bytes of data."""
        scripts = self.lock.occupied_bytes() + (self.type.occupied_bytes() if self.type else 0)
        return (8 + data_size + scripts) * SHANNONS_PER_BYTE


class CellDep(msgspec.Struct, frozen=True):
    """A cell that scripts may read: the cell itself (0), or all that its data lists (1)."""

    out_point: OutPoint
    dep_type: int = 0

    def encode(self) -> bytes:
        """37 bytes."""
        return self.out_point.encode() + bytes((self.dep_type,))


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """A block's header."""

    version: int = 0
    compact_target: int = 0
    timestamp: int = 0
    number: int = 0
    epoch: int = 0
    parent_hash: bytes = ZERO_HASH
    transactions_root: bytes = ZERO_HASH
    proposals_hash: bytes = ZERO_HASH
    extra_hash: bytes = ZERO_HASH
    dao: bytes = ZERO_HASH
    nonce: int = 0

    def encode(self) -> bytes:
        """208 bytes."""
        *fields, nonce = msgspec.structs.astuple(self)
        return _HEADER.pack(*fields, nonce.to_bytes(16, "little"))

    @classmethod
    def decode(cls, content: bytes) -> Header:
        """A header from its 208 bytes; raises :class:`ValueError` for any other number."""
        if len(content) != HEADER_SIZE:
            raise ValueError(f"a header has {HEADER_SIZE} bytes, not {len(content)}")
        *fields, nonce = _HEADER.unpack(content)
        values: dict[str, Any] = dict(
            zip(cls.__struct_fields__, (*fields, int.from_bytes(nonce, "little")), strict=True)
        )
        return cls(**values)

    def hash(self) -> bytes:
        """The block's hash."""
        return ckb_hash(self.encode())

    @property
    def epoch_number(self) -> int:
        """Bits 0 to 23 of the epoch."""
        return self.epoch & 0xFF_FFFF

    @property
    def epoch_index(self) -> int:
        """Bits 24 to 39: the block's place in its epoch."""
        return self.epoch >> 24 & 0xFFFF

    @property
    def epoch_length(self) -> int:
        """Bits 40 to 55: blocks in the epoch."""
        return self.epoch >> 40 & 0xFFFF


class Transaction(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A transaction as it is signed and sent."""

    version: int = 0
    cell_deps: tuple[CellDep, ...] = ()
    header_deps: tuple[bytes, ...] = ()
    inputs: tuple[CellInput, ...] = ()
    outputs: tuple[CellOutput, ...] = ()
    outputs_data: tuple[bytes, ...] = ()
    witnesses: tuple[bytes, ...] = ()

    @cached_property
    def raw(self) -> bytes:
        """The part that is hashed: all but the witnesses."""
        return table(
            (
                u32(self.version),
                fixvec([dep.encode() for dep in self.cell_deps]),
                fixvec(self.header_deps),
                fixvec([i.encode() for i in self.inputs]),
                dynvec(output.encode() for output in self.outputs),
                dynvec(byte_string(data) for data in self.outputs_data),
            )
        )

    @cached_property
    def encoded(self) -> bytes:
        """The whole, witnesses included."""
        return table((self.raw, dynvec(byte_string(witness) for witness in self.witnesses)))

    @cached_property
    def hash(self) -> bytes:
        """The transaction's hash."""
        return ckb_hash(self.raw)


class Cell(msgspec.Struct, frozen=True, dict=True):
    """A cell with its data, and the hash of the block that made it where that is known (a *cell meta*)."""

    output: CellOutput
    data: bytes = b""
    out_point: OutPoint = OutPoint()
    block_hash: bytes | None = None

    @cached_property
    def data_hash(self) -> bytes:
        """Hash of the data."""
        return data_hash(self.data)
