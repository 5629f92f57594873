"""Encoding x86-64 instructions, as many as the emitter uses (64-bit forms unless a name says otherwise).

A register is its number, 0 to 15. An operand that may lie in memory is a register or a :class:`Mem`.
"""

from __future__ import annotations

from typing import NamedTuple

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 = range(16)

B, AE, E, NE, BE, A, S = range(2, 9)
L, GE, LE, G = range(12, 16)
"""Condition codes; the lowest bit negates."""


class Mem(NamedTuple):
    """The memory at ``base + indexed + disp``; -1 for no register ``indexed``."""

    base: int
    disp: int = 0
    indexed: int = -1


Operand = int | Mem


def fits8(number: int) -> bool:
    """Whether a signed byte holds it."""
    return -128 <= number < 128


def fits32(number: int) -> bool:
    """Whether a signed 32-bit number holds it."""
    return -0x8000_0000 <= number < 0x8000_0000


def imm32(number: int) -> bytes:
    """A signed 32-bit number."""
    return number.to_bytes(4, "little", signed=True)


def _modrm(reg: int, rm: Operand) -> bytes:
    low = (reg & 7) << 3
    if isinstance(rm, int):
        return bytes([0xC0 | low | rm & 7])
    base, disp, index = rm
    if disp == 0 and base & 7 != RBP:
        mode, tail = 0x00, b""
    elif fits8(disp):
        mode, tail = 0x40, disp.to_bytes(1, "little", signed=True)
    else:
        mode, tail = 0x80, imm32(disp)
    if index >= 0:
        return bytes([mode | low | 4, (index & 7) << 3 | base & 7]) + tail
    if base & 7 == RSP:
        return bytes([mode | low | 4, 0x24]) + tail
    return bytes([mode | low | base & 7]) + tail


def _rex(w: int, reg: int, rm: Operand) -> int:
    if isinstance(rm, int):
        return w << 3 | (reg >> 3) << 2 | rm >> 3
    return w << 3 | (reg >> 3) << 2 | (max(rm.indexed, 0) >> 3) << 1 | rm.base >> 3


def encode(opcode: bytes, reg: int, rm: Operand, *, w: int = 1, prefix: bytes = b"", byte: bool = False) -> bytes:
    """One instruction with a ModRM byte. ``byte``: byte registers are among the operands, so 4 to 7 need a prefix."""
    rex = _rex(w, reg, rm)
    if rex or (byte and (reg >= RSP or (isinstance(rm, int) and rm >= RSP))):
        prefix += bytes([0x40 | rex])
    return prefix + opcode + _modrm(reg, rm)


def _vex(pp: int, opcode: int, reg: int, vvvv: int, rm: Operand) -> bytes:
    """An instruction of map 0F38 with three operands, 64 bits wide."""
    rex = _rex(0, reg, rm)
    first = 0x02 | (~rex & 4) << 5 | (~rex & 2) << 5 | (~rex & 1) << 5
    return bytes([0xC4, first, 0x80 | (~vvvv & 15) << 3 | pp, opcode]) + _modrm(reg, rm)


# Moving


def mov(reg: int, rm: Operand) -> bytes:
    """Reg = rm."""
    return encode(b"\x8b", reg, rm)


def mov32(reg: int, rm: Operand) -> bytes:
    """Reg = the low 32 bits of rm."""
    return encode(b"\x8b", reg, rm, w=0)


def store(mem: Mem, reg: int, width: int) -> bytes:
    """The ``width`` bytes at mem = the low bytes of reg."""
    if width == 1:
        return encode(b"\x88", reg, mem, w=0, byte=True)
    return encode(b"\x89", reg, mem, w=width == 8, prefix=b"\x66" if width == 2 else b"")


