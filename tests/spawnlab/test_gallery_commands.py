"""`spawnlab list`, `show` and `new`: from the gallery to a file of one's own that runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.scenarios.gallery import FOLDER, entries, names, page
from spawnlab.scenarios.templates import FORMS, copy_scenario, new_scenario

ROOT = Path(__file__).resolve().parents[2]
Capture = pytest.CaptureFixture[str]


def test_the_list_is_by_lesson(capsys: Capture) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert heads == sorted(heads)
    assert len(lines) == len(heads) + len(names())
    assert "  deadlock              Two VMs that wait for each other" in lines


def test_a_folder_of_ones_own(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "good.toml").write_text("title = 'Good \\u001b[31m'\n[programs.root]\nsteps = []")
    (tmp_path / "bad.toml").write_text("title = 3\n[programs.root]\nsteps = []")
    (tmp_path / "notes.txt").write_text("no scenario")
    assert main(["list", str(tmp_path)]) == 2
    out = capsys.readouterr().out
    assert "bad   can't be read: " in out
    assert "$.title: Expected `str`, got `int`" in out
    assert "\x1b" not in out
    assert "notes" not in out
    assert main(["list", str(tmp_path / "none")]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_the_list_as_json(capsys: Capture) -> None:
    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["format"] == 1
    assert {entry["name"] for entry in listed["scenarios"]} == set(names())
    assert all(entry["why"] and entry["error"] is None for entry in listed["scenarios"])


def test_show(capsys: Capture) -> None:
    assert main(["show", "exec"]) == 0
    assert capsys.readouterr().out == (FOLDER / "exec.toml").read_text()
    assert main(["show", "exex"]) == 2
    assert "the gallery has no 'exex'; did you mean 'exec'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "explain", "cost"])
def test_names_of_the_gallery_stand_for_files(command: str, capsys: Capture) -> None:
    assert main([command, "gallery:parent_child"]) == 0
    assert capsys.readouterr().out
    assert main([command, "gallery:nothing"]) == 2
    assert "gallery:nothing: the gallery has no 'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".toml", ".yaml", ".json"])
@pytest.mark.parametrize("form", FORMS)
def test_every_new_scenario_runs_as_it_expects(tmp_path: Path, form: str, suffix: str) -> None:
    if form == "c":
        pytest.importorskip("ziglang")
    written = new_scenario(tmp_path / f"mine{suffix}", form=form)
    run = spawnlab.run(written[0])
    assert run.as_expected
    assert run.outcome.exit_code == 7
    assert len(written) == 1 + (form == "python")


@pytest.mark.parametrize("name", names())
def test_every_scenario_can_be_copied(tmp_path: Path, name: str) -> None:
    source = next(entry for entry in entries() if entry.name == name)
    (file, *_) = copy_scenario(tmp_path / f"copy{Path(source.file).suffix}", name)
    if "spawnlab.h" not in file.read_text():
        assert spawnlab.run_synchronously(file).journal == spawnlab.run_synchronously(source.file).journal


def test_new_says_what_to_do_next_and_overwrites_nothing(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "ring"]) == 0
    assert capsys.readouterr().out == (
        "written: ring.toml\nplay it:      spawnlab run ring.toml\nkeep as test: pytest ring.toml\n"
    )
    before = (tmp_path / "ring.toml").read_text()
    assert main(["new", "ring", "--form", "python"]) == 2
    assert "ring.toml: it exists already; nothing was written" in capsys.readouterr().err
    assert (tmp_path / "ring.toml").read_text() == before
    assert not (tmp_path / "ring.py").exists()
    assert main(["new", "ring.txt"]) == 2
    assert main(["new", "yaml", "--from", "in_yaml"]) == 0
    assert (tmp_path / "yaml.yaml").exists()
    assert main(["new", "other.toml", "--from", "in_yaml"]) == 2
    assert "in_yaml is a .yaml file" in capsys.readouterr().err


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "gallery.md").read_text() == page()


@pytest.mark.parametrize("name", ["deadlock", "deadlock.toml"])
def test_a_name_of_the_gallery_without_its_prefix(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", name]) == 2
    assert capsys.readouterr().err == f"spawnlab: {name}: there is no such file; the gallery has gallery:deadlock\n"
