"""What fused operations do (``vm-mop`` §3 and §4): as the plain sequence, but for the known cases."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.vm.isa.tables import BASE
from spawnlab.vm.machine import Machine

from .support import CODE, TOP, code_of, machine_of, steps, words

MAX = TOP - 1
ADC = "add a0, a0, a1; sltu a1, a0, a1; add a0, a0, a2; sltu a2, a0, a2; or a1, a1, a2"
SBB = "sub a1, a0, a1; sltu a3, a0, {}; sub a0, a1, a2; sltu a2, a1, a0; or a1, a2, a3"


def after(text: str, version: int, a: Sequence[int] = (), *, count: int = 1, **registers: int) -> Machine:
    """The machine after ``count`` operations, with a0, a1 ... set beforehand, and others by number (``x5=1``)."""
    start = dict(enumerate(a, 10)) | {int(name[1:]): value for name, value in registers.items()}
    machine = steps(machine_of(text, version, registers=start), count)
    assert machine.steps == count
    return machine


def a_registers(machine: Machine, count: int) -> list[int]:
    return machine.registers[10 : 10 + count]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("start", "end"),  # a, b, c: a + b + c, the carry out, the second carry
    [
        ((1, 2, 3), [6, 0, 0]),
        ((MAX, 1, 0), [0, 1, 0]),
        ((MAX, 0, 1), [0, 1, 1]),
        ((MAX, MAX, 1), [MAX, 1, 0]),
        ((MAX, MAX, MAX), [MAX - 2, 1, 1]),
    ],
)
def test_adding_with_carry(start: tuple[int, ...], end: list[int], version: int) -> None:
    machine = after(ADC, version, start)
    assert a_registers(machine, 3) == end
    assert (machine.this_pc, machine.cycles) == (CODE + 20, 1)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("start", "end"),  # a, b, c: a - b - c, the borrow out, the second borrow, the first
    [
        ((9, 2, 3), [4, 0, 0, 0]),
        ((2, 9, 0), [MAX - 6, 1, 0, 1]),
        ((5, 5, 1), [MAX, 1, 1, 0]),
        ((0, 1, MAX), [0, 1, 0, 1]),
    ],
)
def test_subtracting_with_borrow(start: tuple[int, ...], end: list[int], version: int) -> None:
    machine = after(SBB.format("a1"), version, start)
    assert a_registers(machine, 4) == end
    assert (machine.this_pc, machine.cycles) == (CODE + 20, 1)


def test_subtracting_compares_with_the_difference_whatever_the_program_says() -> None:
    """Quirk 1: the program compares a0 with a4, which is greater; the fused operation with a0 - a1, which is not."""
    start = (9, 2, 3, 0, 100)
    assert a_registers(after(SBB.format("a4"), 0, start, count=5), 4) == [4, 1, 0, 1]
    for version in (1, 2):
        assert a_registers(after(SBB.format("a4"), version, start), 4) == [4, 0, 0, 0]


@pytest.mark.parametrize("upper", ["lui", "auipc"])
def test_a_far_jump_of_version_1_loses_its_base(upper: str) -> None:
    """Quirk 2."""
    text = f"{upper} t1, 0x20; jalr ra, 6(t1)"
    target = 0x20006 + (CODE if upper == "auipc" else 0)
    for version, count, base in ((0, 2, target - 6), (1, 1, 77), (2, 2, target - 6)):
        machine = after(text, version, count=count, x6=77)
        assert (machine.this_pc, machine.registers[1], machine.registers[6]) == (target, CODE + 8, base)
        assert machine.cycles == (3 if count == 1 else 4)


@pytest.mark.parametrize(("upper", "fused"), [("lui", 0x20006), ("auipc", 0x20006 + CODE)])
def test_a_far_jump_of_version_1_over_x0_goes_elsewhere(upper: str, fused: int) -> None:
    """Quirk 3: x0 keeps what is written to it, for once."""
    text = f"{upper} x0, 0x20; jalr ra, 6(x0)"
    assert [after(text, version, count=count).this_pc for version, count in ((0, 2), (1, 1), (2, 2))] == [6, fused, 6]


def test_a_far_jump_that_overflows() -> None:
    """Quirk 4: version 1 wraps the sum of the immediates to 32 bits; version 2 does not fuse."""
    text = "auipc ra, 0x80000; jalr ra, -2(ra)"
    assert after(text, 1).this_pc == CODE + 0x7FFFFFFE
    plain = after(text, 2, count=2)
    assert (plain.this_pc, plain.cycles) == (CODE + TOP - 0x80000002, 4)
    assert after("lui ra, 0x80000; jalr ra, 0(ra)", 2).this_pc == TOP - 0x80000000


@pytest.mark.parametrize("version", [1, 2])
def test_a_far_jump_clears_bit_0_and_links_behind_the_pair(version: int) -> None:
    machine = after("c.lui ra, 2; jalr ra, 7(ra)", version)
    assert (machine.this_pc, machine.registers[1], machine.cycles) == (0x2006, CODE + 6, 3)
    machine = after("auipc ra, 0; jalr ra, 7(ra)", version)
    assert (machine.this_pc, machine.registers[1]) == (CODE + 6, CODE + 8)


@pytest.mark.parametrize("version", [1, 2])
def test_both_halves_are_made_of_the_operands_before(version: int) -> None:
    machine = after("mulhu a0, a1, a2; mul a1, a1, a2", version, (0, MAX, MAX))
    assert a_registers(machine, 2) == [MAX - 1, 1]
    machine = after("div a0, a1, a2; rem a2, a1, a2", version, (0, -7, 2))
    assert a_registers(machine, 3) == [TOP - 3, TOP - 7, MAX]
    machine = after("divu a0, a1, a2; remu a1, a1, a2", version, (0, 7, 0))
    assert a_registers(machine, 3) == [MAX, 7, 0]
    machine = after("mulh x0, a1, a2; mul a3, a1, a2", version, (0, -3, 5, 0))
    assert (machine.registers[0], machine.registers[13]) == (0, TOP - 15)


def test_the_last_write_wins_where_registers_coincide() -> None:
    assert a_registers(after("add a0, a1, a2; sltu a0, a0, a1", 2, (0, MAX, 2)), 1) == [1]
    assert a_registers(after("add a0, a1, a0; sltu a2, a0, a1; add a0, a2, a4", 2, (2, MAX, 0, 0, 5)), 3) == [6, MAX, 1]
    assert a_registers(after("sub a0, a1, a2; sltu a0, a1, a2", 2, (0, 1, 2)), 1) == [1]


# As the plain sequence

REGISTERS = st.sampled_from((0, 1, 10, 11, 12, 13))
VALUES = st.one_of(
    st.sampled_from((0, 1, 2, MAX, MAX - 1, 1 << 63, (1 << 63) - 1, 1 << 31, (1 << 32) - 1)), st.integers(0, MAX)
)
BY_NAME = {d.mnemonic: d for d in BASE}
SEQUENCES = [
    ["add", "sltu", "add", "sltu", "or"],
    ["add", "sltu", "add"],
    ["add", "sltu"],
    ["sub", "sltu"],
    ["mulh", "mul"],
    ["mulhsu", "mul"],
    ["mulhu", "mul"],
    ["div", "rem"],
    ["divu", "remu"],
]


@st.composite
def sequences(draw: st.DrawFn) -> list[int]:
    """Two to twelve words of sequences that might fuse, over few registers; no ``sub`` of three (quirk 1)."""
    found: list[int] = []
    for names in draw(st.lists(st.sampled_from(SEQUENCES), min_size=1, max_size=3)):
        pool = draw(st.lists(REGISTERS, min_size=2, max_size=3))
        for name in names:
            found.append(BY_NAME[name].encode(*(draw(st.sampled_from(pool)) for _ in range(3))))
    return found


@given(code=sequences(), values=st.lists(VALUES, min_size=6, max_size=6), version=st.sampled_from((1, 2)))
@settings(max_examples=120, deadline=None)
def test_a_fused_run_leaves_the_registers_of_a_plain_one(code: list[int], values: list[int], version: int) -> None:
    start: dict[int, int] = dict(zip((1, 10, 11, 12, 13, 14), values, strict=True))
    plain = steps(machine_of(words(*code), 0, registers=start), len(code))
    fused = machine_of(words(*code), version, registers=start)
    while fused.this_pc < CODE + 4 * len(code):
        fused.step()
    assert (fused.this_pc, fused.registers) == (plain.this_pc, plain.registers)
    assert fused.cycles <= plain.cycles
    assert (fused.cycles == plain.cycles) == (fused.steps == plain.steps)


IMMEDIATES = st.one_of(st.sampled_from((-2048, -1, 0, 1, 2047)), st.integers(-2048, 2047))
UPPERS = st.one_of(st.sampled_from((-(1 << 19), -1, 0, 1, (1 << 19) - 1)), st.integers(-(1 << 19), (1 << 19) - 1))


@given(
    upper=UPPERS,
    low=IMMEDIATES,
    rd=REGISTERS,
    pair=st.sampled_from((("lui", "addiw"), ("auipc", "addi"))),
    version=st.sampled_from((1, 2)),
)
@settings(max_examples=80, deadline=None)
def test_constants_are_those_of_the_plain_pair(
    upper: int, low: int, rd: int, pair: tuple[str, str], version: int
) -> None:
    text = f"{pair[0]} x{rd}, {upper & 0xFFFFF}; {pair[1]} x{rd}, x{rd}, {low}"
    plain = after(text, 0, count=2)
    fused = machine_of(text, version)
    while fused.this_pc < CODE + 8:
        fused.step()
    assert fused.registers == plain.registers


TEMPLATES = {
    "adc": "add {0}, {0}, {1}; sltu {1}, {0}, {1}; add {0}, {0}, {2}; sltu {2}, {0}, {2}; or {1}, {1}, {2}",
    "sbb": "sub {1}, {0}, {1}; sltu {3}, {0}, {1}; sub {0}, {1}, {2}; sltu {2}, {1}, {0}; or {1}, {2}, {3}",
    "add3a": "add {0}, {1}, {0}; sltu {2}, {0}, {1}; add {3}, {2}, {4}",
    "add3b": "add {0}, {1}, {2}; sltu {1}, {0}, {1}; add {3}, {1}, {4}",
    "add3c": "add {0}, {1}, {2}; sltu {3}, {0}, {1}; add {3}, {3}, {4}",
    "adcs": "add {0}, {1}, {2}; sltu {3}, {0}, {1}",
    "sbbs": "sub {0}, {1}, {2}; sltu {3}, {1}, {2}",
    "wide.mulsu": "mulhsu {0}, {2}, {3}; mul {1}, {2}, {3}",
    "wide.div": "div {0}, {2}, {3}; rem {1}, {2}, {3}",
}
CHOICES = {3: ("x0", "a0", "a1", "a2"), 4: ("x0", "a0", "a1", "a2"), 5: ("x0", "a0", "a1")}
"""Registers to choose from, by how many a template has."""


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_choice_of_registers_does_what_the_plain_sequence_does(name: str) -> None:
    template = TEMPLATES[name]
    count = max(index for index in range(5) if f"{{{index}}}" in template) + 1
    pool = CHOICES[count] if name != "sbb" else ("x0", "a0", "a1", "a2", "a3")
    names: set[str] = set()
    for registers in product(pool, repeat=count):
        code = code_of(template.format(*registers))
        start = {10: MAX, 11: 1 << 63, 12: 2, 13: MAX - 1}
        plain = steps(machine_of(code, 0, registers=start), len(code) // 4)
        fused = machine_of(code, 2, registers=start)
        names.add(fused.operation_at(CODE).mnemonic)
        while fused.this_pc < CODE + len(code):
            fused.step()
        assert fused.registers == plain.registers, registers
    assert {name, template.partition(" ")[0]} <= names  # some fuse, some do not
