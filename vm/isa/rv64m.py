"""RV64M, multiplication and division (``vm-isa`` §4.4). Division never traps."""

from .abstract import AbstractMachine as M
from .abstract import V
from .definition import Extension
from .formats import R

RV64M = Extension("M")
instruction = RV64M.instruction


@instruction("0000001 ..... ..... 000 ..... 0110011", R)
def mul(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the low half of rs1 × rs2"""
    m.set(rd, m.mul(m.x(rs1), m.x(rs2)))


@instruction("0000001 ..... ..... 001 ..... 0110011", R)
def mulh(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the high half of rs1 × rs2, signed"""
    m.set(rd, m.mulh(m.x(rs1), m.x(rs2)))


@instruction("0000001 ..... ..... 010 ..... 0110011", R)
def mulhsu(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the high half of rs1, signed, × rs2, unsigned"""
    m.set(rd, m.mulhsu(m.x(rs1), m.x(rs2)))


@instruction("0000001 ..... ..... 011 ..... 0110011", R)
def mulhu(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the high half of rs1 × rs2, unsigned"""
    m.set(rd, m.mulhu(m.x(rs1), m.x(rs2)))


@instruction("0000001 ..... ..... 100 ..... 0110011", R)
def div(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 ÷ rs2, signed; all ones by 0"""
    m.set(rd, m.div(m.x(rs1), m.x(rs2)))


@instruction("0000001 ..... ..... 101 ..... 0110011", R)
def divu(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 ÷ rs2, unsigned; all ones by 0"""
    m.set(rd, m.divu(m.x(rs1), m.x(rs2)))


@instruction("0000001 ..... ..... 110 ..... 0110011", R)
def rem(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the remainder of rs1 ÷ rs2, signed; rs1 by 0"""
    m.set(rd, m.rem(m.x(rs1), m.x(rs2)))


@instruction("0000001 ..... ..... 111 ..... 0110011", R)
def remu(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the remainder of rs1 ÷ rs2, unsigned; rs1 by 0"""
    m.set(rd, m.remu(m.x(rs1), m.x(rs2)))


@instruction("0000001 ..... ..... 000 ..... 0111011", R)
def mulw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 × rs2, as a word"""
    m.set(rd, m.sign_extend(m.mul(m.x(rs1), m.x(rs2)), 32))


@instruction("0000001 ..... ..... 100 ..... 0111011", R)
def divw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the word rs1 ÷ the word rs2, signed"""
    m.set(rd, m.sign_extend(m.div(m.sign_extend(m.x(rs1), 32), m.sign_extend(m.x(rs2), 32)), 32))


@instruction("0000001 ..... ..... 101 ..... 0111011", R)
def divuw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the word rs1 ÷ the word rs2, unsigned, the result sign-extended"""
    m.set(rd, m.sign_extend(m.divu(m.zero_extend(m.x(rs1), 32), m.zero_extend(m.x(rs2), 32)), 32))


@instruction("0000001 ..... ..... 110 ..... 0111011", R)
def remw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the remainder of the words rs1 ÷ rs2, signed"""
    m.set(rd, m.sign_extend(m.rem(m.sign_extend(m.x(rs1), 32), m.sign_extend(m.x(rs2), 32)), 32))


@instruction("0000001 ..... ..... 111 ..... 0111011", R)
def remuw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the remainder of the words rs1 ÷ rs2, unsigned, the result sign-extended"""
    m.set(rd, m.sign_extend(m.remu(m.zero_extend(m.x(rs1), 32), m.zero_extend(m.x(rs2), 32)), 32))
