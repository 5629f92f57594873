"""The member ``expect`` of a mock transaction: read, written, and what is wrong with it said by line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scenarios.build import build_file, read_transaction
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.mock import expectations as expecting_scripts
from spawnlab.scenarios.mock import scripts
from spawnlab.scenarios.mock.expectations import with_expectations
from spawnlab.scenarios.mock.model import ScriptExpectation
from spawnlab.scenarios.mock.read import parse_mock
from spawnlab.scenarios.mock.write import mock_text
from spawnlab.scenarios.model import Expectation
from spawnlab.scheduler.verify.groups import ScriptGroup
from spawnlab.scheduler.verify.verifier import Verifier

from . import files

HASH = "0xe861bf617645438da76a09966481f4e718a27f168395b34c6c6ccc572f787236"
"""Of the worked example's lock."""


def expecting(folder: Path, *expect: dict[str, Any]) -> Path:
    return files.written(folder, {**files.worked(), "expect": list(expect)})


@pytest.mark.parametrize("script", ["input.0.lock", HASH])
def test_a_script_of_the_file_is_expected_to_come_to_that(script: str, tmp_path: Path) -> None:
    file = expecting(tmp_path, {"script": script, "exit_code": 3, "cycles": {"max": 600}})
    made = build_file(tmp_path / f"{file.name}#input.0.lock")
    assert made.scenario.expect.exit_code == 3
    assert type(made.scenario.expect) is Expectation
    assert list(read_transaction(file).expected.values()) == [made.scenario.expect]


def test_what_a_scenario_says_itself_comes_first(tmp_path: Path) -> None:
    expecting(tmp_path, {"script": "input.0.lock", "exit_code": 3})
    (tmp_path / "silent.toml").write_text('transaction = "tx.json"\n')
    (tmp_path / "says.toml").write_text('transaction = "tx.json"\n[expect]\ncycles = 539\n')
    assert build_file(tmp_path / "silent.toml").scenario.expect == Expectation(exit_code=3)
    assert build_file(tmp_path / "says.toml").scenario.expect == Expectation(cycles=539)


@pytest.mark.parametrize(
    ("expect", "path", "said"),
    [
        ([{"exit_code": 0}], "$.expect[0]", "the field 'script' is missing"),
        ([{"script": "input.0.lock", "cycels": 1}], "$.expect[0].cycels", "did you mean 'cycles'?"),
        ([{"script": "input.0.lock", "exit_code": 300}], "$.expect[0].exit_code", "<= 127"),
        ([{"script": "input.1.lock"}], "$.expect[0].script", "there is 1 input"),
        ([{"script": "input.0.lock"}, {"script": HASH}], "$.expect[1].script", "of which something is expected above"),
        ({"input.0.lock": 3}, "$.expect", "Expected `array`, got `object`"),
    ],
)
def test_mistakes(expect: object, path: str, said: str, tmp_path: Path) -> None:
    file = files.written(tmp_path, {**files.worked(), "expect": expect})
    with pytest.raises(ScenarioError) as caught:
        read_transaction(file)
    assert caught.value.path == path
    assert said in caught.value.message
    assert caught.value.line is not None
    assert file.read_text().splitlines()[caught.value.line - 1] == caught.value.text


NAMED = st.builds(
    ScriptExpectation,
    script=st.sampled_from(("input.0.lock", HASH, 'quoted "name" }', "expect")),
    exit_code=st.one_of(st.none(), st.integers(-128, 127)),
    error=st.one_of(st.none(), st.text()),
    cycles=st.integers(0, 1 << 63),
    log=st.one_of(st.none(), st.lists(st.text(), max_size=3).map(tuple)),
)


@given(first=st.lists(NAMED, max_size=3), second=st.lists(NAMED, max_size=3), end=st.sampled_from(("", "\n", " \n ")))
def test_writing_it_changes_nothing_else(
    first: list[ScriptExpectation], second: list[ScriptExpectation], end: str
) -> None:
    """Twice, since the second replaces the first."""
    text = json.dumps(files.worked(), indent=1) + end
    plain = parse_mock(text, Path())
    once = with_expectations(text, plain, first)
    read = parse_mock(once, Path())
    assert read.file.expect == tuple(first)
    twice = with_expectations(once, read, second)
    assert parse_mock(twice, Path()).file.expect == tuple(second)
    assert twice.startswith(text.rstrip().removesuffix("}").rstrip())
    assert parse_mock(mock_text(read), Path()).file == read.file


def test_templates_stay(tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(files.SMALLEST)
    values = files.put(files.worked(), "mock_info.cell_deps.0.data", "0x{{ data program }}")
    text = json.dumps(values).replace(json.dumps(files.ANYONE), "{{ def_type any }}", 1)
    assert "{{ def_type any }}" in text
    new = with_expectations(text, parse_mock(text, tmp_path), [ScriptExpectation(script="input.0.lock", cycles=539)])
    assert new.startswith(text[:-1])
    assert read_transaction(files.written(tmp_path, new)).expected


def test_only_the_last_member_is_written_anew() -> None:
    text = json.dumps({"expect": [], **files.worked()})
    with pytest.raises(ScenarioError, match="it must be the last member"):
        with_expectations(text, parse_mock(text, Path()), [])


def test_scripts_are_named_once_for_all_that_is_expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many scripts each would be looked for among all."""
    file = expecting(tmp_path, {"script": "input.0.lock"})
    calls: list[object] = []
    named = scripts.scripts_by_name

    def counted(verifier: Verifier) -> Mapping[str, ScriptGroup]:
        calls.append(verifier)
        return named(verifier)

    monkeypatch.setattr(scripts, "scripts_by_name", counted)
    monkeypatch.setattr(expecting_scripts, "scripts_by_name", counted)
    assert read_transaction(file).expected
    assert len(calls) == 1
