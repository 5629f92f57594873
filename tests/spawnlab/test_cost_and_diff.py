"""``spawnlab cost`` and ``spawnlab diff``: what they print, their JSON, their exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import spawnlab
from spawnlab.__main__ import main
from spawnlab.differing import Essence, first_difference, first_different_event
from spawnlab.recording import record
from spawnlab.views.accounts import Kind
from spawnlab.views.costs import cost_lines, cost_report
from spawnlab.views.diff import diff_lines, diff_report
from spawnlab.views.terminal import Terminal
from spawnlab.views.text import cells
from spawnlab.vm.assembler import assemble

GALLERY = Path(__file__).resolve().parents[2] / "scenarios" / "gallery"
PAIR = GALLERY / "parent_child.toml"
Capture = pytest.CaptureFixture[str]


def told(capsys: Capture, *arguments: str | Path, status: int = 0) -> str:
    assert main([str(argument) for argument in arguments]) == status
    return capsys.readouterr().out


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """As PAIR, with a shorter text to write."""
    file = tmp_path / "other.toml"
    file.write_text(PAIR.read_text().replace("hello, child", "hello child"))
    return file


# Cost


def test_a_table_of_costs(capsys: Capture) -> None:
    lines = told(capsys, "cost", PAIR).splitlines()
    assert lines[1].split() == [
        "VM", "program", "instructions", "ecalls", "calls", "spawn", "load", "transfer", "data", "cycles",
    ]  # fmt: skip
    assert lines[2].split()[:10] == ["0", "root", "75", "3,000", "3,200", "100,000", "232", "3", "6", "106,516"]
    assert lines[-1].split() == ["all", "303", "4,500", "4,800", "100,000", "428", "6", "6", "110,043"]


def test_costs_as_json_are_the_same_for_a_scenario_its_journal_and_its_suspended_halves(
    capsys: Capture, tmp_path: Path
) -> None:
    whole: dict[str, Any] = json.loads(told(capsys, "cost", "--json", PAIR))
    assert whole["format"] == 1
    assert set(whole["kinds"]) == {kind.value for kind in Kind}
    assert sum(whole["kinds"].values()) == whole["cycles"] == 110_043
    assert sum(vm["cycles"] for vm in whole["vms"]) == whole["cycles"]
    assert [vm["programs"] for vm in whole["vms"]] == [["root"], ["child"]]
    told(capsys, "run", "--quiet", "--journal", tmp_path / "j", PAIR)
    journal = json.loads(told(capsys, "cost", "--json", tmp_path / "j"))
    assert journal["outcome"] is None
    assert journal["vms"] == [{**vm, "programs": [f"cell_dep {vm['vm']}"]} for vm in whole["vms"]]
    told(capsys, "run", "--quiet", "--suspend-at", "105000", "--state", tmp_path / "s", PAIR)
    halves = json.loads(told(capsys, "cost", "--json", tmp_path / "s"))
    assert halves["vms"] == whole["vms"]


def test_costs_of_an_elf_file(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(assemble("li a7, 93\n ecall").elf())
    kinds = json.loads(told(capsys, "cost", "--json", file))["kinds"]
    assert {kind: cycles for kind, cycles in kinds.items() if cycles} == {"instructions": 1, "ecalls": 500, "load": 6}


def test_costs_on_a_narrow_terminal_stand_below_each_other() -> None:
    report = cost_report(record(GALLERY / "pipeline.toml"))
    lines = [*cost_lines(report, Terminal(width=40))]
    assert all(cells(line) <= 40 for line in lines)
    assert sum(line.startswith("VM ") for line in lines) == 5


def test_limits(capsys: Capture) -> None:
    lines = told(capsys, "cost", "--limits", GALLERY / "deadlock.toml").splitlines()
    assert lines[2:] == [
        "          0  108,385  CyclesExceeded",
        "    108,386      any  a deadlock of VMs 0, 1",
    ]
    turns = told(capsys, "cost", "--limits", "--turns", GALLERY / "deadlock.toml").splitlines()
    assert turns[2] == "          0    1,607  CyclesExceeded in turn 1, which is VM 0's"
    found = json.loads(told(capsys, "cost", "--limits", "--json", GALLERY / "deadlock.toml"))
    assert (found["format"], found["ranges"][1]["first"], found["ranges"][1]["last"]) == (1, 108_386, None)


def test_what_costs_cannot_be_asked(capsys: Capture, tmp_path: Path) -> None:
    told(capsys, "run", "--quiet", "--journal", tmp_path / "j", PAIR)
    told(capsys, "cost", "--limits", tmp_path / "j", status=2)
    told(capsys, "cost", "--limit", "5", tmp_path / "j", status=2)
    told(capsys, "cost", tmp_path / "nothing.toml", status=2)
    (tmp_path / "j").write_text('{"journal":4}\n')
    told(capsys, "cost", tmp_path / "j", status=2)
    with pytest.raises(SystemExit):
        main(["cost", "--turns", str(PAIR)])


# Diff


def test_equal_runs(capsys: Capture, tmp_path: Path) -> None:
    told(capsys, "run", "--quiet", "--journal", tmp_path / "j", PAIR)
    assert told(capsys, "diff", PAIR, tmp_path / "j").startswith("equal: 40 events\n")
    assert json.loads(told(capsys, "diff", "--json", PAIR, PAIR))["equal"] is True


def test_the_first_difference_is_shown_with_its_field_and_registers(capsys: Capture, other: Path) -> None:
    lines = told(capsys, "diff", PAIR, other, status=1).splitlines()
    assert lines[0] == "the last that happens in both:"
    assert "event 22, turn 5: the first difference" in lines
    assert "  field message.length: 12 in A, 11 in B" in lines
    assert "  register t1: 0xc in A, 0xb in B" in lines
    assert "cycles first differ after turn 6 (VM 1): 107,709 in A, 107,694 in B" in lines
    assert lines[-1] == "B takes 15 cycles less"
    report = json.loads(told(capsys, "diff", "--json", PAIR, other, status=1))
    assert (report["event"], report["turn"], report["event_a"]["type"]) == (22, 5, "Posted")
    assert report["fields"] == [{"path": "message.length", "a": 12, "b": 11}]
    assert report["cycles_difference"] == -15
    assert (report["a"]["status"], report["a"]["exit_code"], report["a"]["cycles"]) == ("exit", 0, 110_043)


def test_runs_that_only_cost_otherwise(capsys: Capture, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.toml", "b.toml")]
    for file, cycles in zip(files, (100, 200), strict=True):
        file.write_text(f"[programs.root]\nsteps = [{{ op = 'compute', cycles = {cycles} }}]\n")
    told(capsys, "diff", *files, status=1)
    out = told(capsys, "diff", "--ignore-cycles", *files)
    assert out.startswith("what happens is equal: 4 events; only cycles differ\n")
    assert "B takes 100 cycles more" in out


def test_one_run_is_the_beginning_of_the_other(capsys: Capture, tmp_path: Path) -> None:
    told(capsys, "run", "--quiet", "--journal", tmp_path / "j", PAIR)
    content = (tmp_path / "j").read_bytes()
    (tmp_path / "cut").write_bytes(b"\n".join(content.splitlines()[:20]) + b"\n")
    out = told(capsys, "diff", tmp_path / "cut", tmp_path / "j", status=1)
    assert "  A has no more events" in out
    assert "A shows nothing more" in out
    assert "cut: unfinished, " in out


@pytest.mark.parametrize("width", [40, 70, 120])
def test_a_diff_fits(other: Path, width: int) -> None:
    a, b = record(PAIR), record(other)
    lines = [*diff_lines(diff_report(a, b, ("a", "b")), a, b, Terminal(width=width))]
    assert all(cells(line) <= width for line in lines)
    assert any(" │ " in line for line in lines) is (width == 120)


def test_bad_input(capsys: Capture, tmp_path: Path) -> None:
    told(capsys, "diff", PAIR, tmp_path / "nothing.toml", status=2)


def test_addresses_can_be_left_out(tmp_path: Path) -> None:
    runs: list[spawnlab.Run] = []
    for before in ("", "{ op = 'compute', cycles = 0 }, { op = 'process_id', as = 'me' }, "):
        file = tmp_path / "s.toml"
        file.write_text(f"[programs.root]\nsteps = [{before}{{ op = 'pipe', as = ['r', 'w'] }}]\n")
        runs.append(spawnlab.run_synchronously(file))
    a, b = (run.journal.events for run in runs)
    assert first_different_event(a, b, Essence(cycles=False)) == 2
    place = first_different_event(a, b, Essence(cycles=False, addresses=False))
    assert place is not None
    assert type(a[place]).__name__ == "IterationEnded"  # one call more


def test_first_difference() -> None:
    assert first_difference([1, 2], [1, 2]) is None
    assert first_difference([1, 2], [1, 3]) == 1
    assert first_difference([1, 2], [1]) == 1
    assert first_difference([], [1]) == 0
    assert first_difference([], []) is None


def test_disasm_as_json(capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(assemble("li a7, 93\n ecall").elf())
    report = json.loads(told(capsys, "disasm", "--json", file))
    assert (report["format"], report["version"]) == (1, 2)
    assert [(e["mnemonic"], e["cycles"]) for e in report["entries"]] == [("addi", 1), ("ecall", 500)]


def test_costs_of_a_run_from_python() -> None:
    run = spawnlab.run_synchronously(PAIR)
    report = spawnlab.costs(run)
    assert report == cost_report(record(PAIR))
    assert sum(report.kinds.values()) == report.cycles == run.outcome.cycles
