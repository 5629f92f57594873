"""Macro-op fusion (``vm-mop``): which sequences become one operation in which version, and which do not."""

from __future__ import annotations

import pytest

from spawnlab.vm.decoder import decode
from spawnlab.vm.isa.definition import Operation
from spawnlab.vm.isa.tables import BY_MNEMONIC
from spawnlab.vm.isa.text import operation_text
from spawnlab.vm.memory import EXECUTABLE
from spawnlab.vm.version import VERSIONS

from .support import ALL_VERSIONS, CODE, SIZE, TOP, code_of, machine_of

Fused = tuple[str, tuple[int, ...]]
"""Name and operands."""


def head(text: str, version: int, *, at: int = CODE) -> Operation:
    return machine_of(code_of(text), version, at=at).operation_at(at)


def fused(text: str, version: int) -> Fused | None:
    operation = head(text, version)
    return (operation.mnemonic, operation.operands) if operation.parts else None


ADC = "add a0, a0, a1; sltu a1, a0, a1; add a0, a0, a2; sltu a2, a0, a2; or a1, a1, a2"
SBB = "sub a1, a0, a1; sltu a3, a0, a1; sub a0, a1, a2; sltu a2, a1, a0; or a1, a2, a3"

ONE_OPERATION: list[tuple[str, set[int], Fused]] = [
    (ADC, {1, 2}, ("adc", (10, 11, 12))),
    (SBB, {1, 2}, ("sbb", (10, 11, 12, 13))),
    (SBB.replace("sltu a3, a0, a1", "sltu a3, a0, s5"), {1, 2}, ("sbb", (10, 11, 12, 13))),  # rs2 is not looked at
    ("add a0, a1, a0; sltu a2, a0, a1; add a3, a2, a4", {2}, ("add3a", (10, 11, 12, 13, 14))),
    ("add a0, a1, a0; sltu a1, a0, a1; add a3, a1, a4", {2}, ("add3a", (10, 11, 11, 13, 14))),
    ("add a0, a1, a2; sltu a1, a0, a1; add a3, a1, a4", {2}, ("add3b", (10, 11, 12, 13, 14))),
    ("add a0, a1, a2; sltu a3, a0, a1; add a3, a3, a4", {2}, ("add3c", (10, 11, 12, 13, 14))),
    ("add a0, a1, a2; sltu a3, a0, a1", {2}, ("adcs", (10, 11, 12, 13))),
    ("add a0, a0, a1; sltu a3, a0, a1", {2}, ("adcs", (10, 11, 10, 13))),
    ("add a0, a1, a2; sltu x0, a0, a1", {2}, ("adcs", (10, 11, 12, 0))),
    ("add a0, a1, a2; sltu a0, a0, a1", {2}, ("adcs", (10, 11, 12, 10))),
    ("sub a0, a1, a2; sltu a3, a1, a2", {2}, ("sbbs", (10, 11, 12, 13))),
    ("sub x0, a1, a2; sltu a1, a1, a2", {2}, ("sbbs", (0, 11, 12, 11))),
    ("lui a0, 0x12345; addiw a0, a0, 0x678", {1, 2}, ("load.imm", (10, 0x12345678))),
    ("lui a0, 0x80000; addiw a0, a0, -1", {1, 2}, ("load.imm", (10, 0x7FFFFFFF))),  # wraps to 32 bits
    ("auipc a0, 0x1; addi a0, a0, -4", {2}, ("load.imm", (10, CODE + 0x1000 - 4))),
    ("lui ra, 0x20; jalr ra, 6(ra)", {1, 2}, ("far.jump.abs", (0x20006,))),
    ("lui t1, 0x20; jalr ra, 6(t1)", {1}, ("far.jump.abs", (0x20006,))),
    ("lui x0, 0x20; jalr ra, 6(x0)", {1}, ("far.jump.abs", (0x20006,))),
    ("auipc ra, 0x20; jalr ra, -6(ra)", {1, 2}, ("far.jump.rel", (0x1FFFA,))),
    ("auipc t1, 0x20; jalr ra, 0(t1)", {1}, ("far.jump.rel", (0x20000,))),
    ("auipc ra, 0x80000; jalr ra, -2(ra)", {1}, ("far.jump.rel", (0x7FFFFFFE,))),  # version 2: no overflow
    ("lui ra, 0x80000; jalr ra, -2(ra)", {1, 2}, ("far.jump.abs", (0x7FFFFFFE,))),
    ("mulh a0, a1, a2; mul a3, a1, a2", {1, 2}, ("wide.mul", (10, 13, 11, 12))),
    ("mulhu a0, a1, a2; mul a1, a1, a2", {1, 2}, ("wide.mulu", (10, 11, 11, 12))),
    ("mulhsu x0, a1, a1; mul a3, a1, a1", {1, 2}, ("wide.mulsu", (0, 13, 11, 11))),
    ("div a0, a1, a2; rem x0, a1, a2", {1, 2}, ("wide.div", (10, 0, 11, 12))),
    ("divu a0, a1, a2; remu a2, a1, a2", {1, 2}, ("wide.divu", (10, 12, 11, 12))),
    # compressed parts
    ("c.add a0, a1; sltu a3, a0, a1", {2}, ("adcs", (10, 11, 10, 13))),
    ("c.mv a0, a1; sltu a3, a0, x0", {2}, ("adcs", (10, 0, 11, 13))),  # an add with x0
    ("c.lui a0, 0x2; c.addiw a0, 3", {1, 2}, ("load.imm", (10, 0x2003))),
    ("auipc a0, 0; c.addi a0, 3", {2}, ("load.imm", (10, CODE + 3))),
    ("c.lui ra, 0x2; c.jalr ra", {1, 2}, ("far.jump.abs", (0x2000,))),
    (ADC.replace("or a1, a1, a2", "c.or a1, a2"), {1, 2}, ("adc", (10, 11, 12))),
]  # fmt: skip


