"""The schema that is published is the model's, and the gallery keeps to it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spawnlab.__main__ import main
from spawnlab.scenarios.model import FORMS
from spawnlab.scenarios.schema import schema, schema_text

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "docs" / "scenario.schema.json"
GALLERY = sorted(
    file for suffix in ("toml", "yaml", "json") for file in (ROOT / "scenarios" / "gallery").glob(f"*.{suffix}")
)


def check(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(SCHEMA), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_published_schema_is_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == SCHEMA.read_text() == schema_text()


def test_the_schema_itself_is_valid() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--check-metaschema", str(SCHEMA)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_every_table_and_field_of_a_program_says_what_it_is() -> None:
    parts = schema()["$defs"]
    assert all("description" in part for part in parts.values())
    assert all("description" in parts["Program"]["properties"][form] for form in FORMS)


def test_the_gallery_keeps_to_it() -> None:
    done = check(*GALLERY)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.name)
def test_editors_are_told_of_it(file: Path) -> None:
    patterns = {
        ".toml": r"^#:schema (\S+)$",
        ".yaml": r"^# yaml-language-server: \$schema=(\S+)$",
        ".json": r'^ +"\$schema": "(\S+)",$',
    }
    found = re.search(patterns[file.suffix], file.read_text(), re.MULTILINE)
    assert found is not None
    assert (file.parent / found[1]).resolve() == SCHEMA


@pytest.mark.parametrize(
    "wrong",
    [
        "titel = 'x'\n[programs.root]\nsteps = []",
        "[programs.root]\nsteps = [{ op = 'raed' }]",
        "[programs.root]\nsteps = [{ op = 'read', fd = 'a' }]",
        "[programs.root]",
        "[programs.root]\nsteps = []\nelf = 'x'",
        "[programs.1]\nsteps = []",
        "version = 3\n[programs.root]\nsteps = []",
    ],
)
def test_mistakes_are_seen_by_it(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "s.toml"
    file.write_text(wrong)
    assert check(file).returncode == 1
    file.write_text("title = 'x'\n[programs.root]\nsteps = []")
    assert check(file).returncode == 0
