"""Each kind of hint: the document's example has it and runs as is claimed; mended, it runs to its end without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spawnlab.hints.hints import hints_of
from spawnlab.hints.model import ANSWER_KINDS, CERTAIN, CLAIMS, DEADLOCK, DEADLOCK_KINDS, NOTE, NOTE_KINDS, POSSIBLE
from spawnlab.play import run_synchronously
from spawnlab.scenarios.load import parse_scenario

from .claims import TRUE, deeds_of, verdict

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "hints.md").read_text()
EXAMPLES = dict(re.findall(r"```toml\n# ([\w-]+)\n(.*?)```", PAGE, re.DOTALL))
READ, WAIT = '{ op = "read", fd = "r", size = 8 }', '{ op = "wait", vm = "child" }'
MENDED = {
    "own-pipe": (READ, '{ op = "close", fd = "w" }, ' + READ.replace(" }", ', code = "OTHER_END_CLOSED" }')),
    "write-without-reader": ("size = 5", "size = 8"),
    "read-without-writer": (WAIT, f'{{ op = "close", fd = "w" }}, {WAIT}'),
    "open-write-end": (WAIT, f'{{ op = "close", fd = "w" }}, {WAIT}'),
    "ring": (
        '{ op = "read", fd = "in", size = 4 },\n  { op = "write", fd = "out", text = "pong" }',
        '{ op = "write", fd = "out", text = "pong" },\n  { op = "read", fd = "in", size = 4 }',
    ),
    "self-wait": (', { op = "wait", vm = "own" }', ""),
    "wait-for-root": ('{ op = "wait", vm = 0 }', ""),
    "closed-fd": ('{ op = "close", fd = "r" }]', '{ op = "close", fd = "w" }]'),
    "moved-fd": ('{ op = "write", fd = "w", text = "mine?" }', '{ op = "close", fd = "r" }'),
    "wrong-end": ('fd = "r", text = "x"', 'fd = "r", text = "x", code = "INVALID_FD"'),
    "no-such-fd": ('fd = 7', 'fd = 7, code = "INVALID_FD"'),
    "fd-count": ('as = ["in", "out"]', 'as = ["out"] }, { op = "exit", code = -1'),
    "end-closed": ('text = "too late"', 'text = "too late", code = "OTHER_END_CLOSED"'),
    "race": (
        '{ op = "read", fd = "in", size = 8 },\n  { op = "read", fd = "in", size = 8 },',
        '{ op = "read", fd = "in", size = 8 },',
    ),
    "wait-for-nobody": ("vm = 5", 'vm = 5, code = "WAIT_FAILURE"'),
    "wait-again": (
        '{ op = "wait", vm = "child" },\n]', '{ op = "wait", vm = "child", code = "WAIT_FAILURE" },\n]',
    ),
    "other-bytes": ('text = "ping"', 'text = "pong"'),
    "other-exit-code": ("exit_code = 3", "exit_code = 4"),
    "never-equal": ("equals = 8", "equals = 4"),
    "unexpected-success": (', code = "INVALID_FD"', ""),
    "vm-limit": ("times = 17", "times = 16"),
    "fd-limit": ("times = 33", "times = 32"),
    "no-such-call": ("version = 1", "version = 2"),
}  # fmt: skip
"""Of each example what is changed, and into what."""


def test_every_kind_is_documented_and_has_an_example() -> None:
    kinds = (*DEADLOCK_KINDS, *ANSWER_KINDS)
    assert EXAMPLES.keys() == MENDED.keys() == set(kinds)
    for kind in (*kinds, *NOTE_KINDS, CERTAIN, POSSIBLE, NOTE, *CLAIMS):
        assert f"`{kind}`" in PAGE, kind


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_example_has_the_hint_and_the_run_bears_it_out(kind: str) -> None:
    scenario = parse_scenario(EXAMPLES[kind], ".toml")
    (hint,) = (hint for hint in hints_of(scenario) if hint.level != NOTE)
    assert hint.kind == kind
    assert hint.level == (POSSIBLE if kind == "race" else CERTAIN)
    assert (hint.claim == DEADLOCK) == (kind in DEADLOCK_KINDS)
    run = run_synchronously(scenario)
    assert verdict(hint, deeds_of(run)) == TRUE
    assert (run.outcome.exit_code == 0) == (kind == "fd-count")


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_mended_example_has_no_hint_and_runs_to_its_end(kind: str) -> None:
    old, new = MENDED[kind]
    assert EXAMPLES[kind].count(old) == 1, kind
    scenario = parse_scenario(EXAMPLES[kind].replace(old, new), ".toml")
    found = [hint for hint in hints_of(scenario) if hint.level != NOTE]
    assert run_synchronously(scenario).outcome.exit_code == 0
    assert found == []
