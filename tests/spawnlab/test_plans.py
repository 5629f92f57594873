"""A scenario's suspend plan: the run is suspended and gone on with on the way, as `suspend_at` and `resume` would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.scenarios.build import build_actors
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.model import SuspendPlan
from spawnlab.scheduler.events import Resumed, Suspended

GALLERY = Path(__file__).resolve().parents[2] / "scenarios" / "gallery"
PIPELINE = (GALLERY / "pipeline.toml").read_text().partition("[expect]")[0]
Driver = Callable[..., spawnlab.Run]


def planned(*at: int) -> spawnlab.Build:
    return spawnlab.build(parse_scenario(f"{PIPELINE}\n[suspend]\nat = {list(at)}\n", ".toml"))


@pytest.mark.parametrize("driver", [spawnlab.run, spawnlab.run_synchronously])
def test_a_plan_is_what_suspending_by_hand_is(driver: Driver) -> None:
    run = driver(planned(400_000, 800_000))
    by_hand = driver(spawnlab.build(parse_scenario(PIPELINE, ".toml")), suspend_at=400_000)
    by_hand = driver(by_hand.saved, suspend_at=800_000)
    by_hand = driver(by_hand.saved)
    assert run.journal == by_hand.journal
    assert run.outcome == by_hand.outcome
    assert sum(isinstance(event, Suspended) for event in run.journal) == 2
    assert sum(isinstance(event, Resumed) for event in run.journal) == 2


def test_a_plan_beyond_the_end_does_nothing() -> None:
    assert spawnlab.run(planned(10**9)).journal == spawnlab.run(planned(10**9 + 1)).journal


def test_suspending_by_hand_comes_before_the_rest_of_the_plan() -> None:
    run = spawnlab.run(planned(300_000, 900_000), suspend_at=600_000)
    assert run.saved is not None
    rest = spawnlab.run(run.saved)
    assert rest.outcome == spawnlab.run(planned(300_000, 600_000, 900_000)).outcome


@settings(max_examples=6)
@given(st.sets(st.integers(1, 1_300_000), min_size=1, max_size=5))
def test_any_plan_ends_the_same_under_both_drivers(points: set[int]) -> None:
    made = planned(*sorted(points))
    assert spawnlab.run(made).journal == spawnlab.run_synchronously(made).journal


@pytest.mark.parametrize("at", ["[]", "[0]", "[5, 5]", "[7, 3]"])
def test_plans_that_can_not_be(at: str) -> None:
    with pytest.raises(spawnlab.ScenarioError, match=r"suspend\.at: cycles from 1 on, ascending, at least one"):
        spawnlab.build(parse_scenario(f"[suspend]\nat = {at}\n[programs.root]\nsteps = []", ".toml"))


def test_a_plan_with_functions() -> None:
    async def root(vm: Vm) -> int:
        await vm.spend(1000)
        await vm.pipe()
        await vm.spend(1000)
        return 3

    made = build_actors({"root": root}, suspend=SuspendPlan(at=(1500,)))
    run = spawnlab.run(made)
    assert run.outcome.exit_code == 3
    assert any(isinstance(event, Suspended) for event in run.journal)
