"""How a run ends, on the page: at a deadlock all wait as the report says, played or kept, suspended or not."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from spawnlab.explore.topology import Topology, scenario_of
from spawnlab.pictures.story import story_of
from spawnlab.play import run_synchronously
from spawnlab.recording import Recording
from spawnlab.scenarios.gallery import entries
from spawnlab.scenarios.model import SuspendPlan
from spawnlab.scheduler.deadlock import DeadlockReport
from spawnlab.scheduler.events import IterationEnded
from spawnlab.scheduler.states import VmState, Wait, WaitForRead, WaitForWrite
from spawnlab.staging import Playable, load
from spawnlab.stepping.endings import end_of, end_of_journal
from spawnlab.stepping.frames import Frame, Framing
from spawnlab.stepping.page import page_of, page_of_recording
from spawnlab.stepping.texts import Texts
from spawnlab.testing.strategies import suspend_plans, topologies

from .reading import Seen, captured, unpacked

DEADLOCKS = [
    entry.name for entry in entries() if run_synchronously(f"gallery:{entry.name}").outcome.deadlock is not None
]


def fields_of(state: VmState) -> tuple[str, list[object]]:
    match state:
        case WaitForRead(fd=fd, length=length):
            return "reads", ["read", fd, length]
        case WaitForWrite(fd=fd, length=length, consumed=consumed):
            return "writes", ["write", fd, length - consumed]
        case Wait(target_vm_id=target):
            return "waits", ["wait", target, 0]
        case _:
            raise AssertionError(state)


def waits_as_reported(frames: Sequence[Frame], report: DeadlockReport) -> None:
    """At the end; and the end is nobody's turn."""
    assert frames[-1].vm is None
    seen = Seen()
    for frame in frames:
        seen.add(frame)
    living = {vm for vm, fields in seen.vms.items() if fields["state"] != "ended"}
    assert living == {one.vm for one in report.waiting}
    for one in report.waiting:
        assert (seen.vms[one.vm]["state"], seen.vms[one.vm]["waits"]) == fields_of(one.state)
    assert not any("moved" in pipe for pipe in frames[-1].pipes.values())


def check(what: Playable) -> bool:
    """Whether the run is a deadlock; if so all wait, also in what the journal alone tells."""
    found = captured(what)
    assert found.run is not None
    report = found.run.outcome.deadlock
    if report is None:
        return False
    waits_as_reported(found.frames, report)
    story = story_of(found.run.journal)
    waits_as_reported(list(Framing(None, Texts()).frames(found.run.journal, story.ending)), report)
    assert end_of_journal(story).rings == end_of(found.run).rings == report.rings
    return True


@pytest.mark.parametrize("name", DEADLOCKS)
def test_deadlocks_of_the_gallery(name: str) -> None:
    assert check(f"gallery:{name}")


def test_a_pipeline_that_is_suspended_after_any_of_its_turns() -> None:
    made = load("gallery:pipeline")
    totals = [one.total for one in run_synchronously(made).journal if isinstance(one, IterationEnded)]
    ends = [
        check(
            msgspec.structs.replace(
                made, scenario=msgspec.structs.replace(made.scenario, suspend=SuspendPlan(at=(at,)))
            )
        )
        for total in totals[:-1]
        for at in (total - 1, total)
    ]
    assert any(ends)
    assert not all(ends)


@given(st.data(), topologies("any", vms_max=6))
@settings(max_examples=60, deadline=None)
def test_random_topologies_and_suspend_plans(data: st.DataObject, topology: Topology) -> None:
    scenario = scenario_of(topology)
    plan = data.draw(st.none() | suspend_plans(scenario))
    event(f"deadlock: {check(msgspec.structs.replace(scenario, suspend=plan))}")


@pytest.mark.parametrize("name", DEADLOCKS)
def test_a_kept_journal_keeps_its_ending(name: str) -> None:
    run = run_synchronously(f"gallery:{name}")
    report = run.outcome.deadlock
    assert report is not None
    page = page_of_recording(Recording(journal=run.journal))
    for one in report.waiting:
        assert f"VM {one.vm} {one.words}" in page
    assert "deadlock: no VM can run, and none will be woken" in page
    kept, played = unpacked(page), unpacked(page_of(f"gallery:{name}"))
    assert (kept["deadlock"], kept.get("rings")) == (True, played.get("rings"))


def test_other_endings_of_kept_journals() -> None:
    exits = page_of_recording(Recording(journal=run_synchronously("gallery:parent_child").journal))
    assert "exit code 0\n" in exits
    fails = page_of_recording(Recording(journal=run_synchronously("gallery:one_cycle_short").journal))
    assert "error: CyclesExceeded\n" in fails
    assert not unpacked(fails).get("deadlock", False)


def test_a_journal_that_begins_later_is_shown_too() -> None:
    run = run_synchronously("gallery:suspended_well")
    journal = run.journal
    later = next(number for number, one in enumerate(journal) if type(one).__name__ == "Resumed")
    journal.events[:later] = []
    data = unpacked(page_of_recording(Recording(journal=journal)))
    seen = [fields for frame in data["frames"] for fields in frame.get("vms", {}).values()]
    assert any(fields.get("state") == "not told by the journal" for fields in seen)
    assert all("program" in fields for frame in data["frames"][:1] for fields in frame["vms"].values())


def test_what_is_as_expected_is_no_failure() -> None:
    page = page_of("gallery:c_program")
    assert "exit code 10, as the scenario expects" in page
    assert 'id="h-why"' not in page
    assert "0 is success" not in page


def test_the_explanation_does_not_say_why_twice() -> None:
    page = page_of("gallery:deadlock")
    assert '<h2 id="h-why">Why</h2>\n<pre class="why">deadlock: VM 0 and VM 1 wait for ever' in page


def test_the_page_calls_an_iteration_a_turn() -> None:
    assert "108,386 cycles, 6 turns\n" in page_of("gallery:deadlock")
