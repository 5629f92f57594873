"""An explanation as a text, from Python."""

from __future__ import annotations

import pytest

import spawnlab
from spawnlab.__main__ import main


def test_it_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "gallery:deadlock"]) == 0
    run = spawnlab.run_synchronously("gallery:deadlock")
    assert spawnlab.why(run, width=None) + "\n" == capsys.readouterr().out


def test_it_is_wrapped_and_can_be_brief() -> None:
    run = spawnlab.run_synchronously("gallery:deadlock")
    text = spawnlab.why(run)
    assert 60 < max(map(len, text.splitlines())) <= 88
    assert max(map(len, spawnlab.why(run, width=50).splitlines())) <= 50
    assert len(spawnlab.why(run, brief=True)) < len(text)
    assert spawnlab.why(spawnlab.run_synchronously("gallery:parent_child"), brief=True) == ""
