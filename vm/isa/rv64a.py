"""RV64A, atomics (``vm-isa`` §7). The library has them; no script version on the chain does."""

from __future__ import annotations

from collections.abc import Callable

from .abstract import AbstractMachine as M
from .abstract import V
from .definition import Extension
from .formats import AMO, LR

RV64A = Extension("A")
instruction = RV64A.instruction

_NO_RESERVATION = -1


def _load(m: M[V], address: V, width: int) -> V:
    """A value as it goes into a register: words sign-extended."""
    value = m.load_any(address, width)
    return m.sign_extend(value, 32) if width == 4 else value


def _load_reserved(m: M[V], rd: int, rs1: int, width: int) -> None:
    address = m.x(rs1)
    value = _load(m, address, width)
    m.reserve(address)
    m.set(rd, value)


def _store_conditional(m: M[V], rd: int, rs2: int, rs1: int, width: int) -> None:
    """A failing one stores the old value back, so it needs a writable page all the same."""
    address = m.x(rs1)
    success = m.equal(address, m.reservation())
    old = m.load_any(address, width)
    m.store(address, width, m.select(success, m.x(rs2), old))
    m.set(rd, m.bit_xor(success, m.const(1)))
    m.reserve(m.const(_NO_RESERVATION))


def _modify(m: M[V], rd: int, rs2: int, rs1: int, width: int, combine: Callable[[V, V], V]) -> None:
    """rd = the old value; the memory gets it combined with rs2."""
    address = m.x(rs1)
    operand = m.x(rs2)
    old = _load(m, address, width)
    m.set(rd, old)  # before the store: it stays set when that fails
    m.store(address, width, combine(old, operand))


def _signed(m: M[V], operand: V, width: int) -> V:
    """An operand as a comparison of this width sees it, signed."""
    return m.sign_extend(operand, 32) if width == 4 else operand


def _unsigned(m: M[V], operand: V, width: int) -> V:
    """An operand as a comparison of this width sees it, unsigned."""
    return m.zero_extend(operand, 32) if width == 4 else operand


def _min(m: M[V], a: V, b: V, width: int) -> V:
    return m.select(m.less(_signed(m, a, width), _signed(m, b, width)), a, b)


def _max(m: M[V], a: V, b: V, width: int) -> V:
    return m.select(m.less(_signed(m, a, width), _signed(m, b, width)), b, a)


def _minu(m: M[V], a: V, b: V, width: int) -> V:
    return m.select(m.less_unsigned(_unsigned(m, a, width), _unsigned(m, b, width)), a, b)


def _maxu(m: M[V], a: V, b: V, width: int) -> V:
    return m.select(m.less_unsigned(_unsigned(m, a, width), _unsigned(m, b, width)), b, a)


# On 4 bytes


