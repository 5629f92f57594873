"""From bytes in memory to operations: fetch, decode, fuse (``vm-isa`` §2 and §3, ``vm-mop`` §1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from .errors import InvalidInstruction, VmError
from .isa.definition import Operation
from .isa.fusion import Rule
from .isa.tables import BY_MNEMONIC, RULES_BY_HEAD, find_base, find_compressed
from .version import Isa

Fetch = Callable[[int], int]
"""Address to instruction word: 16 bits (the low two are not 11) or 32; raises a VmError where nothing is to be had."""


@lru_cache(maxsize=1 << 16)
def decode_word(word: int, isa: Isa) -> Operation | None:
    """The operation of one instruction word, unfused; ``None`` where it is not an instruction."""
    if word & 3 == 3:
        definition = find_base(word, isa.version)
        if definition is None or not _enabled(definition.extension, isa):
            return None
        return Operation(definition, definition.format.extract(word), 4)
    return _decode_compressed(word, isa)


def _enabled(extension: str, isa: Isa) -> bool:
    return extension in "IM" or (extension == "B" and isa.b) or (extension == "A" and isa.a)


def _decode_compressed(word: int, isa: Isa) -> Operation | None:
    form = find_compressed(word)
    if form is None:
        return None
    operands = form.format.extract(word)
    if form.is_reserved(operands):
        return None
    mnemonic, expanded = form.expand(*operands)
    if form.is_hint(operands):
        if isa.version == 0:
            return None
        mnemonic, expanded = "addi", (0, 0, 0)
    return Operation(BY_MNEMONIC[isa.version][mnemonic], expanded, 2, written=(form, operands))


def decode(pc: int, fetch: Fetch, isa: Isa) -> Operation:
    """The operation at ``pc``, fused where a rule matches.

    Raises :class:`InvalidInstruction` and whatever ``fetch`` raises for the head. Failures while looking at the
    instructions after it are swallowed: that rule does not match.
    """
    word = fetch(pc)
    head = decode_word(word, isa)
    if head is None:
        raise InvalidInstruction(pc, word)
    if isa.mop:
        for rule in RULES_BY_HEAD[isa.version].get(head.mnemonic, ()):
            fused = _fuse(rule, head, pc, fetch, isa)
            if fused is not None:
                return fused
    return head


def _fuse(rule: Rule, head: Operation, pc: int, fetch: Fetch, isa: Isa) -> Operation | None:
    parts = [head]
    length = head.length
    for mnemonic in rule.sequence[1:]:
        try:
            part = decode_word(fetch(pc + length), isa)
        except VmError:
            return None
        if part is None or part.mnemonic != mnemonic:
            return None
        parts.append(part)
        length += part.length
    operands = rule.condition(isa.version, pc, *(part.operands for part in parts))
    return None if operands is None else Operation(rule.fused, operands, length, parts=tuple(parts))
