"""The command: what it prints, lines of files in each notation, exit statuses, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from spawnlab.__main__ import main
from spawnlab.hints import files
from spawnlab.hints.files import hints_of_file
from spawnlab.hints.hints import hints_of
from spawnlab.hints.text import text_of
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.gallery import gallery_file
from spawnlab.scenarios.load import load_scenario
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.views.terminal import Terminal
from spawnlab.vm.assembler import assemble

from .writing import kinds, scenario_of

Capture = pytest.CaptureFixture[str]
IN = {
    ".toml": """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "repeat", times = 2, steps = [
    { op = "log", text = "on" },
    { op = "read", fd = "r", size = 1 },
  ] },
]
""",
    ".yaml": """
programs:
  root:
    steps:
      - { op: pipe, as: [r, w] }
      - op: repeat
        times: 2
        steps:
          - { op: log, text: "on" }
          - { op: read, fd: r, size: 1 }
""",
    ".json": """
{"programs": {"root": {"steps": [
  {"op": "pipe", "as": ["r", "w"]},
  {"op": "repeat", "times": 2, "steps": [
    {"op": "log", "text": "on"},
    {"op": "read", "fd": "r", "size": 1}
  ]}
]}}}
""",
}
LINES = {".toml": 7, ".yaml": 10, ".json": 6}


@pytest.mark.parametrize("suffix", IN)
def test_the_line_is_told_in_every_notation(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"scenario{suffix}"
    file.write_text(IN[suffix])
    (hint,) = hints_of_file(str(file))
    assert hint.path == "programs.root.steps[1].steps[1]"
    assert hint.line == LINES[suffix]
    assert "read" in IN[suffix].splitlines()[LINES[suffix] - 1]


def test_lines_of_a_large_file_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(IN[".toml"])
    monkeypatch.setattr(files, "_READ_MAX", len(IN[".toml"]) - 1)
    assert [hint.line for hint in hints_of_file(str(file))] == [None]


def test_the_status_says_whether_there_are_hints(capsys: Capture) -> None:
    assert main(["hints", "gallery:deadlock"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "certain: ring at programs.root.steps[3] (gallery:deadlock:15)"
    assert out[-1] == "1 certain"
    assert main(["hints", "gallery:any_order"]) == 0
    assert capsys.readouterr().out == "no hints\n"


def test_notes_alone_leave_the_status_0(capsys: Capture) -> None:
    assert main(["hints", "gallery:fan_in"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 notes"


def test_json_has_all_of_it(capsys: Capture) -> None:
    assert main(["hints", "--json", "gallery:leaked_fd"]) == 1
    made = json.loads(capsys.readouterr().out)
    assert (made["format"], made["file"]) == (1, "gallery:leaked_fd")
    (hint,) = made["hints"]
    assert (hint["kind"], hint["level"], hint["claim"]) == ("open-write-end", "certain", "deadlock")
    assert [(spot["vm"], spot["call"]) for spot in hint["spots"]] == [("0", 4), ("0.1", 3)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('fd = "r"', 'fd = "q"', "no earlier step names a value 'q'; known: r, w"),
        ('op = "read"', 'op = "raed"', "there is no operation 'raed'; did you mean 'read'?"),
        ("size = 1", 'size = 1, code = "INVALID"', "there is no return code 'INVALID'"),
        ("size = 1", 'size = 1, hex = "0"', "not hexadecimal bytes"),
        ("[programs.root]", "[programs.main]", "there is no program 'root'"),
    ],
)
def test_bad_input_is_refused_with_its_place(tmp_path: Path, capsys: Capture, old: str, new: str, message: str) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(IN[".toml"].replace(old, new))
    assert main(["hints", str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"spawnlab: {file}")
    assert message in said.err


def test_a_program_that_nobody_spawns_is_checked_too(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text('[programs.root]\nsteps = []\n[programs.spare]\nsteps = [\n{ op = "close", fd = "x" },\n]\n')
    assert main(["hints", str(file)]) == 2
    assert f"{file}:5: $.programs.spare.steps[0].fd" in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys: Capture) -> None:
    assert main(["hints", "nowhere.toml"]) == 2
    assert main(["hints", "gallery:nowhere"]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_an_elf_file_is_opaque(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "program.elf"
    file.write_bytes(assemble("li a7, 93\n ecall").elf())
    assert main(["hints", str(file)]) == 0
    assert "root is an ELF file, and not looked at" in capsys.readouterr().out


def test_a_scenario_that_names_what_there_is_not() -> None:
    for text in ('spawn, program = "nobody"', 'exec, program = "nobody"'):
        with pytest.raises(ScenarioError, match="there is no program 'nobody'"):
            hints_of(scenario_of(root=text))
    with pytest.raises(ScenarioError, match=r"root\.steps\[1\]\.from: no earlier read names its bytes 'b'"):
        hints_of(scenario_of(root='pipe, as = ["r", "w"]\nwrite, fd = "w", from = "b"'))
    with pytest.raises(ScenarioError, match="there is no program 'main'"):
        hints_of(Scenario(root="main", programs={"root": Program(steps=())}))


def test_lines_fit_a_terminal_and_steer_it_nowhere() -> None:
    hints = hints_of(scenario_of(root='wait, vm = 0\nlog, text = "x"'))
    lines = list(text_of(hints, Terminal(width=40, colour=True), file="\x1b[31mfile"))
    assert all(len(line) <= 60 for line in lines)
    assert lines[0].startswith("\x1b[1;31mcertain: self-wait")
    assert not any("\x1b[31mfile" in line for line in lines)


def test_many_vms_are_told_in_one_line() -> None:
    scenario = scenario_of(
        root='repeat, times = 6, steps = [{ op = "spawn", program = "child", as = "c" }, { op = "wait", vm = "c" }]',
        child="close, fd = 9",
    )
    assert kinds(scenario) == ["no-such-fd"]
    text = "\n".join(text_of(hints_of(scenario)))
    assert "and likewise VM 0.2, VM 0.3, VM 0.4, VM 0.5 and 1 more" in text
    assert "so the VM ends there with exit code 6" in text


def test_the_gallery_file_and_its_name_are_the_same() -> None:
    file = gallery_file("leaked_fd")
    assert hints_of_file(str(file)) == hints_of_file("gallery:leaked_fd")
    without = [msgspec.structs.replace(hint, line=None) for hint in hints_of_file(str(file))]
    assert without == list(hints_of(load_scenario(file)))
