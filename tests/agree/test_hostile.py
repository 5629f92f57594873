"""A short run of the hostile campaign."""

from __future__ import annotations

import pytest

from .hostile import CYCLES_MAX, campaign, code, machine, main

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("engine", ["native", "auto", "blocks"])
def test_hostile_programs_are_survived_and_end_as_stepped(engine: str) -> None:
    ends, differing = campaign(engine, range(1000))
    assert differing == []
    assert ends.total() == 1000
    assert {"CyclesExceeded", "InvalidInstruction", "MemOutOfBound", "MemWriteOnExecutablePage"} <= set(ends)


def test_programs_are_the_same_again() -> None:
    first, again = machine(77), machine(77)
    assert bytes(first.memory.data) == bytes(again.memory.data)
    assert (first.registers, first.this_pc, first.isa) == (again.registers, again.this_pc, again.isa)
    assert 0 < first.max_cycles <= CYCLES_MAX
    assert code(__import__("random").Random(3))


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "64", "--seed", "16", "--engine", "blocks"]) == 0
    assert "64 programs in " in capsys.readouterr().out
