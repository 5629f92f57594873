"""Wrong scenarios: one line that names the file, the place in it, and the nearest right name."""

# ruff: noqa: E501 - a row of the table is a line
from __future__ import annotations

import struct
from pathlib import Path

import pytest

import spawnlab
from spawnlab.scenarios.load import parse_scenario
from spawnlab.vm.assembler import assemble


def error_of(text: str, suffix: str = ".toml") -> str:
    with pytest.raises(spawnlab.ScenarioError) as caught:
        spawnlab.build(parse_scenario(text, suffix), file="f")
    return f"{caught.value.path}: {caught.value.message}"


def steps(*lines: str) -> str:
    return f"[programs.root]\nsteps = [{', '.join(lines)}]"


WRONG = [
    ("", "$: the file is empty; a scenario has at least [programs.root]"),
    ("  \n", "$: the file is empty; a scenario has at least [programs.root]"),
    ("hello", "$: not TOML: "),
    ("titel = 'x'\n[programs.root]\nsteps = []", "$.titel: there is no such field here; did you mean 'title'?"),
    ("title = 3\n[programs.root]\nsteps = []", "$.title: Expected `str`, got `int`"),
    ("title = 'x'", "$: the field 'programs' is missing, and there is no transaction"),
    ("[programs]", "$: the field 'programs' is missing, and there is no transaction"),
    ("version = 3\n[programs.root]\nsteps = []", "$.version: Expected `int` <= 2"),
    ("root = 'main'\n[programs.mian]\nsteps = []", "$.root: there is no program 'main'; did you mean 'mian'?"),
    ("[programs.child]\nsteps = []", "$.root: there is no program 'root'; known: child"),
    ("[programs.root]", "$.programs.root: give one of steps, asm, c, source, elf and python"),
    ("[programs.root]\nsteps = []\nelf = 'x'", "$.programs.root: give one of steps, asm, c, source, elf and python"),
    ("[limits]\ncycles = 18446744073709551616\n" + steps(), "$.limits.cycles: more than 64 bits hold; at most 2^64 - 1"),
    (steps('{ op = "raed" }'), "$.programs.root.steps[0].op: there is no operation 'raed'; did you mean 'read'?"),
    (steps('{ fd = 3 }'), "$.programs.root.steps[0]: the field 'op' is missing; it is one of pipe, spawn, "),
    (steps('{ op = "read", fd = 2 }'), "$.programs.root.steps[0]: the field 'size' is missing"),
    (steps('{ op = "log", text = "a\\u0000b" }'), "$.programs.root.steps[0]: a text cannot hold a NUL character: programs end their texts with one"),
    (steps('{ op = "read", fd = 2, size = 3, length = 4 }'), "$.programs.root.steps[0].length: there is no such field here; there are op, code, fd, size, as, count, text, hex"),
    (steps('{ op = "close", fd = "w" }'), "$.programs.root.steps[0].fd: no earlier step names a value 'w'"),
    (steps('{ op = "pipe", as = ["in1", "out"] }', '{ op = "close", fd = "in2" }'), "$.programs.root.steps[1].fd: no earlier step names a value 'in2'; did you mean 'in1'?"),
    (steps('{ op = "pipe", as = ["r", "w", "x"] }'), "$.programs.root.steps[0].as: Expected `array` of length 2"),
    (steps('{ op = "spawn", program = "rot" }'), "$.programs.root.steps[0].program: there is no program 'rot'; did you mean 'root'?"),
    (steps('{ op = "write", fd = 3 }'), "$.programs.root.steps[0]: give one of text, hex, from and size"),
    (steps('{ op = "write", fd = 3, text = "a", size = 1 }'), "$.programs.root.steps[0]: give one of text, hex, from and size"),
    (steps('{ op = "write", fd = 3, hex = "abc" }'), "$.programs.root.steps[0].hex: not hexadecimal bytes: non-hexadecimal number found in fromhex() arg at position 3"),
    (steps('{ op = "write", fd = 3, from = "b" }'), "$.programs.root.steps[0].from: no earlier read names its bytes 'b'"),
    (steps('{ op = "read", fd = 2, size = 1, text = "a", hex = "61" }'), "$.programs.root.steps[0]: give text or hex, not both"),
    (steps('{ op = "close", fd = 3, code = "INVALID" }'), "$.programs.root.steps[0]: there is no return code 'INVALID'; they are SUCCESS, INDEX_OUT_OF_BOUND, ITEM_MISSING, SLICE_OUT_OF_BOUND, WRONG_FORMAT, WAIT_FAILURE, INVALID_FD, OTHER_END_CLOSED, MAX_VMS_SPAWNED, MAX_FDS_CREATED"),
    (steps('{ op = "repeat", times = 2, steps = [{ op = "close", fd = "x" }] }'), "$.programs.root.steps[0].steps[0].fd: no earlier step names a value 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=range(len(WRONG)))
def test_wrong_scenarios(text: str, expected: str) -> None:
    assert error_of(text).startswith(expected)


HUGE = 10**30


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (f'{{ op = "close", fd = {HUGE} }}', f"$.programs.root.steps[0].fd: {HUGE} does not fit in 64 bits"),
        (f'{{ op = "exit", code = -{HUGE} }}', f"$.programs.root.steps[0].code: -{HUGE} does not fit in 64 bits"),
        ('{ op = "close", fd = 1, code = -1 }', "$.programs.root.steps[0]: -1 is no return code"),
        (f'{{ op = "close", fd = 1, code = {HUGE} }}', f"$.programs.root.steps[0]: {HUGE} is no return code"),
    ],
)
def test_numbers_that_no_register_holds(step: str, expected: str) -> None:
    assert error_of(steps(step)).startswith(expected)


