"""The gallery: every scenario ends as it expects, and as the reference recorded it, iteration by iteration."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import spawnlab
from spawnlab.conform.__main__ import compiler_version
from spawnlab.conform.modes import Mode, mode_of, run_recorded
from spawnlab.conform.records import OutcomeRecord
from spawnlab.conform.reference import case_of, run_reference
from spawnlab.conform.tally import RecordError
from spawnlab.scenarios.load import load_scenario
from spawnlab.scenarios.model import Expectation, Program, Scenario, SuspendPlan

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "scenarios" / "gallery"
GALLERY = sorted(file for file in FOLDER.iterdir() if file.suffix in (".toml", ".yaml", ".json"))
PYTHON = [file for file in GALLERY if "python =" in file.read_text()]
C = [file for file in GALLERY if "\nc = " in file.read_text()]
RECORDED = [file for file in GALLERY if file not in PYTHON]
LESSONS = 15
OTHERWISE_IN_ASSEMBLY = ["one_cycle_short", "wrong_format"]
"""The assembly machine counts otherwise when cycles run out, and goes on at 0 after a failed exec."""


def _recorded(file: Path) -> OutcomeRecord:
    return msgspec.json.decode((file.parent / "reference" / f"{file.stem}.json").read_bytes(), type=OutcomeRecord)


def _skip_without_the_compiler(file: Path) -> None:
    if file in C:
        pytest.importorskip("ziglang", reason="needs the extra [c]")


def test_there_are_scenarios() -> None:
    assert {file.stem for file in GALLERY} >= {"parent_child", "pipeline", "deadlock"}
    assert len(GALLERY) >= 40
    assert (len(PYTHON), len(C)) == (1, 1)
    assert {file.stem for file in RECORDED} == {file.stem for file in (FOLDER / "reference").glob("*.json")}


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_each_ends_as_it_expects_and_says_why_it_is_there(file: Path) -> None:
    _skip_without_the_compiler(file)
    run = spawnlab.run_synchronously(file)
    assert run.unmet == ()
    scenario = run.build.scenario
    assert scenario.title
    assert scenario.why
    assert scenario.expect.cycles is not None or file in C
    assert scenario.expect != Expectation()


def test_the_lessons_are_numbered() -> None:
    lessons = sorted({load_scenario(file).lesson for file in GALLERY})
    assert [lesson[:3] for lesson in lessons] == [f"{number:02} " for number in range(1, LESSONS + 1)]


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_each_equals_the_recorded_reference(file: Path) -> None:
    """Exit code, totals, and after each iteration every VM's state, pc, pending cycles and registers."""
    _skip_without_the_compiler(file)
    if file in C and compiler_version() != (FOLDER / "reference" / "compiler.txt").read_text().strip():
        pytest.skip("another compiler has made the program that was recorded")
    recorded = _recorded(file)
    made = spawnlab.load(file)
    ours = run_recorded(made.sg_data, mode_of(made))
    assert ours.trace == recorded.trace
    assert ours == recorded
    played = spawnlab.run_synchronously(made).outcome
    assert (played.exit_code, played.cycles) == (recorded.exit_code, recorded.cycles)


def test_the_comparison_can_fail() -> None:
    recorded = _recorded(FOLDER / "parent_child.toml")
    wrong = msgspec.structs.replace(recorded, cycles=(recorded.cycles or 0) + 1)
    assert run_recorded(spawnlab.load(FOLDER / "parent_child.toml").sg_data, Mode(trace=True)) != wrong


def test_a_plan_that_can_not_be_recorded() -> None:
    made = spawnlab.build(Scenario(programs={"root": Program(steps=())}, suspend=SuspendPlan(at=(1, 2))))
    with pytest.raises(RecordError, match="more than one suspension"):
        mode_of(made)


@pytest.mark.reference
def test_the_reference_recorded_anew_gives_the_same() -> None:
    files = [file for file in RECORDED if file not in C]
    made = [spawnlab.load(file) for file in files]
    cases = [case_of(build.sg_data, mode_of(build)) for build in made]
    recorded = [(file, _recorded(file)) for file in files]
    assert [*zip(files, run_reference(cases, machine="plain"), strict=True)] == recorded
    assembly = zip(files, run_reference(cases, machine="asm"), recorded, strict=True)
    assert [file.stem for file, anew, (_, kept) in assembly if anew != kept] == OTHERWISE_IN_ASSEMBLY


@pytest.mark.reference
def test_the_reference_agrees_under_every_kind_of_limit() -> None:
    """Limits at and around each iteration's end: the same error, and the same cycles as the plain interpreter."""
    names = ("parent_child", "pipeline", "deadlock", "exec", "ring_of_three", "four_at_once")
    made = [spawnlab.load(FOLDER / f"{name}.toml") for name in names]
    limited = [
        (build.sg_data, Mode(max_cycles=limit))
        for build in made
        for record in run_recorded(build.sg_data, Mode(trace=True)).trace or ()
        for limit in (record.cycles - 1, record.cycles, record.cycles + 499)
    ]
    theirs = run_reference(case_of(sg_data, mode) for sg_data, mode in limited)
    ours = [run_recorded(sg_data, mode) for sg_data, mode in limited]
    assert ours == theirs
    assert {outcome.error_variant for outcome in ours} >= {None, "CyclesExceeded"}
