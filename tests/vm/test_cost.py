"""Prices and limits (``vm-cost``): what each operation costs, when it is charged, and what a limit leaves behind."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spawnlab.vm.cost import transfer_cycles
from spawnlab.vm.errors import CyclesExceeded, CyclesOverflow, InvalidInstruction, MemOutOfBound
from spawnlab.vm.isa.definition import Definition
from spawnlab.vm.isa.tables import OPERATIONS
from spawnlab.vm.machine import Machine
from spawnlab.vm.version import VERSIONS

from .support import ALL_VERSIONS, CODE, SIZE, TOP, fails, machine_of, steps, words

BRANCHES = {"beq", "bne", "blt", "bge", "bltu", "bgeu"}
STORES = {"sb", "sh", "sw", "sd"}
DIVISIONS = {"div", "divu", "divw", "divuw", "rem", "remu", "remw", "remuw"}
MULTIPLICATIONS = {"mul", "mulh", "mulhu", "mulhsu", "mulw"}
DEAR = {
    **dict.fromkeys({"ecall", "ebreak"}, 500),
    **dict.fromkeys(DIVISIONS | {"wide.div", "wide.divu"}, 32),
    **dict.fromkeys(MULTIPLICATIONS | {"wide.mul", "wide.mulu", "wide.mulsu"}, 5),
    **dict.fromkeys({"lb", "lbu", "lh", "lhu", "lw", "lwu", "sb", "sh", "sw"}, 3),
    **dict.fromkeys({"ld", "sd"}, 2),
    **dict.fromkeys(BRANCHES | {"jal", "jalr", "far.jump.rel", "far.jump.abs"}, 3),
}
"""All that costs more than 1 cycle on the chain."""


@pytest.mark.parametrize("definition", OPERATIONS, ids=[d.mnemonic for d in OPERATIONS])
def test_prices(definition: Definition) -> None:
    atomic = 4 if definition.mnemonic.endswith(".w") else 3
    assert definition.cycles == (atomic if definition.extension == "A" else DEAR.get(definition.mnemonic, 1))


def test_all_that_is_dear_exists() -> None:
    assert {*DEAR} <= {d.mnemonic for d in OPERATIONS}


ENDS = BRANCHES | {"auipc", "jal", "jalr", "ecall", "ebreak", "fence", "fence.i", "far.jump.rel", "far.jump.abs"}


def test_what_ends_a_block() -> None:
    assert {d.mnemonic for d in OPERATIONS if d.ends_block} == ENDS


CHARGED = {  # what is run, and the cycles of all of it
    "a branch that is taken": ("beq x0, x0, .+8", 3),
    "a branch that is not taken": ("bne x0, x0, .+8", 3),
    "compressed": ("c.lw a0, 0(a1)", 3),
    "compressed, another": ("c.sdsp a0, 0(sp)", 2),
    "a HINT": ("c.li x0, 5", 1),
    "not on its boundary, over a page": ("ld a0, -1(a1)", 2),
    "a load into nothing": ("lw x0, 0(a1)", 3),
    "dividing by 0": ("div a0, a1, x0", 32),
    "ebreak": ("c.ebreak", 500),
    "fence": ("fence", 1),
    "fused: one price": ("mulhu a2, a1, a0; mul a3, a1, a0", 5),
    "fused: cheaper than its dearest part alone": ("lui ra, 1; jalr ra, 0(ra)", 3),
}


@pytest.mark.parametrize("what", CHARGED)
def test_what_is_charged(what: str) -> None:
    text, cycles = CHARGED[what]
    machine = machine_of(text, registers={2: 0x30000, 10: 3, 11: 0x30000})
    assert steps(machine, 1).cycles == cycles


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_a_fused_pair_is_charged_apart_in_version_0(version: int) -> None:
    machine = machine_of("div a2, a1, a0; rem a3, a1, a0", version)
    steps(machine, 2 if version == 0 else 1)
    assert (machine.this_pc, machine.cycles) == (CODE + 8, 64 if version == 0 else 32)


def test_bytes_moved() -> None:
    assert [transfer_cycles(size) for size in (0, 1, 3, 4, 5, 8, 9, 4 << 20)] == [0, 1, 1, 1, 2, 2, 3, 1 << 20]


@given(st.integers(0, TOP - 1))
@example(TOP - 1)
def test_bytes_moved_are_a_quarter_rounded_up(size: int) -> None:
    assert 4 * (transfer_cycles(size) - 1) < size <= 4 * transfer_cycles(size)


# The counter


def counting(cycles: int, limit: int) -> Machine:
    machine = Machine(VERSIONS[2], max_cycles=limit)
    machine.cycles = cycles
    return machine


def test_a_total_of_just_the_limit_is_fine() -> None:
    machine = counting(90, 100)
    machine.add_cycles(10)
    assert machine.cycles == 100
    machine.add_cycles(0)
    assert machine.cycles == 100


def test_a_charge_over_the_limit_is_not_made() -> None:
    machine = counting(90, 100)
    with fails(CyclesExceeded):
        machine.add_cycles(11)
    assert machine.cycles == 90


def test_the_counter_does_not_wrap() -> None:
    machine = counting(TOP - 5, TOP - 1)
    machine.add_cycles(4)
    assert machine.cycles == TOP - 1
    with fails(CyclesOverflow):
        machine.add_cycles(1)
    with fails(CyclesOverflow):
        machine.add_cycles_no_checking(1)
    assert machine.cycles == TOP - 1


def test_overflow_is_told_before_the_limit() -> None:
    with fails(CyclesOverflow):
        counting(TOP - 1, 5).add_cycles(1)


def test_an_unchecked_charge_may_pass_the_limit() -> None:
    machine = counting(90, 100)
    machine.add_cycles_no_checking(1000)
    assert machine.cycles == 1090


# A limit in a run


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_the_limit_stops_before_the_operation_and_the_run_can_go_on(version: int) -> None:
    code = "addi a1, x0, 7; sd a1, 0(a2); addi a3, x0, 9"
    machine = machine_of(code, version, registers={12: 0x20000}, max_cycles=2)
    for _ in range(2):
        with fails(CyclesExceeded):
            machine.run()
        assert (machine.cycles, machine.this_pc, machine.steps) == (1, CODE + 4, 1)
        assert machine.memory.load(0x20000, 8) == 0
    machine.max_cycles = 4
    assert machine.run(2) is None
    assert (machine.cycles, machine.this_pc, machine.registers[13]) == (4, CODE + 12, 9)
    assert machine.memory.load(0x20000, 8) == 7


def test_a_fused_operation_is_charged_before_any_part_of_it() -> None:
    machine = machine_of("mulhu a2, a1, a0; mul a3, a1, a0", registers={10: 3, 11: 4, 12: 1, 13: 2}, max_cycles=4)
    with fails(CyclesExceeded):
        machine.step()
    assert (machine.cycles, machine.this_pc, machine.registers[12:14]) == (0, CODE, [1, 2])


def test_an_operation_that_fails_has_been_charged() -> None:
    machine = machine_of("ld a0, 0(a1)", registers={11: SIZE})
    with fails(MemOutOfBound):
        machine.step()
    assert machine.cycles == 2


def test_the_limit_comes_before_a_fault_and_decoding_before_the_limit() -> None:
    with fails(CyclesExceeded):
        machine_of("ld a0, 0(a1)", registers={11: SIZE}, max_cycles=1).step()
    with fails(InvalidInstruction):
        machine_of(words(0xFFFFFFFF), max_cycles=0).step()
