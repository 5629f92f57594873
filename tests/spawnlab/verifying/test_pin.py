"""A transaction as a test: pinned to what its scripts come to, and held to that by pytest."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.testing import assert_verified
from spawnlab.verifying.verify import verify

from ...scenarios.mock import files
from ..playing_pytest import pytest_in
from .test_verify import BAD, SAYS, STUCK, transaction

Capture = pytest.CaptureFixture[str]


def test_all_scripts_are_pinned(tmp_path: Path, capsys: Capture) -> None:
    """Those behind the first that does not pass too."""
    file = transaction(tmp_path, SAYS, BAD, STUCK, type_ids=1)
    file.chmod(0o640)
    with pytest.raises(AssertionError):
        assert_verified(verify(file, all_scripts=True))
    assert main(["verify", str(file), "--pin"]) == 0
    assert capsys.readouterr().err.endswith("tx.json: pinned; pytest holds it to this\n")
    made = verify(file, all_scripts=True)
    assert len(made.scripts) == len(made.whole.expected) == 4
    assert_verified(made)
    assert not made.passes
    for script in made.scripts:
        if script.run is not None:
            assert spawnlab.run_synchronously(f"{file}#{script.address}").as_expected
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["tx.json"]


def test_pinned_anew(tmp_path: Path) -> None:
    file = transaction(tmp_path, SAYS)
    for _ in range(2):
        assert main(["verify", str(file), "--pin"]) == 0
    assert file.read_text().count('"expect"') == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tx.json", "--script", "input.0.lock"], "not with --script"),
        (["tx.json", "--script-version", "1"], "not with --script-version"),
        (["tx.json", "--max-cycles", "10"], "not with --max-cycles"),
        (["tx.json", "--debugger-calls", "."], "not with --debugger-calls"),
        (["-"], "the standard input is none"),
    ],
)
def test_what_cannot_be_pinned(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    file = transaction(tmp_path, SAYS)
    before = file.read_text()
    monkeypatch.chdir(tmp_path)
    assert main(["verify", *arguments, "--pin"]) == 2
    assert said in capsys.readouterr().err
    assert file.read_text() == before


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    file = transaction(tmp_path, SAYS)
    before = file.read_text()

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    assert main(["verify", str(file), "--pin"]) == 2
    assert "tx.json: Permission denied" in capsys.readouterr().err
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_not_as_expected_is_said(tmp_path: Path, capsys: Capture) -> None:
    """The verdict is the node's all the same."""
    file = transaction(tmp_path, SAYS)
    values = json.loads(file.read_text())
    values["expect"] = [{"script": "input.0.lock", "cycles": 1}]
    files.written(tmp_path, values)
    assert main(["verify", str(file)]) == 0
    assert "  not as expected: " in capsys.readouterr().out
    assert main(["verify", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scripts"][0]["unmet"][0].endswith(" cycles, not 1")


def test_going_on_behind_a_failure(tmp_path: Path, capsys: Capture) -> None:
    file = transaction(tmp_path, BAD, STUCK)
    assert main(["verify", str(file), "--all"]) == 1
    out = capsys.readouterr().out
    assert "exit code 9" in out
    assert "waits for ever" in out
    first, second = verify(file, all_scripts=True).scripts
    assert second.limit == first.limit  # as if the first were not there
    assert verify(file, all_scripts=True).error == verify(file).error


def test_pytest_collects_transactions(tmp_path: Path) -> None:
    """One without expectations has to pass; broken ones are tests too."""
    for name, lock in (("passes", SAYS), ("pinned", BAD), ("fails", BAD), ("stuck", STUCK), ("other", SAYS)):
        (tmp_path / name).mkdir()
        transaction(tmp_path / name, lock)
    assert main(["verify", str(tmp_path / "pinned" / "tx.json"), "--pin"]) == 0
    other = json.loads((tmp_path / "other" / "tx.json").read_text())
    files.written(tmp_path / "other", {**other, "expect": [{"script": "input.0.lock", "cycles": 1}]})
    (tmp_path / "mistake.json").write_text('{"mock_info": {}}')
    (tmp_path / "no_code.json").write_text(json.dumps(files.put(files.worked(), "tx.cell_deps", [])))
    (tmp_path / "by_name.toml").write_text(
        'transaction = "pinned/tx.json"\nscript = "input.0.lock"\n[expect]\nexit_code = 9\n'
    )
    (tmp_path / "other.toml").write_text('transaction = "abc"\n')
    status, out = pytest_in(tmp_path)
    assert status == 1
    assert "5 failed, 3 passed" in out
    assert "not as expected: exit code 9, not 0" in out
    assert "why: deadlock: VM 0 waits for ever" in out
    assert " cycles, not 1\n" in out
    assert "the field 'inputs' is missing" in out
    assert "ScriptNotFound: code_hash: Byte32(0x" in out
    assert "Traceback" not in out
    assert "pytest_plugin.py" not in out


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    file = transaction(tmp_path / "real", SAYS)
    link = tmp_path / "link.json"
    link.symlink_to(file)
    assert main(["verify", str(link), "--pin"]) == 0
    assert link.is_symlink()
    assert '"expect"' in file.read_text()


def test_a_file_that_is_read_only_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    file = transaction(tmp_path, SAYS)
    before = file.read_text()
    opened = Path.open

    def refuse(self: Path, mode: str = "r", *rest: object, **more: object) -> object:
        if "+" in mode:
            raise PermissionError(13, "Permission denied")
        return opened(self, mode, *rest, **more)  # type: ignore[call-overload] # pyright: ignore

    monkeypatch.setattr(Path, "open", refuse)
    assert main(["verify", str(file), "--pin"]) == 2
    assert "Permission denied" in capsys.readouterr().err
    assert file.read_text() == before


@pytest.mark.parametrize("end", ["", "\r\n", "\r\n\r\n"])
def test_line_ends_stay(end: str, tmp_path: Path) -> None:
    file = transaction(tmp_path, SAYS)
    file.write_bytes(file.read_text().rstrip().replace("\n", "\r\n").encode() + end.encode())
    before = file.read_bytes()
    for _ in range(2):
        assert main(["verify", str(file), "--pin"]) == 0
        after = file.read_bytes()
        assert after.count(b"\n") == after.count(b"\r\n") > before.count(b"\n")
        assert after.startswith(before.rstrip()[:-1].rstrip())
        assert after.endswith(b"]\r\n}" + end.encode())


def test_expecting_null_is_a_mistake(tmp_path: Path, capsys: Capture) -> None:
    """As nothing, it would be given twice once something is pinned."""
    file = transaction(tmp_path, SAYS)
    files.written(tmp_path, {**json.loads(file.read_text()), "expect": None})
    assert main(["verify", str(file), "--pin"]) == 2
    assert "$.expect: Expected `array`, got `null`" in capsys.readouterr().err
