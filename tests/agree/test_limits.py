"""A short run of :mod:`.limits`; and that it would find a difference."""

from __future__ import annotations

import pytest

from spawnlab.vm.assembler import assemble
from spawnlab.vm.machine import Machine

from .limits import TRANSLATING, disagreements, random_limits, stopped, whole_cycles

PROGRAM = assemble(
    """
    _start: li s0, 40; la s1, place
    loop: lui t0, 0x12345; addi t0, t0, 0x678; sd t0, 0(s1)
      mul t1, t0, s0; mulhu t2, t0, s0; div t3, t1, s0; sw t3, 12(s1)
      beqz t3, none; call twice; j on
    none: addi a0, a0, 1
    on: addi s0, s0, -1; bnez s0, loop
      li a7, 93; ecall
    twice: slli a1, t3, 1; add a2, a1, t3; ret
    .data
    place: .zero 64
    """
).elf()


@pytest.mark.parametrize("name", TRANSLATING)
@pytest.mark.parametrize("version", [0, 1, 2])
def test_engines_stop_at_the_same_place(name: str, version: int) -> None:
    cycles = whole_cycles(PROGRAM, version, 1_000_000)
    assert cycles > 1000
    assert list(disagreements(PROGRAM, version, random_limits(cycles, 200, version), name)) == []


def test_a_difference_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(machine: Machine, limit: int) -> tuple[object, ...]:
        state = stopped(machine, limit)
        return (*state, 1) if machine.engine.name == "native" and machine.cycles > 500 else state

    monkeypatch.setattr("tests.agree.limits.stopped", wrong)
    found = [limit for limit, _, _ in disagreements(PROGRAM, 2, [400, 600], "native")]
    assert found == [600]
