"""Mock transactions for the tests, as values of JSON, to be changed and written."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from spawnlab.scenarios.build import read_transaction
from spawnlab.scenarios.mock.read import MockTransaction
from spawnlab.scheduler.hashing import ckb_hash

from ...scheduler.programs import SMALLEST

ZERO = "0x" + "00" * 32
Values = dict[str, Any]


def script(code: bytes, hash_type: str = "data2", args: str = "0x") -> Values:
    """A script by its code's data."""
    return {"code_hash": f"0x{ckb_hash(code).hex()}", "hash_type": hash_type, "args": args}


ANYONE: Values = {"code_hash": ZERO, "hash_type": "data", "args": "0x"}


def worked() -> Values:
    """The worked example (``transaction`` §13)."""
    given = {"since": "0x0", "previous_output": {"tx_hash": "0x" + "bb" * 32, "index": "0x0"}}
    dep = {"out_point": {"tx_hash": "0x" + "aa" * 32, "index": "0x0"}, "dep_type": "code"}
    lock = script(SMALLEST, args="0x0102")
    return {
        "mock_info": {
            "inputs": [
                {
                    "input": copy.deepcopy(given),
                    "output": {"capacity": "0x174876e800", "lock": lock, "type": None},
                    "data": "0x",
                    "header": None,
                }
            ],
            "cell_deps": [
                {
                    "cell_dep": copy.deepcopy(dep),
                    "output": {"capacity": "0x3e8", "lock": dict(ANYONE), "type": None},
                    "data": f"0x{SMALLEST.hex()}",
                    "header": None,
                }
            ],
            "header_deps": [],
        },
        "tx": {
            "version": "0x0",
            "cell_deps": [dep],
            "header_deps": [],
            "inputs": [given],
            "outputs": [{"capacity": "0x3e8", "lock": dict(ANYONE), "type": None}],
            "outputs_data": ["0x"],
            "witnesses": ["0x11223344"],
        },
    }


def header(number: int = 7) -> Values:
    """A header that is known by a hash of its own."""
    hashes = ("parent_hash", "transactions_root", "proposals_hash", "extra_hash", "dao")
    return {
        "version": "0x0",
        "compact_target": "0x1",
        "timestamp": "0x2",
        "number": hex(number),
        "epoch": "0x3",
        **dict.fromkeys(hashes, ZERO),
        "nonce": "0xffffffffffffffffffffffffffffffff",
        "hash": "0x" + f"{number:02x}" * 32,
    }


def written(folder: Path, values: Any, name: str = "tx.json") -> Path:
    """The file of these values."""
    file = folder / name
    file.write_text(values if isinstance(values, str) else json.dumps(values, indent=1))
    return file


def read_mock(file: Path) -> MockTransaction:
    """What is in a file, resolved; raises as whatever takes one does."""
    return read_transaction(file).mock


def put(values: Any, path: str, value: Any) -> Any:
    """Change what is at a path such as ``tx.inputs.0.since``; gives the whole."""
    *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    place = values
    for key in keys:
        place = place[key]
    place[last] = value
    return values


def leave_out(values: Any, path: str) -> Any:
    """Take out what is at a path; gives the whole."""
    *keys, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    place = values
    for key in keys:
        place = place[key]
    del place[last]
    return values


def members(values: Any, path: str = "") -> list[str]:
    """The paths of all members and items below."""
    inner: Iterable[tuple[object, Any]] = ()
    if isinstance(values, dict):
        inner = cast("Values", values).items()
    elif isinstance(values, list):
        inner = enumerate(cast("list[Any]", values))
    found: list[str] = []
    for key, value in inner:
        here = f"{path}.{key}" if path else str(key)
        found += [here, *members(value, here)]
    return found
