"""The trace for Perfetto: its form, and that every slice and arrow is where the story has it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.explore.topology import Topology, scenario_of
from spawnlab.pictures.model import Doing, Story
from spawnlab.pictures.story import story_of
from spawnlab.pictures.trace import trace
from spawnlab.testing.strategies import suspend_plans, topologies

from . import goldens, hostile
from .long_runs import irregular, ping_pong

GALLERY = sorted((Path(__file__).resolve().parents[3] / "scenarios" / "gallery").glob("*.toml"))
SCHEMA = json.loads((Path(__file__).parent / "trace.schema.json").read_text())
VALIDATOR: Any = jsonschema.Draft202012Validator(SCHEMA)
LIMIT = 20_000_000


def events_of(story: Story, turns_max: int | None = None) -> list[dict[str, Any]]:
    """The events of a trace that has the right form."""
    made = json.loads(trace(story, turns_max=turns_max))
    VALIDATOR.validate(made)
    return made["traceEvents"]


def check(story: Story) -> None:
    """A whole trace."""
    events = events_of(story)
    slices = [event for event in events if event["ph"] == "X"]
    check_slices(story, slices)
    check_flows(story, events, slices)
    named = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert {event["tid"] for event in events if "tid" in event} <= set(named)
    away = [(e["tid"] - 1, e["ts"]) for e in events if e["ph"] == "b"]
    assert away == [(one.vm, one.start) for one in story.away if one.start < one.end]
    assert set(Counter(e["id"] for e in events if e["ph"] in "be").values()) <= {2}


def check_slices(story: Story, slices: list[dict[str, Any]]) -> None:
    """On each thread end to end, and as long in all as the VM did it."""
    by_thread: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for event in slices:
        by_thread[event["tid"]].append(event)
    for vm in story.vms:
        lane = by_thread[vm.vm + 1]
        for before, after in pairwise(lane):
            assert before["ts"] + before["dur"] == after["ts"]
        for doing in Doing:
            took = sum(event["dur"] for event in lane if event["cat"] == doing.value)
            assert took == sum(span.end - span.start for span in story.spans_of(vm.vm) if span.doing is doing)
    turns = [e["args"]["turn"] for e in slices if e["cat"] == "running"]
    assert Counter(turns) == Counter(turn.number for turn in story.turns)


def check_flows(story: Story, events: list[dict[str, Any]], slices: list[dict[str, Any]]) -> None:
    """One arrow for each, from within a slice of the one to within a slice of the other, and never back in time."""
    starts = {event["id"]: event for event in events if event["ph"] == "s"}
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert set(starts) == set(ends)
    for kind, told in (("transfer", story.transfers), ("spawn", story.spawns), ("answer", story.answers)):
        assert sum(event["cat"] == kind for event in starts.values()) == len(told)
    moved = [(e["tid"] - 1, ends[e["id"]]["tid"] - 1) for e in starts.values() if e["cat"] == "transfer"]
    assert moved == [(transfer.writer, transfer.reader) for transfer in story.transfers]
    for number, start in starts.items():
        end = ends[number]
        assert start["ts"] <= end["ts"]
        for event in (start, end):
            around = [s for s in slices if s["tid"] == event["tid"] and s["ts"] <= event["ts"] < s["ts"] + s["dur"]]
            lives = any(vm.vm + 1 == event["tid"] and vm.born < story.end for vm in story.vms)
            assert len(around) == 1 or not lives, event


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_traces_of_the_gallery(file: Path) -> None:
    run = spawnlab.run_synchronously(file)
    check(story_of(run.journal, run.build))


@settings(deadline=None, max_examples=50)
@given(topologies("any"), st.floats(0, 1))
def test_traces_of_any_run(made: Topology, part: float) -> None:
    whole = spawnlab.run_synchronously(scenario_of(made), limit=LIMIT)
    check(story_of(whole.journal, whole.build))
    cut = spawnlab.run_synchronously(scenario_of(made), limit=round(part * whole.outcome.cycles))
    check(story_of(cut.journal, cut.build))


@settings(deadline=None, max_examples=20)
@given(topologies("any"), st.data())
def test_traces_of_suspended_runs(made: Topology, data: st.DataObject) -> None:
    scenario = scenario_of(made)
    plan = data.draw(suspend_plans(scenario))
    run = spawnlab.run_synchronously(
        spawnlab.Scenario(programs=scenario.programs, root=scenario.root, suspend=plan), limit=LIMIT
    )
    check(story_of(run.journal, run.build))


@settings(deadline=None, max_examples=20)
@given(hostile.texts(), hostile.texts())
def test_hostile_names_are_names(name: str, said: str) -> None:
    run = hostile.run_of(name, name, said)
    check(story_of(run.journal, run.build))


def test_a_run_without_a_turn() -> None:
    events_of(story_of(spawnlab.Journal("largest")))


def test_folds_are_slices_of_the_run() -> None:
    for run, words in ((ping_pong(500), "more rounds of 500 rounds"), (irregular(1_500), "are left out")):
        story = story_of(run.journal, run.build)
        events = events_of(story, turns_max=100)
        (folded,) = (event for event in events if event.get("cat") == "folded")
        assert words in folded["name"]
        shown = {event["args"]["turn"] for event in events if event.get("cat") == "running"}
        assert len(shown) + folded["args"]["turns"] == len(story.turns)
        assert folded["dur"] == folded["args"]["cycles"]


def test_a_hypothetical_order_is_told() -> None:
    run = spawnlab.run_synchronously("gallery:deadlock", policy="smallest")
    made = json.loads(trace(story_of(run.journal, run.build)))
    assert made["otherData"]["hypothetical"] == "smallest"
    assert "hypothetical order" in made["traceEvents"][0]["args"]["name"]


def test_a_wait_for_ever_goes_on_behind_the_end() -> None:
    story = goldens.story("ring_of_three")
    slices = [event for event in events_of(story) if event["ph"] == "X" and event["cat"] == "deadlock"]
    assert [event["tid"] - 1 for event in slices] == [0, 1, 2]
    for event in slices:
        assert event["ts"] == story.end
        assert event["dur"] * 20 > story.end - story.start - 20
        assert event["name"].startswith("for ever: waits to read")
        assert event["args"]["rings"] == [[0, 2, 1]]