def test_a_program_that_does_not_fit_the_memory() -> None:
    read = '{ op = "read", fd = 2, size = 1048576 }'
    assert error_of(steps(*[read] * 5)).startswith(
        "$.programs.root: does not fit: a section of more than 4194304 bytes"
    )


def test_a_step_whose_code_does_not_reach_its_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a program of more than 1 MiB, which takes long to make: the error names the step."""

    def compile_steps(*_: object) -> str:
        return ".text\n_start:\nstep_0:\n nop\nstep_1:\nstep_1_2:\n j . + 2000000\nend_0:\n.data\n"

    monkeypatch.setattr("spawnlab.scenarios.programs.compile_steps", compile_steps)
    assert error_of(steps()).startswith("$.programs.root.steps[1].steps[2]: does not fit: imm = 2000000 does not fit")


def nested(depth: int) -> str:
    text = '{"op":"repeat","times":1,"steps":[' * depth + "]}" * depth
    return f'{{"programs":{{"root":{{"steps":[{text}]}}}}}}'


def test_repeat_may_be_nested_32_deep() -> None:
    assert spawnlab.run_synchronously(parse_scenario(nested(32), ".json")).outcome.exit_code == 0
    place = "$.programs.root.steps[0]" + ".steps[0]" * 32
    assert error_of(nested(33), ".json") == f"{place}: repeat is nested more than 32 deep"


@pytest.mark.parametrize("depth", [300, 900, 20_000])
def test_deeper_nesting_is_one_error_too(depth: int) -> None:
    assert "\n" not in error_of(nested(depth), ".json")


def test_wrong_json() -> None:
    assert (
        error_of("{", ".json")
        == "$: not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    )
    assert error_of('{"programs": {"root": {"steps": [{"op": "exit", "kode": 1}]}}}', ".json") == (
        "$.programs.root.steps[0].kode: there is no such field here; did you mean 'code'?"
    )
    assert error_of("[" * 100_000, ".json") == "$: nested too deeply"


def test_json_and_toml_are_the_same() -> None:
    toml = parse_scenario('[programs.root]\nsteps = [{ op = "exit", code = 3 }]', ".toml")
    json = parse_scenario('{"programs": {"root": {"steps": [{"op": "exit", "code": 3}]}}}', ".json")
    assert toml == json


def test_another_suffix() -> None:
    assert error_of("x", ".txt") == "$: the suffix '.txt' is not known; use .toml, .json, .yaml, .yml (or an ELF file)"


def elf_error(tmp_path: Path, content: bytes) -> str:
    (tmp_path / "p.elf").write_bytes(content)
    (tmp_path / "s.toml").write_text("[programs.root]\nelf = 'p.elf'")
    with pytest.raises(spawnlab.ScenarioError) as caught:
        spawnlab.load(tmp_path / "s.toml")
    assert str(caught.value).startswith(f"{tmp_path / 's.toml'}:2: $.programs.root.elf: ")
    return caught.value.message


GOOD = assemble("li a7, 93\n ecall").elf()
PAGE, CODE_SIZE = 4096, 8


def test_a_program_from_an_elf_file(tmp_path: Path) -> None:
    (tmp_path / "p.elf").write_bytes(GOOD)
    (tmp_path / "s.toml").write_text("[programs.root]\nelf = 'p.elf'")
    assert spawnlab.run(tmp_path / "s.toml").outcome.exit_code == 0


def test_wrong_elf_files(tmp_path: Path) -> None:
    assert elf_error(tmp_path, b"") == "not a program: elf error: bad offset 0 (the file is empty)"
    assert elf_error(tmp_path, b"plain text, no program") == (
        "not a program: elf error: Invalid magic number: 0x6574206e69616c70 (not an ELF file)"
    )
    assert elf_error(tmp_path, GOOD[:40]) == (
        "not a program: elf error: bad offset 40 (the file ends before its headers do)"
    )
    assert elf_error(tmp_path, GOOD[:64]) == (
        "not a program: elf error: bad offset 64 (the file ends before its headers do)"
    )
    other = bytearray(GOOD)
    struct.pack_into("<H", other, 18, 62)
    assert elf_error(tmp_path, bytes(other)) == "an ELF file for EM_X86_64, not for 64-bit RISC-V (EM_RISCV)"
    assert elf_error(tmp_path, GOOD[:4] + b"\1" + GOOD[5:]) == (
        "not a program: elf error: bits (a 32-bit file; build for 64 bits)"
    )


@pytest.mark.parametrize("size", [*range(1, 130), 4096, 4103, 4104, len(GOOD) - 1])
def test_an_elf_file_cut_anywhere_is_refused_or_runs(tmp_path: Path, size: int) -> None:
    """The code and all headers that matter lie within the first 4104 bytes; what is cut off behind is never read."""
    (tmp_path / "p.elf").write_bytes(GOOD[:size])
    if size >= PAGE + CODE_SIZE:
        assert spawnlab.run(tmp_path / "p.elf").outcome.exit_code == 0
        return
    with pytest.raises(spawnlab.ScenarioError) as caught:
        spawnlab.run(tmp_path / "p.elf")
    assert "\n" not in str(caught.value)


def test_a_missing_elf_file(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("[programs.root]\nelf = 'gone.elf'")
    with pytest.raises(spawnlab.ScenarioError, match=r"s\.toml:2: \$\.programs\.root\.elf: .*gone\.elf: No such file"):
        spawnlab.load(tmp_path / "s.toml")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(spawnlab.ScenarioError, match="not a text file: byte 9 is not UTF-8"):
        spawnlab.load(tmp_path / "s.toml")
