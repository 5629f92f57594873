"""Mock transactions that are read, and those that are refused (``transaction`` §12, X10 to X12)."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.mock.model import MockTransaction as Model
from spawnlab.scenarios.mock.read import parse_mock
from spawnlab.scenarios.mock.values import U32, U64, U128, Hash, HashType, Hex, decode, encode
from spawnlab.scenarios.mock.write import mock_text
from spawnlab.scheduler.chain import OutPoint
from spawnlab.scheduler.verify.verifier import Verifier

from ...scheduler.programs import SMALLEST
from ...scheduler.verify.worlds import out_point_vec
from . import files
from .files import read_mock

_PLAIN = st.none() | st.booleans() | st.integers() | st.text()
ANY_JSON = st.recursive(_PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
OPTIONAL = ("type", "header", "extensions")
"""Members that may be left out."""


def error_of(folder: Path, values: Any) -> str:
    """What is said of a file, without the file's name."""
    file = files.written(folder, values)
    with pytest.raises(ScenarioError) as caught:
        _ = read_mock(file).resolved
    said = str(caught.value.in_file(str(file)))
    assert said.startswith(str(file))
    return said.removeprefix(f"{file}:")


def test_the_worked_example(tmp_path: Path) -> None:
    mock = read_mock(files.written(tmp_path, files.worked()))
    assert mock.transaction.hash.hex() == "0f470d0d246e634c50fc4ccd69f9bdd5e6ed5d55c30398393eb13aefc1831aa6"
    assert len(mock.transaction.raw) == 222
    assert len(mock.transaction.encoded) == 250
    verifier = Verifier(mock.resolved)
    assert [group.hash.hex()[:8] for group in verifier.groups] == ["e861bf61"]
    assert verifier.verify(1000) == 539
    assert mock.resolved.inputs[0].block_hash == bytes(32)  # X11


@pytest.mark.parametrize("path", [path for path in files.members(files.worked()) if not path[-1].isdigit()])
def test_each_member_is_missed_by_its_path(path: str, tmp_path: Path) -> None:
    values = files.leave_out(files.worked(), path)
    if path.rpartition(".")[2] in OPTIONAL:
        assert Verifier(read_mock(files.written(tmp_path, values)).resolved).verify(1000) == 539
        return
    said = error_of(tmp_path, values)
    parent, _, last = path.rpartition(".")
    assert f"the field {last!r} is missing" in said
    assert parent == "" or f"${_path(parent)}:" in said


def _path(path: str) -> str:
    return "".join(f"[{key}]" if key.isdigit() else f".{key}" for key in path.split("."))


@pytest.mark.parametrize(
    "wrong", [3, -1, None, True, "", "0x0g", "zz", [], {}, ["0x0"], {"x": 1}, 1.5, "0x" + "f" * 5000]
)
@pytest.mark.parametrize("path", files.members(files.worked()))
def test_each_member_of_the_wrong_kind_is_named_by_its_path(path: str, wrong: Any, tmp_path: Path) -> None:
    file = files.written(tmp_path, files.put(files.worked(), path, wrong))
    said = _refused(file)
    if said is not None and "can't be resolved" not in said and "$.tx." not in said:
        assert said.startswith(str(file))
        assert f"${_path(path)}" in said


def _refused(file: Path) -> str | None:
    """What is said of a file; ``None`` for one that is taken: an empty list, none for what may be left out, bytes."""
    try:
        _ = read_mock(file).resolved
    except ScenarioError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("tx.version", "0x01", "'0x01' has zeros in front: a number is a text such as \"0x1f\""),
        ("tx.version", "0x", "'0x' has no digits"),
        ("tx.version", "1", "'1' does not begin with 0x"),
        ("tx.version", "0x100000000", "'0x100000000' is more than 32 bits hold"),
        ("tx.inputs.0.since", "0x10000000000000000", "is more than 64 bits hold"),
        ("tx.inputs.0.since", "0x+1", "'0x+1' has something else than hexadecimal digits"),
        ("tx.inputs.0.since", 0, "a number is no text"),
        ("tx.witnesses.0", "0x123", "'0x123' has an odd number of digits: bytes are a text such as"),
        ("tx.cell_deps.0.out_point.tx_hash", "0xaa", "'0xaa' has 1 bytes: a hash is a text of \"0x\" and 64"),
        ("tx.cell_deps.0.dep_type", "group", "Invalid enum value 'group'"),
        (
            "mock_info.inputs.0.output.lock.hash_type",
            "data128",
            "'data128' is no hash type: data, type, data1 or data2",
        ),
        ("mock_info.inputs.0.output.lock.hash_type", "data0", "'data0' is no hash type"),
        ("mock_info.inputs.0.output.lock.arg", "0x", "there is no such field here; did you mean 'args'?"),
        ("tx.hash", files.ZERO, "there is no such field here"),
    ],
)
def test_what_is_said(path: str, value: Any, said: str, tmp_path: Path) -> None:
    text = error_of(tmp_path, files.put(files.worked(), path, value))
    assert f"${_path(path)}: " in text
    assert said in text
    assert text.splitlines()[0].partition(":")[0].isdigit()  # the line


def test_wrappers_and_headers_may_have_other_members(tmp_path: Path) -> None:
    values = files.worked()
    values["mock_info"]["header_deps"] = [files.header()]
    wrappers = ("mock_info.inputs.0", "mock_info.cell_deps.0", "mock_info.header_deps.0")
    for path in ("note", "mock_info.note", *(f"{wrapper}.note" for wrapper in wrappers)):
        files.put(values, path, {"any": "thing"})
    assert Verifier(read_mock(files.written(tmp_path, values)).resolved).verify(1000) == 539