def store_imm(mem: Mem, number: int, width: int) -> bytes:
    """The ``width`` bytes at mem = a number, for 8 bytes one that fits in 32 signed bits."""
    if width == 1:
        return encode(b"\xc6", 0, mem, w=0) + bytes([number & 0xFF])
    if width == 2:
        return encode(b"\xc7", 0, mem, w=0, prefix=b"\x66") + (number & 0xFFFF).to_bytes(2, "little")
    return encode(b"\xc7", 0, mem, w=width == 8) + (number & 0xFFFF_FFFF).to_bytes(4, "little")


def mov_imm(reg: int, number: int) -> bytes:
    """Reg = a number, 0 to 2^64 - 1, in the shortest way that leaves the flags alone."""
    if number < 1 << 32:
        return (b"\x41" if reg >= R8 else b"") + bytes([0xB8 | reg & 7]) + number.to_bytes(4, "little")
    if fits32(number - (1 << 64)):
        return mov_signed(reg, number - (1 << 64))
    return bytes([0x48 | reg >> 3, 0xB8 | reg & 7]) + number.to_bytes(8, "little")


def mov_signed(reg: int, number: int) -> bytes:
    """Reg = a signed 32-bit number, which is the code's last 4 bytes."""
    return encode(b"\xc7", 0, reg) + imm32(number)


def lea(reg: int, mem: Mem) -> bytes:
    """Reg = the address of mem."""
    return encode(b"\x8d", reg, mem)


_EXTENDING = {(8, False): b"\x0f\xb6", (16, False): b"\x0f\xb7", (8, True): b"\x0f\xbe", (16, True): b"\x0f\xbf"}


def extend(reg: int, rm: Operand, bits: int, *, signed: bool) -> bytes:
    """Reg = the low 8, 16 or 32 bits of rm."""
    if bits == 32:
        return encode(b"\x63", reg, rm) if signed else mov32(reg, rm)
    return encode(_EXTENDING[bits, signed], reg, rm, w=signed, byte=bits == 8)


def cmov(condition: int, reg: int, rm: Operand) -> bytes:
    """Reg = rm if the condition holds."""
    return encode(bytes([0x0F, 0x40 | condition]), reg, rm)


def setcc(condition: int, reg: int) -> bytes:
    """The low byte of reg = whether the condition holds."""
    return encode(bytes([0x0F, 0x90 | condition]), 0, reg, w=0, byte=True)


# Arithmetic

ADD, OR, AND, SUB, XOR, CMP = 0, 1, 4, 5, 6, 7


def alu(operation: int, reg: int, rm: Operand) -> bytes:
    """Reg = reg op rm."""
    return encode(bytes([operation << 3 | 3]), reg, rm)


def alu_to_mem(operation: int, mem: Mem, reg: int) -> bytes:
    """Mem = mem op reg."""
    return encode(bytes([operation << 3 | 1]), reg, mem)


def alu_imm(operation: int, rm: Operand, number: int, *, w: int = 1) -> bytes:
    """Rm = rm op a signed 32-bit number."""
    if fits8(number):
        return encode(b"\x83", operation, rm, w=w) + number.to_bytes(1, "little", signed=True)
    return encode(b"\x81", operation, rm, w=w) + imm32(number)


def cmp_byte(mem: Mem, number: int) -> bytes:
    """Compare the byte at mem with a number."""
    return encode(b"\x80", CMP, mem, w=0) + bytes([number])


def or_byte(mem: Mem, number: int) -> bytes:
    """The byte at mem = it or a number."""
    return encode(b"\x80", OR, mem, w=0) + bytes([number])


def zero(reg: int) -> bytes:
    """Reg = 0; the flags change."""
    return encode(b"\x33", reg, reg, w=0)


def test(a: int, b: int) -> bytes:
    """Set the flags by a & b."""
    return encode(b"\x85", b, a)


NOT, NEG, MUL, IMUL, DIV, IDIV = 2, 3, 4, 5, 6, 7


def unary(operation: int, rm: Operand) -> bytes:
    """Not and neg of rm; multiplication and division of rdx:rax by rm."""
    return encode(b"\xf7", operation, rm)


