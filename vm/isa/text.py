"""Operands as text, both ways: the listing writes what the assembler reads, from the same syntax string."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from .definition import Operation
from .fields import Field, Format, Kind

ABI_NAMES: tuple[str, ...] = (
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
    "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
)  # fmt: skip
REGISTERS: dict[str, int] = {
    **{name: number for number, name in enumerate(ABI_NAMES)},
    **{f"x{number}": number for number in range(32)},
    "fp": 8,
}

_FENCE_LETTERS = "iorw"

Evaluate = Callable[[str], int]
"""Text of an expression to its value; raises ValueError."""


def operands_text(layout: Format, operands: Sequence[int], pc: int | None = None) -> str:
    """The operands as a listing shows them; targets as addresses where ``pc`` is known, else as ``.+8``."""
    text = _OPTIONAL.sub(
        lambda part: part[1] if operands[_index(layout, part[1])] else "",
        layout.syntax,
    )
    for f, value in zip(layout.fields, operands, strict=True):
        text = text.replace(f"{{{f.name}}}", _operand_text(f, value, pc))
    return text


_OPTIONAL = re.compile(r"\[(.*?)\]")
_NAME = re.compile(r"\{(\w+)\}")


def _index(layout: Format, part: str) -> int:
    found = _NAME.search(part)
    assert found is not None
    return [f.name for f in layout.fields].index(found[1])


def _operand_text(f: Field, value: int, pc: int | None) -> str:
    match f.kind:
        case Kind.REGISTER:
            return ABI_NAMES[value]
        case Kind.UPPER:
            return f"0x{value >> 12 & 0xFFFFF:x}"
        case Kind.TARGET:
            return f".{value:+d}" if pc is None else f"0x{(pc + value) & (1 << 64) - 1:x}"
        case Kind.FENCE:
            letters = [letter for bit, letter in zip((8, 4, 2, 1), _FENCE_LETTERS, strict=True) if value & bit]
            return "".join(letters) or "0"
        case Kind.NUMBER:
            return str(value)


def operation_text(operation: Operation, pc: int | None = None) -> str:
    """One decoded instruction in assembly language; a fused one as its parts, joined by semicolons."""
    if operation.parts:
        texts: list[str] = []
        at = pc
        for part in operation.parts:
            texts.append(operation_text(part, at))
            at = None if at is None else at + part.length
        return "; ".join(texts)
    if operation.written is not None:
        form, operands = operation.written
        return _join(form.mnemonic, operands_text(form.format, operands, pc))
    definition = operation.definition
    return _join(definition.mnemonic, operands_text(definition.format, operation.operands, pc))


def _join(mnemonic: str, operands: str) -> str:
    return f"{mnemonic} {operands}" if operands else mnemonic


@cache
def _pattern(layout: Format) -> re.Pattern[str]:
    pattern = ""
    for piece in re.split(r"(\{\w+\}|\[.*?\]|[(),])", layout.syntax.replace(" ", "")):
        if piece.startswith("["):
            inner = piece[1:-1]
            name = _NAME.search(inner)
            assert name is not None
            pattern += rf"(?:\s*,\s*(?P<{name[1]}>[^,]+?))?"
        elif piece.startswith("{"):
            pattern += rf"(?P<{piece[1:-1]}>[^,]*?)"
        else:
            pattern += rf"\s*{re.escape(piece)}\s*" if piece else ""
    return re.compile(pattern)


def parse_operands(layout: Format, text: str, evaluate: Evaluate, pc: int) -> tuple[int, ...]:
    """The operands that ``text`` names; ``evaluate`` gives the value of expressions (absolute for targets).

    Raises :class:`ValueError` saying what is wrong.
    """
    found = _pattern(layout).fullmatch(text.strip())
    if found is None:
        wanted = layout.syntax.replace("{", "").replace("}", "")
        raise ValueError(f"operands {text.strip()!r} are not of the form {wanted!r}")
    return tuple(_parse_operand(f, found[f.name], evaluate, pc) for f in layout.fields)


def _parse_operand(f: Field, text: str | None, evaluate: Evaluate, pc: int) -> int:
    if text is None:
        return 0
    text = text.strip()
    match f.kind:
        case Kind.REGISTER:
            return parse_register(text)
        case Kind.UPPER:
            upper = evaluate(text)
            top = f.most >> 12
            if upper > top and upper < 0x100000:  # written unsigned, as listings do
                upper -= 0x100000
            return upper << 12
        case Kind.TARGET:
            # addresses wrap at 2^64: a jump back over address 0 is listed as one far ahead
            return (evaluate(text) - pc + (1 << 63)) % (1 << 64) - (1 << 63)
        case Kind.FENCE:
            if text == "0":
                return 0
            if not text or set(text) - set(_FENCE_LETTERS):
                raise ValueError(f"{text!r} is not a set of the letters i, o, r and w")
            return sum(8 >> _FENCE_LETTERS.index(letter) for letter in set(text))
        case Kind.NUMBER:
            return evaluate(text)


def parse_register(text: str) -> int:
    """The number of a register named ``x7`` or ``t2``; raises :class:`ValueError`."""
    number = REGISTERS.get(text)
    if number is None:
        raise ValueError(f"{text!r} is not a register (x0 to x31, or a0, sp, t1 ...)")
    return number
