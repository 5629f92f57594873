"""Several blocks of guest code as one piece of machine code.

At the entry of a block its cycles and operations are taken off the counter, ``cycles << 21 | operations`` in one
subtraction. Where that goes below zero the block is left untouched. Everything that can stop an operation is checked
before it, and where a check fails the code is left with the machine as it is before that operation: the step engine
executes it, and finds out what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from ..memory import DIRTY, EXECUTABLE, MEMORY_SIZE
from ..translate.blocks import Block
from ..translate.record import Access
from . import x86
from .emit import Template
from .layout import CODE, COUNTER, FLAGS, PINNED, STATE, TABLE, slot
from .x86 import RAX, RCX, RDX, Mem

CHECKS_KEPT = 1 << 12
"""Codes of checks that are kept, of each kind."""
GROUP_MAX = 4096
"""Bytes that the accesses of one check may span, so that they are on two pages at the most."""


@dataclass(frozen=True, slots=True)
class Exits:
    """Offsets of the code that leaves: each expects the pc in rax."""

    miss: int
    step: int
    budget: int


@dataclass(slots=True)
class _Group:
    """Accesses through one register while it does not change: one check for all, before the first."""

    first: int
    least: int
    end: int
    store_first: int = -1
    store_least: int = 0
    store_end: int = 0
    store_last: int = -1
    spares: bool = False


class Assembler:
    """Puts blocks together at ``start``, an offset within the code of a program."""

    def __init__(self, start: int, exits: Exits, entries: Mapping[int, int], *, spares_last_byte: bool) -> None:
        self.start = start
        self.exits = exits
        self.known = entries
        self.spares_last_byte = spares_last_byte
        self.code = bytearray()
        self.own: dict[int, int] = {}
        """Entries of these blocks: pc to offset."""
        self._jumps: list[tuple[int, int]] = []
        """Where a jump's distance stands, and the pc that it goes to."""
        self._cold: list[Callable[[], None]] = []

    def assemble(self, blocks: Iterable[Block[Template]]) -> bytes:
        """The code of the blocks."""
        ordered = sorted(blocks, key=lambda block: block.pc)
        self.own = {block.pc: -1 for block in ordered}
        for block, following in zip(ordered, [*ordered[1:], None], strict=True):
            self._block(block, following.pc if following is not None else -1)
        for cold in self._cold:
            cold()
        for at, pc in self._jumps:
            target = self.own.get(pc)
            offset = self.known[pc] if target is None else target
            self._patch(at, offset)
        return bytes(self.code)

    # Pieces

    def _here(self) -> int:
        return self.start + len(self.code)

    def _patch(self, at: int, target: int) -> None:
        """Let the jump whose distance stands at ``at`` of this code go to an offset."""
        self.code[at : at + 4] = x86.imm32(target - (self.start + at + 4))

    def _leave(self, exit_at: int, pc: int, refund: int = 0) -> None:
        """Leave, with cycles and operations given back."""
        code = _add_to_counter(refund) if refund else b""
        code += x86.mov_imm(RAX, pc & (1 << 64) - 1)
        self.code += code + x86.jmp(exit_at - self._here() - len(code) - 5)

    def _cold_exit(self, exit_at: int, pc: int, refund: int) -> None:
        """Let the jump that was just made go to code that leaves."""
        at = len(self.code) - 4

        def cold() -> None:
            self._patch(at, self._here())
            self._leave(exit_at, pc, refund)

        self._cold.append(cold)

    def _go(self, pc: int) -> None:
        """Go on at a pc."""
        if pc in self.own or pc in self.known:
            self.code += x86.jmp()
            self._jumps.append((len(self.code) - 4, pc))
        elif pc & 1 or not 0 <= pc < MEMORY_SIZE:
            self._leave(self.exits.miss, pc)
        else:  # through the table, which may have it by then
            self.code += x86.mov_imm(RAX, pc)
            self.code += x86.mov(RCX, Mem(STATE, TABLE))
            self.code += x86.mov32(RCX, Mem(RCX, 2 * pc))
            self.code += x86.alu(x86.ADD, RCX, Mem(STATE, CODE))
            self.code += x86.jmp_to(RCX)

    def _go_indirectly(self) -> None:
        """Go on at the pc in rax, which is even."""
        self.code += x86.alu_imm(x86.CMP, RAX, MEMORY_SIZE)
        self.code += x86.jcc(x86.AE, self.exits.miss - self._here() - 6)
        self.code += x86.mov(RCX, Mem(STATE, TABLE))
        self.code += x86.lea(RDX, Mem(RAX, 0, RAX))
        self.code += x86.mov32(RCX, Mem(RCX, 0, RDX))
        self.code += x86.alu(x86.ADD, RCX, Mem(STATE, CODE))
        self.code += x86.jmp_to(RCX)

    # Blocks

    def _block(self, block: Block[Template], next_pc: int) -> None:
        self.own[block.pc] = self._here()
        total = sum([template.charge for template in block.made])
        if total:
            self.code += _take_off_counter(total)
            self._cold_exit(self.exits.budget, block.pc, total)
        groups = _groups(block, spares_last_byte=self.spares_last_byte)
        left = total
        code = self.code
        for index, template in enumerate(block.made):
            if index in groups:
                for base, group in groups[index]:
                    later = _checks_within(groups, index, group)
                    self._check(base, group, index, block.pcs[index], left, later=later)
            left -= template.charge
            if template.is_plain:
                code += template.code
            else:
                self._operation(template, block.pcs[index], next_pc)
        if block.leaves:
            self._leave(self.exits.step, block.end)
        elif block.goes_on and block.end != next_pc:
            self._go(block.end)

    def _operation(self, template: Template, pc: int, next_pc: int) -> None:
        if template.hole >= 0:
            at = len(self.code) + template.hole
            self.code += template.code
            self.code[at : at + 4] = (pc + template.hole_offset & 0xFFFF_FFFF).to_bytes(4, "little")
        else:
            self.code += template.code
        if template.ending in ("", "never"):
            return
        target = template.target + (pc if template.relative else 0)
        following = pc + template.length
        if template.ending == "indirect":
            self._go_indirectly()
        elif template.ending == "jump":
            if target != next_pc:
                self._go(target)
        else:
            self._branch(template.condition, target)
            if following != next_pc:
                self._go(following)

    def _branch(self, condition: int, target: int) -> None:
        self.code += x86.jcc(condition)
        at = len(self.code) - 4
        if target in self.own or target in self.known:
            self._jumps.append((at, target))
            return

        def cold() -> None:
            self._patch(at, self._here())
            self._go(target)

        self._cold.append(cold)

    # Checks

    def _check(self, base: int, group: _Group, index: int, pc: int, refund: int, *, later: bool) -> None:
        if group.first == index:
            self._check_bounds(base, group, pc, refund)
        if group.store_first == index:
            self._check_pages(base, group, pc, refund, later=later)

    def _check_bounds(self, base: int, group: _Group, pc: int, refund: int) -> None:
        self.code += _bounds(base, group.least, MEMORY_SIZE - (group.end - group.least) - group.spares)
        self._cold_exit(self.exits.step, pc, refund)

    def _check_pages(self, base: int, group: _Group, pc: int, refund: int, *, later: bool) -> None:
        """Check that the pages of a group's stores may be written and are marked as dirty."""
        registers = [RAX] if group.store_end - group.store_least == 1 else [RAX, RCX]
        code, jumps = _flags_of_pages(base, group.store_least, group.store_end - 1)
        at = len(self.code)
        self.code += code
        back = self._here()

        def cold() -> None:
            for jump in jumps:
                self._patch(at + jump, self._here())
            self._look_again(registers, back, pc, refund, later=later)

        self._cold.append(cold)

    def _look_again(self, registers: list[int], back: int, pc: int, refund: int, *, later: bool) -> None:
        """The pages are not just dirty: frozen as well, or not dirty yet, or executable.

        Unless a check follows before the last of the stores, they can be marked here; otherwise a store that is
        never executed would leave its mark, so the step engine is to do it.
        """
        code, leaving = _flags_again(len(registers), later)
        at = len(self.code)
        self.code += code
        self.code += x86.jmp(back - self._here() - 5)
        for jump in leaving:
            self._patch(at + jump, self._here())
        self._leave(self.exits.step, pc, refund)


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


