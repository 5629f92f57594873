"""The words of a stream: instructions in all their encodings, and words that are hardly instructions."""

from __future__ import annotations

from contextlib import suppress

from spawnlab.vm.errors import EncodingError
from spawnlab.vm.isa.definition import CompressedDefinition
from spawnlab.vm.isa.tables import BASE, BY_MNEMONIC, COMPRESSED, encode_compressed

from .stream_values import Numbers

Instruction = tuple[str, tuple[int, ...]]
"""Mnemonic and operands of a base instruction."""


def known_bytes(word: int) -> bytes:
    """An instruction word in memory order: 2 bytes where the low two bits are not 11, else 4."""
    return word.to_bytes(4 if word & 3 == 3 else 2, "little")


def _forms_by_mnemonic() -> dict[str, list[CompressedDefinition]]:
    forms: dict[str, list[CompressedDefinition]] = {}
    for form in COMPRESSED:
        mnemonic, _ = form.expand(*(f.base + f.step for f in form.format.fields))
        forms.setdefault(mnemonic, []).append(form)
    return forms


_FORMS = _forms_by_mnemonic()


def shortened(instruction: Instruction) -> list[int]:
    """All 16-bit words that stand for a base instruction."""
    mnemonic, operands = instruction
    names = {f.name: value for f, value in zip(BY_MNEMONIC[2][mnemonic].format.fields, operands, strict=True)}
    words: list[int] = []
    for form in _FORMS.get(mnemonic, ()):
        values = tuple(names[f.name] for f in form.format.fields)
        if form.expand(*values) == instruction and not form.is_hint(values):
            with suppress(EncodingError):
                words.append(encode_compressed(form, values))
    return words


RESERVED = (
    *(0x0000100F | bit << 7 for bit in (1, 1 << 8, 1 << 13)),  # fence.i with operands
    *(0x0000000F | bit << 7 for bit in (1, 1 << 8, 2 << 5)),  # fence with operands or another function
    *(0x00000073 | number << 20 for number in (2, 0x102, 0x105, 0x302, 0xC00)),  # uret, sret, wfi, mret, cycle
    *(0x00000073 | bit << 7 for bit in (1, 1 << 5, 1 << 8)),  # ecall with operands; csrrw
    *(0x0000101B | 1 << 25, 0x0000501B | 1 << 25, 0x4000501B | 1 << 25),  # slliw, srliw, sraiw by more than 31
    *(0x00002063, 0x00003063, 0x00001067, 0x00007003, 0x00004023),  # no such branch, jump, load, store
    *(0x0200103B, 0x0200203B, 0x0200303B, 0x0800C03B | 1 << 20),  # no such mulw; zext.h with an operand
    *(0xFFFFFFFF, 0x0000001F, 0x0000007F, 0x00000013 | 0x7 << 25),  # longer instructions; nop is spared
    *(0x1010A02F, 0x1800A02F, 0x0000902F),  # lr.w with an operand; sc.w; no such atomic width
)
RESERVED_SHORT = (
    *(0x0000, 0x0004, 0x2001, 0x6001, 0x6101, 0x8002),
    *(0x4002, 0x6002, 0x9C41, 0x9C61, 0x2000, 0xA000, 0x2002),
)


def strange(numbers: Numbers) -> bytes:
    """A word that is no instruction, or hardly one."""
    random = numbers.random
    kind = random.choice(("short", "long", "flip", "flip short", "opcode", "reserved", "reserved short"))
    if kind == "short":
        return known_bytes(random.randrange(1 << 14) << 2 | random.randrange(3))
    if kind == "long":
        return known_bytes(random.getrandbits(30) << 2 | 3)
    if kind == "flip":
        d = random.choice(BASE)
        word = d.encode(*map(numbers.operand, d.format.fields))
        return known_bytes(word ^ 1 << random.randrange(2, 32))
    if kind == "flip short":
        form = random.choice(COMPRESSED)
        word = form.encode(*map(numbers.operand, form.format.fields))
        return known_bytes(word ^ 1 << random.randrange(2, 16))
    if kind == "opcode":
        return known_bytes(random.getrandbits(25) << 7 | random.choice(BASE).match & 0x7F)
    if kind == "reserved":
        return known_bytes(random.choice(RESERVED))
    return known_bytes(random.choice(RESERVED_SHORT))
