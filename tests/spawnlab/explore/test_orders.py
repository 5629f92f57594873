"""Verdicts on orders: what is proved, what is shown by two orders, and what is not decided."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.__main__ import main
from spawnlab.actors.vm import Vm
from spawnlab.explore.orders import DEPENDENT, INDEPENDENT, UNDECIDED, Verdict, orders
from spawnlab.explore.orders_text import text_of
from spawnlab.explore.replays import replay
from spawnlab.explore.results import result_of, words
from spawnlab.scenarios.build import build_actors
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.model import Limits
from spawnlab.scheduler.hypothetical import policy_of
from spawnlab.staging import HypotheticalRunError
from spawnlab.views.terminal import Terminal

from ...agree.topologies import topology

GALLERY = sorted(
    file
    for file in (Path(__file__).resolve().parents[3] / "scenarios" / "gallery").iterdir()
    if file.suffix in (".toml", ".yaml", ".json")
)
OTHERWISE = {
    "an_end_wakes_too": DEPENDENT,
    "close_wakes_a_reader": DEPENDENT,
    "meepo_quirk": UNDECIDED,  # it asks for the cycles
    "one_cycle_short": UNDECIDED,  # its limit
    "stream": DEPENDENT,
    "end_of_a_stream": DEPENDENT,
    "wait_failure": DEPENDENT,
    "waited_for_later": DEPENDENT,
}
"""Scenarios of the gallery that are not proved to be independent of order."""


def _kinds(verdict: Verdict) -> list[str]:
    return [reason.kind for reason in verdict.reasons]


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_the_gallery(file: Path) -> None:
    if "\nc = " in file.read_text():
        pytest.importorskip("ziglang", reason="needs the extra [c]")
    verdict = orders(file, runs_max=100)
    assert verdict.verdict == OTHERWISE.get(file.stem, INDEPENDENT)
    assert bool(verdict.reasons) == (verdict.verdict == UNDECIDED)
    _check_replays(file, verdict)


def _check_replays(what: Path | spawnlab.Build, verdict: Verdict) -> None:
    """Each end is what its order comes to, under Trio, and the first is the chain's."""
    made = msgspec.structs.replace(spawnlab.load(what))
    made = msgspec.structs.replace(made, scenario=msgspec.structs.replace(made.scenario, suspend=None))
    for number, ending in enumerate(verdict.endings):
        assert (ending.policy == "largest") == (number == 0)
        run = spawnlab.run(made, policy=ending.policy)
        assert (run.outcome.cycles, run.outcome.iterations) == (ending.cycles, ending.turns)
        policy = policy_of(ending.policy)
        again = replay(made, lambda _, runnable, policy=policy: policy.choose(runnable), run.limit)
        assert result_of(made, again) == ending.result
        assert ending.result.exit_code == run.outcome.exit_code


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 100))
def test_what_is_proved_holds_for_random_orders(seed: int, chance: int) -> None:
    """And what is shown to depend on the order is shown by orders that can be played."""
    build = spawnlab.build(topology(seed))
    verdict = orders(build, runs_max=60, limit=20_000_000)
    if verdict.verdict == INDEPENDENT:
        policy = policy_of(f"random:{chance}")
        played = replay(build, lambda _, runnable: policy.choose(runnable), 20_000_000)
        assert result_of(build, played) == verdict.endings[0].result
    elif verdict.verdict == DEPENDENT:
        limited = msgspec.structs.replace(build.scenario, limits=Limits(cycles=20_000_000))
        _check_replays(msgspec.structs.replace(build, scenario=limited), verdict)


def test_the_two_lessons() -> None:
    verdict = orders("gallery:any_order")
    assert (verdict.verdict, verdict.classes, verdict.runs, verdict.has_choices) == (INDEPENDENT, 1, 1, True)
    verdict = orders("gallery:end_of_a_stream", everything=True)
    assert [ending.result.exit_code for ending in verdict.endings] == [0, 7]
    parting = verdict.parting
    assert parting is not None
    assert (parting.turn, parting.vm_a, parting.vm_b, parting.place, parting.program) == (8, 2, 1, "0.2", "reader")
    assert parting.call == "calls read of at most 8 bytes from fd 2"
    assert parting.a is not None
    assert parting.a.words == "goes on, 0 bytes through fd 2: the other end is closed"
    assert parting.b is not None
    assert parting.b.words == "is answered OTHER_END_CLOSED (7)"


