"""Deadlocks before a run: what `explain` says after one is said before, of the broken scenarios and of the gallery."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

import spawnlab
from spawnlab.explain.causes import causes_of
from spawnlab.explore.player import build_of
from spawnlab.explore.topology import Topology, scenario_of
from spawnlab.hints.hints import hints_of
from spawnlab.hints.model import CERTAIN, DEADLOCK, DEADLOCK_KINDS, NOTE, Hint
from spawnlab.scenarios.gallery import gallery_file, names
from spawnlab.scenarios.load import load_scenario, parse_scenario
from spawnlab.scenarios.model import Scenario
from spawnlab.testing.strategies import topologies

from ..explain.broken import BROKEN, Broken
from .claims import TRUE, deeds_of, verdict

HEALTHY = [name for name in names() if load_scenario(gallery_file(name)).expect.exit_code is not None]
STUCK = [name for name in names() if load_scenario(gallery_file(name)).expect.deadlock]


def told(scenario: Scenario) -> list[Hint]:
    return [hint for hint in hints_of(scenario) if hint.level != NOTE]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_broken_scenario_is_certain_to_come_to_its_deadlock(broken: Broken) -> None:
    scenario = parse_scenario(broken.text(), ".toml")
    hints = [hint for hint in told(scenario) if hint.claim == DEADLOCK]
    run = spawnlab.run_synchronously(scenario)
    assert run.outcome.deadlock is not None
    assert {hint.level for hint in hints} == {CERTAIN}
    assert {hint.cause for hint in hints} == set(causes_of(run.outcome.deadlock))
    for hint in hints:
        assert hint.kind in DEADLOCK_KINDS
        assert verdict(hint, deeds_of(run)) == TRUE
        assert hint.words
        assert hint.advice


def test_a_hint_names_the_steps_at_which_the_run_gets_stuck() -> None:
    (hint,) = told(load_scenario(gallery_file("ring_of_three")))
    assert hint.path == "programs.root.steps[5]"
    assert [(spot.vm, spot.program, spot.place) for spot in hint.spots] == [
        ("0", "root", "steps[5]"),
        ("0.2", "member", "steps[1]"),
        ("0.1", "member", "steps[1]"),
    ]
    assert hint.spots[0].words == "reads from r3, which VM 0.2 (member) writes only at steps[2]"


@pytest.mark.parametrize("name", HEALTHY)
def test_the_gallery_s_healthy_scenarios_have_no_hints(name: str) -> None:
    assert told(load_scenario(gallery_file(name))) == []


@pytest.mark.parametrize("name", STUCK)
def test_the_gallery_s_deadlocks_are_certain(name: str) -> None:
    scenario = load_scenario(gallery_file(name))
    hints = told(scenario)
    if name == "suspended_badly":  # that is not the programs' doing
        assert hints == []
        return
    assert [(hint.level, hint.claim) for hint in hints] == [(CERTAIN, DEADLOCK)]


def test_a_deadlock_that_the_root_does_not_wait_for_is_possible_only() -> None:
    """Two VMs wait for each other, and the run ends without them."""
    scenario = load_scenario(gallery_file("ring_of_waits"))
    root = scenario.programs["root"]
    without = msgspec.structs.replace(root, steps=(root.steps or ())[:-1])
    scenario = msgspec.structs.replace(scenario, programs={**scenario.programs, "root": without})
    (hint,) = told(scenario)
    assert (hint.level, hint.kind, hint.claim) == ("possible", "ring", "stuck")
    run = spawnlab.run_synchronously(scenario)
    assert run.outcome.exit_code == 0
    assert verdict(hint, deeds_of(run)) == TRUE


@settings(max_examples=60)
@given(topologies("any"))
def test_a_topology_has_such_a_hint_if_and_only_if_it_comes_to_a_deadlock(topology: Topology) -> None:
    hints = [hint for hint in told(scenario_of(topology)) if hint.level == CERTAIN]
    deeds = deeds_of(spawnlab.run_synchronously(build_of(topology)))
    for hint in hints:
        assert verdict(hint, deeds) != "false", hint
    if deeds.deadlock:
        assert any(hint.claim == DEADLOCK for hint in told(scenario_of(topology)))
    else:
        assert all(hint.claim != DEADLOCK for hint in hints)
