"""Errors name the line: in TOML, JSON and YAML, wherever the field stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spawnlab
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.places import line_of

TOML = '''\
title = """
a title of
two lines"""   # and a comment ]
[programs.root]
steps = [
  { op = "log", text = "[ \\" ]" },
  { op = "repeat", times = 2, steps = [
      { op = "log", text = "x" },
      { op = "log", text = "y" },
  ] },
  { op = "exit", code = 3 },
]

[programs.a-b]
asm = \'\'\'
  nop
\'\'\'
[[programs.c.steps]]
op = "exit"
[[programs.c.steps]]
op = "exit"
code = 1
[limits]
cycles = 5
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("$.title", 1),
        ("$.programs.root.steps", 5),
        ("$.programs.root.steps[0].text", 6),
        ("$.programs.root.steps[1]", 7),
        ("$.programs.root.steps[1].steps[0].text", 8),
        ("$.programs.root.steps[1].steps[1]", 9),
        ("$.programs.root.steps[2].code", 11),
        ("$.programs.root.steps[2].missing", 11),
        ("$.programs.a-b.asm", 15),
        ("$.programs.c.steps[0]", 18),
        ("$.programs.c.steps[1].code", 22),
        ("$.limits.cycles", 24),
        ("$.programs", 4),
        ("$.nothing", None),
        ("$", None),
    ],
)
def test_toml(path: str, line: int | None) -> None:
    assert line_of(path, TOML, ".toml") == line


def test_yaml() -> None:
    text = "title: x\nprograms:\n  root:\n    steps:\n"
    text += "      - op: log\n        text: hello\n      - {op: exit,\n         code: 1}\n"
    lines = {
        "$.title": 1,
        "$.programs.root": 3,
        "$.programs.root.steps[0].text": 6,
        "$.programs.root.steps[1].code": 8,
        "$.programs.root.steps[7].code": 4,
        "$.title[0]": 1,
        "$.none": None,
    }
    assert {path: line_of(path, text, ".yaml") for path in lines} == lines


values = st.recursive(
    st.integers() | st.text() | st.none(),
    lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text("abc", min_size=1), inner, min_size=1),
    max_leaves=15,
)


def paths(value: Any, path: str = "$") -> list[str]:
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            found += paths(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
            found += paths(inner, f"{path}[{index}]")
    return found


@given(st.dictionaries(st.text("abc", min_size=1), values, min_size=1), st.data())
def test_json_and_yaml_find_the_same_line(value: dict[str, Any], data: st.DataObject) -> None:
    """One value a line, as json.dumps does it; YAML's parser knows the line."""
    text = json.dumps(value, indent=1)
    path = data.draw(st.sampled_from(paths(value)[1:]))
    assert line_of(path, text, ".json") == line_of(path, text, ".yaml") is not None


def error_of(text: str, suffix: str) -> str:
    with pytest.raises(spawnlab.ScenarioError) as caught:
        parse_scenario(text, suffix)
    return str(caught.value)


def test_an_error_shows_its_line_and_marks_the_field() -> None:
    text = '[programs.root]\nsteps = [\n  { op = "exit", kode = 3 },\n]\n'
    assert error_of(text, ".toml") == (
        "<scenario>:3: $.programs.root.steps[0].kode: there is no such field here; did you mean 'code'?\n"
        '    3 |   { op = "exit", kode = 3 },\n'
        "      |                  ^^^^"
    )


def test_syntax_errors_have_their_line() -> None:
    assert error_of("title = 'x'\nprograms = [", ".toml").startswith("<scenario>:2: not TOML: ")
    assert error_of("title = 'x'\nprograms = {\n\n]", ".toml").startswith("<scenario>:2: not TOML: ")
    assert error_of('{"title": "x",\n "programs": }', ".json").startswith("<scenario>:2: not JSON: Expecting value")
    assert error_of("title: x\nprograms: [}\n", ".yaml").startswith("<scenario>:2: not YAML: while parsing")


def test_fields_that_are_given_twice() -> None:
    assert "the field 'title' is given twice" in error_of('{"title": "x", "title": "y"}', ".json")
    assert "<scenario>:3: not YAML: the field 'title' is given twice, again in line 3" in error_of(
        "title: x\nversion: 2\ntitle: y\n", ".yaml"
    )
    assert "not TOML" in error_of("title = 'x'\ntitle = 'y'", ".toml")


def test_hostile_yaml() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert "its references unfold to too much" in error_of(bomb, ".yaml")
    assert "not YAML" in error_of("!!python/object/apply:os.system [ls]", ".yaml")
    assert "its references unfold to too much" in error_of("a: &a [*a]", ".yaml")
    assert error_of("[" * 5000, ".yaml").startswith("<scenario>: nested too deeply")
    assert "not YAML" in error_of("a: \x00", ".yaml")


def test_numbers_that_are_none_in_json() -> None:
    assert "NaN is no number" in error_of('{"version": NaN}', ".json")
    assert "not JSON" in error_of('{"version": ' + "1" * 5000 + "}", ".json")