def test_the_lesson_the_other_way_round_fails_on_the_chain() -> None:
    text = next(file for file in GALLERY if file.stem == "end_of_a_stream").read_text()
    spawns = [line for line in text.splitlines() if '"spawn"' in line]
    swapped = text.replace("\n".join(spawns), "\n".join(reversed(spawns)))
    assert spawnlab.run(parse_scenario(swapped, ".toml")).outcome.exit_code == 7


DEADLOCK = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "pipe", as = ["r2", "w2"] },
  { op = "spawn", program = "child", fds = ["r", "w2"], as = "vm" },
  { op = "wait", vm = 2, code = "WAIT_FAILURE" },
  { op = "read", fd = "r2", size = 1 },
]
[programs.child]
steps = [
  { op = "inherited_fds", as = ["in", "out"] },
  { op = "spawn", program = "leaf" },
  { op = "read", fd = "in", size = 1 },
]
[programs.leaf]
steps = []
"""


def test_deadlocks_are_told_apart_by_who_waits_for_what() -> None:
    verdict = orders(parse_scenario(DEADLOCK, ".toml"), everything=True)
    assert verdict.verdict == DEPENDENT
    texts = {ending.words for ending in verdict.endings}
    assert "deadlock: VM 0 (root) waits to read from pipe 0#2; VM 0.1 (child) waits to read from pipe 0#1" in texts
    assert len(texts) == 2
    assert "error" not in {ending.result.kind for ending in verdict.endings}


def test_equal_deadlocks_of_other_ids_are_equal() -> None:
    """Two children make a pipe each, and read from it: in some orders the fds are the other way round."""
    text = """
