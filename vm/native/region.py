"""Several blocks of guest code as one piece of machine code.

At the entry of a block its cycles and operations are taken off the counter, ``cycles << 21 | operations`` in one
subtraction. Where that goes below zero the block is left untouched. Everything that can stop an operation is checked
before it, and where a check fails the code is left with the machine as it is before that operation: the step engine
executes it, and finds out what happens.

This is the same for all processors, whose own :class:`Assembler` has the pieces. Of a jump that waits for its target it
keeps the offset of the last 4 bytes, which have the distance.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping

import msgspec

from ..memory import MEMORY_SIZE
from ..translate.blocks import Block
from .checks import Group, checks_within, groups_of
from .template import Template

CHECKS_KEPT = 1 << 12
"""Codes of checks that are kept, of each kind."""


class Exits(msgspec.Struct, frozen=True):
    """Offsets of the code that leaves: each expects the pc in the first of the temporaries."""

    miss: int
    step: int
    budget: int


class Assembler(ABC):
    """Puts blocks together at ``start``, an offset within the code of a program."""

    def __init__(self, start: int, exits: Exits, entries: Mapping[int, int], *, spares_last_byte: bool) -> None:
        self.start = start
        self.exits = exits
        self.known = entries
        self.spares_last_byte = spares_last_byte
        self.code: bytearray = bytearray()
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

    def _leave(self, exit_at: int, pc: int, refund: int = 0) -> None:
        """Leave, with cycles and operations given back."""
        if refund:
            self.code += self._add_to_counter(refund)
        self.code += self._pc_is(pc & (1 << 64) - 1)
        self._jump(exit_at)

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
            self._jump(self._here())
            self._jumps.append((len(self.code) - 4, pc))
        elif pc & 1 or not 0 <= pc < MEMORY_SIZE:
            self._leave(self.exits.miss, pc)
        else:
            self._go_by_table(pc)

    # Blocks

    def _block(self, block: Block[Template], next_pc: int) -> None:
        self.own[block.pc] = self._here()
        total = sum([template.charge for template in block.made])
        if total:
            self.code += self._take_off_counter(total)
            self._cold_exit(self.exits.budget, block.pc, total)
        groups = groups_of(block, spares_last_byte=self.spares_last_byte)
        left = total
        code = self.code
        for index, template in enumerate(block.made):
            if index in groups:
                for base, group in groups[index]:
                    later = checks_within(groups, index, group)
                    self._check(base, group, index, block.pcs[index], left, later=later)
            left -= template.charge
            if template.hole < 0 and not template.ending:  # as most: there is nothing more to it than its code
                code += template.code
            else:
                self._operation(template, block.pcs[index], next_pc)
        if block.leaves:
            self._leave(self.exits.step, block.end)
        elif block.goes_on and block.end != next_pc:
            self._go(block.end)

    def _operation(self, template: Template, pc: int, next_pc: int) -> None:
        at = len(self.code) + template.hole
        self.code += template.code
        if template.hole >= 0:
            self._fill(at, pc + template.hole_offset)
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
        self._jump_if(condition)
        at = len(self.code) - 4
        if target in self.own or (self._branches_far and target in self.known):
            self._jumps.append((at, target))
            return

        def cold() -> None:
            self._patch(at, self._here())
            self._go(target)

        self._cold.append(cold)

    # Checks

    def _check(self, base: int, group: Group, index: int, pc: int, refund: int, *, later: bool) -> None:
        if group.first == index:
            self._check_bounds(base, group, pc, refund)
        if group.store_first == index:
            self._check_pages(base, group, pc, refund, later=later)

    def _check_bounds(self, base: int, group: Group, pc: int, refund: int) -> None:
        self.code += self._bounds(base, group.least, group.end - group.least + group.spares)
        self._cold_exit(self.exits.step, pc, refund)

    def _check_pages(self, base: int, group: Group, pc: int, refund: int, *, later: bool) -> None:
        """Check that the pages of a group's stores may be written and are marked as dirty."""
        pages = 1 if group.store_end - group.store_least == 1 else 2
        code, jumps = self._flags_of_pages(base, group.store_least, group.store_end - 1)
        at = len(self.code)
        self.code += code
        back = self._here()

        def cold() -> None:
            for jump in jumps:
                self._patch(at + jump, self._here())
            self._look_again(pages, back, pc, refund, later=later)

        self._cold.append(cold)

    def _look_again(self, pages: int, back: int, pc: int, refund: int, *, later: bool) -> None:
        """The pages are not just dirty: frozen as well, or not dirty yet, or executable.

        Unless a check follows before the last of the stores, they can be marked here; otherwise a store that is
        never executed would leave its mark, so the step engine is to do it.
        """
        code, leaving = self._flags_again(pages, later=later)
        at = len(self.code)
        self.code += code
        self._jump(back)
        for jump in leaving:
            self._patch(at + jump, self._here())
        self._leave(self.exits.step, pc, refund)

    # What each processor has

    _branches_far = True
    """Whether a conditional jump can reach all of a program's code."""

    @abstractmethod
    def _patch(self, at: int, target: int) -> None:
        """Let the jump whose distance stands at ``at`` of this code go to an offset."""

    @abstractmethod
    def _fill(self, at: int, number: int) -> None:
        """Put a number into a template's hole."""

    @abstractmethod
    def _jump(self, target: int) -> None:
        """Go to an offset. The jump can be patched."""

    @abstractmethod
    def _jump_if(self, condition: int) -> None:
        """A jump on a condition code, to be patched."""

    @abstractmethod
    def _pc_is(self, pc: int) -> bytes:
        """The first temporary = a number, as the exits expect it."""

    @abstractmethod
    def _go_by_table(self, pc: int) -> None:
        """Go on at a pc that has no code yet, through the table, which may have it by then."""

    @abstractmethod
    def _go_indirectly(self) -> None:
        """Go on at the pc in the first temporary, which is even."""

    @abstractmethod
    def _add_to_counter(self, charge: int) -> bytes: ...

    @abstractmethod
    def _take_off_counter(self, charge: int) -> bytes:
        """Take it off, and jump if there was not so much left."""

    @abstractmethod
    def _bounds(self, base: int, least: int, size: int) -> bytes:
        """Jump unless a guest register + ``least`` is the start of ``size`` bytes within the memory."""

    @abstractmethod
    def _flags_of_pages(self, base: int, first: int, last: int) -> tuple[bytes, tuple[int, ...]]:
        """Jump unless the pages of a register + ``first`` and + ``last`` are just dirty; and where the distances stand.

        The pages are found again by :meth:`_flags_again`: temporaries keep where they are.
        """

    @abstractmethod
    def _flags_again(self, pages: int, *, later: bool) -> tuple[bytes, tuple[int, ...]]:
        """Jump unless the pages may be written; mark them as dirty, or if it is for ``later``, jump if they are not."""
