"""Files that mean no good, or are none: a typed error, soon, and little memory."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.load import read_all, read_file, read_text
from spawnlab.scenarios.mock import read, templates
from spawnlab.scenarios.mock.read import parse_mock
from spawnlab.scheduler.chain import OutPoint
from spawnlab.scheduler.verify.resolving import DEPS_MAX

from ...scheduler.verify.worlds import out_point_vec
from . import files
from .files import read_mock

SPECIAL = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a host without devices that are files")


@SPECIAL
def test_a_device_without_an_end() -> None:
    with pytest.raises(ScenarioError, match=r"/dev/zero: more than 3,000,000 bytes"):
        read_file(Path("/dev/zero"), size_max=3_000_000)


@SPECIAL
@pytest.mark.parametrize("kind", ["data", "hash"])
def test_templates_of_what_is_no_plain_file(kind: str, tmp_path: Path) -> None:
    """A pipe would be waited for, and a device never end."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "/dev/zero", "."):
        with pytest.raises(ScenarioError, match="no plain file"):
            parse_mock(f'{{"a": "0x{{{{ {kind} {name} }}}}"}}', tmp_path)


def test_a_name_with_a_nul(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no name of a file"):
        parse_mock('{"a": "{{ data a\0b }}"}', tmp_path)
    with pytest.raises(ScenarioError, match="no name of a file"):
        read_text(Path("a\0b"))


def test_what_templates_make_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a thousand bytes, named in each line."""
    (tmp_path / "k").write_bytes(bytes(1000))
    monkeypatch.setattr(templates, "EXPANDED_MAX", 10_000)
    text = json.dumps(["0x{{ data k }}"] * 5, indent=0)
    assert templates.replaced(text, tmp_path).count("0" * 2000) == 5
    with pytest.raises(ScenarioError, match="more than 10,000 characters") as caught:
        templates.replaced(json.dumps(["0x{{ data k }}"] * 6, indent=0), tmp_path)
    assert caught.value.line == 7


def test_a_file_is_read_once_however_often_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "k").write_bytes(b"k")
    reads: list[Path] = []

    def counted(file: Path) -> bytes:
        reads.append(file)
        return read_file(file)

    monkeypatch.setattr(templates, "read_file", counted)
    assert templates.replaced('["{{ data k }}", "{{ data k }}", "{{ data k }}"]', tmp_path).count("6b") == 3
    assert len(reads) == 1


@pytest.mark.parametrize("text", [r'{"mock_info": {"\ud800": 1}}', r'{"tx": {"\udfff": 1}, "mock_info": "\ud83d"}'])
def test_halves_of_characters(text: str) -> None:
    with pytest.raises(ScenarioError, match=r"is half of a character"):
        parse_mock(text, Path())


def test_whole_characters_are_taken(tmp_path: Path) -> None:
    values = files.put(files.worked(), "note", "\U0001f600")
    text = json.dumps(values)
    assert r"\ud83d" in text
    assert read_mock(files.written(tmp_path, text)).transaction.version == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_other_encodings(encoding: str, tmp_path: Path) -> None:
    """A mark in front of UTF-8 is what some editors write; UTF-16 is named."""
    file = tmp_path / "tx.json"
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    file.write_bytes(mark + json.dumps(files.worked()).encode(encoding))
    if encoding == "utf-8-sig":
        assert read_mock(file).transaction.version == 0
        return
    with pytest.raises(ScenarioError, match=r"tx\.json: the text is UTF-16: save it as UTF-8"):
        read_mock(file)


def test_streams_are_read_up_to_a_limit() -> None:
    assert read_all(io.BytesIO(bytes(5_000_000)), 5_000_000) == bytes(5_000_000)
    with pytest.raises(ScenarioError, match="more than 4,999,999 bytes"):
        read_all(io.BytesIO(bytes(5_000_000)), 4_999_999)


def with_group(members: int, times: int) -> Any:
    """A dep group that is named so many times."""
    values = files.worked()
    info, tx = values["mock_info"], values["tx"]
    (code,) = info["cell_deps"]
    cell_dep = {"out_point": {"tx_hash": "0x" + "dd" * 32, "index": "0x0"}, "dep_type": "dep_group"}
    listed = out_point_vec(*[OutPoint(b"\xaa" * 32, 0)] * members)
    info["cell_deps"].append({**code, "cell_dep": cell_dep, "data": f"0x{listed.hex()}"})
    tx["cell_deps"] = [cell_dep] * times
    return values


def test_a_dep_group_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    members = read.members

    def counted(mock: Any) -> Any:
        calls.append(mock)
        return members(mock)

    monkeypatch.setattr(read, "members", counted)
    mock = read_mock(files.written(tmp_path, with_group(3, 100)))
    assert len(mock.resolved.cell_deps) == 300
    assert len(calls) == 1


@pytest.mark.parametrize(("times", "fits"), [(1, True), (2, False)])
def test_as_many_deps_as_there_may_be(times: int, fits: bool, tmp_path: Path) -> None:
    file = files.written(tmp_path, with_group(DEPS_MAX, times))
    if fits:
        assert len(read_mock(file).resolved.cell_deps) == DEPS_MAX
        return
    with pytest.raises(ScenarioError, match="OverMaxDepExpansionLimit") as caught:
        read_mock(file)
    assert caught.value.path == "$.tx.cell_deps"


def test_what_can_not_be_resolved_is_said_with_its_place(tmp_path: Path) -> None:
    """An input twice, and a dep group that is no list."""
    values = files.worked()
    for place in (values["tx"]["inputs"], values["mock_info"]["inputs"]):
        place.append(place[0])
    with pytest.raises(ScenarioError, match=r"can't be resolved: Dead\(OutPoint") as caught:
        _ = read_mock(files.written(tmp_path, values)).resolved
    assert caught.value.path == "$.tx.inputs[1]"
    values = with_group(1, 1)
    values["mock_info"]["cell_deps"][1]["data"] = "0x"
    values["tx"]["cell_deps"].insert(0, values["mock_info"]["cell_deps"][0]["cell_dep"])
    with pytest.raises(ScenarioError, match=r"can't be resolved: InvalidDepGroup\(OutPoint") as caught:
        _ = read_mock(files.written(tmp_path, values)).resolved
    assert caught.value.path == "$.tx.cell_deps[1]"


def test_of_equal_headers_and_cells_the_first_counts(tmp_path: Path) -> None:
    values = files.worked()
    info, tx = values["mock_info"], values["tx"]
    info["header_deps"] = [files.header(), {**files.header(), "version": "0x9"}]
    tx["header_deps"] = [files.header()["hash"]]
    info["cell_deps"].append({**info["cell_deps"][0], "data": "0x99"})
    info["inputs"].append({**info["inputs"][0], "data": "0x99"})
    resolved = read_mock(files.written(tmp_path, values)).resolved
    assert [header.version for header in resolved.headers.values()] == [0]
    assert resolved.cell_deps[0].data == files.SMALLEST
    assert resolved.inputs[0].data == b""
