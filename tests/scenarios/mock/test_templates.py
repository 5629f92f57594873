"""Templates in a mock transaction's text (``transaction`` §12)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.mock.templates import replaced
from spawnlab.scheduler.chain import TYPE, Script
from spawnlab.scheduler.hashing import ckb_hash
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH
from spawnlab.scheduler.verify.verifier import Verifier

from ...scheduler.programs import SMALLEST
from . import files
from .files import read_mock


def test_each_kind(tmp_path: Path) -> None:
    (tmp_path / "a b").write_bytes(b"\x01\x02")
    made = Script(TYPE_ID_CODE_HASH, TYPE, b"one")
    text = replaced('0x{{ data a b }} {{hash a b}} "{{ def_type one }}" {{ ref_type one }}', tmp_path)
    script = f'{{"code_hash":"0x{TYPE_ID_CODE_HASH.hex()}","hash_type":"type","args":"0x6f6e65"}}'
    assert text == f"0x0102 {ckb_hash(bytes((1, 2))).hex()} {script} {made.hash().hex()}"


def test_a_type_that_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "code").write_bytes(SMALLEST)
    values = files.worked()
    files.put(values, "mock_info.cell_deps.0.data", "0x{{ data code }}")
    files.put(values, "mock_info.cell_deps.0.output.type", "{{ def_type lock }}")
    lock = {"code_hash": "0x{{ ref_type lock }}", "hash_type": "type", "args": "0x"}
    files.put(values, "mock_info.inputs.0.output.lock", lock)
    assert Verifier(read_mock(files.written(tmp_path, values)).resolved).verify(1000) == 539


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n{{ data gone }}", "2: {{ data gone }}: "),
        ("{{ hash gone }}", "gone: No such file or directory"),
        ("{{ data . }}", "no plain file"),
        ("{{ ref_type x }}", "no def_type defines the type 'x'"),
        ("{{ def_type lock }} {{ ref_type lokc }}", "no def_type defines the type 'lokc'; did you mean 'lock'?"),
        ("{{ def_type x }}\n{{ def_type x }}", "2: {{ def_type x }}: the type 'x' is defined twice"),
        ("{{ dat x }}", "there is no template 'dat'; did you mean 'data'?"),
    ],
)
def test_what_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        replaced(text, tmp_path)
    assert said in str(caught.value)


def test_the_line_of_an_error_behind_a_template(tmp_path: Path) -> None:
    (tmp_path / "code").write_bytes(SMALLEST * 100)
    values = files.worked()
    files.put(values, "mock_info.cell_deps.0.data", "0x{{ data code }}")
    files.put(values, "tx.version", 3)
    file = files.written(tmp_path, values)
    with pytest.raises(ScenarioError) as caught:
        read_mock(file)
    lines = file.read_text().splitlines()
    number = next(index for index, line in enumerate(lines, 1) if line.strip().startswith('"version": 3'))
    assert caught.value.line == number
    assert caught.value.text == lines[number - 1]


@given(st.text())
def test_any_text_is_replaced_or_refused(text: str) -> None:
    try:
        made = replaced(text, Path())
    except ScenarioError:
        return
    assert made == text or "{{" in text
