"""What all machines that run the same code share: decoded operations, how often blocks were entered, translations."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from .memory import EXECUTABLE, GUEST_AT, PAGE_SHIFT, Memory
from .version import Isa

if TYPE_CHECKING:
    from .native.space import CodeSpace

PROGRAMS_MAX = 256
"""Programs that are kept; the one that was used the longest ago is dropped."""

Prepared = tuple[Any, tuple[int, ...], int, int]
"""Semantics, operands, bytes, cycles."""

_IS_EXECUTABLE = bytes(1 if flags & EXECUTABLE else 0 for flags in range(256))


class Program:
    """Code: the bytes of executable pages, under one version. Such pages never change."""

    __slots__ = ("blocks", "heat", "isa", "native", "native_refused", "prepared")

    def __init__(self, isa: Isa) -> None:
        self.isa = isa
        self.prepared: dict[int, Prepared] = {}
        self.heat: dict[int, int] = {}
        self.native: CodeSpace | None = None
        self.native_refused = False
        self.blocks: dict[int, Any] = {}


_programs: OrderedDict[tuple[Isa, bytes, bytes], Program] = OrderedDict()


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
        program = _programs[key] = Program(isa)
        if len(_programs) > PROGRAMS_MAX:
            _programs.popitem(last=False)
    else:
        _programs.move_to_end(key)
    return program
