"""Stopping a run after any number of steps or cycles, and going on, leaves what one run leaves."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.vm.errors import CyclesExceeded, MemOutOfBound
from spawnlab.vm.machine import Machine

from .support import ALL_VERSIONS, TOP, fails, machine_of

MIXED = """
    lui s0, 0x20
    addi s1, x0, 30
    li s3, 0x123456789abcdef
again:
    sd s3, -3(s0)
    ld a0, -3(s0)
    mulhu a1, a0, s3
    mul a2, a0, s3
    add a1, a1, a2; sltu a3, a1, a2; add a4, a3, a1
    c.add s3, a4
    la a5, again
    divu a6, s3, s1; remu s2, s3, s1
    add s0, s0, s2
    addi s1, s1, -1
    bnez s1, again
    c.mv a0, s3
    ld a1, 0(x0)
    addi a1, x0, -1
    ld a1, 0(a1)
"""
"""30 rounds of everything, and a fault at the end."""


def ended(machine: Machine) -> tuple[object, ...]:
    memory = machine.memory
    return machine.this_pc, machine.cycles, machine.steps, machine.registers, bytes(memory.data), bytes(memory.flags)


@pytest.fixture(scope="module")
def whole_runs() -> list[Machine]:
    machines = [machine_of(MIXED, version) for version in ALL_VERSIONS]
    for machine in machines:
        with fails(MemOutOfBound):
            machine.run()
    assert [machine.steps for machine in machines] == sorted({machine.steps for machine in machines}, reverse=True)
    return machines


@given(sizes=st.lists(st.integers(0, 200), max_size=30), version=st.sampled_from(ALL_VERSIONS))
@settings(max_examples=40, deadline=None)
def test_slices_of_a_run_that_fails_change_nothing(whole_runs: list[Machine], sizes: list[int], version: int) -> None:
    machine = machine_of(MIXED, version)
    with fails(MemOutOfBound):
        for size in sizes:
            assert machine.run(size) is None
        machine.run()
    assert ended(machine) == ended(whole_runs[version])


@given(limits=st.lists(st.integers(1, 4000), max_size=12), version=st.sampled_from(ALL_VERSIONS))
@settings(max_examples=40, deadline=None)
def test_limits_that_are_raised_again_and_again_change_nothing(
    whole_runs: list[Machine], limits: list[int], version: int
) -> None:
    machine = machine_of(MIXED, version)
    with fails(MemOutOfBound):
        for more in limits:
            machine.max_cycles = machine.cycles + more
            with suppress(CyclesExceeded):
                machine.run()
            assert machine.cycles <= machine.max_cycles
        machine.max_cycles = TOP - 1
        machine.run()
    assert ended(machine) == ended(whole_runs[version])
