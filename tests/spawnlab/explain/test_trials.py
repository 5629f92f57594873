"""Edits that are tried: within bounds, round functions, for what a scenario expects; and advice where none helps."""

from __future__ import annotations

import re

import msgspec
import pytest

import spawnlab
from spawnlab.actors.python_vm import Actor
from spawnlab.actors.vm import Vm
from spawnlab.explain import trial
from spawnlab.explain.causes import ADVICE, DEADLOCK_RULES
from spawnlab.explain.changes import changes_of, lines_of
from spawnlab.explain.edits import Editor
from spawnlab.explain.explain import explain
from spawnlab.explain.history import history_of
from spawnlab.explain.model import Change, Edit, Explanation
from spawnlab.explain.text import text_of
from spawnlab.scenarios import steps as s
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.model import Expectation, Limits, Program, Scenario

from .broken import BROKEN, given, pipe, read, spawn, wait, write


def scenario_of(root: list[str], **others: list[str]) -> Scenario:
    text = "".join(
        f"[programs.{name}]\nsteps = [{', '.join(f'{{ op = {step} }}' for step in steps)}]\n"
        for name, steps in {"root": root, **others}.items()
    )
    return parse_scenario(text, ".toml")


def edit_of(scenario: Scenario, *, limit: int | None = None) -> Edit | None:
    return explain(spawnlab.run_synchronously(scenario, limit=limit)).edit


# Bounds

LEAK = scenario_of([pipe("r", "w"), spawn("child", "r"), wait("child"), '"compute", cycles = 3_000_000'],
                   child=[given("r"), read("r")])  # fmt: skip
"""The edit that helps is followed by more cycles than are played for one edit of so short a run."""


def test_a_run_that_is_stopped_is_not_said_to_end() -> None:
    edit = edit_of(LEAK)
    assert edit is not None
    assert not edit.deadlock_gone
    assert edit.outcome.startswith("the run goes on, and was stopped after ")
    assert edit.turns > edit.turns_before


def test_a_limit_of_the_run_itself_is_an_end() -> None:
    edit = edit_of(msgspec.structs.replace(LEAK, limits=Limits(cycles=1_000_000)))
    assert edit is not None
    assert edit.deadlock_gone
    assert edit.outcome == "the deadlock is gone; the run then ends with: cycles error: max cycles exceeded"
    assert edit == edit_of(LEAK, limit=1_000_000)


def test_no_more_is_played_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = parse_scenario(BROKEN[9].text(), ".toml")  # several edits are tried before the one that helps
    found = edit_of(scenario)
    assert found is not None
    monkeypatch.setattr(trial, "TRIES_MAX", found.tried - 1)
    before = edit_of(scenario)
    assert before is None or (before.tried, before.words != found.words) == (found.tried - 1, True)
    monkeypatch.setattr(trial, "TRIES_MAX", 150)
    monkeypatch.setattr(trial, "CYCLES_MAX", 0)  # three times the run's own are left
    few = edit_of(scenario)
    assert few is None or few.tried < found.tried


def test_what_is_charged_for_spawning_leaves_no_fewer_tries() -> None:
    """It takes no time here, though it may be most of a run's cycles."""
    scenario = parse_scenario(BROKEN[9].text(), ".toml")
    few = edit_of(scenario)
    assert few is not None
    steps = scenario.programs["root"].steps
    assert steps is not None
    spawns = s.Repeat(times=200, steps=(s.Spawn(program="quiet"),))
    programs = {
        **scenario.programs,
        "root": Program(steps=(spawns, *steps)),
        "quiet": Program(steps=()),
    }
    many = edit_of(msgspec.structs.replace(scenario, programs=programs))
    assert many is not None
    assert few.tried * 20_000_000 > trial.CYCLES_MAX  # more than that many cycles are spent
    assert (many.words, many.tried) == (few.words, few.tried)


def test_whoever_asks_can_stop_it() -> None:
    scenario = parse_scenario(BROKEN[9].text(), ".toml")
    run = spawnlab.run_synchronously(scenario)
    found = explain(run).edit
    assert found is not None
    assert found.tried > 2
    left = iter([True, True])
    stopped = explain(run, going=lambda: next(left, False))
    assert stopped.edit is None or stopped.edit.tried <= 2
    assert explain(run, going=lambda: True) == explain(run)
    assert explain(run, going=lambda: False).waits == explain(run).waits


def test_it_is_the_same_every_time() -> None:
    for broken in BROKEN[::7]:
        scenario = parse_scenario(broken.text(), ".toml")
        assert explain(spawnlab.run(scenario)) == explain(spawnlab.run_synchronously(scenario))


# What is aimed at


