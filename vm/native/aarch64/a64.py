"""Encoding A64 instructions, as many as the emitter uses (64-bit forms unless a name says otherwise).

A register is its number, 0 to 30. 31 is :data:`ZERO`, but the stack pointer as the base of an address and where a
number is added.
"""

from __future__ import annotations

from functools import lru_cache

ZERO = 31
LINK = 30
SP = 31

EQ, NE, HS, LO, MI = range(5)
HI, LS, GE, LT, GT, LE = range(8, 14)
"""Condition codes; the lowest bit negates."""

_MASK = (1 << 64) - 1


def word(number: int) -> bytes:
    """An instruction."""
    return number.to_bytes(4, "little")


def _field(number: int, bits: int) -> int:
    """A signed number as so many bits; a :class:`ValueError` if it doesn't fit."""
    if not -1 << bits - 1 <= number < 1 << bits - 1:
        raise ValueError(f"{number} does not fit in {bits} bits")
    return number & (1 << bits) - 1


# Registers with registers

ADD, SUB, SUBS = 0x8B00_0000, 0xCB00_0000, 0xEB00_0000
AND, ORR, EOR, ANDS = 0x8A00_0000, 0xAA00_0000, 0xCA00_0000, 0xEA00_0000
UDIV, SDIV, LSL, LSR, ASR = 0x9AC0_0800, 0x9AC0_0C00, 0x9AC0_2000, 0x9AC0_2400, 0x9AC0_2800
MUL, SMULH, UMULH = 0x9B00_7C00, 0x9B40_7C00, 0x9BC0_7C00
SHIFT_LEFT, SHIFT_RIGHT = 0, 1
"""How the second operand is shifted."""


def three(operation: int, d: int, n: int, m: int) -> bytes:
    """D = n op m."""
    return word(operation | m << 16 | n << 5 | d)


def shifted(operation: int, d: int, n: int, m: int, shift: int, amount: int) -> bytes:
    """D = n op (m shifted by a number), for the operations from :data:`ADD` to :data:`ANDS`."""
    return word(operation | shift << 22 | m << 16 | amount << 10 | n << 5 | d)


def msub(d: int, n: int, m: int, a: int) -> bytes:
    """D = a - n * m."""
    return word(0x9B00_8000 | m << 16 | a << 10 | n << 5 | d)


def mov(d: int, m: int) -> bytes:
    """D = m."""
    return three(ORR, d, ZERO, m)


def mov32(d: int, m: int) -> bytes:
    """D = the low 32 bits of m."""
    return word(0x2A00_03E0 | m << 16 | d)


CLZ, RBIT, REV = 0xDAC0_1000, 0xDAC0_0000, 0xDAC0_0C00


def two(operation: int, d: int, n: int) -> bytes:
    """D = op n."""
    return word(operation | n << 5 | d)


# Numbers


def fits_add(number: int) -> bool:
    """Whether one instruction adds it: 12 bits, or 12 bits and 12 zeros, of either sign."""
    number = abs(number)
    return number < 1 << 12 or (number < 1 << 24 and not number & 0xFFF)


def add_number(d: int, n: int, number: int, *, flags: bool = False) -> bytes:
    """D = n + a number that fits. N is no :data:`ZERO`, and d is not but with flags."""
    assert fits_add(number)
    size = abs(number)
    high, field = (1, size >> 12) if size >> 12 else (0, size)
    return word((0xD100_0000 if number < 0 else 0x9100_0000) | flags << 29 | high << 22 | field << 10 | n << 5 | d)


def compare_number(n: int, number: int) -> bytes:
    """Set the flags by n - a number that fits. N is no :data:`ZERO`."""
    assert n != ZERO
    return add_number(ZERO, n, -number, flags=True) if number else word(0xF100_001F | n << 5)