@pytest.mark.parametrize("version", ALL_VERSIONS)
@pytest.mark.parametrize(("text", "versions", "operation"), ONE_OPERATION, ids=[case[0] for case in ONE_OPERATION])
def test_sequences_that_are_one_operation(text: str, versions: set[int], operation: Fused, version: int) -> None:
    found = fused(text, version)
    if version in versions:
        assert found == operation
        whole = head(text, version)
        assert whole.length == len(code_of(text))
        assert operation_text(whole) == "; ".join(operation_text(part) for part in whole.parts)
        assert len(whole.parts) == text.count(";") + 1
    else:
        assert found is None or found[0] != operation[0]  # a shorter rule may match


NOT_FUSED = [  # in no version
    # ADC: registers that coincide, commuted operands, a part that is another instruction
    "add a0, a0, a0; sltu a0, a0, a0; add a0, a0, a2; sltu a2, a0, a2; or a0, a0, a2",
    "add a0, a1, a1; sltu a1, a0, a0; add a0, a0, a2; sltu a2, a0, a2; or a1, a1, a2",
    # SBBS and SBB
    "sub a0, a0, a1; sltu a3, a0, a1",
    "sub a1, a0, a1; sltu a3, a0, a1",
    "sub a0, a1, a2; sltu a3, a2, a1",
    "sub a0, a1, a2; sltiu a3, a1, 2",
    "c.sub a0, a1; sltu a3, a0, a1",
    # ADCS
    "add a0, a1, a2; sltu a3, a0, a2",
    "add a0, a1, a0; sltu a3, a0, a0",
    "add x0, a1, a2; sltu a3, x0, a1",
    "add a0, a0, a0; sltu a3, a0, a0",
    "add a0, a1, a2; slt a3, a0, a1",
    "addw a0, a1, a2; sltu a3, a0, a1",
    # immediates
    "lui a0, 0x12345; addi a0, a0, 1",
    "lui a0, 0x12345; addiw a1, a0, 1",
    "lui a0, 0x12345; addiw a0, a1, 1",
    "auipc a0, 1; addiw a0, a0, 1",
    "auipc a0, 1; addi a1, a0, 1",
    "auipc a0, 1; ld a0, 0(a0)",
    "auipc a0, 0x7ffff; addi a0, a0, 0",  # the sum with pc does not fit in 32 bits
    "auipc a0, 0x80000; addi a0, a0, -1",  # nor does the sum of the immediates
    # jumps
    "lui t0, 1; jalr t0, 0(t0)",
    "lui ra, 1; jalr x0, 0(ra)",
    "lui ra, 1; jalr ra, 0(t0)",
    "lui t0, 1; c.jr t0",
    "c.li ra, 1; c.jalr ra",
    # multiplication and division
    "mul a3, a1, a2; mulh a0, a1, a2",
    "rem a3, a1, a2; div a0, a1, a2",
    "mulh a1, a1, a2; mul a3, a1, a2",
    "mulh a2, a1, a2; mul a3, a1, a2",
    "mulh a0, a1, a2; mul a3, a2, a1",
    "mulh a0, a1, a2; mul a0, a1, a2",
    "mulhu a0, a1, a2; mulw a3, a1, a2",
    "div a0, a1, a2; remu a3, a1, a2",
    "divw a0, a1, a2; remw a3, a1, a2",
    "div x0, x0, a2; rem a3, x0, a2",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_FUSED)