CQO = b"\x48\x99"
"""Rdx = the sign of rax."""


def imul(reg: int, rm: Operand) -> bytes:
    """Reg = reg * rm, the low half."""
    return encode(b"\x0f\xaf", reg, rm)


def imul_imm(reg: int, rm: Operand, number: int) -> bytes:
    """Reg = rm * a signed 32-bit number."""
    return encode(b"\x69", reg, rm) + imm32(number)


def mulx(high: int, low: int, rm: Operand) -> bytes:
    """High, low = rdx * rm, unsigned; the flags stay."""
    return _vex(3, 0xF6, high, low, rm)


SHL, SHR, SAR = 4, 5, 7
_SHIFT_PREFIX = {SHL: 1, SHR: 3, SAR: 2}


def shift_imm(operation: int, reg: int, count: int, *, w: int = 1) -> bytes:
    """Reg = reg shifted by a number."""
    return encode(b"\xc1", operation, reg, w=w) + bytes([count])


def shift(operation: int, reg: int, rm: Operand, count: int) -> bytes:
    """Reg = rm shifted by the low 6 bits of the register ``count``; the flags stay."""
    return _vex(_SHIFT_PREFIX[operation], 0xF7, reg, count, rm)


def rorx(reg: int, rm: Operand, count: int) -> bytes:
    """Reg = rm rotated right by a number."""
    rex = _rex(0, reg, rm)
    first = 0x03 | (~rex & 4) << 5 | (~rex & 2) << 5 | (~rex & 1) << 5
    return bytes([0xC4, first, 0xFB, 0xF0]) + _modrm(reg, rm) + bytes([count])


def count_bits(opcode: int, reg: int, rm: Operand) -> bytes:
    """Reg = lzcnt (0xbd), tzcnt (0xbc) or popcnt (0xb8) of rm."""
    return encode(bytes([0x0F, opcode]), reg, rm, prefix=b"\xf3")


def bswap(reg: int) -> bytes:
    """Reverse the bytes of reg."""
    return bytes([0x48 | reg >> 3, 0x0F, 0xC8 | reg & 7])


def carryless(reg: int, a: Operand, b: Operand, *, high: bool) -> bytes:
    """Reg = a half of the carry-less product, by way of xmm0 and xmm1."""
    half = b"\x0f\x3a\x16" if high else b"\x0f\x7e"
    return (
        encode(b"\x0f\x6e", 0, a, prefix=b"\x66")
        + encode(b"\x0f\x6e", 1, b, prefix=b"\x66")
        + b"\x66\x0f\x3a\x44\xc1\x00"  # pclmulqdq xmm0, xmm1
        + encode(half, 0, reg, prefix=b"\x66")
        + (b"\x01" if high else b"")
    )


# Control


def jcc(condition: int, offset: int = 0) -> bytes:
    """Jump by ``offset`` from the next instruction if the condition holds; 6 bytes."""
    return bytes([0x0F, 0x80 | condition]) + imm32(offset)


def jcc_short(condition: int, offset: int) -> bytes:
    """The same in 2 bytes, for -128 to 127."""
    return bytes([0x70 | condition]) + offset.to_bytes(1, "little", signed=True)


def jmp(offset: int = 0) -> bytes:
    """Jump by ``offset`` from the next instruction; 5 bytes."""
    return b"\xe9" + imm32(offset)


def jmp_short(offset: int) -> bytes:
    """The same in 2 bytes."""
    return b"\xeb" + offset.to_bytes(1, "little", signed=True)


def jmp_to(rm: Operand) -> bytes:
    """Jump to the address in rm."""
    return encode(b"\xff", 4, rm, w=0)


def push(reg: int) -> bytes:
    """Push reg."""
    return (b"\x41" if reg >= R8 else b"") + bytes([0x50 | reg & 7])


def pop(reg: int) -> bytes:
    """Pop reg."""
    return (b"\x41" if reg >= R8 else b"") + bytes([0x58 | reg & 7])


RET = b"\xc3"
