"""Each note with what gives it, and without."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from spawnlab.hints.hints import hints_of
from spawnlab.hints.model import NOTE, NOTE_KINDS
from spawnlab.scenarios.cells import CellModel, ScriptModel
from spawnlab.scenarios.model import Program, Scenario

from .writing import kinds, scenario_of, the

CHILD, WAIT = 'spawn, program = "child", as = "child"', 'wait, vm = "child"'
PIPE, GIVEN = 'pipe, as = ["r", "w"]', 'inherited_fds, as = ["in"]'
FED = f'{PIPE}\nspawn, program = "child", fds = ["r"], as = "child"'
"""A child that is given the read end."""
EXITS = Program(asm="li a7, SYS_EXIT\n ecall")


class Case(NamedTuple):
    path: str
    """Of the note."""
    noted: Scenario
    clean: Scenario


CASES = {
    "opaque": Case(
        "programs.child",
        scenario_of(root=f"{CHILD}\n{WAIT}", child=EXITS),
        scenario_of(root=f"{CHILD}\n{WAIT}", child=""),
    ),
    "not-followed": Case(
        "programs.root.steps[3]",
        scenario_of(root=f'{PIPE}\n{CHILD}\n{WAIT}, as = "n"\nclose, fd = "n"', child="exit, code = 2"),
        scenario_of(root=f'{PIPE}\n{CHILD}\n{WAIT}, as = "n"\nclose, fd = "r"', child="exit, code = 2"),
    ),
    "guessed-id": Case(
        "programs.root.steps[1]",
        scenario_of(root=f"{CHILD}\nwait, vm = 2", child=EXITS),
        scenario_of(root=f"{CHILD}\nwait, vm = 1", child=EXITS),
    ),
    "unreachable-step": Case(
        "programs.root.steps[0].steps[1]",
        scenario_of(root='repeat, times = 3, steps = [{ op = "exit" }, { op = "log", text = "never" }]'),
        scenario_of(root='repeat, times = 3, steps = [{ op = "log", text = "so" }, { op = "exit" }]'),
    ),
    "unused-program": Case(
        "programs.spare",
        scenario_of(root=f"{CHILD}\n{WAIT}", child="", spare=""),
        scenario_of(root=f"{CHILD}\n{WAIT}", child='exec, program = "spare"', spare=""),
    ),
    "never-waited": Case(
        "programs.root.steps[0]", scenario_of(root=CHILD, child=""), scenario_of(root=f"{CHILD}\n{WAIT}", child="")
    ),
    "leaked-fd": Case(
        "programs.root.steps[0]",
        scenario_of(root=f"{FED}\n{WAIT}", child=f'{GIVEN}\nread, fd = "in", size = 1'),
        scenario_of(root=f'{FED}\nclose, fd = "w"\n{WAIT}', child=f'{GIVEN}\nread, fd = "in", size = 1'),
    ),
    "lost-bytes": Case(
        "programs.root.steps[2]",
        scenario_of(root=f'{FED}\nwrite, fd = "w", size = 5\n{WAIT}', child=f'{GIVEN}\nread, fd = "in", size = 3'),
        scenario_of(
            root=f'{FED}\nwrite, fd = "w", size = 5, count = "n"\n{WAIT}', child=f'{GIVEN}\nread, fd = "in", size = 3'
        ),
    ),
    "empty-read": Case(
        "programs.child.steps[1]",
        scenario_of(root=f'{FED}\nwrite, fd = "w", text = "a"\n{WAIT}', child=f'{GIVEN}\nread, fd = "in", size = 0'),
        scenario_of(root=f'{FED}\nwrite, fd = "w", text = "a"\n{WAIT}', child=f'{GIVEN}\nread, fd = "in", size = 1'),
    ),
    "empty-write": Case(
        "programs.root.steps[2]",
        scenario_of(root=f'{FED}\nwrite, fd = "w", text = ""\n{WAIT}', child=f'{GIVEN}\nread, fd = "in", size = 1'),
        scenario_of(root=f'{FED}\nwrite, fd = "w", text = "a"\n{WAIT}', child=f'{GIVEN}\nread, fd = "in", size = 1'),
    ),
    "repeated-fd": Case(
        "programs.root.steps[1]",
        scenario_of(
            root=f'{PIPE}\nspawn, program = "child", fds = ["r", "r"], as = "child"\n{WAIT}',
            child='inherited_fds, as = ["a", "b"]',
        ),
        scenario_of(root=f"{FED}\n{WAIT}", child=GIVEN),
    ),
}


def test_every_note_has_a_case() -> None:
    assert CASES.keys() == set(NOTE_KINDS)


@pytest.mark.parametrize("kind", CASES)
def test_the_note_is_given_where_it_should_be_and_nowhere_else(kind: str) -> None:
    case = CASES[kind]
    hint = the(case.noted, kind)
    assert (hint.level, hint.claim, hint.path) == (NOTE, None, case.path)
    assert hint.words
    assert hint.advice
    assert kind not in kinds(case.clean)


def test_a_program_of_a_cell_is_used() -> None:
    scenario = scenario_of(root="", spare="")
    cell = CellModel(lock=ScriptModel(program="spare"))
    assert kinds(scenario) == ["unused-program"]
    assert kinds(Scenario(programs=scenario.programs, outputs=(cell,))) == []


def test_what_is_opaque_is_said_once() -> None:
    scenario = scenario_of(root=f"{CHILD}\n{CHILD}\n{WAIT}", child=EXITS)
    assert kinds(scenario).count("opaque") == 1
    assert the(scenario, "opaque").words == "child is assembly, and not looked at: it may do anything"


def test_an_opaque_program_that_nobody_spawns_is_of_no_concern() -> None:
    assert kinds(scenario_of(root="", child=EXITS)) == ["unused-program"]


def test_notes_of_several_vms_are_one_for_each_place() -> None:
    """A program that is spawned three times has each of its notes once."""
    scenario = scenario_of(root='repeat, times = 3, steps = [{ op = "spawn", program = "child" }]', child="")
    (hint,) = hints_of(scenario)
    assert (hint.kind, hint.path) == ("never-waited", "programs.root.steps[0].steps[0]")
