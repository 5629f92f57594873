"""The compressed instructions: each stands for a base instruction of length 2 (``vm-isa`` §5)."""

from __future__ import annotations

from collections.abc import Callable

from .definition import CompressedDefinition, bits_of, mnemonic_of
from .fields import Field, Format, Kind, field, register

Expansion = tuple[str, tuple[int, ...]]

NOP: Expansion = ("addi", (0, 0, 0))
RA, SP = 1, 2

COMPRESSED: list[CompressedDefinition] = []


def _compressed(
    pattern: str,
    *fields: Field,
    syntax: str = "",
    reserved: tuple[str, ...] = (),
    hint: tuple[str, ...] = (),
) -> Callable[[Callable[..., Expansion]], CompressedDefinition]:
    """Decorate the expansion of a 16-bit form."""
    mask, match = bits_of(pattern)
    layout = Format("compressed", fields, syntax or ", ".join(f"{{{f.name}}}" for f in fields))

    def define(expand: Callable[..., Expansion]) -> CompressedDefinition:
        definition = CompressedDefinition(mnemonic_of(expand), layout, expand, reserved, hint, pattern, mask, match)
        COMPRESSED.append(definition)
        return definition

    return define


RD = register("rd", "11:7")
RS1 = register("rs1", "11:7")
RS2 = register("rs2", "6:2")
RD_HIGH = register("rd", "9:7", base=8)
RS1_HIGH = register("rs1", "9:7", base=8)
RD_LOW = register("rd", "4:2", base=8)
RS2_LOW = register("rs2", "4:2", base=8)
IMM6 = field("imm", "12=5 6:2=4:0", signed=True)
SHAMT = field("shamt", "12=5 6:2=4:0")
WORD = field("imm", "12:10=5:3 6=2 5=6")
DOUBLE = field("imm", "12:10=5:3 6:5=7:6")
WORD_SP = field("imm", "12=5 6:4=4:2 3:2=7:6")
DOUBLE_SP = field("imm", "12=5 6:5=4:3 4:2=8:6")
STORE_WORD_SP = field("imm", "12:7=5:2|7:6")
STORE_DOUBLE_SP = field("imm", "12:7=5:3|8:6")
JUMP = field("imm", "12:2=11|4|9:8|10|6|7|3:1|5", Kind.TARGET, signed=True)
BRANCH = field("imm", "12:10=8|4:3 6:2=7:6|2:1|5", Kind.TARGET, signed=True)

# Quadrant 0


@_compressed(
    "000 ........ ... 00",
    RD_LOW,
    field("imm", "12:5=5:4|9:6|2|3"),
    reserved=("imm",),
)
def c_addi4spn(rd: int, imm: int) -> Expansion:
    """rd = sp + imm"""
    return "addi", (rd, SP, imm)


@_compressed("010 ... ... .. ... 00", RD_LOW, RS1_HIGH, WORD, syntax="{rd}, {imm}({rs1})")
def c_lw(rd: int, rs1: int, imm: int) -> Expansion:
    """rd = the 4 bytes at rs1 + imm, sign-extended"""
    return "lw", (rd, rs1, imm)


@_compressed("011 ... ... .. ... 00", RD_LOW, RS1_HIGH, DOUBLE, syntax="{rd}, {imm}({rs1})")
def c_ld(rd: int, rs1: int, imm: int) -> Expansion:
    """rd = the 8 bytes at rs1 + imm"""
    return "ld", (rd, rs1, imm)


@_compressed("110 ... ... .. ... 00", RS2_LOW, RS1_HIGH, WORD, syntax="{rs2}, {imm}({rs1})")
def c_sw(rs2: int, rs1: int, imm: int) -> Expansion:
    """The 4 bytes at rs1 + imm = rs2"""
    return "sw", (rs2, rs1, imm)


@_compressed("111 ... ... .. ... 00", RS2_LOW, RS1_HIGH, DOUBLE, syntax="{rs2}, {imm}({rs1})")
def c_sd(rs2: int, rs1: int, imm: int) -> Expansion:
    """The 8 bytes at rs1 + imm = rs2"""
    return "sd", (rs2, rs1, imm)


# Quadrant 1


@_compressed("000 0 00000 00000 01")
def c_nop() -> Expansion:
    """Nothing"""
    return NOP


@_compressed("000 . ..... ..... 01", RD, IMM6, hint=("rd", "imm"))
def c_addi(rd: int, imm: int) -> Expansion:
    """rd = rd + imm"""
    return "addi", (rd, rd, imm)


@_compressed("001 . ..... ..... 01", RD, IMM6, reserved=("rd",))
def c_addiw(rd: int, imm: int) -> Expansion:
    """rd = rd + imm, as a word"""
    return "addiw", (rd, rd, imm)


@_compressed("010 . ..... ..... 01", RD, IMM6, hint=("rd",))
def c_li(rd: int, imm: int) -> Expansion:
    """rd = imm"""
    return "addi", (rd, 0, imm)


@_compressed(
    "011 . 00010 ..... 01",
    field("imm", "12=9 6:2=4|6|8:7|5", signed=True),
    reserved=("imm",),
)
def c_addi16sp(imm: int) -> Expansion:
    """sp = sp + imm"""
    return "addi", (SP, SP, imm)


@_compressed(
    "011 . ..... ..... 01",
    RD,
    field("imm", "12=17 6:2=16:12", Kind.UPPER, signed=True),
    reserved=("imm",),
    hint=("rd",),
)
def c_lui(rd: int, imm: int) -> Expansion:
    """rd = imm"""
    return "lui", (rd, imm)


