"""What all machines that run the same code share: decoded operations, how often blocks were entered, translations."""

from __future__ import annotations

import sys
from array import array
from collections import OrderedDict
from contextlib import suppress
from functools import cache
from typing import Any

from .decoder import Fetch, decode, decode_word
from .errors import MemOutOfBound
from .host_memory import GUEST_AT, PAGE_SHIFT, page_runs
from .isa.definition import Operation
from .isa.fusion import Rule, load_imm
from .isa.tables import RULES_BY_HEAD
from .memory import IS_EXECUTABLE, Memory
from .version import Isa

PROGRAMS_MAX = 1024
"""Programs that are kept; the one that was used the longest ago is dropped."""

Prepared = tuple[Any, tuple[int, ...], int, int, Operation, dict[str, Any]]
"""Semantics, operands, bytes, cycles, the operation that they belong to, and what back-ends have made of it."""

Run = tuple[list[Prepared], int, Prepared, int]
"""Operations that are executed one after the other: all but the last and their cycles, the last and its pc.

All but the last neither know their pc nor jump nor call the system.
"""
RUN_MAX = 127
"""Operations of a run, so that those that overlap don't become many times the code."""

Key = tuple[Isa, bytes, bytes]
"""Version, executable pages, and what they hold one after the other."""


class Program:
    """Code: the bytes of executable pages, under one version. Such pages never change."""

    __slots__ = ("heat", "isa", "key", "operations", "prepared", "runs", "translations", "visits")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.isa, pages, content = key
        start = pages.find(1)
        end = pages.find(0, start)
        whole = start < 0 or end < 0 or pages.find(1, end) < 0
        self.operations = Operations(self.isa, max(start, 0) << PAGE_SHIFT, content if whole else b"")
        self.prepared: dict[int, Prepared] = {}
        """By pc; what has been executed one by one."""
        self.runs: dict[int, Run] = {}
        """By the pc of the first operation; only what has been come to."""
        self.heat: dict[int, int] = {}
        """How often a pc was come to that has no translation."""
        self.visits = 0
        """How often any was, while there was no translation at all."""
        self.translations: dict[str, Any] = {}
        """By the names of engines."""


def prepare(operation: Operation) -> Prepared:
    """An operation as it is executed."""
    definition = operation.definition
    return definition.semantics, operation.operands, operation.length, definition.cycles, operation, {}


class Operations:
    """Decodes code that lies from ``start`` on, with what is known of its words."""

    __slots__ = ("_halves", "_isa", "_limit", "_pairs", "_start", "_words")

    def __init__(self, isa: Isa, start: int, text: bytes) -> None:
        self._isa = isa
        self._start = start
        self._halves = array("H", text)
        if sys.byteorder != "little":
            self._halves.byteswap()
        self._limit = len(text) - LONGEST
        self._words, self._pairs = _words.setdefault(isa, ({}, {}))

    def at(self, pc: int, fetch: Fetch) -> Prepared:
        """The operation at ``pc``; raises as :func:`~spawnlab.vm.decoder.decode` does."""
        at = pc - self._start
        if 0 <= at < self._limit and not at & 1:  # as decode does it, but quickly
            halves = self._halves
            word = halves[at >> 1]
            if word & 3 == 3:
                word |= halves[(at >> 1) + 1] << 16
            head, rules, _, _ = self._words.get(word) or self._learn(word)
            if head is not None:
                return head if rules is None else self._fused(head, self._word(at + head[2]), rules, at)
        return prepare(decode(pc, fetch, self._isa))

    def run_from(self, pc: int, fetch: Fetch) -> Run:
        """The operations from ``pc`` on up to one that ends a block; raises as :meth:`at` does for the first."""
        found = self.at(pc, fetch)
        start, limit, halves, words = self._start, self._limit, self._halves, self._words
        at = pc - start
        ends, cycles = found[4].definition.ends_block or not 0 <= at < limit or at & 1, 0
        body: list[Prepared] = []
        ahead: Word | None = None
        while not ends and len(body) < RUN_MAX:
            following = at + found[2]
            if following >= limit:
                break
            if ahead is None:
                word = halves[following >> 1]
                if word & 3 == 3:
                    word |= halves[(following >> 1) + 1] << 16
                ahead = words.get(word) or self._learn(word)
            head, rules, _, ends = ahead
            ahead = None
            if head is None:
                break
            body.append(found)
            cycles += found[3]
            at, found = following, head
            if rules is not None:
                behind = (at + head[2]) >> 1
                word = halves[behind]
                if word & 3 == 3:
                    word |= halves[behind + 1] << 16
                ahead = words.get(word) or self._learn(word)
                if ahead[2] in rules:
                    found = self._fused(head, ahead, rules, at)
                    if found is not head:
                        ends, ahead = found[4].definition.ends_block, None
        return body, cycles, found, start + at

    def fetch(self, pc: int) -> int:
        """As :meth:`~spawnlab.vm.memory.Memory.fetch`, for code that is in one piece."""
        at, end = pc - self._start, 2 * len(self._halves)
        if 0 <= at < end and not at & 1:
            word = self._halves[at >> 1]
            if word & 3 != 3:
                return word  # also as the last 2 bytes: it may be the end of a fused operation
            if at + 4 <= end:
                return word | self._halves[(at >> 1) + 1] << 16
        raise MemOutOfBound(f"pc 0x{pc:x} is not in the code")

    def _fused(self, head: Prepared, second: Word, rules: Rules, at: int) -> Prepared:
        """A head with what follows it, if that makes a fused operation, or else the head."""
        known, _, mnemonic, _ = second
        if known is None or mnemonic not in rules:
            return head
        third = ""
        for rule in rules[mnemonic]:
            if len(rule.sequence) > 2:
                third = third or self._word(at + head[2] + known[2])[2]
                if rule.sequence[2] != third:
                    continue
            if len(rule.sequence) > 2 or rule.fused.ends_block or rule.fused is load_imm:  # it may know its pc
                fused = self._fuse(rule, head[4], known[4], at)
            else:
                pair = id(head), id(known)
                found = self._pairs.get(pair)
                if found is None:  # it keeps both, so that no others can have their ids
                    found = self._pairs[pair] = self._fuse(rule, head[4], known[4], at), head, known
                fused = found[0]
            if fused is not None:
                return fused
        return head

    def _word(self, at: int) -> Word:
        word = self._halves[at >> 1]
        if word & 3 == 3:
            word |= self._halves[(at >> 1) + 1] << 16
        return self._words.get(word) or self._learn(word)

    def _learn(self, word: int) -> Word:
        operation = decode_word(word, self._isa)
        known: Word = None, None, "none", True
        if operation is not None:
            definition = operation.definition
            rules = _rules(self._isa.version, definition.mnemonic) if self._isa.mop else None
            known = prepare(operation), rules, definition.mnemonic, definition.ends_block
        if len(self._words) >= WORDS_MAX:
            self._words.clear()
            self._pairs.clear()
        self._words[word] = known
        return known

    def _fuse(self, rule: Rule, head: Operation, second: Operation, at: int) -> Prepared | None:
        """As the decoder does it, on words that are known."""
        parts = [head, second]
        length = head.length + second.length
        for mnemonic in rule.sequence[2:]:
            known, _, found, _ = self._word(at + length)
            if known is None or found != mnemonic:
                return None
            parts.append(known[4])
            length += known[2]
        operands = rule.condition(self._isa.version, at + self._start, *[part.operands for part in parts])
        return None if operands is None else prepare(Operation(rule.fused, operands, length, parts=tuple(parts)))


