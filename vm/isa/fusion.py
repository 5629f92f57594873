"""Macro-op fusion: sequences that run as one operation, cheaper and at times with another result (``vm-mop``).

A rule names the sequence by its expanded mnemonics; its condition gets the operands of each part and answers with the
operands of the fused operation, or nothing when it does not match. Matching is active in versions 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from .abstract import AbstractMachine as M
from .abstract import V
from .definition import Definition, Semantics, mnemonic_of
from .fields import Format, field, register

RA = 1
Operands = tuple[int, ...]
Condition = Callable[..., "Operands | None"]


class Rule(msgspec.Struct, frozen=True):
    """A sequence of expanded mnemonics, the versions that fuse it, and the operation that it becomes."""

    sequence: tuple[str, ...]
    versions: frozenset[int]
    condition: Condition
    """``f(version, pc, *parts)`` with the operands of each part: the fused operation's operands, or ``None``."""
    fused: Definition


FUSED: list[Definition] = []
RULES: list[Rule] = []


def _operation(operands: str, *, ends_block: bool = False) -> Callable[[Semantics], Definition]:
    """Decorate the meaning of a fused operation; ``operands`` names them, ``imm`` is a number, the rest registers."""
    fields = tuple(
        field(name, "31:0", signed=True) if name == "imm" else register(name, "4:0") for name in operands.split()
    )
    layout = Format("fused", fields, ", ".join(f"{{{f.name}}}" for f in fields))

    def define(semantics: Semantics) -> Definition:
        definition = Definition(
            mnemonic_of(semantics), "MOP", layout, semantics, ends_block=ends_block, versions=frozenset({1, 2})
        )
        FUSED.append(definition)
        return definition

    return define


def _rule(fused: Definition, sequence: str, versions: Iterable[int] = (1, 2)) -> Callable[[Condition], Condition]:
    """Decorate a rule's condition. Rules with the same head are tried in the order of this file."""

    def define(condition: Condition) -> Condition:
        RULES.append(Rule(tuple(sequence.split()), frozenset(versions), condition, fused))
        return condition

    return define


# The operations


@_operation("a b c")
def adc(m: M[V], a: int, b: int, c: int) -> None:
    """a = a + b + c; b = the carry out; c = the carry of the second sum"""
    first = m.add(m.x(a), m.x(b))
    carry = m.less_unsigned(first, m.x(b))
    total = m.add(first, m.x(c))
    again = m.less_unsigned(total, m.x(c))
    m.set(a, total)
    m.set(c, again)
    m.set(b, m.bit_or(carry, again))


@_operation("a b c d")
def sbb(m: M[V], a: int, b: int, c: int, d: int) -> None:
    """a = a - b - c; b = the borrow out; d = a below the first difference; c = the borrow of the second"""
    first = m.sub(m.x(a), m.x(b))
    borrow = m.less_unsigned(m.x(a), first)  # against the first difference, whatever the program compared with
    total = m.sub(first, m.x(c))
    again = m.less_unsigned(first, total)
    m.set(d, borrow)
    m.set(a, total)
    m.set(c, again)
    m.set(b, m.bit_or(again, borrow))


@_operation("r0 r1 r2 r3 r4")
def add3a(m: M[V], r0: int, r1: int, r2: int, r3: int, r4: int) -> None:
    """r0 = r1 + r0; r2 = the carry; r3 = the carry + r4"""
    total = m.add(m.x(r1), m.x(r0))
    carry = m.less_unsigned(total, m.x(r1))
    third = m.add(carry, m.x(r4))
    m.set(r0, total)
    m.set(r2, carry)
    m.set(r3, third)


@_operation("r0 r1 r2 r3 r4")
def add3b(m: M[V], r0: int, r1: int, r2: int, r3: int, r4: int) -> None:
    """r0 = r1 + r2; r1 = the carry; r3 = the carry + r4"""
    total = m.add(m.x(r1), m.x(r2))
    carry = m.less_unsigned(total, m.x(r1))
    third = m.add(carry, m.x(r4))
    m.set(r0, total)
    m.set(r1, carry)
    m.set(r3, third)


@_operation("r0 r1 r2 r3 r4")
def add3c(m: M[V], r0: int, r1: int, r2: int, r3: int, r4: int) -> None:
    """r0 = r1 + r2; r3 = the carry + r4"""
    total = m.add(m.x(r1), m.x(r2))
    third = m.add(m.less_unsigned(total, m.x(r1)), m.x(r4))
    m.set(r0, total)
    m.set(r3, third)


