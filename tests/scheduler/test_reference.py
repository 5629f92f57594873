"""Every run that the tests of this folder have made is made again by the reference, iteration by iteration."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spawnlab.conform.records import OutcomeRecord, run_recorded
from spawnlab.conform.reference import run_reference
from spawnlab.scheduler.scheduler import Scheduler

from .runs import PLAYED, Case, group


def for_the_runner(case: Case) -> dict[str, Any]:
    """A case as the runner reads it."""
    locks = {True: "self", False: {"code_hash": bytes(32).hex(), "hash_type": 0, "args": ""}}
    values: dict[str, Any] = {
        "version": case.version,
        "program": {"hex": case.programs[0].hex()},
        "cell_deps": [{"hex": program.hex()} for program in case.programs[1:]],
        "witnesses": [{"hex": witness.hex()} for witness in case.witnesses],
        "inputs": [
            {"data": {"hex": data.hex()}, "lock": locks[i in case.group_inputs]} for i, data in enumerate(case.inputs)
        ],
        "outputs": [{"data": {"hex": data.hex()}} for data in case.outputs],
        "root_args": [{"hex": argument.hex()} for argument in case.root_args],
        "mode": "trace" if case.limit is None else "run",
        "full": True,
    }
    return values if case.limit is None else values | {"max_cycles": case.limit}


def ours(case: Case) -> OutcomeRecord:
    if not case.root_args:
        return run_recorded(group(case), limit=case.limit)
    scheduler = Scheduler(group(case))  # run_recorded knows no arguments of the root
    scheduler.set_root_vm_args(case.root_args)
    result = scheduler.run()
    return OutcomeRecord(status="exit", exit_code=result.exit_code, cycles=result.consumed_cycles)


@pytest.mark.reference
def test_the_reference_agrees_on_every_run_of_these_tests() -> None:
    if not PLAYED:
        pytest.skip("no run was made: run the whole folder")
    theirs = run_reference([for_the_runner(case) for case in PLAYED])
    assert len(theirs) == len(PLAYED)
    differences: list[object] = []
    for case, expected in zip(PLAYED, theirs, strict=True):
        found = ours(case)
        wanted = msgspec.structs.replace(expected, trace=None) if case.root_args else expected
        if found != wanted:
            differences.append((case, _first_difference(found, wanted)))
    assert not differences, f"{len(differences)} of {len(PLAYED)}: {differences[:3]}"


def _first_difference(found: OutcomeRecord, wanted: OutcomeRecord) -> object:
    for number, (mine, its) in enumerate(zip(found.trace or (), wanted.trace or (), strict=False)):
        if mine != its:
            return number, mine, its
    return found, wanted
