"""What all machines that run the same code share: decoded operations, how often blocks were entered, translations."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from .decoder import Fetch, decode, decode_word
from .errors import MemOutOfBound
from .isa.definition import Operation
from .isa.tables import RULES_BY_HEAD
from .memory import EXECUTABLE, GUEST_AT, PAGE_SHIFT, Memory
from .version import Isa

PROGRAMS_MAX = 256
"""Programs that are kept; the one that was used the longest ago is dropped."""

Prepared = tuple[Any, tuple[int, ...], int, int]
"""Semantics, operands, bytes, cycles."""

Key = tuple[Isa, bytes, bytes]
"""Version, executable pages, and what they hold one after the other."""

_IS_EXECUTABLE = bytes(1 if flags & EXECUTABLE else 0 for flags in range(256))


class Program:
    """Code: the bytes of executable pages, under one version. Such pages never change."""

    __slots__ = ("heat", "isa", "key", "operations", "prepared", "translations")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.isa, pages, content = key
        start = pages.find(1)
        end = pages.find(0, start)
        whole = start < 0 or end < 0 or pages.find(1, end) < 0
        self.operations = Operations(self.isa, max(start, 0) << PAGE_SHIFT, content if whole else b"")
        self.prepared: dict[int, Prepared] = {}
        """By pc; only what has been executed."""
        self.heat: dict[int, int] = {}
        """How often a pc was come to that has no translation."""
        self.translations: dict[str, Any] = {}
        """By the names of engines."""


class Operations:
    """The operations of code that lies from ``start`` on, decoded once each."""

    __slots__ = ("_isa", "_known", "_start", "_text", "_words")

    def __init__(self, isa: Isa, start: int, text: bytes) -> None:
        self._isa = isa
        self._start = start
        self._text = text
        self._words = _words.setdefault(isa, {})
        self._known: dict[int, Operation] = {}

    def at(self, pc: int, fetch: Fetch) -> Operation:
        """The operation at ``pc``; raises as :func:`~spawnlab.vm.decoder.decode` does."""
        operation = self._known.get(pc)
        if operation is None:
            operation = self._plain(pc) or decode(pc, fetch, self._isa)
            self._known[pc] = operation
        return operation

    def fetch(self, pc: int) -> int:
        """As :meth:`~spawnlab.vm.memory.Memory.fetch`, for code that is in one piece."""
        at = pc - self._start
        if not 0 <= at <= len(self._text) - 4:
            raise MemOutOfBound(f"pc 0x{pc:x} is not in the code")
        word = int.from_bytes(self._text[at : at + 4], "little")
        return word if word & 3 == 3 else word & 0xFFFF

    def _plain(self, pc: int) -> Operation | None:
        """An operation that is certainly not fused, by a short way; ``None`` for all others."""
        at = pc - self._start
        if not 0 <= at < len(self._text) - 8:
            return None
        head = self._word(at)
        if head is None or not self._isa.mop:
            return head
        seconds = SECONDS[self._isa.version].get(head.definition.mnemonic)
        if seconds is None:
            return head
        following = self._word(at + head.length)
        return head if following is not None and following.definition.mnemonic not in seconds else None

    def _word(self, at: int) -> Operation | None:
        text = self._text
        word = text[at] | text[at + 1] << 8
        if word & 3 == 3:
            word |= text[at + 2] << 16 | text[at + 3] << 24
        try:
            return self._words[word]
        except KeyError:
            operation = self._words[word] = decode_word(word, self._isa)
            return operation


_words: dict[Isa, dict[int, Operation | None]] = {}
SECONDS = tuple(
    {head: frozenset(rule.sequence[1] for rule in rules) for head, rules in heads.items()} for heads in RULES_BY_HEAD
)
"""By version and mnemonic: what comes second in a sequence that may be fused."""
_programs: OrderedDict[Key, Program] = OrderedDict()
_aliases: OrderedDict[Key, Program] = OrderedDict()
"""The same programs by the files that they came from."""


def forget_programs() -> None:
    """Drop all decoded and translated code; machines that are running keep theirs."""
    _programs.clear()
    _aliases.clear()


def executable_pages(memory: Memory) -> bytes:
    """For each page, whether it can be executed: 1 or 0."""
    return bytes(memory.flags).translate(_IS_EXECUTABLE)


def program_of(memory: Memory, pages: bytes, isa: Isa) -> Program:
    """The program that a memory holds on these pages."""
    image = memory.image
    if image is None:
        return _program_of_pages(memory, pages, isa)
    alias = isa, pages, image  # its hash is known to an object of bytes once it was asked for
    program = _aliases.get(alias)
    if program is None:
        program = _aliases[alias] = _program_of_pages(memory, pages, isa)
        if len(_aliases) > PROGRAMS_MAX:
            _aliases.popitem(last=False)
    return program


def _program_of_pages(memory: Memory, pages: bytes, isa: Isa) -> Program:
    parts: list[bytes] = []
    start = pages.find(1)
    while start >= 0:
        end = pages.find(0, start)
        end = len(pages) if end < 0 else end
        parts.append(memory.block[(start << PAGE_SHIFT) + GUEST_AT : (end << PAGE_SHIFT) + GUEST_AT])
        start = pages.find(1, end)
    key = isa, pages, b"".join(parts)
    program = _programs.get(key)
    if program is None:
        program = _programs[key] = Program(key)
        if len(_programs) > PROGRAMS_MAX:
            _programs.popitem(last=False)
    else:
        _programs.move_to_end(key)
    return program