@_compressed("100 . 00 ... ..... 01", RD_HIGH, SHAMT)
def c_srli(rd: int, shamt: int) -> Expansion:
    """rd = rd >> shamt, zeros come in; nothing for 0, in every version"""
    return ("srli", (rd, rd, shamt)) if shamt else NOP


@_compressed("100 . 01 ... ..... 01", RD_HIGH, SHAMT)
def c_srai(rd: int, shamt: int) -> Expansion:
    """rd = rd >> shamt, the sign comes in; nothing for 0, in every version"""
    return ("srai", (rd, rd, shamt)) if shamt else NOP


@_compressed("100 . 10 ... ..... 01", RD_HIGH, IMM6)
def c_andi(rd: int, imm: int) -> Expansion:
    """rd = rd and imm"""
    return "andi", (rd, rd, imm)


@_compressed("100 0 11 ... 00 ... 01", RD_HIGH, RS2_LOW)
def c_sub(rd: int, rs2: int) -> Expansion:
    """rd = rd - rs2"""
    return "sub", (rd, rd, rs2)


@_compressed("100 0 11 ... 01 ... 01", RD_HIGH, RS2_LOW)
def c_xor(rd: int, rs2: int) -> Expansion:
    """rd = rd xor rs2"""
    return "xor", (rd, rd, rs2)


@_compressed("100 0 11 ... 10 ... 01", RD_HIGH, RS2_LOW)
def c_or(rd: int, rs2: int) -> Expansion:
    """rd = rd or rs2"""
    return "or", (rd, rd, rs2)


@_compressed("100 0 11 ... 11 ... 01", RD_HIGH, RS2_LOW)
def c_and(rd: int, rs2: int) -> Expansion:
    """rd = rd and rs2"""
    return "and", (rd, rd, rs2)


@_compressed("100 1 11 ... 00 ... 01", RD_HIGH, RS2_LOW)
def c_subw(rd: int, rs2: int) -> Expansion:
    """rd = rd - rs2, as a word"""
    return "subw", (rd, rd, rs2)


@_compressed("100 1 11 ... 01 ... 01", RD_HIGH, RS2_LOW)
def c_addw(rd: int, rs2: int) -> Expansion:
    """rd = rd + rs2, as a word"""
    return "addw", (rd, rd, rs2)


@_compressed("101 ........... 01", JUMP)
def c_j(imm: int) -> Expansion:
    """pc = pc + imm"""
    return "jal", (0, imm)


@_compressed("110 ... ... ..... 01", RS1_HIGH, BRANCH)
def c_beqz(rs1: int, imm: int) -> Expansion:
    """If rs1 = 0: pc = pc + imm"""
    return "beq", (rs1, 0, imm)


@_compressed("111 ... ... ..... 01", RS1_HIGH, BRANCH)
def c_bnez(rs1: int, imm: int) -> Expansion:
    """If rs1 ≠ 0: pc = pc + imm"""
    return "bne", (rs1, 0, imm)


# Quadrant 2


@_compressed("000 . ..... ..... 10", RD, SHAMT, hint=("rd", "shamt"))
def c_slli(rd: int, shamt: int) -> Expansion:
    """rd = rd << shamt"""
    return "slli", (rd, rd, shamt)


@_compressed("010 . ..... ..... 10", RD, WORD_SP, syntax="{rd}, {imm}(sp)", reserved=("rd",))
def c_lwsp(rd: int, imm: int) -> Expansion:
    """rd = the 4 bytes at sp + imm, sign-extended"""
    return "lw", (rd, SP, imm)


@_compressed("011 . ..... ..... 10", RD, DOUBLE_SP, syntax="{rd}, {imm}(sp)", reserved=("rd",))
def c_ldsp(rd: int, imm: int) -> Expansion:
    """rd = the 8 bytes at sp + imm"""
    return "ld", (rd, SP, imm)


@_compressed("100 0 ..... 00000 10", RS1, reserved=("rs1",))
def c_jr(rs1: int) -> Expansion:
    """pc = rs1 with bit 0 cleared"""
    return "jalr", (0, rs1, 0)


@_compressed("100 0 ..... ..... 10", RD, RS2, hint=("rd",))
def c_mv(rd: int, rs2: int) -> Expansion:
    """rd = rs2"""
    return "add", (rd, 0, rs2)  # an add, not an addi: the fusion rules see it


@_compressed("100 1 00000 00000 10")
def c_ebreak() -> Expansion:
    """Nothing: no debugger is attached"""
    return "ebreak", ()


@_compressed("100 1 ..... 00000 10", RS1)
def c_jalr(rs1: int) -> Expansion:
    """ra = the next pc; pc = rs1 with bit 0 cleared"""
    return "jalr", (RA, rs1, 0)


@_compressed("100 1 ..... ..... 10", RD, RS2, hint=("rd",))
def c_add(rd: int, rs2: int) -> Expansion:
    """rd = rd + rs2"""
    return "add", (rd, rd, rs2)


@_compressed("110 ...... ..... 10", RS2, STORE_WORD_SP, syntax="{rs2}, {imm}(sp)")
def c_swsp(rs2: int, imm: int) -> Expansion:
    """The 4 bytes at sp + imm = rs2"""
    return "sw", (rs2, SP, imm)


@_compressed("111 ...... ..... 10", RS2, STORE_DOUBLE_SP, syntax="{rs2}, {imm}(sp)")
def c_sdsp(rs2: int, imm: int) -> Expansion:
    """The 8 bytes at sp + imm = rs2"""
    return "sd", (rs2, SP, imm)
