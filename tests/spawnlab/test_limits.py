"""Which limits matter: the ranges that are found are those that trying every limit gives."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.limits import Ending, LimitRanges, limit_ranges
from spawnlab.scenarios import steps as s
from spawnlab.scenarios.model import Program, Scenario, SuspendPlan
from spawnlab.scheduler.events import Blocked, Faulted, IterationEnded, IterationStarted, Suspended
from spawnlab.staging import Playable, Run
from spawnlab.views.limits import limit_lines
from spawnlab.views.terminal import Terminal
from spawnlab.views.text import cells

from ..agree.topologies import topology

GALLERY = Path(__file__).resolve().parents[2] / "scenarios" / "gallery"


def seen(run: Run, *, turns: bool = False) -> Ending:
    """How a run ended, as the tests see it."""
    outcome = run.outcome
    error = outcome.failure.variant if outcome.failure else None
    vm = turn = None
    if turns and error == "CyclesExceeded":
        last = [event for event in run.journal if isinstance(event, IterationStarted)][-1]
        vm, turn = last.vm, last.iteration
    return Ending(
        status=outcome.status,
        exit_code=outcome.exit_code,
        error=error,
        deadlock=tuple(w.vm for w in outcome.deadlock.waiting) if outcome.deadlock else None,
        vm=vm,
        turn=turn,
    )


def found_at(found: LimitRanges, limit: int) -> Ending:
    (range_,) = (r for r in found.ranges if r.first <= limit and (r.last is None or limit <= r.last))
    return range_.ending


def brute(what: Playable, found: LimitRanges, first: int, last: int) -> None:
    """Every limit from the first to the last ends as it is found."""
    for limit in range(first, last + 1):
        run = spawnlab.run_synchronously(what, limit=limit)
        assert seen(run) == found_at(found, limit), limit


def tiled(found: LimitRanges) -> None:
    assert found.ranges[0].first == 0
    assert all(a.last is not None and a.last + 1 == b.first and a.ending != b.ending for a, b in pairwise(found.ranges))


ALONE = Scenario(
    programs={
        "root": Program(
            steps=(
                s.Pipe(ends=("r", "w")),
                s.Log(text="x" * 40),
                s.Close(fd="w"),
                s.Read(fd="r", size=4, code="OTHER_END_CLOSED"),
                s.Exit(code=3),
            )
        )
    }
)
STUCK = Scenario(programs={"root": Program(steps=(s.Pipe(ends=("r", "w")), s.Write(fd="w", text="x")))})


@pytest.mark.parametrize("scenario", [ALONE, STUCK], ids=["exit", "deadlock"])
def test_brute_force_over_all_limits_finds_the_same(scenario: Scenario) -> None:
    found, by_turn = limit_ranges(scenario), limit_ranges(scenario, turns=True)
    outcome = spawnlab.run_synchronously(scenario).outcome
    for ranges, count in ((found, 2), (by_turn, 1 + outcome.iterations)):
        tiled(ranges)
        assert len(ranges.ranges) == count
        assert (ranges.ranges[-1].first, ranges.ranges[-1].last) == (outcome.cycles, None)
    for limit in range(outcome.cycles + 3):
        run = spawnlab.run_synchronously(scenario, limit=limit)
        assert seen(run) == found_at(found, limit)
        assert seen(run, turns=True) == found_at(by_turn, limit)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 1 << 32), st.lists(st.floats(0, 1.1), min_size=1, max_size=6))
def test_any_limit_of_any_run_ends_as_its_range_says(seed: int, parts: list[float]) -> None:
    scenario = topology(seed)
    highest = 5_000_000
    found, by_turn = limit_ranges(scenario, highest=highest), limit_ranges(scenario, highest=highest, turns=True)
    tiled(found)
    tiled(by_turn)
    total = spawnlab.run_synchronously(scenario, limit=highest).outcome.cycles
    edges = [limit for r in by_turn.ranges[:40:5] for limit in (r.first - 1, r.first)]
    for limit in [*(round(total * part) for part in parts), *edges]:
        if 0 <= limit <= highest:
            run = spawnlab.run_synchronously(scenario, limit=limit)
            assert seen(run) == found_at(found, limit)
            ending = found_at(by_turn, limit)
            assert (ending.status, ending.exit_code, ending.error) == (
                seen(run).status, seen(run).exit_code, seen(run).error,
            )  # fmt: skip
            if ending.turn is not None:
                assert seen(run, turns=True) == ending


def overshot() -> spawnlab.SavedRun:
    """Suspended after a turn beyond its budget, a reader and a writer having just met (``scheduler`` T10)."""
    scenario = Scenario(
        programs={
            "root": Program(
                steps=(
                    s.Pipe(ends=("r", "w")),
                    s.Spawn(program="child", fds=("r",), name="child"),
                    s.Write(fd="w", text="hello"),
                    s.Wait(vm="child", exit_code=5),
                )
            ),
            "child": Program(
                steps=(
                    s.InheritedFds(names=("in",)),
                    s.Read(fd="in", size=64, count="size"),
                    s.Exit(code="size"),
                )
            ),
        }
    )
    whole = spawnlab.run_synchronously(scenario)
    events = whole.journal.events
    met = next(i for i, event in enumerate(events) if isinstance(event, Blocked) and event.vm == 0)
    total = next(event.total for event in events[met:] if isinstance(event, IterationEnded))
    saved = spawnlab.run_synchronously(scenario, suspend_at=total - 1).saved
    assert saved is not None
    assert saved.state.total_cycles == total
    return saved


def test_a_suspended_run_that_lost_an_io_pass() -> None:
    saved = overshot()
    found = limit_ranges(saved)
    tiled(found)
    assert found.ranges[-1].ending.deadlock == (0, 1)
    brute(saved, found, saved.state.total_cycles - 3, saved.state.total_cycles + 50)


def test_a_suspended_run_that_goes_on() -> None:
    """All limits from where it was suspended to its end."""
    first = spawnlab.run_synchronously(GALLERY / "parent_child.toml", suspend_at=108_000)
    assert first.saved is not None
    assert any(isinstance(event, Suspended | Faulted) for event in first.journal)
    found = limit_ranges(first.saved)
    tiled(found)
    total = spawnlab.run_synchronously(first.saved).outcome.cycles
    assert found.ranges[-1].first == total
    assert [r.ending.error for r in found.ranges] == ["CyclesExceeded", None]
    brute(first.saved, found, total - 300, total + 1)


def test_an_endless_run_has_one_range_up_to_what_was_tried() -> None:
    endless = Scenario(programs={"root": Program(steps=(s.Repeat(times=1_000_000, steps=(s.Compute(cycles=1000),)),))})
    (only,) = limit_ranges(endless, highest=20_000).ranges
    assert (only.first, only.last, only.ending.error) == (0, 20_000, "CyclesExceeded")


def test_few_runs_are_needed() -> None:
    assert limit_ranges(GALLERY / "pipeline.toml").played < 12
    assert limit_ranges(GALLERY / "pipeline.toml", turns=True).played == 1


@pytest.mark.parametrize("suspended_at", [105_000, 107_000, 107_500])
def test_brute_force_round_a_planned_suspension(suspended_at: int) -> None:
    """At 107,000 the plan loses an I/O pass: a reader and a writer that had met wait for ever (``scheduler`` T10)."""
    plain = spawnlab.load(GALLERY / "parent_child.toml").scenario
    planned = msgspec.structs.replace(plain, suspend=SuspendPlan(at=(suspended_at,)))
    found, by_turn = limit_ranges(planned), limit_ranges(planned, turns=True)
    tiled(found)
    tiled(by_turn)
    assert found.ranges[-1].ending == seen(spawnlab.run_synchronously(planned))
    for limit in {*range(suspended_at - 150, suspended_at + 400, 3), *range(109_900, 110_050, 7)}:
        assert seen(spawnlab.run_synchronously(planned, limit=limit)) == found_at(found, limit), limit
    for r in (*found.ranges, *by_turn.ranges):
        run = spawnlab.run_synchronously(planned, limit=r.first)
        assert seen(run) == found_at(found, r.first)


@pytest.mark.parametrize("width", [20, 40, 80])
def test_ranges_fit_on_a_narrow_terminal(width: int) -> None:
    """And say the same there, a program's exit code among it."""
    for turns in (False, True):
        found = limit_ranges(ALONE, turns=turns)
        lines = [*limit_lines(found, Terminal(width=width))]
        assert all(cells(line) <= width for line in lines)
        assert lines[-1].endswith("exit code 3")
