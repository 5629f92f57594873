"""The JSON of a mock transaction, member by member.

Objects of the chain have no other members than these, but for headers; headers, and the wrappers round all of it, may
have any, which are ignored.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..model import Expectation
from .values import U32, U64, U128, Hash, HashType, Hex


class ChainObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the chain has too."""


class Script(ChainObject, frozen=True):
    """Which code runs, and its args."""

    code_hash: Hash
    hash_type: HashType
    args: Hex


class OutPoint(ChainObject, frozen=True):
    """Names an output of a transaction."""

    tx_hash: Hash
    index: U32


class CellInput(ChainObject, frozen=True):
    """An input."""

    since: U64
    previous_output: OutPoint


class CellOutput(ChainObject, frozen=True):
    """A cell but for its data."""

    capacity: U64
    lock: Script
    type: Script | None = None


class CellDep(ChainObject, frozen=True):
    """A cell dep."""

    out_point: OutPoint
    dep_type: Literal["code", "dep_group"]


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """A block's header, and the hash that it is known by, which is not made of it."""

    version: U32
    compact_target: U32
    timestamp: U64
    number: U64
    epoch: U64
    parent_hash: Hash
    transactions_root: Hash
    proposals_hash: Hash
    extra_hash: Hash
    dao: Hash
    nonce: U128
    hash: Hash


class Transaction(ChainObject, frozen=True):
    """A transaction as it is sent."""

    version: U32
    cell_deps: tuple[CellDep, ...]
    header_deps: tuple[Hash, ...]
    inputs: tuple[CellInput, ...]
    outputs: tuple[CellOutput, ...]
    outputs_data: tuple[Hex, ...]
    witnesses: tuple[Hex, ...]


class MockInput(msgspec.Struct, frozen=True, kw_only=True):
    """An input and the cell that it consumes; ``header`` is the hash of the block that made the cell."""

    input: CellInput
    output: CellOutput
    data: Hex
    header: Hash | None = None


class MockCellDep(msgspec.Struct, frozen=True, kw_only=True):
    """A cell dep and its cell. The members of a dep group are here too, as code."""

    cell_dep: CellDep
    output: CellOutput
    data: Hex
    header: Hash | None = None
    name: Any = None
    """Ours: a text that is what to call the program; ckb-debugger passes over it."""


class MockInfo(msgspec.Struct, frozen=True, kw_only=True):
    """All that the transaction names."""

    inputs: tuple[MockInput, ...]
    cell_deps: tuple[MockCellDep, ...]
    header_deps: tuple[Header, ...]
    extensions: tuple[tuple[Hash, Hex], ...] = ()
    """Extensions of blocks by their hash."""


class ScriptExpectation(Expectation, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What one script must come to."""

    script: str
    """Which one: ``input.0.lock`` and the like, or its hash."""


class MockTransaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The file."""

    mock_info: MockInfo
    tx: Transaction
    expect: tuple[ScriptExpectation, ...] | msgspec.UnsetType = msgspec.UNSET
    """Ours: ckb-debugger passes over it. Scripts that are not named must end with exit code 0."""