@lru_cache(maxsize=1 << 12)
def logical_field(number: int) -> int | None:
    """The 13 bits that stand for a 64-bit number in a logical instruction; ``None`` for most numbers.

    It must be a run of ones, rotated, in 2, 4, 8, 16, 32 or 64 bits that are repeated.
    """
    if number in (0, _MASK):
        return None
    size = 64
    while size > 2 and number & (1 << size // 2) - 1 == number >> size // 2 & (1 << size // 2) - 1:
        size //= 2
    part = number & (1 << size) - 1
    ones = part.bit_count()
    run = (1 << ones) - 1
    for rotation in range(size):
        if (run >> rotation | run << size - rotation) & (1 << size) - 1 == part:
            return (size == 64) << 12 | rotation << 6 | (-2 * size & 0x3F | ones - 1) & 0x3F
    return None


AND_NUMBER, ORR_NUMBER, EOR_NUMBER, ANDS_NUMBER = 0x9200_0000, 0xB200_0000, 0xD200_0000, 0xF200_0000


def logical(operation: int, d: int, n: int, number: int) -> bytes:
    """D = n op a number that has a field. D is no :data:`ZERO` but for :data:`ANDS_NUMBER`."""
    field = logical_field(number)
    assert field is not None
    return word(operation | field << 10 | n << 5 | d)


MOVN, MOVZ, MOVK = 0x9280_0000, 0xD280_0000, 0xF280_0000


def mov_half(operation: int, d: int, half: int, position: int) -> bytes:
    """Set 16 bits, with the rest zeros, ones (then of the complement), or as they are."""
    return word(operation | position << 21 | half << 5 | d)


def mov_number(d: int, number: int) -> bytes:
    """D = a number, 0 to 2^64 - 1, in one instruction if there is one."""
    halves = [number >> 16 * position & 0xFFFF for position in range(4)]
    zeros, ones = halves.count(0), halves.count(0xFFFF)
    if max(zeros, ones) < 3 and logical_field(number) is not None:
        return logical(ORR_NUMBER, d, ZERO, number)
    plain, first = (0xFFFF, MOVN) if ones > zeros else (0, MOVZ)
    code = b""
    for position, half in enumerate(halves):
        if half != plain:
            code += mov_half(MOVK if code else first, d, half if code or not plain else half ^ plain, position)
    return code or mov_half(first, d, 0, 0)


def mov_pair(d: int, number: int) -> bytes:
    """D = a number, -2^32 to 2^32 - 1, always in two instructions."""
    low, high = number & 0xFFFF, number >> 16 & 0xFFFF
    begin = mov_half(MOVZ, d, low, 0) if number >= 0 else mov_half(MOVN, d, low ^ 0xFFFF, 0)
    return begin + mov_half(MOVK, d, high, 1)


# Parts of registers


def shift_number(operation: int, d: int, n: int, count: int) -> bytes:
    """D = n shifted by a number, 0 to 63; the operations are :data:`LSL`, :data:`LSR` and :data:`ASR`."""
    if operation == LSL:
        return word(0xD340_0000 | (-count & 63) << 16 | (63 - count) << 10 | n << 5 | d)
    return word((0x9340_0000 if operation == ASR else 0xD340_0000) | count << 16 | 63 << 10 | n << 5 | d)


def extend(d: int, n: int, bits: int, *, signed: bool) -> bytes:
    """D = the low bits of n."""
    return word((0x9340_0000 if signed else 0xD340_0000) | bits - 1 << 10 | n << 5 | d)


# Choosing


def select(d: int, condition: int, n: int, m: int) -> bytes:
    """D = n if the condition holds, else m."""
    return word(0x9A80_0000 | m << 16 | condition << 12 | n << 5 | d)


def select_not(d: int, condition: int, n: int, m: int) -> bytes:
    """D = n if the condition holds, else all bits of m inverted."""
    return word(0xDA80_0000 | m << 16 | condition << 12 | n << 5 | d)


def set_if(d: int, condition: int) -> bytes:
    """D = 1 if the condition holds, else 0."""
    return word(0x9A9F_07E0 | (condition ^ 1) << 12 | d)


def compare32_number(n: int, number: int) -> bytes:
    """Set the flags by the low 32 bits of n - a number, 0 to 4095."""
    return word(0x7100_001F | number << 10 | n << 5)


def compare32_number_if(condition: int, n: int, number: int) -> bytes:
    """The same with a number up to 31 if the condition holds; else the flags say not equal."""
    return word(0x7A40_0800 | number << 16 | condition << 12 | n << 5)


def logical32(operation: int, d: int, n: int, number: int) -> bytes:
    """As :func:`logical` on the low 32 bits, for a run of ones from bit 0 to 31 on."""
    position = (number & -number).bit_length() - 1
    ones = number.bit_count()
    assert number >> position == (1 << ones) - 1
    return word(operation & 0x7FFF_FFFF | (-position & 31) << 16 | ones - 1 << 10 | n << 5 | d)


# Memory

_LOAD = {
    (1, False): 0x3940_0000,
    (2, False): 0x7940_0000,
    (4, False): 0xB940_0000,
    (8, False): 0xF940_0000,
    (1, True): 0x3980_0000,
    (2, True): 0x7980_0000,
    (4, True): 0xB980_0000,
    (8, True): 0xF940_0000,
}
_STORE = {1: 0x3900_0000, 2: 0x7900_0000, 4: 0xB900_0000, 8: 0xF900_0000}


def _at_offset(operation: int, t: int, base: int, offset: int, width: int) -> bytes:
    if offset % width == 0 and 0 <= offset < width << 12:
        return word(operation | offset // width << 10 | base << 5 | t)
    return word(operation & ~(1 << 24) | _field(offset, 9) << 12 | base << 5 | t)


def load(t: int, base: int, offset: int, width: int = 8, *, signed: bool = False) -> bytes:
    """T = the ``width`` bytes at base + offset, -256 to 255 or a multiple of the width up to 4095 times."""
    return _at_offset(_LOAD[width, signed], t, base, offset, width)


def store(t: int, base: int, offset: int, width: int = 8) -> bytes:
    """The bytes there = the low ones of t."""
    return _at_offset(_STORE[width], t, base, offset, width)


def load_indexed(t: int, base: int, index: int, width: int, *, signed: bool = False) -> bytes:
    """T = the ``width`` bytes at base + index."""
    return word((_LOAD[width, signed] & ~(1 << 24)) | 0x0020_6800 | index << 16 | base << 5 | t)


def store_indexed(t: int, base: int, index: int, width: int) -> bytes:
    """The bytes there = the low ones of t."""
    return word((_STORE[width] & ~(1 << 24)) | 0x0020_6800 | index << 16 | base << 5 | t)


def store_pair(t: int, u: int, base: int, offset: int) -> bytes:
    """The 16 bytes at base + offset = t, u."""
    return word(0xA900_0000 | _field(offset // 8, 7) << 15 | u << 10 | base << 5 | t)


def load_pair(t: int, u: int, base: int, offset: int) -> bytes:
    """T, u = the 16 bytes at base + offset."""
    return word(0xA940_0000 | _field(offset // 8, 7) << 15 | u << 10 | base << 5 | t)


# By way of vector registers


def count_ones(d: int, n: int) -> bytes:
    """D = the number of ones of n."""
    return (
        word(0x9E67_0000 | n << 5)  # fmov d0, n
        + word(0x0E20_5800)  # cnt v0.8b, v0.8b
        + word(0x0E31_B800)  # addv b0, v0.8b
        + word(0x1E26_0000 | d)  # fmov d, s0
    )


def carryless(d: int, n: int, m: int, *, high: bool) -> bytes:
    """D = a half of the carry-less product."""
    return (
        word(0x9E67_0000 | n << 5)  # fmov d0, n
        + word(0x9E67_0001 | m << 5)  # fmov d1, m
        + word(0x0EE1_E000)  # pmull v0.1q, v0.1d, v1.1d
        + word((0x4E18_3C00 if high else 0x9E66_0000) | d)  # mov d, v0.d[1]; fmov d, d0
    )


# Control


def b(offset: int = 0) -> bytes:
    """Jump by an offset from this instruction, up to 128 MiB."""
    return word(0x1400_0000 | _field(offset >> 2, 26))


def b_if(condition: int, offset: int = 0) -> bytes:
    """Jump if the condition holds, up to 1 MiB."""
    return word(0x5400_0000 | _field(offset >> 2, 19) << 5 | condition)


def retarget(instruction: bytes | bytearray, offset: int) -> bytes:
    """A jump with another offset."""
    number = int.from_bytes(instruction, "little")
    return b(offset) if number >> 26 == 5 else b_if(number & 0xF, offset)


def br(n: int) -> bytes:
    """Jump to the address in n."""
    return word(0xD61F_0000 | n << 5)


def adrp(d: int, pages: int) -> bytes:
    """D = the start of the 4 KiB page of this instruction + so many pages."""
    field = _field(pages, 21)
    return word(0x9000_0000 | (field & 3) << 29 | field >> 2 << 5 | d)


RET = word(0xD65F_03C0)

# Caches


def read_cache_type(d: int) -> bytes:
    """D = ctr_el0."""
    return word(0xD53B_0020 | d)


def clean_data(n: int) -> bytes:
    """Let instruction fetches see what the data cache has of the line at n: dc cvau."""
    return word(0xD50B_7B20 | n)


def forget_instructions(n: int) -> bytes:
    """Drop the line at n from instruction caches: ic ivau."""
    return word(0xD50B_7520 | n)


DATA_BARRIER = word(0xD503_3B9F)
"""dsb ish"""
INSTRUCTION_BARRIER = word(0xD503_3FDF)
"""isb"""