def test_an_input_is_found_by_all_of_it(tmp_path: Path) -> None:
    """X10."""
    said = error_of(tmp_path, files.put(files.worked(), "tx.inputs.0.since", "0x5"))
    assert "$.tx.inputs[0]: no input of $.mock_info.inputs is of 0 of 0xbbbb" in said
    assert "since 0x5; one is since 0x0, and must be the same" in said
    said = error_of(tmp_path, files.put(files.worked(), "tx.inputs.0.previous_output.index", "0x5"))
    assert "is of 5 of 0xbbbb" in said
    assert "one is since" not in said


def test_deps_that_are_missing(tmp_path: Path) -> None:
    said = error_of(tmp_path, files.put(files.worked(), "tx.cell_deps.0.out_point.index", "0x9"))
    assert "$.tx.cell_deps[0]: no cell of $.mock_info.cell_deps has the out point 9 of 0xaaaa" in said
    values = files.worked()
    group = out_point_vec(OutPoint(b"\xaa" * 32, 0), OutPoint(b"\xcc" * 32, 4))
    for place in (values["tx"]["cell_deps"][0], values["mock_info"]["cell_deps"][0]["cell_dep"]):
        place["dep_type"] = "dep_group"
    values["mock_info"]["cell_deps"][0]["data"] = f"0x{group.hex()}"
    assert "$.tx.cell_deps[0]: member 1 of the dep group is not among" in error_of(tmp_path, values)
    values["mock_info"]["cell_deps"][0]["data"] = "0x00"
    assert "the transaction can't be resolved: InvalidDepGroup(OutPoint(0xaaaa" in error_of(tmp_path, values)


def test_members_of_a_dep_group(tmp_path: Path) -> None:
    values = files.worked()
    code = values["mock_info"]["cell_deps"][0]
    out_point = {"tx_hash": "0x" + "dd" * 32, "index": "0x0"}
    cell_dep = {"out_point": out_point, "dep_type": "dep_group"}
    data = out_point_vec(OutPoint(b"\xaa" * 32, 0))
    values["mock_info"]["cell_deps"] += [{**code, "cell_dep": cell_dep, "data": f"0x{data.hex()}"}]
    values["tx"]["cell_deps"] = [cell_dep]
    mock = read_mock(files.written(tmp_path, values))
    assert [cell.data for cell in mock.resolved.cell_deps] == [SMALLEST]
    assert Verifier(mock.resolved).verify(1000) == 539


def test_headers_are_known_by_the_hash_that_is_given(tmp_path: Path) -> None:
    values = files.worked()
    values["mock_info"]["header_deps"] = [files.header(7), files.header(8)]
    values["mock_info"]["extensions"] = [["0x" + "07" * 32, "0x1234"]]
    values["tx"]["header_deps"] = ["0x" + "07" * 32]
    resolved = read_mock(files.written(tmp_path, values)).resolved
    assert {block: header.number for block, header in resolved.headers.items()} == {b"\7" * 32: 7}
    assert resolved.extensions == {b"\7" * 32: b"\x12\x34"}
    values["tx"]["header_deps"] = [files.ZERO]
    assert "$.tx.header_deps[0]: no header of $.mock_info.header_deps has the hash 0x0000" in error_of(tmp_path, values)


@pytest.mark.parametrize(
    "text", ["", " ", "[]", "3", "null", '"x"', "{", "[" * 100_000, '{"a":' * 50_000, "\ufeff{}", "{}"]
)
def test_what_is_no_mock_transaction(text: str, tmp_path: Path) -> None:
    assert error_of(tmp_path, text)


def test_fields_that_are_given_twice(tmp_path: Path) -> None:
    assert "the field 'tx' is given twice" in error_of(tmp_path, '{"mock_info": 1, "tx": 2, "tx": 3}')


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    """What a megabyte of the worst kinds comes to."""
    many = files.worked()
    many["tx"]["witnesses"] = ["0x"] * 150_000
    deep = '{"mock_info": ' + "[" * 1_000_000
    for values in (many, deep):
        file = files.written(tmp_path, values)
        assert file.stat().st_size < 2 << 20
        tracemalloc.start()
        with contextlib.suppress(ScenarioError):
            _ = read_mock(file).resolved
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 100 << 20


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_read_or_refused(values: Any) -> None:
    with pytest.raises(ScenarioError):
        parse_mock(json.dumps(values), Path())


# Values


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**128 - 1))
def test_numbers_come_back(small: int, large: int, huge: int) -> None:
    for kind, number in ((U32, small), (U64, large), (U128, huge)):
        assert decode(kind, encode(kind(number))) == number
        assert decode(kind, encode(kind(number)).upper().replace("X", "x")) == number


@given(st.binary(max_size=50), st.binary(min_size=32, max_size=32))
def test_bytes_come_back(content: bytes, block_hash: bytes) -> None:
    assert decode(Hex, encode(Hex(content))) == content
    assert decode(Hash, encode(Hash(block_hash))) == block_hash


@given(st.sampled_from([1, *range(0, 256, 2)]))
def test_hash_types_come_back(number: int) -> None:
    assert decode(HashType, encode(HashType(number))) == number


def test_a_file_that_is_written_is_the_same(tmp_path: Path) -> None:
    values = files.worked()
    values["mock_info"]["header_deps"] = [files.header()]
    values["mock_info"]["extensions"] = [[files.ZERO, "0xff"]]
    mock = read_mock(files.written(tmp_path, values))
    again = parse_mock(mock_text(mock), tmp_path)
    assert again.file == mock.file
    assert isinstance(again.file, Model)
    assert mock_text(again) == mock_text(mock)
    assert json.loads(mock_text(mock)) == values
