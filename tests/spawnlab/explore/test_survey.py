"""A campaign from Python: the results of the command, and found cases as runs."""

from __future__ import annotations

import json

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.explore.campaign import CampaignError
from spawnlab.explore.properties import PropertyError
from spawnlab.explore.topology import TopologyError


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({"count": 150, "seed": 3, "kind": "broken"}, ["random", "--count", "150", "--seed", "3", "--kind", "broken"]),
        ({"mode": "exhaustive", "operations": 1}, ["exhaustive", "--operations", "1"]),
        ({"mode": "exhaustive", "count": 30}, ["exhaustive", "--count", "30"]),
        (
            {"question": "ring >= 2", "vms": 3, "pipes": 4, "count": 200},
            ["random", "--property", "ring >= 2", "--vms", "3", "--pipes", "4", "--count", "200"],
        ),
    ],
)
def test_it_finds_what_the_command_finds(
    options: dict[str, object], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = spawnlab.survey(**options)  # type: ignore[arg-type] # pyright: ignore
    assert main(["explore", *arguments, "--json", "--shown", "1000"]) == 1
    theirs = json.loads(capsys.readouterr().out)
    assert found.found
    assert [case.token for case in found.found] == [case["token"] for case in theirs["found"]]
    assert (found.cases, found.endings, found.causes) == (theirs["cases"], theirs["endings"], theirs["causes"])
    assert sum(found.endings.values()) == found.cases


def test_found_cases_are_runs_and_the_smallest_keeps_the_property() -> None:
    found = spawnlab.survey("ring >= 2", count=300, seed=1, kind="broken", vms=6, pipes=6)
    largest = found.found[-1]
    played, small = found.play(largest), found.smallest(largest)
    for run in (played, small):
        assert run.outcome.deadlock is not None
        assert max(map(len, run.outcome.deadlock.rings)) >= 2
    assert len(small.build.scenario.programs) <= len(played.build.scenario.programs)
    assert len(small.journal) < len(played.journal)
    assert found.smallest().outcome.deadlock is not None


def test_the_runs_of_found_cases_have_their_programs() -> None:
    """They are the scenario's own, so that a run can be explained by its steps."""
    found = spawnlab.survey(count=100)
    run = found.smallest()
    assert spawnlab.run_synchronously(run.build.scenario).journal == run.journal


def test_nothing_that_is_smallest() -> None:
    found = spawnlab.survey("deadlock", kind="acyclic", count=20)
    assert found.found == ()
    with pytest.raises(CampaignError, match="none of 20 cases has the property 'deadlock'"):
        found.smallest()


def test_bad_questions() -> None:
    with pytest.raises(PropertyError, match="did you mean 'deadlock'"):
        spawnlab.survey("dedlock", count=0)
    with pytest.raises(CampaignError, match="there is no mode 'all'"):
        spawnlab.survey(mode="all")
    with pytest.raises(TopologyError, match="there is no kind 'round'"):
        spawnlab.survey(kind="round")