@_operation("r0 r1 r2 r3")
def adcs(m: M[V], r0: int, r1: int, r2: int, r3: int) -> None:
    """r0 = r1 + r2; r3 = the carry"""
    total = m.add(m.x(r1), m.x(r2))
    carry = m.less_unsigned(total, m.x(r1))
    m.set(r0, total)
    m.set(r3, carry)


@_operation("r0 r1 r2 r3")
def sbbs(m: M[V], r0: int, r1: int, r2: int, r3: int) -> None:
    """r0 = r1 - r2; r3 = the borrow"""
    difference = m.sub(m.x(r1), m.x(r2))
    borrow = m.less_unsigned(m.x(r1), m.x(r2))
    m.set(r0, difference)
    m.set(r3, borrow)


@_operation("rd imm")
def load_imm(m: M[V], rd: int, imm: int) -> None:
    """rd = imm"""
    m.set(rd, m.const(imm))


@_operation("imm", ends_block=True)
def far_jump_abs(m: M[V], imm: int) -> None:
    """ra = the next pc; pc = imm with bit 0 cleared"""
    m.set(RA, m.following())
    m.jump(m.const(imm & ~1))


@_operation("imm", ends_block=True)
def far_jump_rel(m: M[V], imm: int) -> None:
    """ra = the next pc; pc = pc + imm with bit 0 cleared"""
    target = m.bit_and(m.add(m.pc(), m.const(imm)), m.const(~1))
    m.set(RA, m.following())
    m.jump(target)


@_operation("high low rs1 rs2")
def wide_mul(m: M[V], high: int, low: int, rs1: int, rs2: int) -> None:
    """high, low = rs1 × rs2, signed"""
    a, b = m.x(rs1), m.x(rs2)
    m.set(high, m.mulh(a, b))
    m.set(low, m.mul(a, b))


@_operation("high low rs1 rs2")
def wide_mulu(m: M[V], high: int, low: int, rs1: int, rs2: int) -> None:
    """high, low = rs1 × rs2, unsigned"""
    a, b = m.x(rs1), m.x(rs2)
    m.set(high, m.mulhu(a, b))
    m.set(low, m.mul(a, b))


@_operation("high low rs1 rs2")
def wide_mulsu(m: M[V], high: int, low: int, rs1: int, rs2: int) -> None:
    """high, low = rs1, signed, × rs2, unsigned"""
    a, b = m.x(rs1), m.x(rs2)
    m.set(high, m.mulhsu(a, b))
    m.set(low, m.mul(a, b))


@_operation("quotient remainder rs1 rs2")
def wide_div(m: M[V], quotient: int, remainder: int, rs1: int, rs2: int) -> None:
    """quotient, remainder = rs1 ÷ rs2, signed"""
    a, b = m.x(rs1), m.x(rs2)
    m.set(quotient, m.div(a, b))
    m.set(remainder, m.rem(a, b))


@_operation("quotient remainder rs1 rs2")
def wide_divu(m: M[V], quotient: int, remainder: int, rs1: int, rs2: int) -> None:
    """quotient, remainder = rs1 ÷ rs2, unsigned"""
    a, b = m.x(rs1), m.x(rs2)
    m.set(quotient, m.divu(a, b))
    m.set(remainder, m.remu(a, b))


# The rules


@_rule(adc, "add sltu add sltu or")
def _adc(
    version: int, pc: int, first: Operands, low: Operands, second: Operands, high: Operands, both: Operands
) -> Operands | None:
    a, b, c = first[0], first[2], second[2]
    matches = (
        first == (a, a, b)
        and low == (b, a, b)
        and second == (a, a, c)
        and high == (c, a, c)
        and both == (b, b, c)
        and len({0, a, b, c}) == 4
    )
    return (a, b, c) if matches else None


@_rule(sbb, "sub sltu sub sltu or")
def _sbb(
    version: int, pc: int, first: Operands, low: Operands, second: Operands, high: Operands, both: Operands
) -> Operands | None:
    a, b, c, d = first[1], first[0], second[2], low[0]
    matches = (
        first == (b, a, b)
        and low[1] == a  # low[2] is not looked at: the reference compares the field with itself
        and second == (a, b, c)
        and high == (c, b, a)
        and both == (b, c, d)
        and len({0, a, b, c, d}) == 5
    )
    return (a, b, c, d) if matches else None