def test_sequences_that_are_not(text: str) -> None:
    assert [fused(text, version) for version in ALL_VERSIONS] == [None, None, None]


ADC_BROKEN = {  # one operand of ADC or SBB changed: only the shorter ADCS may match, in version 2
    "add a0, a1, a0; sltu a1, a0, a1; add a0, a0, a2; sltu a2, a0, a2; or a1, a1, a2",
    "add a0, a0, a1; sltu a1, a1, a0; add a0, a0, a2; sltu a2, a0, a2; or a1, a1, a2",
    "add a0, a0, a1; sltu a1, a0, a1; add a0, a2, a0; sltu a2, a0, a2; or a1, a1, a2",
    "add a0, a0, a1; sltu a1, a0, a1; add a0, a0, a2; sltu a2, a2, a0; or a1, a1, a2",
    "add a0, a0, a1; sltu a1, a0, a1; add a0, a0, a2; sltu a2, a0, a2; or a1, a2, a1",
    "add a0, a0, a1; sltu a1, a0, a1; add a0, a0, a1; sltu a1, a0, a1; or a1, a1, a1",
    "add a0, a0, a1; sltu a1, a0, a1; add a0, a0, x0; sltu x0, a0, x0; or a1, a1, x0",
    "add a0, a0, x0; sltu x0, a0, x0; add a0, a0, a2; sltu a2, a0, a2; or x0, x0, a2",
    SBB.replace("sub a1, a0, a1", "sub a1, a0, a4"),
    SBB.replace("sltu a3, a0", "sltu a3, a4"),
    SBB.replace("sub a0, a1, a2", "sub a0, a2, a1"),
    SBB.replace("sltu a2, a1, a0", "sltu a2, a0, a1"),
    SBB.replace("or a1, a2, a3", "or a1, a3, a2"),
    SBB.replace("a3", "a0"),
    SBB.replace("a2", "a3"),
    SBB.replace("a3", "x0"),
    SBB.replace("a2", "x0"),
}


@pytest.mark.parametrize("text", sorted(ADC_BROKEN))
def test_carries_with_one_operand_changed(text: str) -> None:
    names = {found[0] for version in ALL_VERSIONS if (found := fused(text, version))}
    assert not names & {"adc", "sbb"}


THREE = [  # ADD3A, B and C with registers that may not coincide: r0 with r1 or r4, the carry with r4, either with x0
    "add a0, a1, a0; sltu a2, a0, a1; add a3, a2, a0",
    "add a0, a1, a0; sltu a2, a0, a1; add a3, a2, a2",
    "add a0, a1, a0; sltu x0, a0, a1; add a3, x0, a4",
    "add a0, a1, a2; sltu a1, a0, a1; add a3, a1, a0",
    "add a0, a1, a2; sltu a1, a0, a1; add a3, a1, a1",
    "add a0, x0, a2; sltu x0, a0, x0; add a3, x0, a4",
    "add a0, a1, a2; sltu a3, a0, a1; add a3, a3, a0",
    "add a0, a1, a2; sltu a3, a0, a1; add a3, a3, a3",
    "add a0, a1, a2; sltu x0, a0, a1; add x0, x0, a4",
    "add a0, a1, a2; sltu a3, a0, a1; add a3, a4, a3",
    "add a0, a1, a2; sltu a3, a0, a1; add a5, a3, a4",
]


@pytest.mark.parametrize("text", THREE)
def test_three_adds_that_are_only_two(text: str) -> None:
    operation = head(text, 2)
    assert (operation.mnemonic, operation.length) == ("adcs", 8)


