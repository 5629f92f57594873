"""``TX.json#SCRIPT`` is taken wherever a scenario is, by the command line and from Python."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

import spawnlab
from spawnlab import aio
from spawnlab.__main__ import main
from spawnlab.saved import SavedRun
from spawnlab.scheduler.journal import Journal
from spawnlab.stepping.notebook import stepper
from spawnlab.vm.engines import NAMES, native_refusal
from spawnlab.watching.session import Session

from ...scenarios.mock import files
from ...scheduler.programs import SMALLEST, assembled, leave, pipe, read, spawn, wait

Capture = pytest.CaptureFixture[str]
STUCK = assembled(pipe() + read(2, 1) + leave()).elf()
PARENT = assembled(spawn(1) + wait(1) + leave("[code]")).elf()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two inputs: the lock of the first spawns, that of the second waits for ever. Programs are files of their own."""
    for name, program in (("parent", PARENT), ("child", SMALLEST), ("stuck", STUCK)):
        (tmp_path / name).write_bytes(program)
    values = files.worked()
    info, tx = values["mock_info"], values["tx"]
    (given,), (dep,) = info["inputs"], info["cell_deps"]
    info["inputs"], info["cell_deps"], tx["inputs"], tx["cell_deps"] = [], [], [], []
    for index, lock in enumerate((PARENT, STUCK)):
        spent = {"since": "0x0", "previous_output": {"tx_hash": "0x" + "bb" * 32, "index": hex(index)}}
        info["inputs"].append({**given, "input": spent, "output": {**given["output"], "lock": files.script(lock)}})
        tx["inputs"].append(spent)
    for index, name in enumerate(("parent", "child", "stuck")):
        cell_dep = {"out_point": {"tx_hash": "0x" + "aa" * 32, "index": hex(index)}, "dep_type": "code"}
        info["cell_deps"].append({**dep, "cell_dep": cell_dep, "data": f"0x{{{{ data {name} }}}}"})
        tx["cell_deps"].append(cell_dep)
    files.written(tmp_path, values)
    monkeypatch.chdir(tmp_path)
    return tmp_path


SPAWNS, WAITS = "tx.json#input.0.lock", "tx.json#input.1.lock"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["run", SPAWNS], 0, "VM 1 starts child, spawned by VM 0"),
        (["run", SPAWNS, "--limit", "100"], 1, "max cycles exceeded"),
        (["explain", WAITS], 0, "VM 0 (stuck) waits to read from fd 2"),
        (["cost", SPAWNS], 0, " 1  child"),
        (["cost", SPAWNS, "--limits"], 0, "any  exit code 0"),
        (["diff", SPAWNS, WAITS], 1, "VM 0 starts parent"),
        (["diff", SPAWNS, SPAWNS], 0, "equal: "),
        (["orders", SPAWNS], 0, "independent of order: exit code 0"),
        (["hints", SPAWNS], 0, "parent is an ELF file, and not looked at"),
        (["draw", SPAWNS, "-o", "run.svg"], 0, "run.svg"),
        (["draw", SPAWNS, "-o", "run.html"], 0, "run.html"),
        (["draw", SPAWNS, "-o", "run.mmd"], 0, "run.mmd"),
        (["explore", "limits", SPAWNS, "--count", "20"], 0, "exit 0"),
        (["explore", "suspend", SPAWNS, "--count", "20"], 0, "exit 0"),
        (["explore", "policy", SPAWNS, "--count", "20"], 0, "exit 0"),
        (["explore", "faults", SPAWNS, "--count", "20"], 0, "exit 0"),
        (["explore", "agree", SPAWNS, "--count", "2"], 0, "differs: 0 - none"),
    ],
)
def test_commands(arguments: list[str], status: int, said: str, capsys: Capture) -> None:
    assert main(arguments) == status
    printed = capsys.readouterr()
    assert said in printed.out + printed.err


@pytest.mark.reference
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("script", [SPAWNS, WAITS])
def test_the_reference_is_equal(script: str, capsys: Capture) -> None:
    assert main(["compare", script]) == 0
    assert capsys.readouterr().out.startswith("equal: ")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", [name for name in NAMES if name != "native" or native_refusal() is None])
def test_engines(name: str, capsys: Capture) -> None:
    assert main(["run", SPAWNS, "--engine", "auto"]) == 0
    expected = capsys.readouterr().out
    assert main(["run", SPAWNS, "--engine", name]) == 0
    assert capsys.readouterr().out == expected
    assert main(["verify", "tx.json", "--script", "input.0.lock", "--engine", name]) == 0


async def _staged() -> Journal:
    async with spawnlab.stage(SPAWNS) as stage:
        await stage.run()
        return stage.result().journal


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "play",
    [
        lambda: spawnlab.run(SPAWNS).journal,
        lambda: trio.run(_staged),
        lambda: asyncio.run(aio.perform(SPAWNS)).journal,
        lambda: spawnlab.run_synchronously(spawnlab.load(SPAWNS)).journal,
    ],
    ids=["run", "stage", "aio", "load"],
)
def test_python(play: Callable[[], Journal]) -> None:
    assert play() == spawnlab.run_synchronously(SPAWNS).journal


@pytest.mark.usefixtures("folder")
def test_watching() -> None:
    """The session that the live view shows."""
    session = Session(SPAWNS)
    run = spawnlab.run_synchronously(SPAWNS)
    session.run()
    while session.goal is not None:
        session.advance()
    assert session.player.events == run.journal.events


@pytest.mark.usefixtures("folder")
def test_the_stepper() -> None:
    assert "child" in stepper(SPAWNS).html


def test_a_suspended_script_needs_no_file(folder: Path) -> None:
    """And the programs keep the names that the templates gave them."""
    whole = spawnlab.run_synchronously(SPAWNS)
    saved = spawnlab.run_synchronously(SPAWNS, suspend_at=100_200).saved
    assert saved is not None
    read = SavedRun.from_bytes(saved.to_bytes())
    (folder / "tx.json").unlink()
    run = spawnlab.run_synchronously(read)
    assert (run.outcome.exit_code, run.outcome.cycles) == (whole.outcome.exit_code, whole.outcome.cycles)
    assert [code.name for code in run.build.codes] == ["parent", "child", "stuck"]


def test_a_case_that_was_found_needs_no_file(folder: Path, capsys: Capture) -> None:
    main(["explore", "policy", WAITS, "--count", "3", "--property", "deadlock", "--json"])
    token = json.loads(capsys.readouterr().out)["found"][0]["token"]
    (folder / "tx.json").unlink()
    main(["case", token])
    assert "VM 0 starts stuck" in capsys.readouterr().out
