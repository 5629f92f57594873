"""Writing a mock transaction as ckb-debugger reads it."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from . import model
from .read import MockTransaction
from .values import Hash, HashType, Hex, Number, encode


def mock_text(mock: MockTransaction) -> str:
    """The JSON, without templates, indented as people read it."""
    return msgspec.json.format(msgspec.json.encode(_plain(mock.file)), indent=2).decode() + "\n"


def _plain(value: object) -> object:
    if isinstance(value, Number | HashType | Hash | Hex):
        return encode(value)
    if isinstance(value, model.ScriptExpectation):
        return msgspec.to_builtins(value)
    if isinstance(value, msgspec.Struct):
        fields = zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True)
        made = {encoded: _plain(getattr(value, name)) for name, encoded in fields}
        if isinstance(value, model.MockInfo) and not value.extensions:
            del made["extensions"]
        if isinstance(value, model.MockTransaction) and value.expect is msgspec.UNSET:
            del made["expect"]
        if isinstance(value, model.MockCellDep) and not isinstance(value.name, str):
            del made["name"]
        return made
    if isinstance(value, tuple):
        return [_plain(part) for part in cast("tuple[Any, ...]", value)]
    return value
