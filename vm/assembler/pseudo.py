"""Pseudo-instructions: what each of them stands for (RISC-V assembly manual, chapter on pseudoinstructions)."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..isa.text import REGISTERS

_SIMPLE: dict[str, tuple[int, str]] = {
    # name: (operands, expansion)
    "nop": (0, "addi x0, x0, 0"),
    "mv": (2, "addi {0}, {1}, 0"),
    "not": (2, "xori {0}, {1}, -1"),
    "neg": (2, "sub {0}, x0, {1}"),
    "negw": (2, "subw {0}, x0, {1}"),
    "sext.w": (2, "addiw {0}, {1}, 0"),
    "seqz": (2, "sltiu {0}, {1}, 1"),
    "snez": (2, "sltu {0}, x0, {1}"),
    "sltz": (2, "slt {0}, {1}, x0"),
    "sgtz": (2, "slt {0}, x0, {1}"),
    "beqz": (2, "beq {0}, x0, {1}"),
    "bnez": (2, "bne {0}, x0, {1}"),
    "blez": (2, "bge x0, {0}, {1}"),
    "bgez": (2, "bge {0}, x0, {1}"),
    "bltz": (2, "blt {0}, x0, {1}"),
    "bgtz": (2, "blt x0, {0}, {1}"),
    "bgt": (3, "blt {1}, {0}, {2}"),
    "ble": (3, "bge {1}, {0}, {2}"),
    "bgtu": (3, "bltu {1}, {0}, {2}"),
    "bleu": (3, "bgeu {1}, {0}, {2}"),
    "j": (1, "jal x0, {0}"),
    # A linker relaxes these two to a jump where it reaches (1 MiB); the long form through ra fails in version 0,
    # whose jalr takes the link for its base.
    "call": (1, "jal ra, {0}"),
    "tail": (1, "jal x0, {0}"),
    "ret": (0, "jalr x0, 0(ra)"),
}

_SHORT: dict[tuple[str, int], str] = {
    # base instructions with operands left out
    ("jal", 1): "jal ra, {0}",
    ("fence", 0): "fence iorw, iorw",
}


def expand(mnemonic: str, operands: list[str], constant: Callable[[str], int]) -> list[str] | None:
    """The instructions that a pseudo-instruction stands for; ``None`` if ``mnemonic`` is not one.

    ``la`` gives ``%pcrel`` forms that only the assembler itself reads. ``constant`` gives the value of an
    expression known before layout. Raises :class:`ValueError`.
    """
    if mnemonic in _SIMPLE:
        count, template = _SIMPLE[mnemonic]
        _expect(mnemonic, operands, count)
        return [template.format(*operands)]
    if mnemonic in ("jr", "jalr"):
        return [_jump_to_register(mnemonic, operands)]
    if (mnemonic, len(operands)) in _SHORT:
        return [_SHORT[mnemonic, len(operands)].format(*operands)]
    if mnemonic == "li":
        _expect(mnemonic, operands, 2)
        return load_immediate(operands[0], constant(operands[1]))
    if mnemonic == "la":
        _expect(mnemonic, operands, 2)
        rd, symbol = operands
        return [f"auipc {rd}, %pcrel_hi({symbol})", f"addi {rd}, {rd}, %pcrel_lo({symbol})"]
    return None


def _expect(mnemonic: str, operands: list[str], count: int) -> None:
    if len(operands) != count:
        raise ValueError(f"{mnemonic} takes {count} operands, not {len(operands)}")


_OFFSET_AND_REGISTER = re.compile(r".*\(\s*\w+\s*\)")


def _jump_to_register(mnemonic: str, operands: list[str]) -> str:
    """``jr`` and ``jalr`` as GNU's assembler reads them: the place is ``a0``, ``4(a0)`` or ``a0, 4``."""
    link, place = "x0" if mnemonic == "jr" else "ra", operands
    if mnemonic == "jalr" and (len(operands) == 3 or (len(operands) == 2 and _is_place(operands[1]))):
        link, *place = operands
    match place:
        case [one] if _is_place(one):
            return f"jalr {link}, {one if '(' in one else f'0({one})'}"
        case [register, offset] if register in REGISTERS and not _is_place(offset):
            return f"jalr {link}, {offset}({register})"
        case _:
            raise ValueError(f"{mnemonic} goes to a place like a0, 4(a0) or a0, 4; not to {', '.join(place)!r}")


def _is_place(operand: str) -> bool:
    return operand in REGISTERS or _OFFSET_AND_REGISTER.fullmatch(operand) is not None


def load_immediate(rd: str, value: int) -> list[str]:
    """The shortest usual sequence that sets ``rd`` to ``value`` (-2^63 to 2^64 - 1); raises :class:`ValueError`."""
    if not -(1 << 63) <= value < 1 << 64:
        raise ValueError(f"{value} does not fit in 64 bits")
    if value >= 1 << 63:
        value -= 1 << 64
    if -2048 <= value <= 2047:
        return [f"addi {rd}, x0, {value}"]
    low = (value + 0x800 & 0xFFF) - 0x800
    high = value - low
    if -(1 << 31) <= value < 1 << 31:
        upper = [f"lui {rd}, 0x{high >> 12 & 0xFFFFF:x}"]
        return [*upper, f"addiw {rd}, {rd}, {low}"] if low else upper
    shift = (high & -high).bit_length() - 1
    rest = load_immediate(rd, high >> shift)
    return [*rest, f"slli {rd}, {rd}, {shift}", *([f"addi {rd}, {rd}, {low}"] if low else [])]
