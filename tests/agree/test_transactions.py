"""A short run of the random transactions, and that a difference is seen."""

from __future__ import annotations

from collections import Counter

import pytest

from spawnlab.scheduler.verify.versions import Rules

from . import transactions
from .asking import Reference

pytestmark = [pytest.mark.campaign, pytest.mark.reference]
COUNT = 400


def test_random_transactions_are_verified_as_by_the_reference(reference_runner: None) -> None:
    seen = Counter[str]()
    with Reference() as reference:
        for seed in range(COUNT):
            assert not list(transactions.differences(transactions.case(seed), reference, seen)), f"case {seed}"
    assert seen.total() == COUNT
    assert min(seen[name] for name in ("ok", "script: VMInternalError", "group: ScriptNotFound", "resolve: Dead")) > 5


def test_a_difference_is_found_and_shown(
    reference_runner: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert transactions.main(["--count", "20"]) == 0
    assert "20 transactions, 0 differences" in capsys.readouterr().out
    monkeypatch.setattr("spawnlab.scheduler.verify.versions.Rules.is_active", _always)
    assert transactions.main(["--count", "20"]) == 1
    shown = capsys.readouterr().out
    assert "Invalid VM Version" in shown.partition("reference")[2]


def _always(rules: Rules, version: int) -> bool:
    return True


def test_a_case_is_the_same_again() -> None:
    assert transactions.case(3) == transactions.case(3)
    assert transactions.case(3) != transactions.case(4)
