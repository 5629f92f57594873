"""Scenarios as transactions and back: the runs stay what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.scenarios.gallery import FOLDER
from spawnlab.scenarios.load import load_scenario
from spawnlab.staging import Run
from spawnlab.vm.assembler import assemble

from ...scenarios.mock import files

Capture = pytest.CaptureFixture[str]
GALLERY = sorted(file for file in FOLDER.iterdir() if file.suffix in (".toml", ".yaml", ".json"))
PLAYED = [
    file for file in GALLERY if any(program.python is not None for program in load_scenario(file).programs.values())
]


def ended(run: Run) -> tuple[object, ...]:
    failure = run.outcome.failure
    return run.outcome.exit_code, failure and failure.debug, run.outcome.cycles, run.outcome.iterations


def group_of(file: Path) -> str:
    return load_scenario(file).group


@pytest.mark.parametrize("file", [file for file in GALLERY if file not in PLAYED], ids=lambda file: file.stem)
def test_there_and_back(file: Path, tmp_path: Path, capsys: Capture) -> None:
    """The same VMs in the same turns, with the same cycles; and the scenario that is made of it expects just that."""
    scenario = load_scenario(file)
    it = spawnlab.load(file)
    tx, back = tmp_path / "tx.json", tmp_path / "back.toml"
    assert main(["convert", str(file), "-o", str(tx)]) == 0
    script = f"{tx}#input.0.{scenario.group}"
    whole = spawnlab.run_synchronously(it, limit=10**9) if scenario.suspend is None else None
    newest = spawnlab.load(script, version=2)
    assert newest.sg_data.version == scenario.version
    run = spawnlab.run_synchronously(newest, limit=10**9)
    if whole is not None:
        assert ended(run) == ended(whole)
        assert [type(event) for event in run.journal] == [type(event) for event in whole.journal]
    assert main(["convert", script, "-o", str(back)]) == 0
    again = spawnlab.run_synchronously(back)
    assert again.as_expected, again.unmet
    assert [code.name for code in newest.codes][: len(it.codes)] == [code.name for code in it.codes]
    expected = load_scenario(back).expect
    assert (expected.exit_code, expected.cycles) == (run.outcome.exit_code, run.outcome.cycles)
    assert "characters" in capsys.readouterr().out


def test_an_elf_file(tmp_path: Path) -> None:
    elf, tx = tmp_path / "program", tmp_path / "tx.json"
    elf.write_bytes(assemble("li a0, 3\nli a7, 93\necall").elf())
    assert main(["convert", str(elf), "-o", str(tx)]) == 0
    assert spawnlab.run_synchronously(tx).outcome.exit_code == 3


def test_functions_have_no_code(tmp_path: Path, capsys: Capture) -> None:
    assert PLAYED
    assert main(["convert", str(PLAYED[0]), "-o", str(tmp_path / "tx.json")]) == 2
    assert "Python functions play programs in it" in capsys.readouterr().err
    assert not (tmp_path / "tx.json").exists()


@pytest.mark.parametrize("suffix", [".toml", ".json", ".yaml", ".yml"])
def test_notations(suffix: str, tmp_path: Path) -> None:
    """The file names its transaction from where it stands."""
    file = files.written(tmp_path, files.worked())
    out = tmp_path / "folder" / f"it{suffix}"
    out.parent.mkdir()
    assert main(["convert", str(file), "-o", str(out)]) == 0
    assert load_scenario(out).transaction == "../tx.json"
    assert load_scenario(out).script == "input.0.lock"
    assert spawnlab.run_synchronously(out).as_expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tx.json", "-o", "tx.json"], "tx.json: it exists already; nothing was written"),
        (["tx.json", "-o", "tx.txt"], "a scenario's suffix is one of "),
        (["tx.json", "-o", "no/where.toml"], "No such file or directory"),
        (["gone.toml", "-o", "x.json"], "gone.toml: No such file or directory"),
        (["tx.json#input.3.lock", "-o", "x.toml"], "input.3.lock: there is 1 input"),
    ],
)
def test_mistakes(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    files.written(tmp_path, files.worked())
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert main(["convert", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_what_scripts_can_read_is_in_the_transaction(tmp_path: Path) -> None:
    """Since of inputs, headers and extensions of blocks, which block made a cell, outputs and witnesses."""
    scenario = tmp_path / "it.toml"
    scenario.write_text(
        'witnesses = ["0x11", "0x"]\n'
        'inputs = [{ since = 5, header = 1, data = "one" }, { since = 6 }]\n'
        'outputs = [{ data = "made", capacity = 77, type = "this" }]\n'
        'header_deps = [{ number = 7, extension = "0x1234" }, { number = 8, nonce = 9 }]\n'
        "[programs.root]\nsteps = []\n"
    )
    assert main(["convert", str(scenario), "-o", str(tmp_path / "tx.json")]) == 0
    given, made = spawnlab.load(scenario).sg_data, spawnlab.load(f"{tmp_path / 'tx.json'}#input.0.lock").sg_data
    assert made.script == given.script
    assert [one.since for one in made.resolved.transaction.inputs] == [5, 6]
    assert [cell.data for cell in made.resolved.inputs] == [b"one", b""]
    assert made.resolved.inputs[0].block_hash == given.resolved.inputs[0].block_hash is not None
    assert made.resolved.headers == given.resolved.headers
    assert len(made.resolved.headers) == 2
    assert made.resolved.extensions == given.resolved.extensions
    assert list(made.resolved.extensions.values()) == [b"\x12\x34"]
    assert made.resolved.transaction.outputs == given.resolved.transaction.outputs
    assert made.resolved.transaction.outputs_data == (b"made",)
    assert made.resolved.transaction.witnesses == (b"\x11", b"")