Rules = dict[str, tuple[Rule, ...]]
"""The rules of fusion that an operation may be the head of, by the mnemonic of what comes second."""

Word = tuple[Prepared | None, Rules | None, str, bool]
"""A word's operation, if it has one, its rules, its mnemonic, and whether it ends a block."""

Pair = tuple[Prepared | None, Prepared, Prepared]
"""What two words are fused to, and the two."""

WORDS_MAX = 1 << 15
LONGEST = 4 * max(len(rule.sequence) for rules in RULES_BY_HEAD for some in rules.values() for rule in some)
"""Bytes that the longest fused operation takes."""
_words: dict[Isa, tuple[dict[int, Word], dict[tuple[int, int], Pair]]] = {}
"""What is known of words, and of pairs of them that a rule of two makes one operation, wherever they are."""


@cache
def _rules(version: int, head: str) -> Rules | None:
    """The rules of a head, in the order in which they are tried."""
    by_second: Rules = {}
    for rule in RULES_BY_HEAD[version].get(head, ()):
        by_second[rule.sequence[1]] = (*by_second.get(rule.sequence[1], ()), rule)
    return by_second or None


_programs: OrderedDict[Key, Program] = OrderedDict()
_aliases: OrderedDict[Key, Program] = OrderedDict()
"""The same programs by the files that they came from."""


def forget_programs() -> None:
    """Drop all decoded and translated code; machines that are running keep theirs."""
    for program in [*_programs.values(), *_aliases.values()]:
        program.translations.clear()
    _programs.clear()
    _aliases.clear()


def executable_pages(memory: Memory) -> bytes:
    """For each page, whether it can be executed: 1 or 0."""
    return bytes(memory.flags).translate(IS_EXECUTABLE)


def program_of(memory: Memory, pages: bytes, isa: Isa) -> Program:
    """The program that a memory holds on these pages."""
    image = memory.image
    if image is None:
        return _program_of_pages(memory, pages, isa)
    alias = isa, pages, image  # its hash is known to an object of bytes once it was asked for
    program = _aliases.get(alias)
    if program is None:
        program = _program_of_pages(memory, pages, isa)
        _keep(_aliases, alias, program)
    return program


def _program_of_pages(memory: Memory, pages: bytes, isa: Isa) -> Program:
    parts = [
        memory.block[(start << PAGE_SHIFT) + GUEST_AT : (end << PAGE_SHIFT) + GUEST_AT]
        for start, end in page_runs(pages)
    ]
    key = isa, pages, b"".join(parts)
    program = _programs.get(key)
    if program is None:
        program = Program(key)
    _keep(_programs, key, program)
    return program


def _keep(kept: OrderedDict[Key, Program], key: Key, program: Program) -> None:
    """Note that a program is used. Another thread may drop programs meanwhile, also this one."""
    kept[key] = program
    with suppress(KeyError):
        kept.move_to_end(key)
        if len(kept) > PROGRAMS_MAX:
            _, dropped = kept.popitem(last=False)
            if _programs.get(dropped.key) is not dropped:  # else other files hold the same code
                dropped.translations.clear()  # they know the program: it would take the garbage collector to free them
