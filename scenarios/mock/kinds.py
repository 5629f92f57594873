"""What a file is that was taken for another kind."""

from __future__ import annotations

from typing import Any, cast

from ..errors import ScenarioError
from ..formats import parse
from ..load import text_of

_RAW = ("cell_deps", "inputs", "outputs")
RAW = (
    'this is a transaction without the cells that it names: a mock transaction has them, as {"mock_info": ..., '
    '"tx": ...}; `ckb-cli mock-tx dump --tx-hash HASH --output-file TX.json` asks a node for them'
)
SCENARIO = "this is a scenario: `spawnlab run` plays it, and `spawnlab convert` makes a mock transaction of it"
ELF = "this is an ELF file: `spawnlab run` plays it; `--bin` puts it in the place of a script's program"


def is_raw(values: Any) -> bool:
    """Whether values of JSON are a transaction without its cells."""
    return isinstance(values, dict) and "mock_info" not in values and all(name in values for name in _RAW)


def kind_of(content: bytes, suffix: str = ".json") -> str | None:
    """What a file is that is no mock transaction, in words; ``None`` where it may mean to be one, or be anything."""
    if content.startswith(b"\x7fELF"):
        return ELF
    if suffix not in (".toml", ".yaml", ".yml"):
        suffix = ".json"
    try:
        values: Any = parse(text_of(content), suffix)
    except ScenarioError:
        return None
    if is_raw(values):
        return RAW
    fields = cast("dict[str, Any]", values) if isinstance(values, dict) else {}
    return SCENARIO if "mock_info" not in fields and ("programs" in fields or "transaction" in fields) else None
