"""What all machines that run the same code share: decoded operations, how often blocks were entered, translations."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

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

    __slots__ = ("heat", "isa", "key", "prepared", "translations")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.isa = key[0]
        self.prepared: dict[int, Prepared] = {}
        """By pc; only what has been executed."""
        self.heat: dict[int, int] = {}
        """How often a pc was come to that has no translation."""
        self.translations: dict[str, Any] = {}
        """By the names of engines."""


_programs: OrderedDict[Key, Program] = OrderedDict()


def forget_programs() -> None:
    """Drop all decoded and translated code; machines that are running keep theirs."""
    _programs.clear()


def executable_pages(memory: Memory) -> bytes:
    """For each page, whether it can be executed: 1 or 0."""
    return bytes(memory.flags).translate(_IS_EXECUTABLE)


def program_of(memory: Memory, pages: bytes, isa: Isa) -> Program:
    """The program that a memory holds on these pages."""
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
