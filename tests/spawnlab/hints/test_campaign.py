"""Short campaigns: certain hints are never contradicted, and no deadlock is missed where all is known."""

from __future__ import annotations

from collections import Counter

import pytest

from spawnlab.explore.generate import KINDS
from spawnlab.hints.hints import hints_of
from spawnlab.hints.model import ANSWER_KINDS, CERTAIN, DEADLOCK_KINDS, NOTE_KINDS
from spawnlab.scenarios.model import Scenario

from . import campaign
from .claims import FALSE

COUNT = 120


@pytest.mark.campaign
@pytest.mark.parametrize("source", campaign.SOURCES)
def test_no_certain_hint_is_wrong(source: str) -> None:
    tally = campaign.campaign(source, COUNT, seed=20_000)
    assert tally.wrong == []
    assert tally.cases == COUNT
    assert tally.kinds or source == "acyclic"


@pytest.mark.campaign
def test_topologies_leave_nothing_open() -> None:
    tally = campaign.Tally()
    for source in KINDS:
        tally.add(campaign.campaign(source, COUNT, seed=30_000))
    assert tally.deadlocks == tally.told[CERTAIN] > COUNT
    assert not tally.alarms


def test_the_gallery() -> None:
    tally = campaign.gallery()
    assert tally.wrong == []
    assert tally.deadlocks == tally.told[CERTAIN] > 5
    assert not tally.alarms


def test_every_kind_is_known_and_most_come_up() -> None:
    found: Counter[str] = Counter()
    for source in ("varied", "rich", "opaque"):
        for number in range(150):
            _, scenario = campaign.case(source, 7, number)
            found.update(hint.kind for hint in hints_of(scenario))
    assert found.keys() <= {*DEADLOCK_KINDS, *ANSWER_KINDS, *NOTE_KINDS}
    assert len(found) > 20


def test_the_campaign_sees_a_wrong_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hint that says of healthy VMs that they wait for ever is contradicted, and so is a missing one."""
    made, scenario = campaign.case("cyclic", 1, 1)
    right = hints_of(scenario)
    healthy, other = campaign.case("acyclic", 1, 3)
    assert campaign.look("right", made, scenario).wrong == []

    def wrongly(scenario: Scenario) -> object:
        return right

    monkeypatch.setattr(campaign, "hints_of", wrongly)
    wrong = campaign.look("wrong", healthy, other)
    assert len(wrong.wrong) == 1
    assert wrong.alarms[CERTAIN] == 1
    assert [key[3] for key in wrong.kinds] == [FALSE]
    monkeypatch.setattr(campaign, "hints_of", lambda scenario: ())  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert campaign.look("missed", made, scenario).wrong == ["missed: the deadlock is missed"]
