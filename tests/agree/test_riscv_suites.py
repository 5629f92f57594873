"""The command for the public suites' programs, on small programs of our own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spawnlab.conform.settings import SETTINGS
from spawnlab.vm.assembler import assemble
from spawnlab.vm.version import Isa

from . import riscv_suites
from .riscv_programs import BuildError, Compiler, find_compiler, find_zig
from .riscv_suites import Report, find_programs, run_suites

EVERY = list(SETTINGS)
LEAVE = "li a0, {code}\n li a7, 93\n ecall"
SIGNED = """
    la t0, begin_signature
    li t1, 0x1122334455667788
    sd t1, 8(t0)
    li a7, 64
    ecall
    li a0, 0
    li a7, 93
    ecall
    .data
begin_signature:
    .dword 0
    .dword -1
end_signature:
"""
SIGNATURE = ["00000000", "00000000", "55667788", "11223344"]


def put(folder: Path, path: str, source: str) -> None:
    file = folder / f"{path}.elf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(assemble(source).elf())


def run(folder: Path, *, model: tuple[str, ...] = (), settings: list[str] = EVERY) -> Report:
    return run_suites(find_programs(folder), settings, model)


def model_that(folder: Path, body: str) -> tuple[str, ...]:
    """A command in place of an emulator."""
    script = folder / "model.py"
    script.write_text(f"import sys\n{body}\n")
    return sys.executable, str(script)


def test_without_programs_it_says_so_and_is_content(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--programs", str(tmp_path / "absent")], ["--programs", str(tmp_path)]):
        assert riscv_suites.main(arguments) == 0
        assert capsys.readouterr().out.startswith("skipped: ")


def test_programs_that_check_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path, "own/I/good", LEAVE.format(code=0))
    put(tmp_path, "own/I/bad", LEAVE.format(code=200))
    put(tmp_path, "own/I/broken", ".word 0")
    assert riscv_suites.main(["--programs", str(tmp_path), "--setting", "0", "--setting", "2", "--model", ""]) == 1
    printed = capsys.readouterr().out
    assert "own            I           0           3      1      2        0" in printed
    assert "FAILED own/I/bad in 2: it exited with 200" in printed
    assert "FAILED own/I/broken in 0: InvalidInstruction after 0 steps" in printed
    assert "2 passed, 4 failed, 0 left out; model: none" in printed
    assert riscv_suites.main(["--programs", str(tmp_path), "--only", "good", "--model", ""]) == 0


def test_a_program_that_does_not_end_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(riscv_suites, "STEPS_MAX", 100)
    put(tmp_path, "own/I/endless", "again: j again")
    assert run(tmp_path, settings=["1"]).failures == ["own/I/endless in 1: it still ran after 100 steps"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (SIGNATURE, None),
        (
            [*SIGNATURE[:3], "11223345"],
            "1 of 2 words differ, first at byte 8: 0x1122334455667788, not 0x1122334555667788",
        ),
        (SIGNATURE[:2], "the signature has 16 bytes, not 8"),
    ],
)
def test_the_memory_is_compared_with_the_recorded_signature(
    tmp_path: Path, words: list[str], problem: str | None
) -> None:
    put(tmp_path, "own/I/signed", SIGNED)
    (tmp_path / "own/I/signed.signature").write_text("\n".join(words) + "\n")
    report = run(tmp_path)
    assert report.failures == ([] if problem is None else [f"own/I/signed in {name}: {problem}" for name in EVERY])


def test_the_model_stands_in_for_a_signature_and_throws_doubt_on_a_recorded_one(tmp_path: Path) -> None:
    put(tmp_path, "own/I/signed", SIGNED)
    content = "bytes(8) + (0x1122334455667788).to_bytes(8, 'little')"
    agrees = model_that(tmp_path, f"sys.stdout.buffer.write({content})")
    report = run(tmp_path, model=agrees)
    assert (report.failures, report.doubts) == ([], [])
    (tmp_path / "own/I/signed.signature").write_text("\n".join(SIGNATURE))
    report = run(tmp_path, model=model_that(tmp_path, "sys.stdout.buffer.write(bytes(16))"))
    assert report.failures == []
    assert report.doubts == [
        "own/I/signed: in the model 1 of 2 words differ, first at byte 8: 0x0000000000000000, not 0x1122334455667788"
    ]


def test_without_signature_and_answer_a_program_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "own/I/signed", SIGNED)
    assert list(run(tmp_path).left_out) == ["nothing says what its signature has to be"]
    assert list(run(tmp_path, model=model_that(tmp_path, "sys.exit(7)")).left_out) == ["the model ends with 7"]


def test_the_model_is_not_asked_where_it_is_known_to_be_wrong(tmp_path: Path) -> None:
    put(tmp_path, "own/I/ctzw-01", SIGNED)
    assert list(run(tmp_path, model=model_that(tmp_path, "")).left_out) == [riscv_suites.MODEL_IS_WRONG["ctzw-01"]]


def test_what_is_left_out_is_listed_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, "own/A/atomic", LEAVE.format(code=0))
    put(tmp_path, "own/Zbb/bits", LEAVE.format(code=0))
    put(tmp_path, "own/C/cnop-01", ".half 0x0005\n" + LEAVE.format(code=0))
    (tmp_path / "own/C/clbu-01.skipped").write_text("Zcb: not here\n")
    report = run(tmp_path)
    assert report.failures == report.stale == []
    counted = [line.split()[1:3] for line in report.lines() if line.startswith("own ")]
    assert counted == [[extension, name] for extension in ("A", "C", "Zbb") for name in EVERY]
    assert report.left_out == {
        "A is off": {("own/A", "0, 1, 2"): ["atomic"]},
        "B is off": {("own/Zbb", "0"): ["bits"]},
        "Zcb: not here": {("own/C", "0, 1, 2, 0ab, 1a, 2a"): ["clbu-01"]},
        "version 0: compressed hints are illegal": {("own/C", "0, 0ab"): ["cnop-01"]},
    }


def test_a_rule_that_is_too_wide_is_reported(tmp_path: Path) -> None:
    put(tmp_path, "own/C/cnop-01", "c.nop\n" + LEAVE.format(code=0))
    assert run(tmp_path).stale == ["own/C/cnop-01 in 0", "own/C/cnop-01 in 0ab"]


@pytest.mark.parametrize("extension", ["I", "M", "C", "privilege", "Zifencei"])
def test_what_every_machine_has_is_never_left_out_as_lacking(extension: str) -> None:
    assert riscv_suites.lacking(extension, Isa(0)) is None


# The environment header, where there is a compiler


@pytest.fixture(params=["zig", "any"])
def compiler(request: pytest.FixtureRequest) -> Compiler:
    found = find_zig() if request.param == "zig" else find_compiler()
    if found is None:
        pytest.skip("no riscv64-*-gcc on PATH" if request.param == "any" else "the ziglang package is not installed")
    return found


def checked(value: int, number: int) -> str:
    """A program in the header's terms, whose check of that number finds 42 only if the value is that."""
    return f"""
#include "riscv_test.h"
RVTEST_RV64U
RVTEST_CODE_BEGIN
    li TESTNUM, {number}
    la t0, answer
    ld t1, 0(t0)
    addi t1, t1, 1
    sd t1, 0(t0)
    ld t2, 0(t0)
    li t3, 42
    bne t2, t3, fail
    RVTEST_PASS
fail:
    RVTEST_FAIL
RVTEST_CODE_END
    .data
RVTEST_DATA_BEGIN
answer: .dword {value}
RVTEST_DATA_END
"""


