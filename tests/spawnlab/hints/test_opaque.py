"""Programs that are no lists of operations: nothing is claimed that they could make false."""

from __future__ import annotations

import pytest

import spawnlab
from spawnlab.hints.hints import hints_of
from spawnlab.hints.model import CERTAIN, DEADLOCK, NOTE
from spawnlab.scenarios.model import Program, Scenario

from .claims import FALSE, deeds_of, verdict
from .writing import kinds, scenario_of, the

FED = 'pipe, as = ["r", "w"]\nspawn, program = "child", fds = ["r"], as = "child"'
LOOP = Program(asm="again: j again")
READER = Program(
    asm="""
    li a0, 2
    la a1, buffer
    la a2, size
    li a7, SYS_READ
    ecall
    li a0, 0
    li a7, SYS_EXIT
    ecall
  .data
  size: .dword 8
  buffer: .zero 8
"""
)
FORMS = (
    Program(asm="li a7, SYS_EXIT\n ecall"),
    Program(c="int main() { return 0; }"),
    Program(source="child.c"),
    Program(elf="child.elf"),
    Program(python="child.py:child"),
)


@pytest.mark.parametrize("child", FORMS)
def test_whoever_may_be_served_by_an_opaque_vm_has_no_hint(child: Program) -> None:
    """Also where there is no compiler, and no such file: nothing is read or compiled."""
    scenario = scenario_of(root=f'{FED}\nwrite, fd = "w", text = "bytes"\nwait, vm = "child"', child=child)
    assert kinds(scenario) == ["opaque"]


def test_a_root_that_is_opaque_leaves_nothing_to_say() -> None:
    scenario = scenario_of(child='pipe, as = ["r", "w"]\nread, fd = "r", size = 1', root=LOOP)
    assert kinds(scenario) == ["opaque"]


def test_what_a_vm_does_to_itself_is_certain_beside_an_opaque_one() -> None:
    """The pipe is the root's own from before anything opaque lives."""
    before = 'pipe, as = ["a", "b"]\nspawn, program = "child"\nread, fd = "a", size = 1'
    scenario = scenario_of(root=before, child=READER)
    hint = the(scenario, "own-pipe")
    assert (hint.level, hint.claim) == (CERTAIN, DEADLOCK)
    assert spawnlab.run_synchronously(scenario).outcome.deadlock is not None


def test_what_an_opaque_vm_may_prevent_is_not_certain() -> None:
    """It might have made so many pipes that the root gets none."""
    after = 'spawn, program = "child"\npipe, as = ["a", "b"]\nread, fd = "a", size = 1'
    hint = the(scenario_of(root=after, child=READER), "own-pipe")
    assert (hint.level, hint.claim) == ("possible", DEADLOCK)


def test_an_opaque_vm_that_keeps_a_write_end_may_close_it() -> None:
    scenario = scenario_of(
        root='pipe, as = ["r", "w"]\nspawn, program = "child", fds = ["w"]\nread, fd = "r", size = 1', child=LOOP
    )
    assert kinds(scenario, CERTAIN) == []


def test_numbers_are_not_known_beside_an_opaque_vm() -> None:
    """Fd 4 is the root's second pipe, unless the child has made one in between."""
    steps = 'pipe, as = ["a", "b"]\nspawn, program = "child"\npipe, as = ["c", "d"]\nclose, fd = 4'
    assert "not-followed" in kinds(scenario_of(root=steps, child=LOOP))
    assert "not-followed" not in kinds(scenario_of(root=steps, child=""))


def test_claims_beside_opaque_vms_hold() -> None:
    """A child that reads its fd by number: what was certain of the others happens."""
    scenario = scenario_of(
        root=f'{FED}\nwrite, fd = "w", text = "bytes"\nclose, fd = "r"\nwait, vm = "child"', child=READER
    )
    hints = [hint for hint in hints_of(scenario) if hint.level != NOTE]
    deeds = deeds_of(spawnlab.run_synchronously(scenario))
    assert [hint.kind for hint in hints] == ["moved-fd"]
    assert verdict(hints[0], deeds) != FALSE


def test_opaque_programs_of_a_scenario_that_is_made_in_python() -> None:
    scenario = Scenario(programs={"root": Program(steps=()), "other": Program(elf="x")})
    assert kinds(scenario) == ["unused-program"]