def test_the_exit_code_that_is_expected_is_aimed_at() -> None:
    """Without the expectation the wait goes; with it the write comes first, so that the child leaves with 4."""
    root = [
        pipe("r", "w"),
        spawn("child", "r"),
        '"wait", vm = "child", as = "code"',
        write("w"),
        '"exit", code = "code"',
    ]
    child = [given("r"), '"read", fd = "r", size = 8, count = "n"', '"exit", code = "n"']
    expecting = msgspec.structs.replace(scenario_of(root, child=child), expect=Expectation(exit_code=4))
    edit = edit_of(expecting)
    assert edit is not None
    assert edit.words == "in root: move the wait for child after the write to w"
    assert edit.outcome.startswith("the run ends with exit code 4 after ")


def test_what_a_step_complains_of_is_told() -> None:
    """The deadlock goes, but what the child reads is not what it expects."""
    child = [given("r"), '"read", fd = "r", size = 8, text = "pong"']
    edit = edit_of(scenario_of([pipe("r", "w"), spawn("child", "r"), wait("child"), write("w")], child=child))
    assert edit is not None
    assert edit.deadlock_gone
    assert "though one VM says: $.programs.child.steps[1]: " in edit.outcome


# Functions beside operations


def beside(child: Actor) -> Explanation:
    made = spawnlab.build(scenario_of([pipe("r", "w"), spawn("child", "r"), wait("child"), write("w")], child=[]))
    return explain(spawnlab.run_synchronously(made.with_actors({"child": child})))


def test_functions_play_in_edited_runs_too() -> None:
    async def child(vm: Vm) -> None:
        (end,) = await vm.inherited_fds()
        await end.receive_some(8)

    edit = beside(child).edit
    assert edit is not None
    assert edit.words == "in root: move the wait for child after the write to w"
    assert edit.deadlock_gone


def test_a_function_that_fails_in_an_edited_run_fails_nobody() -> None:
    async def child(vm: Vm) -> None:
        (end,) = await vm.inherited_fds()
        raise ValueError(f"did not expect {await end.receive_some(8)!r}")

    found = beside(child)
    assert found.edit is None
    assert re.match(
        r"none of \d+ small edits that were tried lets the run get further; close fd 3 in VM 0 ", found.advice
    )


def test_a_write_of_more_than_can_be_read_at_once() -> None:
    """Edits are only such as a scenario file can say."""
    asm = "li a0, 3\nla a2, n\nli a7, SYS_WRITE\necall\nli a0, 0\nli a7, SYS_EXIT\necall\n.data\nn: .dword -1"
    scenario = scenario_of([pipe("r", "w"), spawn("child", "w"), read("r"), wait("child")], child=[])
    programs = {**scenario.programs, "child": Program(asm=asm)}
    run = spawnlab.run_synchronously(msgspec.structs.replace(scenario, programs=programs))
    edit = explain(run).edit
    assert edit is not None
    assert edit.words == "in root: close r before the wait for child"
    report = run.outcome.deadlock
    assert report is not None
    candidates = Editor(run.build.scenario, report, history_of(run.build, run.journal.events)).candidates()
    assert "size" in {candidate.kind for candidate in candidates}
    for candidate in candidates:
        assert msgspec.convert(msgspec.to_builtins(candidate.scenario), Scenario) == candidate.scenario


# Advice

ADVISED = {
    "both read first": "let VM 1 write to fd 3 before its own read at steps[1]",
    "both write first": "let VM 1 read from fd 4 before its own write at steps[1]",
    "wait before the write": "close fd 3 in VM 0 before it waits at steps[2], or write there what VM 1 still reads",
    "wait before the read": "let VM 0 read from fd 2 before it waits at steps[2]",
    "it waits for itself": "leave out VM 0's wait for itself at steps[1]",
    "a child waits for the root":
        "leave out VM 1's wait for VM 0 at steps[0]: it can learn by a pipe what it wants to know",
    "keeps the write end and reads to the end":
        "hand fd 3 to the VM that is to write, when it is spawned, or close it in VM 1 before the read at steps[2]",
    "writes to its own pipe": "hand fd 2 to the VM that is to read, when it is spawned: a VM can't write to itself",
    "they speak of different pipes first": "let VM 1 write to fd 3, or close it, before it waits at steps[1]",
    "two children wait for each other": "leave out one of the waits, such as VM 1's for VM 2 at steps[2]",
    "a wait, a write and a read": "let VM 0 write to fd 3, or close it, before it waits at steps[4]",
}  # fmt: skip


@pytest.mark.parametrize(("name", "advice"), ADVISED.items())
def test_advice(name: str, advice: str) -> None:
    (broken,) = (broken for broken in BROKEN if broken.name == name)
    found = explain(spawnlab.run_synchronously(parse_scenario(broken.text(), ".toml")), edits=False)
    assert (found.edit, found.advice) == (None, advice)
    assert f"try: {advice}" in text_of(found)


def test_there_is_advice_for_each_cause() -> None:
    assert ADVICE.keys() == DEADLOCK_RULES.keys()
    causes = {broken.cause for broken in BROKEN if broken.name in ADVISED}
    assert causes == DEADLOCK_RULES.keys() - {"skipped-io-pass"}


