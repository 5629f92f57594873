"""Runs in hypothetical orders: the same under both drivers, said to be hypothetical everywhere, never suspended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.__main__ import main
from spawnlab.explain.explain import explain
from spawnlab.explain.text import text_of
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scheduler.events import IterationEnded, IterationStarted
from spawnlab.scheduler.hypothetical import order_text
from spawnlab.scheduler.policy import PolicyError
from spawnlab.staging import HypotheticalRunError

from ..agree.topologies import topology

POLICIES = st.one_of(
    st.sampled_from(["smallest", "round-robin", "largest"]),
    st.integers(0, 1000).map("random:{}".format),
    st.builds("pct:{}:{}:{}".format, st.integers(0, 1000), st.integers(1, 4), st.integers(1, 60)),
)
DEADLOCK = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "child", fds = ["r"], as = "child" },
  { op = "wait", vm = "child" },
]
[programs.child]
steps = [{ op = "inherited_fds", as = ["in"] }, { op = "read", fd = "in", size = 1, code = "OTHER_END_CLOSED" }]
"""


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5000), POLICIES)
def test_both_drivers_play_the_same(seed: int, policy: str) -> None:
    """And the order that came of it, given as a list, is the same run again."""
    made = spawnlab.build(topology(seed))
    run = spawnlab.run_synchronously(made, limit=20_000_000, policy=policy)
    assert spawnlab.run(made, limit=20_000_000, policy=policy).journal == run.journal
    order = [event.vm for event in run.journal if isinstance(event, IterationStarted)]
    again = spawnlab.run_synchronously(made, limit=20_000_000, policy=order_text(order))
    assert again.journal.events == run.journal.events


def test_the_chains_order_by_its_name_is_the_chains_run() -> None:
    plain = spawnlab.run("gallery:fan_in")
    named = spawnlab.run("gallery:fan_in", policy="largest")
    assert named.journal.fingerprint() == plain.journal.fingerprint()
    assert named.hypothetical is None


async def test_perform_and_stage_take_a_policy() -> None:
    run = await spawnlab.perform("gallery:fan_in", policy="smallest")
    async with spawnlab.stage("gallery:fan_in", policy="smallest") as stage:
        await stage.run()
        assert stage.result().journal == run.journal
    async with spawnlab.stage("gallery:fan_in", policy="smallest") as stage:
        await stage.step()
        with pytest.raises(HypotheticalRunError, match="by the policy smallest can't be suspended"):
            stage.suspend()
    assert [e.vm for e in run.journal if isinstance(e, IterationEnded)][:5] == [0, 0, 0, 0, 0]
    assert run.journal.policy == "hypothetical:smallest"


def test_a_hypothetical_run_is_not_suspended_nor_gone_on_with() -> None:
    with pytest.raises(HypotheticalRunError, match="can't be suspended"):
        spawnlab.run("gallery:fan_in", policy="smallest", suspend_at=1000)
    with pytest.raises(HypotheticalRunError, match=r"suspend\.at"):
        spawnlab.run("gallery:suspended_well", policy="random:1")
    saved = spawnlab.run("gallery:fan_in", suspend_at=1000).saved
    assert saved is not None
    with pytest.raises(HypotheticalRunError, match="chain's order only"):
        spawnlab.run(saved, policy="smallest")
    assert spawnlab.run(saved, policy="largest").as_expected


def test_an_order_that_can_not_be_is_an_error_under_both_drivers() -> None:
    for play in (spawnlab.run, spawnlab.run_synchronously):
        with pytest.raises(PolicyError, match="turn 2 is to be VM 7's"):
            play("gallery:fan_in", policy="order:0.7")


def test_the_command_says_that_the_order_is_hypothetical(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "gallery:who_runs_first", "--policy", "smallest"]) == 1  # it expects the chain's order
    out = capsys.readouterr().out
    assert out.count("hypothetical order: smallest; on the chain every turn is the largest id's") == 2
    assert "not as expected: iteration 2 is VM 0's, not VM 1's" in out
    main(["run", "gallery:parent_child", "--policy", "smallest", "--quiet", "--driver", "sync"])
    assert "hypothetical order: smallest" in capsys.readouterr().out
    main(["run", "gallery:parent_child"])
    assert "hypothetical" not in capsys.readouterr().out


def test_json_has_a_field(capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "gallery:parent_child", "--json", "--policy", "pct:7:3"])
    assert json.loads(capsys.readouterr().out)["hypothetical"] == "pct:7:3"
    main(["run", "gallery:parent_child", "--json"])
    assert json.loads(capsys.readouterr().out)["hypothetical"] is None


def test_bad_policies_are_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    for policy in ("fifo", "order:0.9"):
        assert main(["run", "gallery:parent_child", "--policy", policy]) == 2
        assert capsys.readouterr().err.startswith("spawnlab: ")


def test_kept_journals_say_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, chains = str(tmp_path / "kept.journal"), str(tmp_path / "chains.journal")
    main(["run", "gallery:parent_child", "--quiet", "--policy", "smallest", "--journal", kept])
    main(["run", "gallery:parent_child", "--quiet", "--journal", chains])
    capsys.readouterr()
    main(["cost", kept])
    assert "hypothetical order: smallest" in capsys.readouterr().out
    main(["diff", chains, kept])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "hypothetical" in line] == [
        line for line in lines if line.startswith("B " + kept)
    ]


def test_edits_are_tried_in_the_order_of_the_run() -> None:
    run = spawnlab.run_synchronously(parse_scenario(DEADLOCK, ".toml"), policy="smallest")
    found = explain(run)
    assert found.hypothetical == "smallest"
    assert found.edit is not None
    assert any(line.startswith("hypothetical order: smallest") for line in text_of(found))
    scripted = explain(spawnlab.run_synchronously(parse_scenario(DEADLOCK, ".toml"), policy="order:0.0.0.1.1"))
    assert scripted.cause == found.cause
