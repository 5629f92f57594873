"""Scripts of a transaction by their addresses, and as scenarios that are played."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import spawnlab
from spawnlab.saved import SavedRun
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.model import Program
from spawnlab.scheduler.hashing import ckb_hash
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH
from spawnlab.staging import load

from ...scheduler.programs import assembled, leave, pipe, read, spawn, spawn_with, wait, write
from . import files

PARENT = assembled(pipe() + spawn_with(1, 2) + write(3, 9) + wait(1) + leave("[code]")).elf()
CHILD = assembled(read(2, 9) + leave(0)).elf()


def two(folder: Path) -> Path:
    """A lock that spawns the second cell dep, and a type script that is in an input and an output."""
    values = files.worked()
    kind = files.script(CHILD, args="0x01")
    info, tx = values["mock_info"], values["tx"]
    info["inputs"][0]["output"] |= {"lock": files.script(PARENT), "type": kind}
    tx["outputs"][0]["type"] = kind
    tx["outputs"].append({"capacity": "0x1", "lock": files.ANYONE, "type": None})
    tx["outputs_data"].append("0x")
    dep = info["cell_deps"][0]
    (folder / "my parent.elf").write_bytes(PARENT)
    (folder / "child").write_bytes(CHILD)
    other = {"out_point": {"tx_hash": "0x" + "aa" * 32, "index": "0x1"}, "dep_type": "code"}
    info["cell_deps"].append({**dep, "cell_dep": other, "data": "0x{{ data child }}"})
    dep["data"] = "0x{{ data my parent.elf }}"
    tx["cell_deps"].append(other)
    return files.written(folder, values)


def test_a_script_is_played_as_a_scenario(tmp_path: Path) -> None:
    run = spawnlab.run_synchronously(f"{two(tmp_path)}#input.0.lock")
    assert run.outcome.exit_code == 0
    assert [code.name for code in run.build.codes] == ["my_parent", "child"]
    assert run.build.scenario.root == "my_parent"
    assert spawnlab.run(f"{tmp_path / 'tx.json'}#input.0.lock").journal == run.journal
    alone = assembled(pipe() + spawn_with(1, 2) + write(3, 9) + wait(1) + leave("[code]")).elf()
    scenario = spawnlab.Scenario(programs={"root": Program(elf="x"), "child": Program(elf="y")})
    same = spawnlab.run_synchronously(spawnlab.build(scenario, elves={"root": alone, "child": CHILD}))
    assert same.outcome.cycles == run.outcome.cycles


def test_a_suspended_script_is_gone_on_with_anywhere(tmp_path: Path) -> None:
    file = two(tmp_path)
    whole = spawnlab.run_synchronously(f"{file}#input.0.lock")
    saved = spawnlab.run_synchronously(f"{file}#input.0.lock", suspend_at=2_000).saved
    assert saved is not None
    content = saved.to_bytes()
    for made in tmp_path.iterdir():
        made.unlink()
    rest = spawnlab.run_synchronously(SavedRun.from_bytes(content))
    assert rest.outcome.exit_code == whole.outcome.exit_code == 0


def test_a_scenario_that_names_a_transaction(tmp_path: Path) -> None:
    two(tmp_path)
    (tmp_path / "a.toml").write_text('transaction = "tx.json"\nscript = "output.0.type"\n[expect]\nexit_code = 6\n')
    run = spawnlab.run_synchronously(tmp_path / "a.toml")
    assert run.build.scenario.script == "input.0.type"
    assert run.unmet == ("exit code 0, not 6",)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "input.0.lokc",
            "'input.0.lokc' names no script; the scripts are input.0.lock, input.0.type, or give a script hash",
        ),
        ("input.1.lock", "input.1.lock: there is 1 input; the scripts are input.0.lock, input.0.type"),
        ("output.0.lock", "output.0.lock: locks of outputs do not run"),
        ("output.1.type", "output.1.type: the cell has no type script"),
        ("output.7.type", "output.7.type: there are 2 outputs"),
        (f"0x{'12' * 32}", f"no script has the hash 0x{'12' * 32}; the scripts are input.0.lock"),
        ("", "'' names no script"),
    ],
)
def test_addresses_of_nothing(address: str, said: str, tmp_path: Path) -> None:
    file = two(tmp_path)
    with pytest.raises(ScenarioError) as caught:
        load(f"{file}#{address}")
    assert str(caught.value).startswith(f"{file}: {said}")


def test_one_of_several_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(
        ScenarioError, match=r"2 scripts run in the transaction; the scripts are input\.0\.lock, input\.0\.type"
    ):
        load(two(tmp_path))


def test_by_hash_and_in_any_place(tmp_path: Path) -> None:
    file = two(tmp_path)
    first = load(f"{file}#input.0.type")
    assert load(f"{file}#output.0.type").sg_data == first.sg_data
    assert load(f"{file}#0x{first.sg_data.script.hash().hex()}").sg_data == first.sg_data


def test_the_only_one_need_not_be_named(tmp_path: Path) -> None:
    run = spawnlab.run_synchronously(files.written(tmp_path, files.worked()))
    assert (run.outcome.exit_code, run.outcome.cycles) == (0, 539)
    assert run.build.scenario.script == "input.0.lock"


def test_what_has_no_program(tmp_path: Path) -> None:
    values = files.worked()
    type_id = {"code_hash": f"0x{TYPE_ID_CODE_HASH.hex()}", "hash_type": "type", "args": "0x" + "00" * 32}
    values["tx"]["outputs"][0]["type"] = type_id
    file = files.written(tmp_path, values)
    with pytest.raises(ScenarioError, match=r"output\.0\.type is the type id script, which is built in"):
        load(f"{file}#output.0.type")
    values["tx"]["outputs"][0]["type"] = {**type_id, "hash_type": "data1"}
    with pytest.raises(ScenarioError, match=r"output\.0\.type: ScriptNotFound: code_hash: Byte32"):
        load(f"{files.written(tmp_path, values)}#output.0.type")


@pytest.mark.parametrize("field", ["args", "witnesses", "inputs", "group"])
def test_a_scenario_does_not_say_what_its_transaction_says(field: str, tmp_path: Path) -> None:
    two(tmp_path)
    value: Any = {"args": '"0x00"', "witnesses": '["0x"]', "inputs": "[]", "group": '"type"'}[field]
    (tmp_path / "a.toml").write_text(f'transaction = "tx.json"\n{field} = {value}\n')
    with pytest.raises(ScenarioError, match=rf"\$\.{field}: the transaction's file says this"):
        load(tmp_path / "a.toml")


def test_a_transaction_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('transaction = "gone.json"\n')
    with pytest.raises(ScenarioError, match=r"gone\.json: No such file or directory"):
        load(tmp_path / "a.toml")


def test_names_that_are_taken_twice(tmp_path: Path) -> None:
    file = two(tmp_path)
    text = file.read_text().replace("{{ data child }}", "{{ data my parent.elf }}").replace("my parent.elf", "child")
    file.write_text(text)
    names = [code.name for code in load(f"{file}#input.0.type").codes]
    assert names == ["child", "child-1"]


def test_a_file_with_such_a_name_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "x#y.toml"
    file.write_text("[programs.root]\nsteps = []\n")
    assert load(file).scenario.programs.keys() == {"root"}


def test_hashes_are_those_of_the_debugger() -> None:
    assert ckb_hash(b"").hex().startswith("44f4c69744d5f8c5")


def test_spawns_of_other_sources_stay_where_they_are(tmp_path: Path) -> None:
    """A dep's number is its place among the expanded deps (X3)."""
    parent = assembled(spawn(0) + wait(1) + leave("[code]")).elf()
    values = files.worked()
    dep = values["mock_info"]["cell_deps"][0]
    other = {"out_point": {"tx_hash": "0x" + "aa" * 32, "index": "0x1"}, "dep_type": "code"}
    values["mock_info"]["cell_deps"].append({**dep, "cell_dep": other, "data": f"0x{parent.hex()}"})
    values["tx"]["cell_deps"].append(other)
    values["mock_info"]["inputs"][0]["output"]["lock"] = files.script(parent)
    run = spawnlab.run_synchronously(files.written(tmp_path, values))
    assert run.outcome.exit_code == 0
    assert run.build.scenario.root == "dep1"


