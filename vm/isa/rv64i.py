"""RV64I, the base integer instructions (``vm-isa`` §4.1 to §4.3)."""

from .abstract import AbstractMachine as M
from .abstract import V
from .definition import Extension
from .formats import FENCE, LOAD, NONE, SHIFT32, SHIFT64, B, I, J, R, S, U

RV64I = Extension("I")
instruction = RV64I.instruction

# Upper immediates and jumps


@instruction("....................  ..... 0110111", U)
def lui(m: M[V], rd: int, imm: int) -> None:
    """rd = imm"""
    m.set(rd, m.const(imm))


@instruction("....................  ..... 0010111", U, ends_block=True)
def auipc(m: M[V], rd: int, imm: int) -> None:
    """rd = pc + imm"""
    m.set(rd, m.add(m.pc(), m.const(imm)))


@instruction("....................  ..... 1101111", J, ends_block=True)
def jal(m: M[V], rd: int, imm: int) -> None:
    """rd = the next pc; pc = pc + imm"""
    m.set(rd, m.following())
    m.jump(m.add(m.pc(), m.const(imm)))


@instruction("............ ..... 000 ..... 1100111", LOAD, ends_block=True, versions=(1, 2))
def jalr(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = the next pc; pc = rs1 + imm with bit 0 cleared"""
    target = m.bit_and(m.add(m.x(rs1), m.const(imm)), m.const(~1))  # before the link is set: rd may be rs1
    m.set(rd, m.following())
    m.jump(target)


@instruction("............ ..... 000 ..... 1100111", LOAD, ends_block=True, versions=(0,), mnemonic="jalr")
def jalr_version0(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = the next pc; pc = rs1 (the link, if rd is rs1) + imm with bit 0 cleared"""
    m.set(rd, m.following())
    m.jump(m.bit_and(m.add(m.x(rs1), m.const(imm)), m.const(~1)))


# Branches


@instruction("....... ..... ..... 000 ..... 1100011", B, ends_block=True)
def beq(m: M[V], rs1: int, rs2: int, imm: int) -> None:
    """If rs1 = rs2: pc = pc + imm"""
    m.branch(m.equal(m.x(rs1), m.x(rs2)), m.add(m.pc(), m.const(imm)))


@instruction("....... ..... ..... 001 ..... 1100011", B, ends_block=True)
def bne(m: M[V], rs1: int, rs2: int, imm: int) -> None:
    """If rs1 ≠ rs2: pc = pc + imm"""
    m.branch(m.bit_xor(m.equal(m.x(rs1), m.x(rs2)), m.const(1)), m.add(m.pc(), m.const(imm)))


@instruction("....... ..... ..... 100 ..... 1100011", B, ends_block=True)
def blt(m: M[V], rs1: int, rs2: int, imm: int) -> None:
    """If rs1 < rs2, signed: pc = pc + imm"""
    m.branch(m.less(m.x(rs1), m.x(rs2)), m.add(m.pc(), m.const(imm)))


@instruction("....... ..... ..... 101 ..... 1100011", B, ends_block=True)
def bge(m: M[V], rs1: int, rs2: int, imm: int) -> None:
    """If rs1 ≥ rs2, signed: pc = pc + imm"""
    m.branch(m.bit_xor(m.less(m.x(rs1), m.x(rs2)), m.const(1)), m.add(m.pc(), m.const(imm)))


@instruction("....... ..... ..... 110 ..... 1100011", B, ends_block=True)
def bltu(m: M[V], rs1: int, rs2: int, imm: int) -> None:
    """If rs1 < rs2, unsigned: pc = pc + imm"""
    m.branch(m.less_unsigned(m.x(rs1), m.x(rs2)), m.add(m.pc(), m.const(imm)))


@instruction("....... ..... ..... 111 ..... 1100011", B, ends_block=True)
def bgeu(m: M[V], rs1: int, rs2: int, imm: int) -> None:
    """If rs1 ≥ rs2, unsigned: pc = pc + imm"""
    m.branch(m.bit_xor(m.less_unsigned(m.x(rs1), m.x(rs2)), m.const(1)), m.add(m.pc(), m.const(imm)))


# Loads and stores


@instruction("............ ..... 000 ..... 0000011", LOAD)
def lb(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = the byte at rs1 + imm, sign-extended"""
    m.set(rd, m.sign_extend(m.load(m.add(m.x(rs1), m.const(imm)), 1), 8))


@instruction("............ ..... 001 ..... 0000011", LOAD)
def lh(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = the 2 bytes at rs1 + imm, sign-extended"""
    m.set(rd, m.sign_extend(m.load(m.add(m.x(rs1), m.const(imm)), 2), 16))


@instruction("............ ..... 010 ..... 0000011", LOAD)
def lw(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = the 4 bytes at rs1 + imm, sign-extended"""
    m.set(rd, m.sign_extend(m.load(m.add(m.x(rs1), m.const(imm)), 4), 32))


@instruction("............ ..... 011 ..... 0000011", LOAD)
def ld(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = the 8 bytes at rs1 + imm"""
    m.set(rd, m.load(m.add(m.x(rs1), m.const(imm)), 8))


@instruction("............ ..... 100 ..... 0000011", LOAD)
def lbu(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = the byte at rs1 + imm"""
    m.set(rd, m.load(m.add(m.x(rs1), m.const(imm)), 1))


@instruction("............ ..... 101 ..... 0000011", LOAD)
def lhu(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = the 2 bytes at rs1 + imm"""
    m.set(rd, m.load(m.add(m.x(rs1), m.const(imm)), 2))


@instruction("............ ..... 110 ..... 0000011", LOAD)
def lwu(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = the 4 bytes at rs1 + imm"""
    m.set(rd, m.load(m.add(m.x(rs1), m.const(imm)), 4))


@instruction("....... ..... ..... 000 ..... 0100011", S)
def sb(m: M[V], rs2: int, rs1: int, imm: int) -> None:
    """The byte at rs1 + imm = rs2"""
    m.store(m.add(m.x(rs1), m.const(imm)), 1, m.x(rs2))


@instruction("....... ..... ..... 001 ..... 0100011", S)
def sh(m: M[V], rs2: int, rs1: int, imm: int) -> None:
    """The 2 bytes at rs1 + imm = rs2"""
    m.store(m.add(m.x(rs1), m.const(imm)), 2, m.x(rs2))


@instruction("....... ..... ..... 010 ..... 0100011", S)
def sw(m: M[V], rs2: int, rs1: int, imm: int) -> None:
    """The 4 bytes at rs1 + imm = rs2"""
    m.store(m.add(m.x(rs1), m.const(imm)), 4, m.x(rs2))


@instruction("....... ..... ..... 011 ..... 0100011", S)
def sd(m: M[V], rs2: int, rs1: int, imm: int) -> None:
    """The 8 bytes at rs1 + imm = rs2"""
    m.store(m.add(m.x(rs1), m.const(imm)), 8, m.x(rs2))


# With an immediate


@instruction("............ ..... 000 ..... 0010011", I)
def addi(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = rs1 + imm"""
    m.set(rd, m.add(m.x(rs1), m.const(imm)))


@instruction("............ ..... 010 ..... 0010011", I)
def slti(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = 1 if rs1 < imm, signed, else 0"""
    m.set(rd, m.less(m.x(rs1), m.const(imm)))


@instruction("............ ..... 011 ..... 0010011", I)
def sltiu(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = 1 if rs1 < imm (sign-extended, then unsigned), else 0"""
    m.set(rd, m.less_unsigned(m.x(rs1), m.const(imm)))


@instruction("............ ..... 100 ..... 0010011", I)
def xori(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = rs1 xor imm"""
    m.set(rd, m.bit_xor(m.x(rs1), m.const(imm)))


@instruction("............ ..... 110 ..... 0010011", I)
def ori(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = rs1 or imm"""
    m.set(rd, m.bit_or(m.x(rs1), m.const(imm)))


@instruction("............ ..... 111 ..... 0010011", I)
def andi(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = rs1 and imm"""
    m.set(rd, m.bit_and(m.x(rs1), m.const(imm)))


@instruction("000000 ...... ..... 001 ..... 0010011", SHIFT64)
def slli(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = rs1 << shamt"""
    m.set(rd, m.shift_left(m.x(rs1), m.const(shamt)))


@instruction("000000 ...... ..... 101 ..... 0010011", SHIFT64)
def srli(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = rs1 >> shamt, zeros come in"""
    m.set(rd, m.shift_right(m.x(rs1), m.const(shamt)))


@instruction("010000 ...... ..... 101 ..... 0010011", SHIFT64)
def srai(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = rs1 >> shamt, the sign comes in"""
    m.set(rd, m.shift_right_signed(m.x(rs1), m.const(shamt)))


# Register with register


@instruction("0000000 ..... ..... 000 ..... 0110011", R)
def add(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 + rs2"""
    m.set(rd, m.add(m.x(rs1), m.x(rs2)))


@instruction("0100000 ..... ..... 000 ..... 0110011", R)
def sub(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 - rs2"""
    m.set(rd, m.sub(m.x(rs1), m.x(rs2)))


@instruction("0000000 ..... ..... 001 ..... 0110011", R)
def sll(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 << the low 6 bits of rs2"""
    m.set(rd, m.shift_left(m.x(rs1), m.x(rs2)))


@instruction("0000000 ..... ..... 010 ..... 0110011", R)
def slt(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = 1 if rs1 < rs2, signed, else 0"""
    m.set(rd, m.less(m.x(rs1), m.x(rs2)))


@instruction("0000000 ..... ..... 011 ..... 0110011", R)
def sltu(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = 1 if rs1 < rs2, unsigned, else 0"""
    m.set(rd, m.less_unsigned(m.x(rs1), m.x(rs2)))


@instruction("0000000 ..... ..... 100 ..... 0110011", R)
def xor(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 xor rs2"""
    m.set(rd, m.bit_xor(m.x(rs1), m.x(rs2)))


@instruction("0000000 ..... ..... 101 ..... 0110011", R)
def srl(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 >> the low 6 bits of rs2, zeros come in"""
    m.set(rd, m.shift_right(m.x(rs1), m.x(rs2)))


@instruction("0100000 ..... ..... 101 ..... 0110011", R)
def sra(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 >> the low 6 bits of rs2, the sign comes in"""
    m.set(rd, m.shift_right_signed(m.x(rs1), m.x(rs2)))


@instruction("0000000 ..... ..... 110 ..... 0110011", R)
def or_(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 or rs2"""
    m.set(rd, m.bit_or(m.x(rs1), m.x(rs2)))


@instruction("0000000 ..... ..... 111 ..... 0110011", R)
def and_(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 and rs2"""
    m.set(rd, m.bit_and(m.x(rs1), m.x(rs2)))


# On words: the low 32 bits, the result sign-extended


@instruction("............ ..... 000 ..... 0011011", I)
def addiw(m: M[V], rd: int, rs1: int, imm: int) -> None:
    """rd = rs1 + imm, as a word"""
    m.set(rd, m.sign_extend(m.add(m.x(rs1), m.const(imm)), 32))


@instruction("0000000 ..... ..... 001 ..... 0011011", SHIFT32)
def slliw(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = rs1 << shamt, as a word"""
    m.set(rd, m.sign_extend(m.shift_left(m.x(rs1), m.const(shamt)), 32))


@instruction("0000000 ..... ..... 101 ..... 0011011", SHIFT32)
def srliw(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = the word rs1 >> shamt, zeros come in"""
    m.set(rd, m.sign_extend(m.shift_right(m.zero_extend(m.x(rs1), 32), m.const(shamt)), 32))


@instruction("0100000 ..... ..... 101 ..... 0011011", SHIFT32)
def sraiw(m: M[V], rd: int, rs1: int, shamt: int) -> None:
    """rd = the word rs1 >> shamt, the sign comes in"""
    m.set(rd, m.shift_right_signed(m.sign_extend(m.x(rs1), 32), m.const(shamt)))


@instruction("0000000 ..... ..... 000 ..... 0111011", R)
def addw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 + rs2, as a word"""
    m.set(rd, m.sign_extend(m.add(m.x(rs1), m.x(rs2)), 32))


@instruction("0100000 ..... ..... 000 ..... 0111011", R)
def subw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 - rs2, as a word"""
    m.set(rd, m.sign_extend(m.sub(m.x(rs1), m.x(rs2)), 32))


@instruction("0000000 ..... ..... 001 ..... 0111011", R)
def sllw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = rs1 << the low 5 bits of rs2, as a word"""
    m.set(rd, m.sign_extend(m.shift_left(m.x(rs1), m.zero_extend(m.x(rs2), 5)), 32))


@instruction("0000000 ..... ..... 101 ..... 0111011", R)
def srlw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the word rs1 >> the low 5 bits of rs2, zeros come in"""
    m.set(rd, m.sign_extend(m.shift_right(m.zero_extend(m.x(rs1), 32), m.zero_extend(m.x(rs2), 5)), 32))


@instruction("0100000 ..... ..... 101 ..... 0111011", R)
def sraw(m: M[V], rd: int, rs1: int, rs2: int) -> None:
    """rd = the word rs1 >> the low 5 bits of rs2, the sign comes in"""
    m.set(rd, m.shift_right_signed(m.sign_extend(m.x(rs1), 32), m.zero_extend(m.x(rs2), 5)))


# Memory order and the environment


@instruction(".... .... .... 00000 000 00000 0001111", FENCE, ends_block=True)
def fence(m: M[V], fm: int, pred: int, succ: int) -> None:
    """Nothing: memory is in order"""


@instruction("000000000000 00000 001 00000 0001111", NONE, ends_block=True)
def fence_i(m: M[V]) -> None:
    """Nothing: code never changes"""


@instruction("000000000000 00000 000 00000 1110011", NONE, ends_block=True)
def ecall(m: M[V]) -> None:
    """A system call: number in a7, arguments in a0 to a5, answer in a0"""
    m.system_call()


@instruction("000000000001 00000 000 00000 1110011", NONE, ends_block=True)
def ebreak(m: M[V]) -> None:
    """Nothing: no debugger is attached"""
    m.breakpoint()
