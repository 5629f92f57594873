"""A short campaign over explanations, and that it sees an explanation that is wrong."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec
import pytest

from spawnlab.explain.explain import explain
from spawnlab.explain.model import Edit, Explanation
from spawnlab.explore.generate import KINDS
from spawnlab.explore.topology import Operation, Pipe, Topology, scenario_of
from spawnlab.play import run_synchronously
from spawnlab.scheduler.deadlock import DeadlockReport
from spawnlab.scheduler.outcome import Outcome

from . import explanations
from .explained import RINGS, ends_well, faults_of_edit, faults_of_explanation
from .explanations import Tally, campaign, deadlocks, lines_of

pytestmark = pytest.mark.campaign
RING = Topology(
    (0,),
    (Pipe(0, 1, 0), Pipe(0, 0, 1)),
    (Operation(0, "read", 1, 3), Operation(0, "write", 0, 3), Operation(1, "read", 0, 3), Operation(1, "write", 1, 3)),
)


@pytest.mark.reference
@pytest.mark.parametrize("kind", KINDS[1:])
def test_explanations_of_generated_deadlocks_are_right(kind: str) -> None:
    tally = campaign(islice(deadlocks(kind, 100), 25), Tally())
    assert tally.faults == []
    assert tally.deadlocks.total() == 25
    assert tally.runs_compared == 25 + tally.offered.total()
    assert tally.offered.total() > 20
    assert sum(tally.kinds.values()) == tally.offered.total() >= tally.gone.total() >= tally.well.total()


@pytest.mark.reference
def test_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert explanations.main(["--count", "3", "--kind", "cyclic"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert "| ring-of-reads | 3 | 3 (100.0 %) | 3 (100.0 %) | 3 (100.0 %) | 0 |" in shown
    assert "6 runs compared with the reference; 0 faults" in shown

    def mistaken(*arguments: Any) -> Explanation:
        found = explain(*arguments)
        assert found.edit is not None
        return msgspec.structs.replace(found, edit=msgspec.structs.replace(found.edit, turns=99))

    monkeypatch.setattr(explanations, "explain", mistaken)
    assert explanations.main(["--count", "1", "--kind", "cyclic"]) == 1
    assert "iterations" in capsys.readouterr().out.splitlines()[-2]


@pytest.mark.reference
def test_a_reference_that_goes_on_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a model with a wrong price."""
    monkeypatch.setattr("spawnlab.scheduler.syscalls.context.SPAWN_YIELD_CYCLES_BASE", 801)
    tally = campaign(islice(deadlocks("cyclic", 100), 1), Tally())
    assert len(tally.faults) == 2  # without the edit and with it
    assert "trace 1:" in tally.faults[0]
    assert tally.faulty.total() == 1
    assert [*lines_of(tally)][-1] == tally.faults[-1]


def ring() -> tuple[Explanation, DeadlockReport, Edit, Outcome, Outcome]:
    run = run_synchronously(scenario_of(RING))
    found = explain(run)
    assert found.edit is not None
    assert run.outcome.deadlock is not None
    after = run_synchronously(explanations.applied(run.build.scenario, found.edit)).outcome
    return found, run.outcome.deadlock, found.edit, run.outcome, after


def test_nothing_is_wrong_with_a_right_one() -> None:
    found, report, edit, before, after = ring()
    assert [*faults_of_explanation(found, report)] == [*faults_of_edit(edit, before, after)] == []
    assert (found.cause, RINGS[found.cause](found.waits), ends_well(edit)) == ("ring-of-reads", True, True)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"ending": "exit"}, "it is called exit"),
        ({"waits": ()}, "it speaks of the VMs []"),
        ({"rings": ((1, 0),)}, "these are no rings"),
        ({"rings": (), "causes": (), "vms": ()}, "rings and chains are not all waits"),
        ({"chains": ((0, 1),)}, "rings and chains are not all waits"),
        ({"causes": ("ring-of-writes",)}, "the ring (0, 1) is no ring-of-writes"),
        ({"cause": "self-wait"}, "the cause self-wait is of no ring"),
        ({"vms": (0,)}, "the cause ring-of-reads is of no ring"),
        ({"advice": "something"}, "there is no rule, or not one of edit and advice"),
        ({"rule": ""}, "there is no rule, or not one of edit and advice"),
    ],
)
def test_what_is_wrong_with_an_explanation(changed: dict[str, Any], fault: str) -> None:
    found, report, *_ = ring()
    assert any(fault in said for said in faults_of_explanation(msgspec.structs.replace(found, **changed), report))


def test_a_wait_for_something_else_is_seen() -> None:
    found, report, *_ = ring()
    for changed in ({"kind": "write"}, {"fd": 9}, {"waits_for": None}):
        waits = (msgspec.structs.replace(found.waits[0], **changed), *found.waits[1:])
        faults = [*faults_of_explanation(msgspec.structs.replace(found, waits=waits), report)]
        assert faults[0].startswith("VM 0 waits otherwise: ")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"changes": ()}, "it changes nothing"),
        ({"turns_before": 1}, "was of another run"),
        ({"deadlock_gone": False}, "the deadlock is gone"),
        ({"turns": 5}, "iterations"),
        ({"turns": 500}, "iterations"),
        ({"outcome": "the run ends with exit code 1 after 9 iterations and 9 cycles"}, "it came to ('exit', 0, "),
        ({"outcome": "the deadlock is gone; the run then ends with: it"}, "it came to ('exit', 0, "),
        ({"outcome": "all is well"}, "it came to ('exit', 0, "),
    ],
)
def test_what_is_wrong_with_an_edit(changed: dict[str, Any], fault: str) -> None:
    _, _, edit, before, after = ring()
    assert any(fault in said for said in faults_of_edit(msgspec.structs.replace(edit, **changed), before, after))


def test_an_edit_that_leaves_the_deadlock_is_seen() -> None:
    _, _, edit, before, _ = ring()
    faults = [*faults_of_edit(edit, before, before)]
    assert "the deadlock is still there" in faults
    further = msgspec.structs.replace(edit, deadlock_gone=False, turns=before.iterations)
    assert "the run gets no further" in [*faults_of_edit(further, before, before)]
    stuck = f"the run goes on to iteration {before.iterations}, and ends in another deadlock"
    right = msgspec.structs.replace(further, turns_before=before.iterations, outcome=stuck)
    assert [*faults_of_edit(right, before, before)] == ["the run gets no further"]


def test_a_run_that_was_stopped_may_have_gone_on() -> None:
    _, _, edit, before, after = ring()
    words = "the run goes on, and was stopped after 8 iterations and 9 cycles: no more was tried"
    stopped = msgspec.structs.replace(edit, turns=8, deadlock_gone=False, outcome=words)
    assert [*faults_of_edit(stopped, before, after)] == []
    assert not ends_well(stopped)
