"""Every run that the tests of this folder have made is made again by the reference, iteration by iteration."""

from __future__ import annotations

import pytest

from spawnlab.conform.modes import Mode, run_recorded
from spawnlab.conform.records import OutcomeRecord
from spawnlab.conform.reference import case_of, run_reference
from spawnlab.scheduler.limits import U64_MAX

from .runs import PLAYED, Case, group


def mode_of(case: Case) -> Mode:
    return Mode(trace=case.limit is None, max_cycles=U64_MAX if case.limit is None else case.limit)


@pytest.mark.reference
def test_the_reference_agrees_on_every_run_of_these_tests() -> None:
    if not PLAYED:
        pytest.skip("no run was made: run the whole folder")
    theirs = run_reference(case_of(group(case), mode_of(case), root_args=case.root_args) for case in PLAYED)
    assert len(theirs) == len(PLAYED)
    differences: list[object] = []
    for case, wanted in zip(PLAYED, theirs, strict=True):
        found = run_recorded(group(case), mode_of(case), root_args=case.root_args)
        if found != wanted:
            differences.append((case, _first_difference(found, wanted)))
    assert not differences, f"{len(differences)} of {len(PLAYED)}: {differences[:3]}"


def _first_difference(found: OutcomeRecord, wanted: OutcomeRecord) -> object:
    for number, (mine, its) in enumerate(zip(found.trace or (), wanted.trace or (), strict=False)):
        if mine != its:
            return number, mine, its
    return found, wanted
