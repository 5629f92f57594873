"""The pieces of x86-64 code that blocks are put together from; see :mod:`..region`."""

from __future__ import annotations

from functools import cache, lru_cache

from ...memory import DIRTY, EXECUTABLE, MEMORY_SIZE
from ..layout import CODE, FLAGS, TABLE
from ..region import CHECKS_KEPT, Assembler
from . import x86
from .registers import COUNTER, PINNED, STATE, slot
from .x86 import RAX, RCX, RDX, Mem


class X86Assembler(Assembler):
    """Jumps have their distance, from their end on, in their last 4 bytes."""

    def _patch(self, at: int, target: int) -> None:
        self.code[at : at + 4] = x86.imm32(target - (self.start + at + 4))

    def _fill(self, at: int, number: int) -> None:
        self.code[at : at + 4] = (number & 0xFFFF_FFFF).to_bytes(4, "little")

    def _jump(self, target: int) -> None:
        self.code += x86.jmp(target - self._here() - 5)

    def _jump_if(self, condition: int) -> None:
        self.code += x86.jcc(condition)

    def _pc_is(self, pc: int) -> bytes:
        return x86.mov_imm(RAX, pc)

    def _go_by_table(self, pc: int) -> None:
        self.code += x86.mov_imm(RAX, pc)
        self.code += x86.mov(RCX, Mem(STATE, TABLE))
        self.code += x86.mov32(RCX, Mem(RCX, 2 * pc))
        self.code += x86.alu(x86.ADD, RCX, Mem(STATE, CODE))
        self.code += x86.jmp_to(RCX)

    def _go_indirectly(self) -> None:
        self.code += x86.alu_imm(x86.CMP, RAX, MEMORY_SIZE)
        self.code += x86.jcc(x86.AE, self.exits.miss - self._here() - 6)
        self.code += x86.mov(RCX, Mem(STATE, TABLE))
        self.code += x86.lea(RDX, Mem(RAX, 0, RAX))
        self.code += x86.mov32(RCX, Mem(RCX, 0, RDX))
        self.code += x86.alu(x86.ADD, RCX, Mem(STATE, CODE))
        self.code += x86.jmp_to(RCX)

    def _add_to_counter(self, charge: int) -> bytes:
        return _add_to_counter(charge)

    def _take_off_counter(self, charge: int) -> bytes:
        return _take_off_counter(charge)

    def _bounds(self, base: int, least: int, size: int) -> bytes:
        return _bounds(base, least, MEMORY_SIZE - size)

    def _flags_of_pages(self, base: int, first: int, last: int) -> tuple[bytes, tuple[int, ...]]:
        return _flags_of_pages(base, first, last)

    def _flags_again(self, pages: int, *, later: bool) -> tuple[bytes, tuple[int, ...]]:
        return _flags_again(pages, later)


@lru_cache(maxsize=CHECKS_KEPT)
def _add_to_counter(charge: int) -> bytes:
    return x86.alu_imm(x86.ADD, COUNTER, charge)


@lru_cache(maxsize=CHECKS_KEPT)
def _take_off_counter(charge: int) -> bytes:
    """Take it off, and jump if there was not so much left."""
    return x86.alu_imm(x86.SUB, COUNTER, charge) + x86.jcc(x86.S)


@lru_cache(maxsize=CHECKS_KEPT)
def _bounds(base: int, least: int, limit: int) -> bytes:
    """Jump if a register + ``least`` is above a limit."""
    code = b""
    place = PINNED.get(base, slot(base))
    if least:
        if isinstance(place, int):
            code = x86.lea(RAX, Mem(place, least))
        else:
            code = x86.mov(RAX, place) + x86.alu_imm(x86.ADD, RAX, least)
        place = RAX
    return code + x86.alu_imm(x86.CMP, place, limit) + x86.jcc(x86.A)


@lru_cache(maxsize=CHECKS_KEPT)
def _flags_of_pages(base: int, first: int, last: int) -> tuple[bytes, tuple[int, ...]]:
    """Jump unless the pages of a register + ``first`` and + ``last`` are just dirty; and where the distances stand.

    The numbers of the pages are in rax, and in rcx if there are two.
    """
    code = b""
    pages = [(RAX, first)] if first == last else [(RAX, first), (RCX, last)]
    place = PINNED.get(base, slot(base))
    for register, offset in pages:
        if isinstance(place, int):
            code += x86.lea(register, Mem(place, offset)) if offset else x86.mov32(register, place)
        else:
            code += x86.mov(register, place)
            if offset:
                code += x86.alu_imm(x86.ADD, register, offset)
        code += x86.shift_imm(x86.SHR, register, 12, w=0)
    jumps: list[int] = []
    for register, _ in pages:
        code += x86.cmp_byte(Mem(STATE, FLAGS, register), DIRTY) + x86.jcc(x86.NE)
        jumps.append(len(code) - 4)
    return code, tuple(jumps)


@cache
def _flags_again(pages: int, later: bool) -> tuple[bytes, tuple[int, ...]]:
    """Jump unless the pages may be written; mark them as dirty, or when that is for ``later``, jump if they are not."""
    code = b""
    jumps: list[int] = []
    for register in (RAX, RCX)[:pages]:
        code += x86.extend(RDX, Mem(STATE, FLAGS, register), 8, signed=False)
        code += x86.alu_imm(x86.AND, RDX, EXECUTABLE if not later else EXECUTABLE | DIRTY, w=0)
        code += x86.alu_imm(x86.CMP, RDX, 0 if not later else DIRTY, w=0) + x86.jcc(x86.NE)
        jumps.append(len(code) - 4)
    if not later:
        code += b"".join(x86.or_byte(Mem(STATE, FLAGS, register), DIRTY) for register in (RAX, RCX)[:pages])
    return code, tuple(jumps)
