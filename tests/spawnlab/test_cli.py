"""The command line: what it prints, its exit status, and one line for bad input."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.vm.assembler import assemble

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "scenarios" / "gallery"
Capture = pytest.CaptureFixture[str]


def test_run_prints_a_line_an_event_and_a_column_a_vm(capsys: Capture) -> None:
    assert main(["run", str(GALLERY / "parent_child.toml")]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "Parent and child over a pipe"
    assert out[2].split() == ["turn", "cycles", "0", "1"]
    assert "    5      105,690    w  r   VM 0 hands 12 bytes through fd 3 to VM 1: b'hello, child'" in out
    assert out[-2:] == ["exit code 0", "110,043 cycles, 8 iterations"]


def test_both_drivers_print_the_same(capsys: Capture) -> None:
    file = str(GALLERY / "pipeline.toml")
    assert main(["run", file, "--driver", "trio"]) == 0
    with_trio = capsys.readouterr().out
    assert main(["run", file, "--driver", "sync"]) == 0
    assert capsys.readouterr().out == with_trio
    assert "is swapped out for 100,000 cycles" in with_trio


def test_a_deadlock_prints_who_waits_for_what(capsys: Capture) -> None:
    assert main(["run", "--quiet", str(GALLERY / "deadlock.toml")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "deadlock: no VM can run, and none will be woken",
        "  VM 0 (root, steps[3]) waits to read from fd 2, whose write end 3 is held by VM 1",
        "  VM 1 (child, steps[1]) waits to read from fd 4, whose write end 5 is held by VM 0",
        "  ring: VM 0 → VM 1 → VM 0",
        "108,386 cycles, 6 iterations",
    ]


def test_not_as_expected_is_status_1(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "s.toml"
    file.write_text("[programs.root]\nsteps = [{ op = 'exit', code = 3 }]\n")
    assert main(["run", "--quiet", str(file)]) == 1
    assert "not as expected: exit code 3, not 0" in capsys.readouterr().out
    file.write_text(file.read_text() + "[expect]\nexit_code = 3\ncycles = 1\n")
    assert main(["run", "--quiet", str(file)]) == 1
    assert "cycles, not 1" in capsys.readouterr().out


def test_json_has_the_whole_outcome(capsys: Capture) -> None:
    assert main(["run", "--json", str(GALLERY / "parent_child.toml")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["outcome"] == {
        "status": "exit",
        "exit_code": 0,
        "failure": None,
        "deadlock": None,
        "cycles": 110043,
        "iterations": 8,
    }
    assert [turn["vm"] for turn in report["schedule"]] == [0, 0, 1, 1, 0, 1, 0, 0]
    assert report["schedule"][-1]["total"] == 110043
    assert report["log"] == [{"vm": 0, "text": "the child ended with 7"}]
    assert report["fingerprint"] == spawnlab.run(GALLERY / "parent_child.toml").journal.fingerprint()


def test_json_of_a_deadlock(capsys: Capture) -> None:
    assert main(["run", "--json", str(GALLERY / "deadlock.toml")]) == 0
    outcome = json.loads(capsys.readouterr().out)["outcome"]
    assert [waiting["vm"] for waiting in outcome["deadlock"]["waiting"]] == [0, 1]
    assert outcome["deadlock"]["rings"] == [[0, 1]]
    assert outcome["failure"]["debug"] == 'Unexpected("A deadlock situation has been reached!")'


def test_the_journal_can_be_kept(tmp_path: Path) -> None:
    out = tmp_path / "journal.jsonl"
    assert main(["run", "--quiet", "--journal", str(out), str(GALLERY / "pipeline.toml")]) == 0
    kept = spawnlab.Journal.from_bytes(out.read_bytes())
    assert kept == spawnlab.run(GALLERY / "pipeline.toml").journal


def test_an_elf_file_in_place_of_a_scenario(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "program"
    file.write_bytes(assemble("li a7, 2041\n ecall\n li a7, 93\n ecall").elf())
    assert main(["run", "--quiet", str(file)]) == 1  # vm_version answers 2, which becomes the exit code
    assert capsys.readouterr().out.startswith("exit code 2\n")
    assert main(["run", "--quiet", "--script-version", "1", str(file)]) == 1
    assert capsys.readouterr().out.startswith("exit code 1\n")
    assert main(["run", "--quiet", "--script-version", "0", str(file)]) == 1
    assert capsys.readouterr().out.startswith("error: invalid syscall 2041 in VM 0 (root) at pc ")


def test_the_limit(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "endless.elf"
    file.write_bytes(assemble("again: j again").elf())
    assert main(["run", "--quiet", "--limit", "1_000", str(file)]) == 1
    assert capsys.readouterr().out.startswith("error: cycles error: max cycles exceeded (")


def test_a_jump_to_nowhere_says_where_and_why(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "jump.elf"
    file.write_bytes(assemble("li t0, 0x7fffff00\n jr t0").elf())
    assert main(["run", "--quiet", str(file)]) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        "error: memory error: out of bound (pc 0x7fffff00 is beyond the memory's end) in VM 0 (root) at pc 0x7fffff00"
    )


def bad_input(capsys: Capture, *arguments: str) -> str:
    assert main(["run", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    first, *excerpt = captured.err.splitlines()
    assert all(" | " in line for line in excerpt)
    return first


def test_bad_input_is_one_error_and_status_2(tmp_path: Path, capsys: Capture) -> None:
    good = assemble("li a7, 93\n ecall").elf()
    other = bytearray(good)
    struct.pack_into("<H", other, 18, 62)
    cases = {
        "empty.toml": (b"", "the file is empty; a scenario has at least [programs.root]"),
        "empty": (b"", "the suffix '' is not known; use .toml, .json, .yaml, .yml (or an ELF file)"),
        "notes.txt": (b"hello\n", "the suffix '.txt' is not known; use .toml, .json, .yaml, .yml (or an ELF file)"),
        "cut.elf": (
            good[:60],
            "not a program: elf error: bad offset 60 (the file ends before its headers do)",
        ),
        "x86.elf": (bytes(other), "an ELF file for EM_X86_64, not for 64-bit RISC-V (EM_RISCV)"),
        "typo.toml": (
            b"[programs.root]\nstep = []",
            "$.programs.root.step: there is no such field here; did you mean 'steps'?",
        ),
        "gone.toml": (
            b"[programs.root]\nsteps = [{ op = 'spawn', program = 'child' }]",
            "$.programs.root.steps[0].program: there is no program 'child'; known: root",
        ),
    }
    for name, (content, expected) in cases.items():
        file = tmp_path / name
        file.write_bytes(content)
        line = ":2" if expected.startswith("$.programs") else ""
        assert bad_input(capsys, str(file)) == f"spawnlab: {file}{line}: {expected}"
    missing = tmp_path / "missing.toml"
    assert bad_input(capsys, str(missing)) == f"spawnlab: {missing}: No such file or directory"
    assert bad_input(capsys, str(tmp_path)) == f"spawnlab: {tmp_path}: Is a directory"


def test_a_journal_that_cannot_be_written(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "no" / "journal"
    assert main(["run", "--quiet", "--journal", str(target), str(GALLERY / "deadlock.toml")]) == 2
    assert capsys.readouterr().err == f"spawnlab: {target}: No such file or directory\n"


@pytest.mark.parametrize("arguments", ["", "play", "run", "run x --limit -1", "run x --limit a", "run x --driver y"])
def test_wrong_usage_is_status_2(arguments: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments.split())
    assert caught.value.code == 2


def test_hostile_text_is_harmless(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        'title = "\\u001b[2Jtitle"\n[programs.root]\nsteps = [{ op = "log", text = "\\u001b[31m\\u0007\\n" }]\n'
    )
    assert main(["run", str(file)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert r"says '\x1b[31m\x07\n'" in out


def test_a_reader_that_stops_early_is_no_error() -> None:
    command = f"{sys.executable} -m spawnlab run {GALLERY / 'pipeline.toml'} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.stdout == "A pipeline of five\n"
    assert done.stderr == ""


def test_the_installed_command_runs() -> None:
    command = Path(sys.executable).parent / "spawnlab"
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "run" in done.stdout
