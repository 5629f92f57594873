"""The cells of a scenario's transaction, as its file has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec

from ..scheduler.chain import DATA, DATA1, DATA2, TYPE, CellDep, Header, OutPoint, Script
from ..scheduler.hashing import data_hash
from ..scheduler.mockup import THE_SCRIPT, MockCell, Surroundings
from .errors import ScenarioError
from .names import nearest

Bytes = Annotated[str, msgspec.Meta(description="hexadecimal after 0x, else a text, as UTF-8")]
U64 = Annotated[int, msgspec.Meta(ge=0)]
Hash = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{64}$", description="32 bytes, hexadecimal after 0x")]
_HASH_TYPES = {"data": DATA, "type": TYPE, "data1": DATA1, "data2": DATA2}
_CAPACITY = 10_000_000_000
_U64_MAX = (1 << 64) - 1


class ScriptModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A script: code by one of the scenario's programs or by hash, and its args."""

    program: str | None = None
    code_hash: Hash | None = None
    hash_type: Literal["data", "type", "data1", "data2"] = "data2"
    args: Bytes = ""


class OutPointModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Where a cell was made."""

    tx_hash: Hash
    index: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF_FFFF)]


class CellModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A cell. ``lock`` and ``type`` may be ``"this"``, the script that runs; the first input's lock is that if the
    scenario's group is ``lock``, and all other locks are the all-zero script, unless they are given."""

    data: Bytes = ""
    capacity: U64 = _CAPACITY
    """Shannons."""
    lock: ScriptModel | Literal["this"] | None = None
    type: ScriptModel | Literal["this"] | None = None
    since: U64 = 0
    """Of the input that consumes it."""
    out_point: OutPointModel | None = None
    header: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """Which of ``header_deps`` is the block that made it, from 0."""


class HeaderModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A block's header; what is left out is zero."""

    version: U64 = 0
    compact_target: U64 = 0
    timestamp: U64 = 0
    number: U64 = 0
    epoch: U64 = 0
    parent_hash: Hash | None = None
    transactions_root: Hash | None = None
    proposals_hash: Hash | None = None
    extra_hash: Hash | None = None
    dao: Hash | None = None
    nonce: Annotated[int, msgspec.Meta(ge=0)] = 0
    extension: Bytes | None = None
    """The block's extension."""


def bytes_of(text: str, path: str) -> bytes:
    """What a field of type Bytes holds; raises :class:`ScenarioError`."""
    if not text.startswith("0x"):
        return text.encode()
    try:
        return bytes.fromhex(text[2:])
    except ValueError:
        raise ScenarioError("not pairs of hexadecimal digits after 0x", path=path) from None


class CellReader:
    """Makes cells of their models, with the programs at hand that scripts can name."""

    def __init__(self, programs: Mapping[str, bytes], headers: Sequence[HeaderModel]) -> None:
        self._programs = programs
        self._headers = [_header(model, f"$.header_deps[{index}]") for index, model in enumerate(headers)]
        self._hashes = [header.hash() for header in self._headers]
        self._extensions = [
            (self._hashes[index], bytes_of(model.extension, f"$.header_deps[{index}].extension"))
            for index, model in enumerate(headers)
            if model.extension is not None
        ]

    def cells(self, models: Sequence[CellModel], path: str) -> list[MockCell]:
        """The cells; raises :class:`ScenarioError`."""
        return [self._cell(model, f"{path}[{index}]") for index, model in enumerate(models)]

    def surroundings(self, cells: Sequence[MockCell]) -> Surroundings:
        """What else the transaction names: the headers, and the out points of the deps that have one."""
        return Surroundings(
            tx_cell_deps=tuple(CellDep(cell.out_point) for cell in cells if cell.out_point != OutPoint()),
            header_deps=tuple(self._hashes),
            headers=tuple(zip(self._hashes, self._headers, strict=True)),
            extensions=tuple(self._extensions),
        )

    def _cell(self, model: CellModel, path: str) -> MockCell:
        for name in ("capacity", "since"):
            _fits(getattr(model, name), _U64_MAX, f"{path}.{name}")
        if model.header is not None and model.header >= len(self._hashes):
            raise ScenarioError(f"there are {len(self._hashes)} header_deps", path=f"{path}.header")
        return MockCell(
            lock=self._script(model.lock, f"{path}.lock"),
            type=self._script(model.type, f"{path}.type"),
            capacity=model.capacity,
            data=bytes_of(model.data, f"{path}.data"),
            block_hash=None if model.header is None else self._hashes[model.header],
            out_point=_out_point(model.out_point),
            since=model.since,
        )

    def _script(self, model: ScriptModel | str | None, path: str) -> Script | None:
        if model is None:
            return None
        if isinstance(model, str):
            return THE_SCRIPT
        if (model.program is None) == (model.code_hash is None):
            raise ScenarioError("give either program or code_hash", path=path)
        args = bytes_of(model.args, f"{path}.args")
        if model.code_hash is not None:
            return Script(bytes.fromhex(model.code_hash[2:]), _HASH_TYPES[model.hash_type], args)
        name = model.program or ""
        if name not in self._programs:
            raise ScenarioError(f"there is no program {name!r}{nearest(name, self._programs)}", path=f"{path}.program")
        if model.hash_type == "type":
            raise ScenarioError("a program is found by the hash of its data", path=f"{path}.hash_type")
        return Script(data_hash(self._programs[name]), _HASH_TYPES[model.hash_type], args)


def _out_point(model: OutPointModel | None) -> OutPoint:
    return OutPoint() if model is None else OutPoint(bytes.fromhex(model.tx_hash[2:]), model.index)


_NARROW = {"version": 0xFFFF_FFFF, "compact_target": 0xFFFF_FFFF, "nonce": (1 << 128) - 1}


def _header(model: HeaderModel, path: str) -> Header:
    values: dict[str, int | bytes] = {}
    for name in Header.__struct_fields__:
        value = getattr(model, name)
        if isinstance(value, int):
            values[name] = _fits(value, _NARROW.get(name, _U64_MAX), f"{path}.{name}")
        elif value is not None:
            values[name] = bytes.fromhex(value[2:])
    return msgspec.structs.replace(Header(), **values)


def _fits(value: int, most: int, path: str) -> int:
    if value > most:
        raise ScenarioError(f"{value} is more than {most:,}", path=path)
    return value