def _groups(block: Block[Template], *, spares_last_byte: bool) -> dict[int, list[tuple[int, _Group]]]:
    """The checks of a block: by the index of the operation that they stand before, with the register."""
    found: dict[int, list[tuple[int, _Group]]] = {}
    current: dict[int, _Group] = {}
    for index, template in enumerate(block.made):
        if not (template.accesses or current):
            continue
        for access in template.accesses:
            group = current.get(access.base)
            if group is None or not _extend(group, access, index):
                group = current[access.base] = _Group(index, access.offset, access.offset + access.width)
                _extend(group, access, index)
                found.setdefault(index, []).append((access.base, group))
            elif group.store_first == index and group.first != index:
                found.setdefault(index, []).append((access.base, group))
            group.spares |= spares_last_byte and access.spares_last_byte
        for register in template.writes:
            current.pop(register, None)
    return found


def _extend(group: _Group, access: Access, index: int) -> bool:
    """Take an access into a group, if it fits."""
    least, end = min(group.least, access.offset), max(group.end, access.offset + access.width)
    if end - least > GROUP_MAX:
        return False
    group.least, group.end = least, end
    if access.is_store:
        if group.store_first < 0:
            group.store_first, group.store_least, group.store_end = index, access.offset, access.offset + access.width
        else:
            group.store_least = min(group.store_least, access.offset)
            group.store_end = max(group.store_end, access.offset + access.width)
        group.store_last = index
    return True


def _checks_within(groups: Mapping[int, list[tuple[int, _Group]]], index: int, group: _Group) -> bool:
    """Whether another check may fail after this one and before the last of the group's stores."""
    last = group.store_last
    for at in range(index, last + 1):
        for _, other in groups.get(at, ()):
            if other is not group and (other.first >= index or other.store_first >= index):
                return True
    return False