[programs.root]
steps = [
  { op = "repeat", times = 2, steps = [{ op = "spawn", program = "child", as = "vm" }] },
  { op = "wait", vm = 1 },
]
[programs.child]
steps = [{ op = "pipe", as = ["r", "w"] }, { op = "read", fd = "r", size = 1 }]
"""
    verdict = orders(parse_scenario(text, ".toml"))
    assert (verdict.verdict, verdict.classes) == (INDEPENDENT, 2)
    assert [stuck.target for stuck in verdict.endings[0].result.stuck] == ["0.1", "0.1#1", "0.2#1"]


def test_a_bound_on_runs() -> None:
    verdict = orders("gallery:seventeen_vms", runs_max=1)  # it would begin anew with other rules
    assert (verdict.verdict, _kinds(verdict), verdict.runs) == (UNDECIDED, ["runs"], 1)
    assert [(ending.policy, ending.result.exit_code) for ending in verdict.endings] == [("largest", 0)]


def test_a_bound_on_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = spawnlab.run("gallery:pipeline").outcome.iterations
    monkeypatch.setattr("spawnlab.explore.search.TURNS_MAX", turns)
    assert orders("gallery:pipeline").verdict == INDEPENDENT
    monkeypatch.setattr("spawnlab.explore.search.TURNS_MAX", turns - 1)
    verdict = orders("gallery:pipeline")
    assert (verdict.verdict, _kinds(verdict), verdict.reasons[0].words) == (
        UNDECIDED, ["turns"], f"a run has more than {turns - 1} turns",
    )  # fmt: skip


def test_a_cycle_limit_that_is_come_to() -> None:
    verdict = orders("gallery:fan_in", limit=200_000)
    assert (verdict.verdict, _kinds(verdict), verdict.endings) == (UNDECIDED, ["cycles"], ())
    only = orders("gallery:self_wait", limit=100)  # nothing to choose: it is the end of the only order
    assert (only.verdict, only.has_choices) == (INDEPENDENT, False)
    assert words(only.endings[0].result).startswith("error: CyclesExceeded")


def test_a_cycle_limit_that_more_swapping_might_come_to() -> None:
    needed = spawnlab.run("gallery:four_at_once").outcome.cycles
    verdict = orders("gallery:four_at_once", limit=needed)
    assert (verdict.verdict, _kinds(verdict)) == (UNDECIDED, ["swaps"])
    assert orders("gallery:four_at_once", limit=10 * needed).verdict == INDEPENDENT
    few = spawnlab.run("gallery:fan_out", limit=10**7)
    assert orders("gallery:parent_child", limit=110_043).verdict == INDEPENDENT
    assert few.outcome.exit_code == 0


def test_the_current_cycles_prove_nothing() -> None:
    async def root(vm: Vm) -> int:
        child = await vm.spawn("child")
        await vm.current_cycles()
        return await child.wait()

    async def child(vm: Vm) -> int:
        return 0

    verdict = orders(build_actors({"root": root, "child": child}))
    assert (verdict.verdict, _kinds(verdict)) == (UNDECIDED, ["current_cycles"])


def test_a_function_that_does_not_repeat_itself() -> None:
    count = iter(range(1000))

    async def root(vm: Vm) -> int:
        for _ in range(next(count)):
            await vm.pipe()
        child = await vm.spawn("child")
        await child.wait()
        return await child.wait()

    async def child(vm: Vm) -> int:
        return 0

    verdict = orders(build_actors({"root": root, "child": child}), everything=True)
    assert "function" in _kinds(verdict)


def test_a_suspended_run_has_no_orders() -> None:
    saved = spawnlab.run("gallery:fan_in", suspend_at=1000).saved
    assert saved is not None
    with pytest.raises(HypotheticalRunError, match="give the scenario itself"):
        orders(saved)


# The command


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["gallery:any_order"], 0),
        (["gallery:end_of_a_stream"], 1),
        (["gallery:nothing_of_the_sort"], 2),
        (["gallery:meepo_quirk"], 3),
        (["gallery:seventeen_vms", "--runs-max", "1"], 3),
    ],
)
def test_exit_statuses(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["orders", *arguments]) == status
    assert (capsys.readouterr().err == "") == (status != 2)


def test_a_bad_number_of_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["orders", "gallery:any_order", "--runs-max", "0"])
    assert "invalid number of runs" in capsys.readouterr().err


def test_text_says_what_is_hypothetical(capsys: pytest.CaptureFixture[str]) -> None:
    main(["orders", "gallery:end_of_a_stream"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "depends on the order: 2 ends found"
    assert "  exit code 0: the chain's order (12 turns, 214,068 cycles)" in lines
    command = next(line for line in lines if line.startswith("play it: spawnlab "))
    main(command.removeprefix("play it: spawnlab ").split())
    assert "exit code 7" in capsys.readouterr().out
    assert lines[-1] == "hypothetical: the chain has one order, the largest id that can run"


def test_text_fits_and_is_harmless() -> None:
    verdict = msgspec.structs.replace(orders("gallery:stream"), notes=("\x1b[31m",))
    lines = [*text_of(verdict, Terminal(width=40))]
    assert all(len(line) <= 40 for line in lines)
    assert not any("\x1b" in line for line in lines)
    assert any("\x1b[1;31m" in line for line in text_of(verdict, Terminal(colour=True)))


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    main(["orders", "gallery:wait_failure", "--json", "--all"])
    found = json.loads(capsys.readouterr().out)
    assert (found["format"], found["verdict"]) == (1, "dependent")
    assert [ending["policy"] for ending in found["endings"]] == ["largest", "order:0.0.0"]
    assert (found["cycles_min"], found["cycles_max"]) == (106460, 106983)


# With faults


def test_faults_are_in_every_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The child's early exit leaves the root's read without an answer, closed before it or meanwhile."""
    file, fault = "gallery:question_and_answer", "exit:1:3:0"
    assert orders(file).verdict == INDEPENDENT
    found = orders(file, faults=[fault, "exit:9:9:9"], everything=True)
    assert found.verdict == DEPENDENT
    assert {ending.result.exit_code for ending in found.endings} == {7, -1}
    assert [(one.fault, one.runs) for one in found.faults] == [(fault, found.runs), ("exit:9:9:9", 0)]
    for ending in found.endings:
        again = spawnlab.run_synchronously(file, policy=ending.policy, faults=[fault, "exit:9:9:9"])
        assert again.outcome.exit_code == ending.result.exit_code
        assert again.outcome.cycles == ending.cycles
    assert main(["orders", file, "--fault", fault, "--fault", "exit:9:9:9"]) == 1
    out = capsys.readouterr().out
    assert f"--policy {found.endings[1].policy} --fault {fault} --fault exit:9:9:9\n" in out
    assert (
        f"hypothetical faults: {fault} (in 2 runs), exit:9:9:9 (never took effect); on the chain there are none" in out
    )


def test_a_proof_with_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["orders", "gallery:parent_child", "--fault", "memory:1"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("independent of order: exit code 0")
    assert "hypothetical fault: memory:1 (in 1 run); on the chain there are none" in out
    main(["orders", "gallery:parent_child", "--fault", "memory:1", "--json"])
    assert json.loads(capsys.readouterr().out)["faults"] == [{"fault": "memory:1", "runs": 1}]
    assert main(["orders", "gallery:parent_child", "--fault", "memory"]) == 2
    assert "memory:SEED" in capsys.readouterr().err
    assert main(["orders", "gallery:parent_child", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["faults"] == []
