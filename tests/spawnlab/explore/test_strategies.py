"""Strategies that are not topologies, and what is kept of an example that fails."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from spawnlab.explore.topology import Operation, Topology, TopologyError, scenario_of
from spawnlab.play import run_synchronously
from spawnlab.scenarios.check import check_plan
from spawnlab.scenarios.load import load_scenario
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.testing.strategies import kept_if_failing, limits, programs, scenarios, suspend_plans, topologies

RING = Topology((0,), (), (Operation(0, "wait", 1), Operation(1, "compute", 0, 1000)))


@given(programs())
@settings(max_examples=30, deadline=None)
def test_programs_can_be_played_alone(program: Program) -> None:
    run = run_synchronously(Scenario(programs={"root": program}))
    assert run.outcome.status in ("exit", "error")


@given(scenarios("acyclic"))
@settings(max_examples=20, deadline=None)
def test_scenarios_are_those_of_topologies(scenario: Scenario) -> None:
    assert run_synchronously(scenario).as_expected


def test_limits_reach_the_edge_of_the_run() -> None:
    scenario = scenario_of(RING)
    total = run_synchronously(scenario).outcome.cycles
    for wanted in (total, total - 1, total + 1, 0):
        assert find(limits(scenario), lambda limit, wanted=wanted: limit == wanted) == wanted


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_suspend_plans_can_be_carried_out(data: st.DataObject) -> None:
    scenario = scenario_of(RING)
    plan = data.draw(suspend_plans(scenario))
    planned = msgspec.structs.replace(scenario, suspend=plan)
    check_plan(planned)
    assert run_synchronously(planned).outcome.exit_code == 0


def test_a_shape_that_can_not_be_is_refused_at_once() -> None:
    with pytest.raises(TopologyError, match="there is no kind 'odd'"):
        topologies("odd")


def test_a_failing_scenario_is_kept_and_can_be_played(tmp_path: Path) -> None:
    scenario = scenario_of(RING)
    with pytest.raises(AssertionError) as caught, kept_if_failing(scenario, "mine", folder=tmp_path):
        raise AssertionError("no")
    file = tmp_path / "mine.json"
    assert load_scenario(file) == scenario
    assert caught.value.__notes__ == [f"the scenario is in {file}: spawnlab run {file}"]


def test_nothing_is_kept_of_what_holds(tmp_path: Path) -> None:
    with kept_if_failing(scenario_of(RING), "mine", folder=tmp_path):
        pass
    assert not list(tmp_path.iterdir())