@_rule(add3a, "add sltu add", versions=(2,))
def _add3a(version: int, pc: int, first: Operands, low: Operands, second: Operands) -> Operands | None:
    r0, r1 = first[0], first[1]
    r2, r3, r4 = low[0], second[0], second[2]
    matches = first == (r0, r1, r0) and low == (r2, r0, r1) and second == (r3, r2, r4)
    apart = r0 not in (r1, r4, 0) and r2 not in (r4, 0)
    return (r0, r1, r2, r3, r4) if matches and apart else None


@_rule(add3b, "add sltu add", versions=(2,))
def _add3b(version: int, pc: int, first: Operands, low: Operands, second: Operands) -> Operands | None:
    r0, r1, r2 = first
    r3, r4 = second[0], second[2]
    matches = low == (r1, r0, r1) and second == (r3, r1, r4)
    apart = r0 not in (r1, r4, 0) and r1 not in (r4, 0)
    return (r0, r1, r2, r3, r4) if matches and apart else None


@_rule(add3c, "add sltu add", versions=(2,))
def _add3c(version: int, pc: int, first: Operands, low: Operands, second: Operands) -> Operands | None:
    r0, r1, r2 = first
    r3, r4 = second[0], second[2]
    matches = low == (r3, r0, r1) and second == (r3, r3, r4)
    apart = r0 not in (r1, r4, 0) and r3 not in (r4, 0)
    return (r0, r1, r2, r3, r4) if matches and apart else None


@_rule(adcs, "add sltu", versions=(2,))
def _adcs(version: int, pc: int, first: Operands, low: Operands) -> Operands | None:
    r0, r1, r2 = first
    if r0 == r1 and r0 != r2:
        r1, r2 = r2, r1
    r3 = low[0]
    matches = low == (r3, r0, r1) and r0 not in (r1, 0)
    return (r0, r1, r2, r3) if matches else None


@_rule(sbbs, "sub sltu", versions=(2,))
def _sbbs(version: int, pc: int, first: Operands, low: Operands) -> Operands | None:
    r0, r1, r2 = first
    r3 = low[0]
    matches = low == (r3, r1, r2) and r0 not in (r1, r2)
    return (r0, r1, r2, r3) if matches else None


def _word(number: int) -> int:
    """The low 32 bits as a signed number."""
    return (number + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000


@_rule(load_imm, "lui addiw")
def _lui_addiw(version: int, pc: int, upper: Operands, lower: Operands) -> Operands | None:
    rd, imm = upper
    return (rd, _word(imm + lower[2])) if lower[:2] == (rd, rd) else None


@_rule(load_imm, "auipc addi", versions=(2,))
def _auipc_addi(version: int, pc: int, upper: Operands, lower: Operands) -> Operands | None:
    rd, imm = upper
    total = imm + lower[2]
    if lower[:2] != (rd, rd) or pc > 0x7FFF_FFFF or total != _word(total) or pc + total != _word(pc + total):
        return None
    return (rd, pc + total)


def _far_jump(version: int, upper: Operands, jump: Operands, *, checked: bool) -> Operands | None:
    register, imm = upper
    rd, rs1, offset = jump
    total = imm + offset
    if rd != RA or rs1 != register:
        return None
    if version >= 2 and (register != RA or (checked and total != _word(total))):
        return None
    return (_word(total),)


@_rule(far_jump_abs, "lui jalr")
def _lui_jalr(version: int, pc: int, upper: Operands, jump: Operands) -> Operands | None:
    return _far_jump(version, upper, jump, checked=False)


@_rule(far_jump_rel, "auipc jalr")
def _auipc_jalr(version: int, pc: int, upper: Operands, jump: Operands) -> Operands | None:
    return _far_jump(version, upper, jump, checked=True)


@_rule(wide_mul, "mulh mul")
@_rule(wide_mulu, "mulhu mul")
@_rule(wide_mulsu, "mulhsu mul")
@_rule(wide_div, "div rem")
@_rule(wide_divu, "divu remu")
def _wide(version: int, pc: int, head: Operands, tail: Operands) -> Operands | None:
    first, rs1, rs2 = head
    second = tail[0]
    matches = tail[1:] == (rs1, rs2) and first not in (rs1, rs2, second)
    return (first, second, rs1, rs2) if matches else None