def test_programs_that_are_no_operations_get_advice() -> None:
    asm = "li a0, 0\nla a1, code\nli a7, SYS_WAIT\necall\n.data\ncode: .dword 0"
    found = explain(spawnlab.run_synchronously(Scenario(programs={"root": Program(asm=asm)})))
    assert found.edit is None
    assert found.advice.startswith(
        "the programs that wait are no lists of operations, so that no edit of them could be"
    )
    assert found.advice.endswith("; leave out VM 0's wait for itself at asm:4")


# What is shown


def test_changes_within_loops_have_a_place_of_their_own() -> None:
    loop = '"repeat", times = {}, steps = [{{ op = "log", text = "a" }}{}]'
    before = scenario_of([loop.format(2, ""), loop.format(3, "")])
    assert [place for place, _ in lines_of(before.programs["root"])] == [
        "steps[0]", "steps[0].steps[0]", "the end of steps[0]", "steps[1]", "steps[1].steps[0]", "the end of steps[1]",
    ]  # fmt: skip
    after = scenario_of([loop.format(2, ', { op = "log", text = "b" }'), loop.format(4, ""), '"exit"'])
    assert changes_of(before, after) == [
        Change(program="root", place="the end of steps[0]", added=('  { op = "log", text = "b" }',)),
        Change(program="root", place="steps[1]", removed=('{ op = "repeat", times = 3, steps = [',),
               added=('{ op = "repeat", times = 4, steps = [',)),
        Change(program="root", place="the end", added=('{ op = "exit" }',)),
    ]  # fmt: skip


def test_rings_and_chains() -> None:
    scenario = scenario_of(
        [spawn("a"), spawn("b"), spawn("c"), wait("c"), wait("a")],
        a=['"process_id", as = "own"', wait("own")], b=[pipe("r", "w"), read("r")], c=[wait(2)],
    )  # fmt: skip
    found = explain(spawnlab.run_synchronously(scenario), edits=False)
    assert found.headline == "deadlock: VM 1 and VM 2 wait for ever"
    assert (found.rings, found.causes) == (((1,), (2,)), ("self-wait", "own-pipe-read"))
    assert found.chains == ((0, 3, 2),)
    lines = [*text_of(found)]
    assert "  ring (self-wait): VM 1 —wait end→ VM 1" in lines
    assert "  ring (own-pipe-read): VM 2 —read fd 2→ VM 2" in lines
    assert "  chain: VM 0 —wait end→ VM 3 —wait end→ VM 2" in lines


def test_how_an_end_came_to_its_holder() -> None:
    """Listed twice it is handed over once; and of a function it is said when it made an end."""
    twice = scenario_of([pipe("r", "w"), spawn("child", "w", "w"), read("r")], child=[wait(0)])
    run = spawnlab.run_synchronously(twice)
    assert history_of(run.build, run.journal.events).fds[3].holders == [0, 1]
    held = explain(run, edits=False).waits[0].held
    assert held == "VM 1 was given fd 3 by VM 0 when it was spawned; VM 0 made it at steps[0]"

    async def root(vm: Vm) -> None:
        read_end, _ = await vm.pipe()
        await vm.pipe()
        await read_end.receive_some(1)

    found = explain(spawnlab.run_synchronously({"root": root}))
    assert found.waits[0].held == "VM 0 made fd 3 in turn 1, 0 cycles and has kept it"


@pytest.mark.parametrize(
    ("steps", "progress"),
    [
        ([], "began, in turn 0, "),
        ([pipe("a", "b")], "made fds 2 and 3, in turn 1, "),
        ([pipe("a", "b"), '"close", fd = "a"'], "closed fd 2, in turn 2, "),
        ([spawn("quiet")], "spawned VM 1, in turn 1, "),
        ([spawn("quiet"), wait("quiet")], "learned of the end of VM 1, in turn 3, "),
        ([pipe("a", "b"), spawn("reader", "a"), write("b")], "wrote 4 bytes to fd 3, in turn 5, "),
        ([pipe("a", "b"), spawn("writer", "b"), read("a")], "read 1 byte from fd 2, in turn 5, "),
        (
            [pipe("a", "b"), spawn("taker", "a"), write("b")],
            "was told that the other end of fd 3 is closed, after 1 byte, ",
        ),
        (['"wait", vm = 9, code = "WAIT_FAILURE"'], "was answered with 5, in turn 1, "),
        ([spawn("other"), '"exec", program = "root2"'], "went on as another program, in turn 3, "),
    ],
)
def test_the_last_progress(steps: list[str], progress: str) -> None:
    stuck = [*steps, wait(0)]
    scenario = scenario_of(
        stuck, quiet=[], reader=[given("r"), read("r")], taker=[given("r"), read("r", 1)],
        writer=[given("w"), write("w", "x")], other=[], root2=[wait(0)],
    )  # fmt: skip
    found = explain(spawnlab.run_synchronously(scenario), edits=False)
    (root,) = (wait for wait in found.waits if wait.vm == 0)
    assert root.progress.startswith(progress)