def test_of_several_rules_the_longest_carry_is_tried_first() -> None:
    assert head(ADC, 2).length == 20
    assert head("add a0, a1, a0; sltu a1, a0, a1; add a1, a1, a4", 2).mnemonic == "add3a"  # not b or c


FAR_PC = [  # pc and the two immediates; the constant where they are one operation
    (0x7FFFFFFE, 0, 0, 0x7FFFFFFE),
    (0x7FFFFFFE, 0, 1, 0x7FFFFFFF),
    (0x7FFFFFFE, 0, 2, None),  # the sum with pc needs 33 bits
    (0x7FFFFFFF, 0, 0, 0x7FFFFFFF),
    (0x7FFFFFFE, -0x80000000, 0, -2),
    (0x7FFFFFFE, -0x80000000, -1, None),  # the sum of the immediates needs 33 bits
    (0x7FFFF000, 0x1000, -1, 0x7FFFFFFF),
    (0x80000000, 0, 0, None),  # pc itself is too high, though the sum may fit
    (0x80000000, 0, -1, None),
    (0x80000000, -0x80000000, 0, None),
    (SIZE << 32, -0x1000, 4, None),
    (TOP - 4, 0, 4, None),  # not taken for a negative number
]


@pytest.mark.parametrize(("pc", "upper", "lower", "constant"), FAR_PC)
def test_a_constant_from_a_pc_that_no_memory_has(pc: int, upper: int, lower: int, constant: int | None) -> None:
    """``vm-mop`` §3.7 bounds pc and the sums. Where it is one operation, it sets what auipc and addi would."""
    code = [BY_MNEMONIC[2]["auipc"].encode(10, upper), BY_MNEMONIC[2]["addi"].encode(10, 10, lower)]
    operation = decode(pc, lambda address: code[(address - pc) // 4], VERSIONS[2])
    if constant is None:
        assert (operation.mnemonic, operation.length) == ("auipc", 4)
    else:
        assert (operation.mnemonic, operation.operands) == ("load.imm", (10, constant))
        assert (pc + upper + lower - constant) % TOP == 0


# What follows the head


@pytest.mark.parametrize("rest", ["", "00000000", "ffffffff", "3386"], ids=["no page", "illegal", "long", "cut"])
@pytest.mark.parametrize("version", [1, 2])
def test_errors_in_what_follows_are_swallowed(rest: str, version: int) -> None:
    """The head stands at the end of the only executable page."""
    content = code_of("mulh a0, a1, a2") + bytes.fromhex(rest)
    operation = machine_of(content, version, at=CODE + 0x1000 - len(content)).operation_at(CODE + 0x1000 - len(content))
    assert (operation.mnemonic, operation.length, operation.parts) == ("mulh", 4, ())


def test_a_shorter_rule_matches_where_the_longer_is_cut() -> None:
    content = code_of(ADC)[:8]
    at = CODE + 0x1000 - len(content)
    assert machine_of(content, 2, at=at).operation_at(at).mnemonic == "adcs"


def test_a_sequence_over_two_pages_of_code() -> None:
    machine = machine_of(code_of("mulh a0, a1, a2; mul a3, a1, a2"), 2, at=CODE + 0xFFA)
    assert machine.operation_at(CODE + 0xFFA).mnemonic == "wide.mul"
    machine.memory.flags[0x11] &= ~EXECUTABLE
    assert machine.operation_at(CODE + 0xFFA).mnemonic == "mulh"


def test_a_sequence_at_the_end_of_memory() -> None:
    machine = machine_of(code_of("mulh a0, a1, a2; mul a3, a1, a2"), 2, at=SIZE - 8)
    assert machine.operation_at(SIZE - 8).mnemonic == "wide.mul"
    machine = machine_of(code_of("mulh a0, a1, a2"), 2, at=SIZE - 4)
    assert machine.operation_at(SIZE - 4).mnemonic == "mulh"


def test_decoding_goes_by_the_address_alone() -> None:
    """A jump into a sequence decodes from there."""
    machine = machine_of(ADC, 2)
    names = [machine.operation_at(CODE + 4 * index).mnemonic for index in range(5)]
    assert names == ["adc", "sltu", "adcs", "sltu", "or"]
