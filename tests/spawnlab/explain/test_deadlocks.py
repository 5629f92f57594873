"""Deadlocks: for each broken scenario the cause, the VMs, the fds and the edit are right, and the edit helps."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.explain.causes import DEADLOCK_RULES
from spawnlab.explain.edits import KINDS
from spawnlab.explain.explain import explain
from spawnlab.explain.history import history_of
from spawnlab.explain.steps_at import path_of, place_of
from spawnlab.explain.text import text_of
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scheduler.fds import other_end
from spawnlab.views.terminal import Terminal

from ...agree.topologies import topology
from .applying import applied
from .broken import BROKEN, Broken

GALLERY = Path(__file__).resolve().parents[3] / "scenarios" / "gallery"


def test_there_are_thirty_of_them_and_all_causes() -> None:
    assert len(BROKEN) >= 30
    assert {broken.cause for broken in BROKEN} == DEADLOCK_RULES.keys() - {"skipped-io-pass"}
    assert {broken.kind for broken in BROKEN} == set(KINDS)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_what_is_said_is_right(broken: Broken) -> None:
    scenario = parse_scenario(broken.text(), ".toml")
    run = spawnlab.run_synchronously(scenario)
    assert run.outcome.deadlock is not None
    found = explain(run)
    assert (found.cause, found.vms, found.fds) == (broken.cause, broken.vms, broken.fds)
    edit = found.edit
    assert edit is not None
    place = f"{edit.changes[0].program} {edit.changes[0].place}"
    assert (edit.kind, place, edit.words) == (broken.kind, broken.place, broken.words)
    assert edit.deadlock_gone
    helped = spawnlab.run_synchronously(applied(scenario, edit))
    assert helped.outcome.deadlock is None
    assert helped.outcome.iterations == edit.turns
    text = "\n".join(text_of(found))
    rings = [line for line in text.splitlines() if line.startswith("  ring (")]
    (ring,) = [line for line in rings if line.startswith(f"  ring ({broken.cause}): ")]
    waits = [wait for wait in found.waits if wait.vm in broken.vms]
    for word in (*(f"VM {wait.vm} —{wait.kind} " for wait in waits), *(f"fd {wait.fd}→" for wait in waits if wait.fd)):
        assert word in ring
    assert f"tried: {edit.words}" in text


@settings(max_examples=40)
@given(st.integers(0, 10**9))
def test_random_topologies(seed: int) -> None:
    """It is never lost for words, whatever a run comes to."""
    run = spawnlab.run_synchronously(topology(seed), limit=5_000_000)
    found = explain(run, edits=False)
    assert [*text_of(found, Terminal(width=40))]
    report = run.outcome.deadlock
    assert (found.ending == "deadlock") == (report is not None)
    if report is None:
        return
    waiting = {wait.vm: wait.waits_for for wait in found.waits}
    assert waiting.keys() == {waiting.vm for waiting in report.waiting}
    drawn = [[*ring, ring[0]] for ring in found.rings] + [[*chain] for chain in found.chains]
    assert {pair for path in drawn for pair in pairwise(path)} == set(waiting.items())  # each wait is in the graph
    assert sum(len(path) - 1 for path in drawn) == len(waiting)  # once
    assert found.vms in found.rings
    assert all(other_end(fd) in found.fds for fd in found.fds)
    assert found.advice


@settings(max_examples=12)
@given(st.integers(0, 10**9))
def test_edits_of_random_topologies(seed: int) -> None:
    """What is said of an edit is so: it is made as it is shown, and played."""
    for number in range(seed, seed + 100):  # most end otherwise
        scenario = topology(number)
        run = spawnlab.run_synchronously(scenario, limit=2_000_000)
        if run.outcome.deadlock is not None and run.outcome.cycles < 300_000:
            break
    else:
        raise AssertionError("none of 100 topologies is a deadlock")
    edit = explain(run).edit
    if edit is None:
        return
    after = spawnlab.run_synchronously(applied(scenario, edit), limit=2_000_000).outcome
    assert edit.changes
    if edit.deadlock_gone:
        assert (after.deadlock, after.iterations) == (None, edit.turns)
    else:
        assert after.iterations >= edit.turns > edit.turns_before


def test_an_edit_may_need_two_places() -> None:
    text = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "pipe", as = ["r2", "w2"] },
  { op = "spawn", program = "a", fds = ["r"], as = "a" },
  { op = "spawn", program = "b", fds = ["r2"], as = "b" },
  { op = "wait", vm = "a", exit_code = 0 },
  { op = "wait", vm = "b", exit_code = 0 },
]
[programs.a]
steps = [{ op = "inherited_fds", as = ["r"] }, { op = "read", fd = "r", size = 8 }, { op = "wait", vm = 2 }]
[programs.b]
steps = [{ op = "inherited_fds", as = ["r"] }, { op = "read", fd = "r", size = 8 }]
"""
    edit = explain(spawnlab.run_synchronously(parse_scenario(text, ".toml"))).edit
    assert edit is not None
    assert edit.words == "in root: close w before the wait for a; and in root: close w2 before the wait for a"
    assert edit.outcome.startswith("the run ends with exit code 0 after ")


