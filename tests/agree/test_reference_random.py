"""A short campaign against the reference: random topologies, system calls, and looks at transactions."""

from __future__ import annotations

import msgspec
import pytest

from spawnlab.scenarios.steps import Compute, Exit, Log

from . import campaign
from .campaign import topology
from .comparing import TRACE, Report
from .smaller import smallest

pytestmark = [pytest.mark.campaign, pytest.mark.reference]


@pytest.mark.parametrize(("kind", "count"), [("topology", 100), ("generated", 100), ("calls", 100)])
def test_random_runs_equal_the_references(kind: str, count: int) -> None:
    """Whole outcomes: cycles, states, pcs and registers after each iteration; within limits; and with suspends."""
    report = campaign.campaign(kind, range(count), suspend=True)
    assert not report.differences, str(report)
    assert report.runs == 4 * count
    assert report.iterations > 3 * count
    assert report.suspends > 3 * count


def test_random_looks_at_transactions_equal_the_references() -> None:
    """In all script versions; most have one iteration only."""
    report = campaign.campaign("loads", range(150), suspend=True)
    assert not report.differences, str(report)
    assert report.runs == 4 * 150
    assert report.suspends > 150
    assert sum(count for ending, count in report.endings.items() if ending.startswith("exit")) > 75


def test_topologies_end_in_many_ways() -> None:
    report = campaign.campaign("topology", range(100_000, 100_060))
    assert report.endings["deadlock"] > 5
    assert report.endings["exit 0"] > 5
    assert report.endings_within_limits["CyclesExceeded"] > 5
    assert report.with_swaps > 5


def test_a_case_is_the_same_again() -> None:
    assert topology(5).sg_data == topology(5).sg_data
    assert topology(5).sg_data != topology(6).sg_data
    assert campaign.raw_calls(5).sg_data == campaign.raw_calls(5).sg_data
    assert campaign.looks(5).sg_data == campaign.looks(5).sg_data


def test_a_difference_is_found_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model with a wrong price is told from the reference, iteration and all."""
    monkeypatch.setattr("spawnlab.scheduler.syscalls.context.SPAWN_YIELD_CYCLES_BASE", 801)
    report = campaign.campaign("topology", range(5))
    assert len(report.differences) > 2
    assert "trace 1:" in str(report)


def test_a_difference_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spawnlab.scheduler.syscalls.context.SPAWN_YIELD_CYCLES_BASE", 801)
    scenario = next(made.scenario for made in map(topology, range(100)) if len(made.scenario.programs) == 3)
    small = smallest(scenario, TRACE)
    steps = [step for program in small.programs.values() for step in program.steps or ()]
    assert len(steps) == 1
    assert not isinstance(steps[0], Compute | Log | Exit)
    assert msgspec.json.decode(msgspec.json.encode(small), type=type(small)) == small


def test_a_report_of_nothing() -> None:
    assert str(Report()).startswith("0 cases, 0 runs, 0 iterations, 0 differences")
