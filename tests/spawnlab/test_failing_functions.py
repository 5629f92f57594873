"""Functions that play VMs and fail: the command line shows their own lines, and none of what is between."""

from __future__ import annotations

from pathlib import Path

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.actors.failures import frames_of, place_of
from spawnlab.actors.python_vm import ActorExitError
from spawnlab.actors.vm import Vm
from spawnlab.explore.cases import case_of
from spawnlab.scenarios.build import build_actors
from spawnlab.scenarios.errors import ScenarioError

RAISES = """
def half(number):
    raise ValueError(f"{number} is odd\\x1b[31m")


async def root(vm):
    await vm.pipe()
    half(3)
"""
SPAWNS = """
async def root(vm):
    await vm.spawn("nobody")
"""
LEAVES = """
import sys


async def root(vm):
    sys.exit(3)
"""
WHEN_HALTED = """
async def root(vm):
    child = await vm.spawn("child")
    assert await child.wait() == 0, "the child gave up"


async def child(vm):
    await vm.pipe()
"""


def scenario(folder: Path, source: str, *others: str) -> str:
    (folder / "vms.py").write_text(source)
    programs = "".join(f'[programs.{name}]\npython = "vms.py:{name}"\n' for name in ("root", *others))
    (folder / "a.toml").write_text(programs)
    return str(folder / "a.toml")


@pytest.mark.parametrize("command", [["run"], ["explain"], ["draw", "--format", "svg"], ["cost"], ["run", "--json"]])
def test_its_own_lines_are_shown(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command[0], scenario(tmp_path, RAISES), *command[1:]]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "spawnlab: a function that plays a VM has failed: ValueError: 3 is odd\\x1b[31m",
        f'  File "{tmp_path}/vms.py", line 8, in root',
        "    half(3)",
        f'  File "{tmp_path}/vms.py", line 3, in half',
        '    raise ValueError(f"{number} is odd\\x1b[31m")',
    ]


def test_a_call_that_cannot_be_made_is_shown_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", scenario(tmp_path, SPAWNS)]) == 2
    assert capsys.readouterr().err.splitlines()[1:] == [
        f'  File "{tmp_path}/vms.py", line 3, in root',
        '    await vm.spawn("nobody")',
    ]


def test_sys_exit_ends_no_vm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", scenario(tmp_path, LEAVES)]) == 2
    assert capsys.readouterr().err == (
        f"spawnlab: {tmp_path}/vms.py:6: sys.exit ends no VM but Python: an actor returns its exit code\n"
    )


def test_sys_exit_in_both_drivers() -> None:
    async def root(vm: Vm) -> int:
        raise SystemExit

    for driver in (spawnlab.run, spawnlab.run_synchronously):
        with pytest.raises(ActorExitError):
            driver({"root": root})


def test_a_fault_that_makes_one_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = scenario(tmp_path, WHEN_HALTED, "child")
    assert main(["run", file]) == 0
    assert main(["run", file, "--fault", "exit:1:1:7"]) == 2
    assert "AssertionError: the child gave up" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_exploring_names_the_case(jobs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It fails in the first case with a fault at the child's end, which is played again by its token."""
    file = scenario(tmp_path, WHEN_HALTED, "child")
    assert main(["explore", "faults", file, "--count", "200", "--jobs", jobs]) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path}/vms.py:4: AssertionError: the child gave up (assert await child.wait() == 0" in said
    token = said.split()[-1]
    assert case_of(token).faults
    assert main(["case", token]) == 2
    assert f'"{tmp_path}/vms.py", line 4, in root' in capsys.readouterr().err


def test_other_errors_are_of_no_function() -> None:
    with pytest.raises(ScenarioError) as caught:
        spawnlab.run({})
    assert frames_of(caught.value) == []
    assert place_of(caught.value) is None


def test_an_own_error_without_words() -> None:
    async def root(vm: Vm) -> int:
        raise KeyError

    with pytest.raises(KeyError) as caught:
        spawnlab.run({"root": root})
    assert place_of(caught.value) == f"{__file__}:{root.__code__.co_firstlineno + 1}: KeyError (raise KeyError)"


def test_a_name_that_is_no_text() -> None:
    async def root(vm: Vm) -> int:
        return 0

    with pytest.raises(ScenarioError, match=r"the program name 'a\\ud800' is no text"):
        build_actors({"root": root, "a\ud800": root})
