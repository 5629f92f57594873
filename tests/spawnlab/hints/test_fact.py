"""The fact `hints` of campaigns: the kinds of hints and their claims, made only where a property asks for them."""

from __future__ import annotations

import pytest

from spawnlab.explore import properties
from spawnlab.explore.campaign import Campaign, play_batch
from spawnlab.explore.cases import case_of
from spawnlab.explore.generate import Shape
from spawnlab.hints.hints import hints_of, kinds_of
from spawnlab.scenarios.gallery import gallery_file
from spawnlab.scenarios.load import load_scenario
from spawnlab.scenarios.model import Scenario

from .writing import scenario_of


def found(question: str, kind: str = "free", count: int = 80) -> list[str]:
    campaign = Campaign(mode="random", shape=Shape(kind), question=question)
    return [one.token for one in play_batch(campaign, 0, count).found]


def test_kinds_come_first_and_then_claims_without_notes() -> None:
    assert kinds_of(hints_of(load_scenario(gallery_file("ring_of_three")))) == ("ring", "deadlock")
    assert kinds_of(hints_of(load_scenario(gallery_file("fan_in")))) == ()
    steps = (
        'pipe, as = ["r", "w"]\nspawn, program = "child"\nspawn, program = "child"\nclose, fd = "r"\nclose, fd = "r"'
    )
    assert kinds_of(hints_of(scenario_of(root=steps, child="close, fd = 9"))) == ("closed-fd", "no-such-fd", "ends")


def test_deadlocks_have_such_a_hint_and_nothing_else_has() -> None:
    deadlocks = found("deadlock")
    assert len(deadlocks) > 5
    assert found("'deadlock' in hints") == deadlocks
    assert found("deadlock and 'deadlock' not in hints") == found("'deadlock' in hints and not deadlock") == []


def test_every_cyclic_topology_has_a_ring() -> None:
    assert len(found("'ring' in hints", kind="cyclic", count=30)) == 30
    assert found("hints", kind="acyclic", count=30) == []


def test_a_case_that_was_found_has_the_hints_itself() -> None:
    for token in found("'end-closed' in hints"):
        assert "end-closed" in kinds_of(hints_of(case_of(token).scenario()))


def test_nothing_is_looked_at_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Scenario] = []

    def watched(scenario: Scenario) -> object:
        looked.append(scenario)
        return hints_of(scenario)

    monkeypatch.setattr(properties, "hints_of", watched)
    found("deadlock", count=5)
    assert looked == []
    found("hints", count=5)
    assert len(looked) == 5
