"""The operation `exec`: the VM goes on as another program, its id, fds and parent as they were."""

from __future__ import annotations

import pytest

import spawnlab
from spawnlab.actors.python_vm import ExecError
from spawnlab.actors.vm import Vm
from spawnlab.scenarios.as_actor import actors_of
from spawnlab.scenarios.load import parse_scenario

TEXT = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "first", fds = ["w"], as = "child" },
  { op = "read", fd = "r", size = 9, text = "second" },
  { op = "wait", vm = "child", exit_code = 9 },
]
[programs.first]
steps = [{ op = "exec", program = "second", argv = ["a", "bc"] }, { op = "exit", code = 1 }]
[programs.second]
steps = [
  { op = "inherited_fds", as = ["w"] },
  { op = "write", fd = "w", text = "second" },
  { op = "process_id", as = "id" },
  { op = "expect", value = "id", equals = 1 },
  { op = "exit", code = 9 },
]
"""


def test_it_goes_on_as_another_program() -> None:
    made = spawnlab.build(parse_scenario(TEXT, ".toml"))
    run = spawnlab.run(made)
    assert run.as_expected
    (replaced,) = [event for event in run.journal if type(event).__name__ == "ProgramReplaced"]
    assert (replaced.vm, replaced.arguments) == (1, (b"a", b"bc"))  # type: ignore[union-attr]
    assert spawnlab.run(made, actors=actors_of(made.scenario)).as_expected


def test_a_function_that_goes_on_as_another() -> None:
    async def root(vm: Vm) -> int:
        await vm.exec("other", argv=["x", b"y"])
        return 1

    async def other(vm: Vm) -> int:
        return len(vm.argv)

    assert spawnlab.run({"root": root, "other": other}).outcome.exit_code == 2


def test_version_1_does_it_in_place() -> None:
    text = "version = 1\n" + TEXT[TEXT.index("[programs.first]") :].replace("first", "root")
    text = text.replace('  { op = "inherited_fds", as = ["w"] },\n  { op = "write", fd = "w", text = "second" },\n', "")
    text = text.replace('  { op = "process_id", as = "id" },\n  { op = "expect", value = "id", equals = 1 },\n', "")
    made = spawnlab.build(parse_scenario(text + "[expect]\nexit_code = 9\n", ".toml"))
    assert spawnlab.run(made).as_expected
    with pytest.raises(ExecError, match="an actor can't call exec in version 1"):
        spawnlab.run(made, actors=actors_of(made.scenario))


def test_an_unknown_program() -> None:
    with pytest.raises(spawnlab.ScenarioError, match="there is no program 'secnd'; did you mean 'second'"):
        spawnlab.build(parse_scenario(TEXT.replace('exec", program = "second', 'exec", program = "secnd'), ".toml"))
