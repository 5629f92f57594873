"""What is said of a transaction before it runs: what is no error, and yet not meant (``transaction`` §7, §12)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spawnlab.scenarios.mock.checks import oddities
from spawnlab.scheduler.hashing import data_hash
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH
from spawnlab.scheduler.verify.verifier import Verifier

from . import files
from .files import read_mock

OTHER = b"\x7fELF other"


def notes(folder: Path, values: Any) -> list[str]:
    mock = read_mock(files.written(folder, values))
    return list(oddities(mock, Verifier(mock.resolved)))


def locked(values: Any, **fields: str) -> Any:
    """The file with another lock of its only input."""
    lock = values["mock_info"]["inputs"][0]["output"]["lock"]
    lock.update(fields)
    return values


def test_nothing_is_odd_about_the_worked_example(tmp_path: Path) -> None:
    assert notes(tmp_path, files.worked()) == []


def test_a_hash_that_no_dep_has(tmp_path: Path) -> None:
    wanted = data_hash(OTHER).hex()
    assert notes(tmp_path, locked(files.worked(), code_hash=f"0x{wanted}")) == [
        f"input.0.lock: no cell dep has the data hash 0x{wanted}; data hashes of cell deps: "
        f"0x{data_hash(files.SMALLEST).hex()}"
    ]


def test_the_other_kind_of_hash(tmp_path: Path) -> None:
    """A data hash with hash type ``type``."""
    (note,) = notes(tmp_path, locked(files.worked(), hash_type="type"))
    assert note.startswith("input.0.lock: no cell dep has the type script hash 0x")
    assert note.endswith("; it is the data hash of cell dep 0: is another hash_type meant?")


def test_code_in_an_input(tmp_path: Path) -> None:
    values = locked(files.worked(), code_hash=f"0x{data_hash(OTHER).hex()}")
    files.put(values, "mock_info.inputs.0.data", f"0x{OTHER.hex()}")
    (note,) = notes(tmp_path, values)
    assert note.endswith("; an input has it, but only cell deps count")


def test_the_zero_hash_is_of_no_code(tmp_path: Path) -> None:
    """It is the data hash of every cell without data (X1)."""
    assert notes(tmp_path, locked(files.worked(), code_hash=files.ZERO)) == [
        f"input.0.lock: no cell dep has the data hash {files.ZERO}, which no code has: is it not to run?"
    ]


def test_several_that_differ(tmp_path: Path) -> None:
    values = files.worked()
    dep = values["mock_info"]["cell_deps"][0]
    kind = files.script(b"kind")
    dep["output"]["type"] = kind
    out_point = {"tx_hash": "0x" + "aa" * 32, "index": "0x1"}
    other = {**dep, "cell_dep": {"out_point": out_point, "dep_type": "code"}, "data": f"0x{OTHER.hex()}"}
    values["mock_info"]["cell_deps"].append(other)
    values["tx"]["cell_deps"].append(other["cell_dep"])
    mock = read_mock(files.written(tmp_path, values))
    type_script = mock.resolved.cell_deps[0].output.type
    assert type_script is not None
    (note,) = notes(tmp_path, locked(values, code_hash=f"0x{type_script.hash().hex()}", hash_type="type"))
    assert note.startswith("input.0.lock: several cell deps have the type script hash 0x")


@pytest.mark.parametrize(("hash_type", "said"), [("data3", "InvalidScriptHashType: "), ("data127", "Data127")])
def test_a_hash_type_that_is_none_yet(hash_type: str, said: str, tmp_path: Path) -> None:
    (note,) = notes(tmp_path, locked(files.worked(), hash_type=hash_type))
    assert note.startswith("input.0.lock: InvalidScriptHashType: ")
    assert said in note


def test_the_type_id_script_needs_no_code(tmp_path: Path) -> None:
    type_id = {"code_hash": f"0x{TYPE_ID_CODE_HASH.hex()}", "hash_type": "type", "args": "0x"}
    assert notes(tmp_path, files.put(files.worked(), "tx.outputs.0.type", type_id)) == []


def test_what_the_transaction_does_not_name(tmp_path: Path) -> None:
    values = files.worked()
    info = values["mock_info"]
    out_point = {"tx_hash": "0x" + "ee" * 32, "index": "0x2"}
    info["inputs"].append({**info["inputs"][0], "input": {"since": "0x0", "previous_output": out_point}})
    info["cell_deps"].append({**info["cell_deps"][0], "cell_dep": {"out_point": out_point, "dep_type": "code"}})
    info["header_deps"].append(files.header())
    there = "is not among $.tx.{}, and is not seen by any script"
    assert notes(tmp_path, values) == [
        f"$.mock_info.cell_deps[1]: 2 of 0x{'ee' * 32} {there.format('cell_deps')}",
        f"$.mock_info.inputs[1]: 2 of 0x{'ee' * 32} {there.format('inputs')}",
        f"$.mock_info.header_deps[0]: 0x{'07' * 32} {there.format('header_deps')}",
    ]


def test_members_of_a_dep_group_are_named_by_it(tmp_path: Path) -> None:
    values = files.worked()
    info = values["mock_info"]
    member = bytes.fromhex("aa" * 32) + bytes(4)
    cell_dep = {"out_point": {"tx_hash": "0x" + "dd" * 32, "index": "0x0"}, "dep_type": "dep_group"}
    info["cell_deps"].append({**info["cell_deps"][0], "cell_dep": cell_dep, "data": f"0x01000000{member.hex()}"})
    values["tx"]["cell_deps"] = [cell_dep]
    assert notes(tmp_path, values) == []


@pytest.mark.parametrize("contents", [[], ["0x", "0x"]])
def test_outputs_and_their_data(contents: list[str], tmp_path: Path) -> None:
    (note,) = notes(tmp_path, files.put(files.worked(), "tx.outputs_data", contents))
    assert note.startswith(f"$.tx has 1 outputs and {len(contents)} outputs_data: ")


def test_type_hashes_are_listed_for_a_type(tmp_path: Path) -> None:
    values = locked(files.worked(), code_hash=f"0x{data_hash(OTHER).hex()}", hash_type="type")
    (note,) = notes(tmp_path, values)
    assert note.endswith("; no cell dep has a type script")
    values["mock_info"]["cell_deps"][0]["output"]["type"] = files.ANYONE
    (note,) = notes(tmp_path, values)
    assert "; type script hashes of cell deps: 0x" in note
    files.put(values, "tx.cell_deps", [])
    assert notes(tmp_path, values)[0].endswith("; there are no cell deps")


def test_of_many_scripts_without_code_some_are_named(tmp_path: Path) -> None:
    values = files.worked()
    (given,) = values["mock_info"]["inputs"]
    values["mock_info"]["inputs"], values["tx"]["inputs"] = [], []
    for index in range(20):
        spent = {"since": "0x0", "previous_output": {"tx_hash": "0x" + "bb" * 32, "index": hex(index)}}
        lock = files.script(bytes([index]))
        values["mock_info"]["inputs"].append({**given, "input": spent, "output": {**given["output"], "lock": lock}})
        values["tx"]["inputs"].append(spent)
    found = notes(tmp_path, values)
    assert len(found) == 9
    assert all("no cell dep has the data hash 0x" in note for note in found[:8])
    assert found[8] == "12 more scripts have no code"
