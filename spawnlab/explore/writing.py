"""Scenarios as files, for those that were found or made."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..scenarios.build import TRANSACTION
from ..scenarios.model import Program, Scenario
from ..views.jsontext import json_text
from .cases import Case


def write_scenario(scenario: Scenario, file: Path) -> Path:
    """Write it as JSON, and make the folders that the file is in; gives the file, whose name ends with ``.json``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json_text(scenario) + "\n", encoding="utf-8")
    return file


def write_case(case: Case, title: str, file: Path) -> Path:
    """Write a case as a scenario, and beside it what that is made of: ELF files, or a transaction; gives the file.

    ``title`` is for one that has none.
    """
    scenario = case.scenario(title)
    written = case.written
    if written is None:
        return write_scenario(scenario, file)
    file.parent.mkdir(parents=True, exist_ok=True)
    if scenario.transaction is not None:
        beside = file.with_suffix(".tx")
        beside.write_bytes(written.elves[TRANSACTION])
        return write_scenario(
            msgspec.structs.replace(scenario, transaction=beside.name, programs={}, root=Scenario().root), file
        )
    programs = dict(scenario.programs)
    for name, program in scenario.programs.items():
        if name in written.elves and (program.elf is not None or program.source is not None):
            beside = file.with_suffix(f".{name}.elf")
            beside.write_bytes(written.elves[name])
            programs[name] = Program(elf=beside.name)
    return write_scenario(msgspec.structs.replace(scenario, programs=programs), file)
