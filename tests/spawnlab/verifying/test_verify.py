"""A transaction verified, script by script, and by the command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import trio

import spawnlab
from spawnlab.__main__ import main
from spawnlab.actors.verifying import Signal
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.model import BLOCK_CYCLES
from spawnlab.scheduler.verify.errors import TransactionScriptError, VerificationInterrupted
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH
from spawnlab.verifying.verify import perform_verification, verify

from ...scenarios.mock import files
from ...scheduler.programs import assembled, call, leave, pipe, read

STUCK = assembled(pipe() + read(2, 1) + leave()).elf()
SAYS = assembled(call(2177, "buffer") + leave(0)).elf()
BAD = assembled(leave(9)).elf()


def transaction(folder: Path, *locks: bytes, type_ids: int = 0) -> Path:
    """Inputs with these locks, and outputs of the type id script with wrong args."""
    values = files.worked()
    info, tx = values["mock_info"], values["tx"]
    (given,), (dep,) = info["inputs"], info["cell_deps"]
    info["inputs"], info["cell_deps"], tx["inputs"], tx["cell_deps"] = [], [], [], []
    for index, lock in enumerate(locks):
        spent = {"since": "0x0", "previous_output": {"tx_hash": "0x" + "bb" * 32, "index": hex(index)}}
        info["inputs"].append({**given, "input": spent, "output": {**given["output"], "lock": files.script(lock)}})
        tx["inputs"].append(spent)
    for index, code in enumerate(dict.fromkeys(locks)):
        cell_dep = {"out_point": {"tx_hash": "0x" + "aa" * 32, "index": hex(index)}, "dep_type": "code"}
        info["cell_deps"].append({**dep, "cell_dep": cell_dep, "data": f"0x{code.hex()}"})
        tx["cell_deps"].append(cell_dep)
    for index in range(type_ids):
        args = f"0x{index:064x}"
        type_id = {"code_hash": f"0x{TYPE_ID_CODE_HASH.hex()}", "hash_type": "type", "args": args}
        tx["outputs"].append({"capacity": "0x1", "lock": files.ANYONE, "type": type_id})
        tx["outputs_data"].append("0x")
    return files.written(folder, values)


def test_what_passes(tmp_path: Path) -> None:
    made = verify(transaction(tmp_path, SAYS, files.SMALLEST))
    assert made.error is None
    assert made.cycles == sum(script.cycles for script in made.scripts)
    assert made.cycles == made.whole.verifier.verify(BLOCK_CYCLES)
    assert {script.address for script in made.scripts} == {"input.0.lock", "input.1.lock"}
    assert [script.group.hash for script in made.scripts] == sorted(script.group.hash for script in made.scripts)


@pytest.mark.parametrize("limit", [0, 538, 539, 700, 5_000, BLOCK_CYCLES])
@pytest.mark.parametrize("locks", [(files.SMALLEST, SAYS), (BAD, files.SMALLEST), (STUCK,), (SAYS,)])
def test_it_is_the_verifiers_answer(locks: tuple[bytes, ...], limit: int, tmp_path: Path) -> None:
    made = verify(transaction(tmp_path, *locks, type_ids=1), max_cycles=limit)
    verifier = made.whole.verifier
    if made.error is None:
        assert verifier.verify(limit) == made.cycles
        return
    assert made.cycles is None
    with pytest.raises(TransactionScriptError) as caught:
        verifier.verify(limit)
    assert str(caught.value) == made.error
    assert caught.value.group == made.scripts[-1].group


def test_each_run_can_be_looked_at(tmp_path: Path) -> None:
    file = transaction(tmp_path, STUCK)
    (script,) = verify(file).scripts
    assert script.run is not None
    assert script.run.outcome.deadlock is not None
    assert script.run.journal == spawnlab.run_synchronously(f"{file}#input.0.lock", limit=BLOCK_CYCLES).journal
    assert script.error == 'VM Internal Error: Unexpected("A deadlock situation has been reached!")'
    assert not script.passes


def test_one_script_alone_has_all_cycles(tmp_path: Path) -> None:
    file = transaction(tmp_path, BAD, SAYS)
    made = verify(file, script="input.1.lock")
    assert [script.address for script in made.scripts] == ["input.1.lock"]
    assert made.scripts[0].limit == BLOCK_CYCLES
    assert made.error is None


def test_another_program(tmp_path: Path) -> None:
    file = transaction(tmp_path, BAD)
    assert verify(file).error is not None
    assert verify(file, program=SAYS).error is None
    with pytest.raises(ScenarioError, match="not a program: elf error"):
        verify(file, program=b"no program")


# The command


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> list[str]:
    assert main(["verify", *arguments]) == status
    return capsys.readouterr().out.splitlines()


def test_what_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = printed(capsys, str(transaction(tmp_path, SAYS)))
    assert re.fullmatch(r"input\.0\.lock  exit code 0 +[\d,]+ cycles +[\d.]+ s  \(version 2; inputs 0\)", lines[0])
    assert lines[1].startswith("  VM 0 says 'abcdefgh")
    assert re.fullmatch(r"[\d,]+ cycles, 1 script: passes", lines[2])


def test_why_one_does_not_pass(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = transaction(tmp_path, STUCK, type_ids=1)
    lines = printed(capsys, str(file), status=1)
    assert lines[0].startswith("input.0.lock   fails") or lines[0].startswith("input.0.lock  fails")
    assert any("VM 0 waits for ever" in line for line in lines)
    assert "TransactionScriptError { source: Inputs[0].Lock, cause: VM Internal Error: " in "\n".join(lines)
    assert lines[-1] == "1 more script is not run"


def test_the_type_id_script(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = printed(capsys, str(transaction(tmp_path, type_ids=1)), status=1)
    assert lines[0].startswith("output.1.type  exit code -1") or lines[0].startswith("output.1.type  exit code -3")


def test_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = transaction(tmp_path, STUCK, SAYS)
    made = json.loads("\n".join(printed(capsys, str(file), "--json", status=1)))
    assert made["format"] == 1
    assert (made["passes"], made["cycles"]) == (False, None)
    assert made["scripts"][-1]["explanation"]["ending"] == "deadlock"
    assert len(made["scripts"]) + made["not_run"] == 2
    alone = json.loads("\n".join(printed(capsys, str(file), "--json", "--script", "input.1.lock")))
    assert alone["scripts"][0]["log"][0][1].startswith("abcdefgh")
    assert alone["scripts"][0]["exit_code"] == 0


def test_from_the_standard_input(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    text = transaction(tmp_path, SAYS).read_text()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert printed(capsys, "-")[-1].endswith("1 script: passes")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.json"], "spawnlab: gone.json: No such file or directory"),
        (["tx.json", "--script", "input.9.lock"], "there is 1 input"),
        (["tx.json", "--bin", "gone"], "gone: No such file"),
        (["no_code.json", "--bin", "smallest.elf"], "no_code.json: input.0.lock has no program whose place another"),
    ],
)
def test_bad_input(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = json.loads(transaction(tmp_path, SAYS).read_text())
    values["tx"]["cell_deps"] = []
    (tmp_path / "no_code.json").write_text(json.dumps(values))
    (tmp_path / "smallest.elf").write_bytes(files.SMALLEST)
    monkeypatch.chdir(tmp_path)
    assert main(["verify", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_what_is_odd_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = transaction(tmp_path, SAYS)
    values = json.loads(file.read_text())
    values["tx"]["cell_deps"] = []
    lines = printed(capsys, str(files.written(tmp_path, values)), status=1)
    assert lines[0].startswith("note: input.0.lock: no cell dep has the data hash 0x")
    assert any("is not among $.tx.cell_deps" in line for line in lines)


# Under Trio


async def test_both_drivers_verify_alike(tmp_path: Path) -> None:
    for locks in ((SAYS, BAD, STUCK), (SAYS, files.SMALLEST)):
        file = transaction(tmp_path, *locks, type_ids=1)
        mine, theirs = await perform_verification(file, all_scripts=True), verify(file, all_scripts=True)
        assert (mine.error, mine.cycles) == (theirs.error, theirs.cycles)
        for one, other in zip(mine.scripts, theirs.scripts, strict=True):
            assert (one.outcome, one.error, one.limit) == (other.outcome, other.error, other.limit)
            assert (one.run and one.run.journal) == (other.run and other.run.journal)


async def test_it_can_be_stopped(tmp_path: Path) -> None:
    signal = Signal()
    endless = assembled("l:\n  j l\n").elf()

    async def stop() -> None:
        await trio.lowlevel.checkpoint()
        signal.stop()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop)
        with pytest.raises(VerificationInterrupted, match="VM Interrupts"):
            await perform_verification(transaction(tmp_path, endless), signal=signal)