def names_in(folder: Path, *names: Any, template: str | None = None) -> list[str]:
    """The names of deps that have these as their member ``name``."""
    values = files.worked()
    (dep,) = values["mock_info"]["cell_deps"]
    values["mock_info"]["cell_deps"], values["tx"]["cell_deps"] = [], []
    for index, name in enumerate(names):
        cell_dep = {"out_point": {"tx_hash": "0x" + "aa" * 32, "index": hex(index)}, "dep_type": "code"}
        data = dep["data"] if template is None else f"0x{{{{ data {template} }}}}"
        values["mock_info"]["cell_deps"].append({**dep, "cell_dep": cell_dep, "name": name, "data": data})
        values["tx"]["cell_deps"].append(cell_dep)
    return [code.name for code in load(files.written(folder, values)).codes]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("lock", "child"), ["lock", "child"]),
        (("same", "same", "same"), ["same", "same-1", "same-2"]),
        (("dep1", None), ["dep1", "dep1-1"]),
        (("same-1", "same", "same"), ["same-1", "same", "same-2"]),
        (("same", "same-2", "same"), ["same", "same-2", "same-2-2"]),
        ((None, 5, "", "7", {"any": "thing"}), ["dep0", "dep1", "dep2", "dep3", "dep4"]),
        (("two words", "é", "a" * 100), ["two_words", "dep1", "a" * 48]),
    ],
)
def test_names_that_deps_are_given(given: tuple[Any, ...], names: list[str], tmp_path: Path) -> None:
    assert names_in(tmp_path, *given) == names


def test_a_name_comes_before_that_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "program.elf").write_bytes(files.SMALLEST)
    assert names_in(tmp_path, None, "mine", template="program.elf") == ["program", "mine"]