C = """
#include "spawnlab.h"
int main(int argc, char **argv) {
    uint64_t fds[2];
    size_t one = 1;
    if (ckb_pipe(fds)) return 1;
    char byte;
    ckb_read(fds[0], &byte, &one);
    return 0;
}
"""


def test_source_lines_of_c() -> None:
    pytest.importorskip("ziglang")
    found = explain(spawnlab.run(spawnlab.build(Scenario(programs={"root": Program(c=C)}))))
    (wait,) = found.waits
    assert wait.place == "root.c:8"
    assert wait.held == "VM 0 made fd 3 at root.c:6 and has kept it"
    assert found.edit is None
    assert "no edit of them could be tried" in found.advice


def test_lines_of_functions() -> None:
    async def root(vm: Vm) -> None:
        read_end, _ = await vm.pipe()
        await read_end.receive_some(1)

    found = explain(spawnlab.run({"root": root}))
    (wait,) = found.waits
    assert wait.place == f"{__file__}:{root.__code__.co_firstlineno + 2}"


def test_lines_of_assembly() -> None:
    asm = "li a0, 0\nla a1, code\nli a7, SYS_WAIT\necall\n.data\ncode: .dword 0"
    found = explain(spawnlab.run(spawnlab.build(Scenario(programs={"root": Program(asm=asm)}))))
    assert found.cause == "self-wait"
    assert found.waits[0].place == "asm:4"


def test_a_skipped_io_pass() -> None:
    pipeline = (GALLERY / "pipeline.toml").read_text().partition("[expect]")[0]
    made = spawnlab.build(parse_scenario(f"{pipeline}[suspend]\nat = [600_000]\n", ".toml"))
    run = spawnlab.run_synchronously(made)
    assert run.outcome.deadlock is not None
    found = explain(run)
    assert (found.cause, {*found.causes}) == ("skipped-io-pass", {"skipped-io-pass"})
    assert (found.edit, found.advice) == (None, "suspend the run elsewhere, or not at all")  # the programs are right


def test_places_and_paths() -> None:
    assert path_of("steps[2].steps[0]") == (2, 0)
    assert place_of((2, 0)) == "steps[2].steps[0]"
    assert path_of("child.c:12") is None
    assert path_of(None) is None


def test_the_history_of_fds() -> None:
    run = spawnlab.run_synchronously(parse_scenario(BROKEN[0].text(), ".toml"))
    history = history_of(run.build, run.journal.events)
    assert history.fds[3].holders == [0, 1]
    assert history.fds[5].holders == [0]
    assert history.vms[1].inherited == (3, 4)
