"""Other files than mock transactions, scripts that are not meant, and arguments that can't be: what is said."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.pytest_plugin import TransactionFile, pytest_collect_file
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.load import load_scenario
from spawnlab.scheduler.verify.errors import InvalidVmVersion
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH
from spawnlab.scheduler.verify.versions import rules_up_to
from spawnlab.verifying import reading
from spawnlab.verifying.verify import verify

from ...scenarios.mock import files
from .test_verify import BAD, SAYS, STUCK, transaction

Capture = pytest.CaptureFixture[str]
SMALL = "[programs.root]\nsteps = []\n"


def said(capsys: Capture, *arguments: str, status: int = 2) -> str:
    assert main([*arguments]) == status
    printed = capsys.readouterr()
    return printed.err if status == 2 else printed.out


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_of_other_kinds(folder: Path, capsys: Capture) -> None:
    (folder / "small.toml").write_text(SMALL)
    (folder / "small.json").write_text('{"programs": {"root": {"steps": []}}}')
    (folder / "named.json").write_text('{"transaction": "tx.json"}')
    (folder / "raw.json").write_text(json.dumps(files.worked()["tx"]))
    (folder / "elf").write_bytes(SAYS)
    saved = spawnlab.run_synchronously("gallery:pipeline", suspend_at=600_000).saved
    assert saved is not None
    (folder / "state").write_bytes(saved.to_bytes())
    kinds = {"small.toml": "a scenario", "small.json": "a scenario", "named.json": "a scenario", "elf": "an ELF file"}
    kinds |= {"raw.json": "a transaction without the cells", "state": "a suspended run"}
    for name, kind in kinds.items():
        assert said(capsys, "verify", name).startswith(f"spawnlab: {name}: this is {kind}")
    for command in ("run", "explain", "hints"):
        assert "this is a transaction without the cells" in said(capsys, command, "raw.json")


def test_what_may_mean_to_be_one_is_read_as_one(folder: Path, capsys: Capture) -> None:
    (folder / "a.json").write_text('{"mock_info": {}, "programs": {}}')
    (folder / "b.json").write_text("[]")
    (folder / "c.json").write_text('{"tx": ')
    assert "$.mock_info: the field 'inputs' is missing" in said(capsys, "verify", "a.json")
    assert "Expected `object`, got `array`" in said(capsys, "verify", "b.json")
    assert "not JSON" in said(capsys, "verify", "c.json")


def test_a_script_may_be_named_behind_the_file(folder: Path, capsys: Capture) -> None:
    transaction(folder, SAYS, BAD)
    assert said(capsys, "verify", "tx.json#input.0.lock", status=0).count("cycles") == 2
    assert [one.address for one in verify("tx.json#input.1.lock").scripts] == ["input.1.lock"]
    assert verify("tx.json#input.1.lock", script="input.1.lock").scripts[0].exit_code == 9
    with pytest.raises(ScenarioError, match=r"two scripts are named, input\.1\.lock and input\.0\.lock"):
        verify("tx.json#input.1.lock", script="input.0.lock")
    assert "not for one" in said(capsys, "verify", "tx.json#input.0.lock", "--pin")


def test_hints_of_a_transaction_with_one_script(folder: Path, capsys: Capture) -> None:
    transaction(folder, SAYS)
    assert "is an ELF file, and not looked at" in said(capsys, "hints", "tx.json", status=0)


def test_which_script_is_to_be_named(folder: Path, capsys: Capture) -> None:
    transaction(folder, SAYS, BAD)
    assert "name one, as in TX.json#input." in said(capsys, "run", "tx.json")


def test_a_script_that_was_not_wanted_is_not_missed(folder: Path) -> None:
    made = verify(transaction(folder, BAD, SAYS, STUCK), script="input.0.lock")
    assert (made.passes, made.not_run) == (False, 0)
    every = verify(folder / "tx.json")
    assert every.not_run == 3 - len(every.scripts)


@pytest.mark.parametrize(("version", "passes"), [(0, False), (1, False), (2, True)])
def test_versions_that_are_not_active(version: int, passes: bool, folder: Path, capsys: Capture) -> None:
    transaction(folder, SAYS)
    out = said(capsys, "verify", "tx.json", "--script-version", str(version), status=0 if passes else 1)
    assert (str(InvalidVmVersion(2)) in out) is not passes
    assert verify(folder / "tx.json", version=version).passes is passes


@pytest.mark.parametrize("version", [-1, 3, 5])
def test_versions_that_there_are_not(version: int, folder: Path) -> None:
    with pytest.raises(ValueError, match=f"script versions are 0, 1 and 2, not {version}"):
        rules_up_to(version)
    with pytest.raises(ValueError, match="script versions are"):
        verify(transaction(folder, SAYS), version=version)


@pytest.mark.parametrize("cycles", [-1, 1 << 64])
def test_cycles_that_there_are_not(cycles: int, folder: Path) -> None:
    with pytest.raises(ValueError, match=f"not {cycles}"):
        verify(transaction(folder, SAYS), max_cycles=cycles)


def test_errors_of_the_program_name_its_file(folder: Path, capsys: Capture) -> None:
    transaction(folder, SAYS)
    (folder / "bad.elf").write_bytes(b"no program")
    assert said(capsys, "verify", "tx.json", "--bin", "bad.elf").startswith("spawnlab: bad.elf: not a program: ")
    (folder / "good.elf").write_bytes(BAD)
    assert verify(folder / "tx.json", program=folder / "good.elf").scripts[0].exit_code == 9


def test_standard_input_that_is_none_or_too_much(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert said(capsys, "verify", "-") == "spawnlab: -: there is no standard input\n"
    monkeypatch.setattr(reading, "SIZE_MAX", 1000)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(bytes(5000))))
    assert "spawnlab: -: more than 1,000 bytes" in said(capsys, "verify", "-")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SAYS[:900])))
    assert said(capsys, "verify", "-").startswith("spawnlab: -: this is an ELF file")


def test_what_is_printed_is_harmless_to_terminals(folder: Path, capsys: Capture) -> None:
    file = transaction(folder, SAYS).rename(folder / "a\x1b[31m.json")
    main(["verify", str(file), "--pin"])
    main(["convert", str(file), "-o", "b\x1b[31m.toml"])
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert "[31m.json: pinned" in printed.err


def test_nothing_to_run_is_said(folder: Path, capsys: Capture) -> None:
    values = files.worked()
    files.put(values, "tx.inputs", [])
    files.written(folder, values)
    assert said(capsys, "verify", "tx.json", status=0).startswith("note: no script runs: ")


def test_notes_do_not_go_on_for_ever(folder: Path) -> None:
    values = files.worked()
    (dep,) = values["mock_info"]["cell_deps"]
    for index in range(1, 100):
        out_point = {"tx_hash": "0x" + "ee" * 32, "index": hex(index)}
        values["mock_info"]["cell_deps"].append({**dep, "cell_dep": {"out_point": out_point, "dep_type": "code"}})
    notes = verify(files.written(folder, values)).notes
    assert len(notes) == 9
    assert notes[-1] == "91 more of $.mock_info are not seen by any script"


def test_what_the_pool_would_not_take_is_said(folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    transaction(folder, SAYS)
    assert "pool" not in said(capsys, "verify", "tx.json", status=0)
    monkeypatch.setattr("spawnlab.verifying.text.CYCLES_DEFAULT", 100)
    assert "a node's pool takes 100 at the most" in said(capsys, "verify", "tx.json", status=0)


def type_id_alone(folder: Path, **expect: Any) -> Path:
    """One output of the type id script with wrong args, of which something is expected."""
    values = files.worked()
    type_id = {"code_hash": f"0x{TYPE_ID_CODE_HASH.hex()}", "hash_type": "type", "args": "0x"}
    values["tx"]["outputs"][0]["type"] = type_id
    values["expect"] = [{"script": "output.0.type", **expect}]
    return files.written(folder, values)


def test_what_built_in_scripts_come_to_is_named_as_of_others(folder: Path) -> None:
    file = type_id_alone(folder, error="CyclesExceeded")
    made = verify(file, script="output.0.type", max_cycles=999_999)
    assert made.as_expected
    assert made.error is not None
    assert "ExceededMaximumCycles: expect cycles <= 999999" in made.error
    assert not verify(file, script="output.0.type").as_expected
    assert verify(type_id_alone(folder, exit_code=-1), script="output.0.type").as_expected


# Scenarios that name transactions


def test_fields_that_go_with_a_transaction(folder: Path) -> None:
    transaction(folder, SAYS)
    (folder / "a.toml").write_text('script = "input.0.lock"\n' + SMALL)
    (folder / "b.toml").write_text('transaction = "tx.json"\nroot = "x"\n')
    (folder / "c.toml").write_text('transaction = "tx.json"\n' + SMALL)
    with pytest.raises(ScenarioError, match=r"a\.toml:1: \$\.script: .* there is no transaction"):
        spawnlab.load(folder / "a.toml")
    with pytest.raises(ScenarioError, match=r"b\.toml:2: \$\.root: the transaction's cell deps are the programs"):
        spawnlab.load(folder / "b.toml")
    with pytest.raises(ScenarioError, match=r"\$\.programs: the transaction's cell deps are the programs"):
        spawnlab.load(folder / "c.toml")


def test_converting_one_that_names_a_transaction(folder: Path) -> None:
    """From one folder to another: the transaction is the same."""
    for name in ("deep", "deep/er", "out"):
        (folder / name).mkdir()
    transaction(folder / "deep" / "er", SAYS)
    (folder / "deep" / "lock.toml").write_text('transaction = "er/tx.json"\n')
    assert main(["convert", "deep/lock.toml", "-o", "out/lock.toml"]) == 0
    assert load_scenario(Path("out/lock.toml")).transaction == "../deep/er/tx.json"
    assert spawnlab.run_synchronously("out/lock.toml").as_expected


def test_a_transaction_is_written_as_json(folder: Path, capsys: Capture) -> None:
    (folder / "small.toml").write_text(SMALL)
    assert "a mock transaction is JSON" in said(capsys, "convert", "small.toml", "-o", "tx.toml")
    assert not (folder / "tx.toml").exists()


# The plugin


def test_files_that_cannot_be_read_are_left_to_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Parent:
        """Makes collectors that say what they were made of."""

    def from_parent(parent: Any, *, path: Path) -> str:
        return f"collected {path.name}"

    monkeypatch.setattr(TransactionFile, "from_parent", from_parent)
    file: Any = transaction(folder, SAYS)
    parent: Any = Parent()
    assert pytest_collect_file(file, parent) == "collected tx.json"
    assert pytest_collect_file(folder / "gone.json", parent) is None
    monkeypatch.setattr("spawnlab.pytest_plugin._SIZE_MAX", 100)
    assert pytest_collect_file(file, parent) is None


def test_of_many_cells_some_are_printed(folder: Path, capsys: Capture) -> None:
    file = transaction(folder, *[SAYS] * 30)
    assert "(version 2; inputs 0, 1, 2, 3, 4, 5, 6, 7, ..., 30 in all)" in said(capsys, "verify", "tx.json", status=0)
    main(["verify", str(file), "--json"])
    assert json.loads(capsys.readouterr().out)["scripts"][0]["inputs"] == list(range(30))
