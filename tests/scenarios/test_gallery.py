"""The gallery: every scenario ends as it expects, and as the reference recorded it, iteration by iteration."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import spawnlab
from spawnlab.conform.modes import Mode, run_recorded
from spawnlab.conform.records import OutcomeRecord
from spawnlab.conform.reference import case_of, run_reference

ROOT = Path(__file__).resolve().parents[2]
TRACE = Mode(trace=True)
GALLERY = sorted((ROOT / "scenarios" / "gallery").glob("*.toml"))


def _recorded(file: Path) -> OutcomeRecord:
    return msgspec.json.decode((file.parent / "reference" / f"{file.stem}.json").read_bytes(), type=OutcomeRecord)


def test_there_are_scenarios() -> None:
    assert {file.stem for file in GALLERY} >= {"parent_child", "pipeline", "deadlock"}


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_each_ends_as_it_expects_and_says_why_it_is_there(file: Path) -> None:
    run = spawnlab.run_synchronously(file)
    assert run.unmet == ()
    assert run.build.scenario.title
    assert run.build.scenario.why


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_each_equals_the_recorded_reference(file: Path) -> None:
    """Exit code, totals, and after each iteration every VM's state, pc, pending cycles and registers."""
    recorded = _recorded(file)
    ours = run_recorded(spawnlab.load(file).sg_data, TRACE)
    assert ours.trace == recorded.trace
    assert ours == recorded


def test_the_comparison_can_fail() -> None:
    file = GALLERY[0]
    recorded = _recorded(file)
    wrong = msgspec.structs.replace(recorded, cycles=(recorded.cycles or 0) + 1)
    assert run_recorded(spawnlab.load(file).sg_data, TRACE) != wrong


@pytest.mark.reference
def test_the_reference_recorded_anew_gives_the_same() -> None:
    cases = [case_of(spawnlab.load(file).sg_data, TRACE) for file in GALLERY]
    for machine in ("asm", "plain"):
        anew = run_reference(cases, machine=machine)
        assert anew == [_recorded(file) for file in GALLERY]


@pytest.mark.reference
def test_the_reference_agrees_under_every_kind_of_limit() -> None:
    """Limits at and around each iteration's end: the same error, and the same cycles as the plain interpreter."""
    made = [spawnlab.load(file) for file in GALLERY]
    limited = [
        (build.sg_data, Mode(max_cycles=limit))
        for build in made
        for record in run_recorded(build.sg_data, TRACE).trace or ()
        for limit in (record.cycles - 1, record.cycles, record.cycles + 499)
    ]
    theirs = run_reference(case_of(sg_data, mode) for sg_data, mode in limited)
    ours = [run_recorded(sg_data, mode) for sg_data, mode in limited]
    assert ours == theirs
    assert {outcome.error_variant for outcome in ours} >= {None, "CyclesExceeded"}
