"""RV64B as CKB has it, Zba, Zbb, Zbc and Zbs: versions 1 and 2 (``vm-isa`` §4.5). Each costs one cycle."""

from .abstract import AbstractMachine as M
from .abstract import V
from .definition import Extension
from .formats import SHIFT32, SHIFT64, UNARY, R

RV64B = Extension("B")
instruction = RV64B.instruction

# Zba: addresses


@instruction("0010000 ..... ..... 010 ..... 0110011", R)
def sh1add(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = (rs1 << 1) + rs2"""
    m.set(rd, m.add(m.shift_left(m.x(rs1), m.const(1)), m.x(rs2)))


@instruction("0010000 ..... ..... 100 ..... 0110011", R)
def sh2add(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = (rs1 << 2) + rs2"""
    m.set(rd, m.add(m.shift_left(m.x(rs1), m.const(2)), m.x(rs2)))


@instruction("0010000 ..... ..... 110 ..... 0110011", R)
def sh3add(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = (rs1 << 3) + rs2"""
    m.set(rd, m.add(m.shift_left(m.x(rs1), m.const(3)), m.x(rs2)))


@instruction("0000100 ..... ..... 000 ..... 0111011", R)
def add_uw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the unsigned word rs1 + rs2"""
    m.set(rd, m.add(m.zero_extend(m.x(rs1), 32), m.x(rs2)))


@instruction("0010000 ..... ..... 010 ..... 0111011", R)
def sh1add_uw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = (the unsigned word rs1 << 1) + rs2"""
    m.set(rd, m.add(m.shift_left(m.zero_extend(m.x(rs1), 32), m.const(1)), m.x(rs2)))


@instruction("0010000 ..... ..... 100 ..... 0111011", R)
def sh2add_uw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = (the unsigned word rs1 << 2) + rs2"""
    m.set(rd, m.add(m.shift_left(m.zero_extend(m.x(rs1), 32), m.const(2)), m.x(rs2)))


@instruction("0010000 ..... ..... 110 ..... 0111011", R)
def sh3add_uw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = (the unsigned word rs1 << 3) + rs2"""
    m.set(rd, m.add(m.shift_left(m.zero_extend(m.x(rs1), 32), m.const(3)), m.x(rs2)))


@instruction("000010 ...... ..... 001 ..... 0011011", SHIFT64)
def slli_uw(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = the unsigned word rs1 << shamt"""
    m.set(rd, m.shift_left(m.zero_extend(m.x(rs1), 32), m.const(shamt)))


# Zbb: logic with a complement


@instruction("0100000 ..... ..... 111 ..... 0110011", R)
def andn(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 and not rs2"""
    m.set(rd, m.bit_and(m.x(rs1), m.bit_xor(m.x(rs2), m.const(-1))))


@instruction("0100000 ..... ..... 110 ..... 0110011", R)
def orn(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 or not rs2"""
    m.set(rd, m.bit_or(m.x(rs1), m.bit_xor(m.x(rs2), m.const(-1))))


@instruction("0100000 ..... ..... 100 ..... 0110011", R)
def xnor(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = not (rs1 xor rs2)"""
    m.set(rd, m.bit_xor(m.bit_xor(m.x(rs1), m.x(rs2)), m.const(-1)))


# Zbb: counting


@instruction("0110000 00000 ..... 001 ..... 0010011", UNARY)
def clz(m: M[V], rd: int, rs1: int) -> None:
    """rd = zeros above the highest 1 of rs1; 64 for 0"""
    m.set(rd, m.count_leading_zeros(m.x(rs1)))


@instruction("0110000 00001 ..... 001 ..... 0010011", UNARY)
def ctz(m: M[V], rd: int, rs1: int) -> None:
    """rd = zeros below the lowest 1 of rs1; 64 for 0"""
    m.set(rd, m.count_trailing_zeros(m.x(rs1)))


@instruction("0110000 00010 ..... 001 ..... 0010011", UNARY)
def cpop(m: M[V], rd: int, rs1: int) -> None:
    """rd = the number of 1s of rs1"""
    m.set(rd, m.count_ones(m.x(rs1)))


@instruction("0110000 00000 ..... 001 ..... 0011011", UNARY)
def clzw(m: M[V], rd: int, rs1: int) -> None:
    """rd = zeros above the highest 1 of the word rs1; 32 for 0"""
    m.set(rd, m.sub(m.count_leading_zeros(m.zero_extend(m.x(rs1), 32)), m.const(32)))


@instruction("0110000 00001 ..... 001 ..... 0011011", UNARY)
def ctzw(m: M[V], rd: int, rs1: int) -> None:
    """rd = zeros below the lowest 1 of the word rs1; 32 for 0"""
    m.set(rd, m.count_trailing_zeros(m.bit_or(m.x(rs1), m.const(1 << 32))))


@instruction("0110000 00010 ..... 001 ..... 0011011", UNARY)
def cpopw(m: M[V], rd: int, rs1: int) -> None:
    """rd = the number of 1s of the word rs1"""
    m.set(rd, m.count_ones(m.zero_extend(m.x(rs1), 32)))


# Zbb: the smaller and the larger


@instruction("0000101 ..... ..... 100 ..... 0110011", R)
def min_(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the smaller of rs1 and rs2, signed"""
    a, b = m.x(rs1), m.x(rs2)
    m.set(rd, m.select(m.less(a, b), a, b))


@instruction("0000101 ..... ..... 101 ..... 0110011", R)
def minu(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the smaller of rs1 and rs2, unsigned"""
    a, b = m.x(rs1), m.x(rs2)
    m.set(rd, m.select(m.less_unsigned(a, b), a, b))


@instruction("0000101 ..... ..... 110 ..... 0110011", R)
def max_(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the larger of rs1 and rs2, signed"""
    a, b = m.x(rs1), m.x(rs2)
    m.set(rd, m.select(m.less(a, b), b, a))


@instruction("0000101 ..... ..... 111 ..... 0110011", R)
def maxu(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the larger of rs1 and rs2, unsigned"""
    a, b = m.x(rs1), m.x(rs2)
    m.set(rd, m.select(m.less_unsigned(a, b), b, a))


# Zbb: extending and bytes


@instruction("0110000 00100 ..... 001 ..... 0010011", UNARY)
def sext_b(m: M[V], rd: int, rs1: int) -> None:
    """rd = the lowest byte of rs1, sign-extended"""
    m.set(rd, m.sign_extend(m.x(rs1), 8))


@instruction("0110000 00101 ..... 001 ..... 0010011", UNARY)
def sext_h(m: M[V], rd: int, rs1: int) -> None:
    """rd = the lowest 2 bytes of rs1, sign-extended"""
    m.set(rd, m.sign_extend(m.x(rs1), 16))


@instruction("0000100 00000 ..... 100 ..... 0111011", UNARY)
def zext_h(m: M[V], rd: int, rs1: int) -> None:
    """rd = the lowest 2 bytes of rs1"""
    m.set(rd, m.zero_extend(m.x(rs1), 16))


@instruction("0010100 00111 ..... 101 ..... 0010011", UNARY)
def orc_b(m: M[V], rd: int, rs1: int) -> None:
    """rd = rs1 with every byte that is not 0 made 0xff"""
    low = m.const(0x7F7F_7F7F_7F7F_7F7F)
    a = m.x(rs1)
    carried = m.add(m.bit_and(a, low), low)  # bit 7 of a byte is set if its low bits are not all 0
    ones = m.bit_and(m.shift_right(m.bit_or(a, carried), m.const(7)), m.const(0x0101_0101_0101_0101))
    m.set(rd, m.mul(ones, m.const(0xFF)))


@instruction("0110101 11000 ..... 101 ..... 0010011", UNARY)
def rev8(m: M[V], rd: int, rs1: int) -> None:
    """rd = the bytes of rs1 in reverse order"""
    m.set(rd, m.reverse_bytes(m.x(rs1)))


# Zbb: rotating


@instruction("0110000 ..... ..... 001 ..... 0110011", R)
def rol(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 rotated left by the low 6 bits of rs2"""
    _rotate_right(m, rd, rs1, m.sub(m.const(0), m.x(rs2)))


@instruction("0110000 ..... ..... 101 ..... 0110011", R)
def ror(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 rotated right by the low 6 bits of rs2"""
    _rotate_right(m, rd, rs1, m.x(rs2))


@instruction("011000 ...... ..... 101 ..... 0010011", SHIFT64)
def rori(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = rs1 rotated right by shamt"""
    _rotate_right(m, rd, rs1, m.const(shamt))


def _rotate_right(m: M[V], rd: int, rs1: int, count: V) -> None:
    a = m.x(rs1)
    m.set(rd, m.bit_or(m.shift_right(a, count), m.shift_left(a, m.sub(m.const(0), count))))


@instruction("0110000 ..... ..... 001 ..... 0111011", R)
def rolw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the word rs1 rotated left by the low 5 bits of rs2"""
    _rotate_word_right(m, rd, rs1, m.sub(m.const(0), m.x(rs2)))


@instruction("0110000 ..... ..... 101 ..... 0111011", R)
def rorw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the word rs1 rotated right by the low 5 bits of rs2"""
    _rotate_word_right(m, rd, rs1, m.x(rs2))


@instruction("0110000 ..... ..... 101 ..... 0011011", SHIFT32)
def roriw(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = the word rs1 rotated right by shamt"""
    _rotate_word_right(m, rd, rs1, m.const(shamt))


def _rotate_word_right(m: M[V], rd: int, rs1: int, count: V) -> None:
    word = m.zero_extend(m.x(rs1), 32)
    twice = m.bit_or(word, m.shift_left(word, m.const(32)))  # so that one shift brings in what goes out
    m.set(rd, m.sign_extend(m.shift_right(twice, m.zero_extend(count, 5)), 32))


# Zbc: carry-less multiplication


@instruction("0000101 ..... ..... 001 ..... 0110011", R)
def clmul(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the low half of the carry-less product of rs1 and rs2"""
    m.set(rd, m.carryless_mul(m.x(rs1), m.x(rs2)))


@instruction("0000101 ..... ..... 011 ..... 0110011", R)
def clmulh(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the high half of the carry-less product of rs1 and rs2"""
    m.set(rd, m.carryless_mulh(m.x(rs1), m.x(rs2)))


@instruction("0000101 ..... ..... 010 ..... 0110011", R)
def clmulr(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = bits 126 to 63 of the carry-less product of rs1 and rs2"""
    a, b = m.x(rs1), m.x(rs2)
    low = m.shift_right(m.carryless_mul(a, b), m.const(63))
    m.set(rd, m.bit_or(m.shift_left(m.carryless_mulh(a, b), m.const(1)), low))


# Zbs: single bits


def _bit(m: M[V], count: V) -> V:
    return m.shift_left(m.const(1), count)


@instruction("0100100 ..... ..... 001 ..... 0110011", R)
def bclr(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 with the bit that the low 6 bits of rs2 name cleared"""
    m.set(rd, m.bit_and(m.x(rs1), m.bit_xor(_bit(m, m.x(rs2)), m.const(-1))))


@instruction("010010 ...... ..... 001 ..... 0010011", SHIFT64)
def bclri(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = rs1 with bit shamt cleared"""
    m.set(rd, m.bit_and(m.x(rs1), m.const(~(1 << shamt))))


@instruction("0010100 ..... ..... 001 ..... 0110011", R)
def bset(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 with the bit that the low 6 bits of rs2 name set"""
    m.set(rd, m.bit_or(m.x(rs1), _bit(m, m.x(rs2))))


@instruction("001010 ...... ..... 001 ..... 0010011", SHIFT64)
def bseti(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = rs1 with bit shamt set"""
    m.set(rd, m.bit_or(m.x(rs1), m.const(1 << shamt)))


@instruction("0110100 ..... ..... 001 ..... 0110011", R)
def binv(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 with the bit that the low 6 bits of rs2 name inverted"""
    m.set(rd, m.bit_xor(m.x(rs1), _bit(m, m.x(rs2))))


@instruction("011010 ...... ..... 001 ..... 0010011", SHIFT64)
def binvi(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = rs1 with bit shamt inverted"""
    m.set(rd, m.bit_xor(m.x(rs1), m.const(1 << shamt)))


@instruction("0100100 ..... ..... 101 ..... 0110011", R)
def bext(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the bit of rs1 that the low 6 bits of rs2 name"""
    m.set(rd, m.bit_and(m.shift_right(m.x(rs1), m.x(rs2)), m.const(1)))


@instruction("010010 ...... ..... 101 ..... 0010011", SHIFT64)
def bexti(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = bit shamt of rs1"""
    m.set(rd, m.bit_and(m.shift_right(m.x(rs1), m.const(shamt)), m.const(1)))