@instruction("00010 .. 00000 ..... 010 ..... 0101111", LR)
def lr_w(m: M[V], rd: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; the address is reserved"""
    _load_reserved(m, rd, rs1, 4)


@instruction("00011 .. ..... ..... 010 ..... 0101111", AMO)
def sc_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """If the address rs1 is reserved: the 4 bytes there = rs2, rd = 0; else rd = 1"""
    _store_conditional(m, rd, rs2, rs1, 4)


@instruction("00001 .. ..... ..... 010 ..... 0101111", AMO)
def amoswap_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; there: rs2"""
    _modify(m, rd, rs2, rs1, 4, lambda a, b: b)


@instruction("00000 .. ..... ..... 010 ..... 0101111", AMO)
def amoadd_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; there: the old value + rs2"""
    _modify(m, rd, rs2, rs1, 4, m.add)


@instruction("00100 .. ..... ..... 010 ..... 0101111", AMO)
def amoxor_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; there: the old value xor rs2"""
    _modify(m, rd, rs2, rs1, 4, m.bit_xor)


@instruction("01100 .. ..... ..... 010 ..... 0101111", AMO)
def amoand_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; there: the old value and rs2"""
    _modify(m, rd, rs2, rs1, 4, m.bit_and)


@instruction("01000 .. ..... ..... 010 ..... 0101111", AMO)
def amoor_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; there: the old value or rs2"""
    _modify(m, rd, rs2, rs1, 4, m.bit_or)


@instruction("10000 .. ..... ..... 010 ..... 0101111", AMO)
def amomin_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; there: the smaller of the old value and rs2, signed"""
    _modify(m, rd, rs2, rs1, 4, lambda a, b: _min(m, a, b, 4))


@instruction("10100 .. ..... ..... 010 ..... 0101111", AMO)
def amomax_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; there: the larger of the old value and rs2, signed"""
    _modify(m, rd, rs2, rs1, 4, lambda a, b: _max(m, a, b, 4))


@instruction("11000 .. ..... ..... 010 ..... 0101111", AMO)
def amominu_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; there: the smaller of the old value and rs2, unsigned"""
    _modify(m, rd, rs2, rs1, 4, lambda a, b: _minu(m, a, b, 4))


@instruction("11100 .. ..... ..... 010 ..... 0101111", AMO)
def amomaxu_w(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 4 bytes at rs1; there: the larger of the old value and rs2, unsigned"""
    _modify(m, rd, rs2, rs1, 4, lambda a, b: _maxu(m, a, b, 4))


# On 8 bytes


@instruction("00010 .. 00000 ..... 011 ..... 0101111", LR)
def lr_d(m: M[V], rd: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; the address is reserved"""
    _load_reserved(m, rd, rs1, 8)


@instruction("00011 .. ..... ..... 011 ..... 0101111", AMO)
def sc_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """If the address rs1 is reserved: the 8 bytes there = rs2, rd = 0; else rd = 1"""
    _store_conditional(m, rd, rs2, rs1, 8)


@instruction("00001 .. ..... ..... 011 ..... 0101111", AMO)
def amoswap_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; there: rs2"""
    _modify(m, rd, rs2, rs1, 8, lambda a, b: b)


@instruction("00000 .. ..... ..... 011 ..... 0101111", AMO)
def amoadd_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; there: the old value + rs2"""
    _modify(m, rd, rs2, rs1, 8, m.add)


@instruction("00100 .. ..... ..... 011 ..... 0101111", AMO)
def amoxor_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; there: the old value xor rs2"""
    _modify(m, rd, rs2, rs1, 8, m.bit_xor)


@instruction("01100 .. ..... ..... 011 ..... 0101111", AMO)
def amoand_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; there: the old value and rs2"""
    _modify(m, rd, rs2, rs1, 8, m.bit_and)


@instruction("01000 .. ..... ..... 011 ..... 0101111", AMO)
def amoor_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; there: the old value or rs2"""
    _modify(m, rd, rs2, rs1, 8, m.bit_or)


@instruction("10000 .. ..... ..... 011 ..... 0101111", AMO)
def amomin_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; there: the smaller of the old value and rs2, signed"""
    _modify(m, rd, rs2, rs1, 8, lambda a, b: _min(m, a, b, 8))


@instruction("10100 .. ..... ..... 011 ..... 0101111", AMO)
def amomax_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; there: the larger of the old value and rs2, signed"""
    _modify(m, rd, rs2, rs1, 8, lambda a, b: _max(m, a, b, 8))


@instruction("11000 .. ..... ..... 011 ..... 0101111", AMO)
def amominu_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; there: the smaller of the old value and rs2, unsigned"""
    _modify(m, rd, rs2, rs1, 8, lambda a, b: _minu(m, a, b, 8))


@instruction("11100 .. ..... ..... 011 ..... 0101111", AMO)
def amomaxu_d(m: M[V], rd: int, rs2: int, rs1: int, aqrl: int) -> None:
    """rd = the 8 bytes at rs1; there: the larger of the old value and rs2, unsigned"""
    _modify(m, rd, rs2, rs1, 8, lambda a, b: _maxu(m, a, b, 8))