@pytest.mark.parametrize(
    ("value", "number", "exit_code"), [(41, 7, 0), (40, 7, 7), (40, 130, 130), (40, 256, 255), (40, 257, 1)]
)
def test_the_header_makes_programs_that_every_machine_loads(
    tmp_path: Path, compiler: Compiler, value: int, number: int, exit_code: int
) -> None:
    source = tmp_path / "check.S"
    source.write_text(checked(value, number))
    compiler.build(source, tmp_path / "own/I/check.elf", extensions=["m", "c"])
    failures = [f"own/I/check in {name}: it exited with {exit_code}" for name in EVERY]
    assert run(tmp_path).failures == (failures if exit_code else [])


def test_a_compilers_refusal_is_told(tmp_path: Path, compiler: Compiler) -> None:
    source = tmp_path / "wrong.S"
    source.write_text("no_such_instruction a0\n")
    with pytest.raises(BuildError, match=r"no_such_instruction|unrecognized"):
        compiler.build(source, tmp_path / "wrong.elf", extensions=["m", "zba"])


def test_a_given_compiler_is_taken_as_it_is() -> None:
    assert find_compiler("my-gcc -v") == Compiler(("my-gcc", "-v"), zig=False)
    zig = find_compiler("zig cc")
    assert zig is not None
    assert zig.zig
    assert zig.command[-1] == "riscv64-freestanding-none"
