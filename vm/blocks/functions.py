"""Blocks of a program as functions of Python. A function holds blocks that go on with one another, and loops in them.

At the entry of a block its cycles and operations are taken off the counter ``c``; where that goes below zero the block
is left untouched. An access that fails raises, and the line says which operation it was: the function comes back with
the machine as it is before that operation, and the step engine finds out what happens.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from ..decoder import Fetch
from ..errors import VmError
from ..memory import Memory
from ..program import Program
from ..tiers import BUDGET, MISS, STEP, STEPS_BITS, STEPS_MASK
from ..translate.blocks import Block, Finder
from .source import HELPERS, Piece, Writer, piece_of

if TYPE_CHECKING:
    from ..machine import Machine

_Format = Literal["B", "b", "H", "h", "I", "i", "Q"]
FUNCTION_STEPS_MAX = 500
_VIEWS: tuple[tuple[str, _Format, _Format, int], ...] = (
    ("8", "B", "b", 1),
    ("16", "H", "h", 2),
    ("32", "I", "i", 4),
    ("64", "Q", "Q", 8),
)
_Marks = dict[int, tuple[int, int]]
"""For each line of an operation, its pc and what it and those behind it are charged."""
_Function = Callable[..., tuple[int, int, int]]
Entry = tuple[_Function, int]


class View:
    """A memory as numbers of each width: ``l`` for loads, ``s`` signed, ``w`` for stores."""

    __slots__ = ("names",)

    def __init__(self, memory: Memory, *, spares_last_byte: bool) -> None:
        self.names: dict[str, Any] = {"flags": memory.flags, "store": memory.store}
        for bits, code, signed_code, width in _VIEWS:
            loads = memory.data[:-width] if spares_last_byte else memory.data
            self.names[f"l{bits}"] = loads.cast(code)
            self.names[f"s{bits}"] = loads.cast(signed_code)
            self.names[f"w{bits}"] = memory.data.cast(code)


class Functions:
    """The functions of one program."""

    def __init__(self, program: Program) -> None:
        self.entries: dict[int, Entry] = {}
        self._spares_last_byte = program.isa.version == 0
        self._finder = Finder(program, "blocks", piece_of, steps_max=FUNCTION_STEPS_MAX)

    def view(self, memory: Memory) -> View:
        """The memory as functions see it."""
        return View(memory, spares_last_byte=self._spares_last_byte)

    def enter(self, machine: Machine, view: View, entry: Entry, cycles: int) -> int:
        """Call a function; see :class:`~spawnlab.vm.tiers.Translation`."""
        function, block = entry
        counter = cycles << STEPS_BITS | STEPS_MASK
        pc, counter, reason = function(block, counter, machine.registers, load=machine.load, **view.names)
        machine.set_pc(pc)
        machine.cycles += cycles - (counter >> STEPS_BITS)
        machine.steps += STEPS_MASK - (counter & STEPS_MASK)
        return reason

    def translate(self, pc: int, fetch: Fetch, wanted: Callable[[int], bool]) -> bool:
        """See :class:`~spawnlab.vm.tiers.Translation`."""
        if sys.byteorder != "little":
            return False  # views would see numbers the wrong way round
        blocks = self._finder.find([pc], fetch, wanted, self.entries)
        if pc not in blocks:
            return False
        maker = _Maker(blocks, pc)
        function = maker.function()
        for index, chain in enumerate(maker.chains):
            self.entries[chain[0].pc] = function, index
        return True


class _Maker:
    """Makes a function of blocks. A block that only the one before it goes on with is chained to that one."""

    def __init__(self, blocks: dict[int, Block[Piece]], first: int) -> None:
        self._blocks = blocks
        self.chains = self._chain(first)
        self._index = {chain[0].pc: index for index, chain in enumerate(self.chains)}
        self._own = -1
        """The chain that is written, if it is a loop."""
        self._lines: list[str] = []
        self._marks: _Marks = {}

    def _chain(self, first: int) -> list[list[Block[Piece]]]:
        jumped_to = {first}
        for block in self._blocks.values():
            if block.ending in ("jump", "branch"):
                jumped_to.add(block.target)
        into = {block.end for block in self._blocks.values() if _falls_through(block)}
        heads = [pc for pc in self._blocks if pc in jumped_to or pc not in into]
        chains: list[list[Block[Piece]]] = []
        for head in heads:
            chain = [self._blocks[head]]
            while _falls_through(chain[-1]) and chain[-1].end in self._blocks and chain[-1].end not in jumped_to:
                chain.append(self._blocks[chain[-1].end])
            chains.append(chain)
        return chains

    def function(self) -> _Function:
        """Compile it."""
        pieces = [piece for block in self._blocks.values() for piece in block.made]
        written = sorted({register for piece in pieces for register in piece.record.sets})
        used = sorted({register for piece in pieces for register in piece.reads} | set(written))
        views = ", ".join(f"{kind}{bits}" for bits, *_ in _VIEWS for kind in "lsw")
        self._add(0, f"def function(k, c, r, *, load, store, flags, {views}):")
        for register in used:
            self._add(1, f"x{register} = r[{register}]")
        self._add(1, f"e = {MISS}")
        self._add(1, "try:")
        self._add(2, "while True:")
        self._dispatch(3, 0, len(self.chains))
        self._add(1, "except (IndexError, VmError) as error:")
        self._add(2, f"(pc, back), e = marks[error.__traceback__.tb_lineno], {STEP}")
        self._add(2, "c += back")
        for register in written:
            self._add(1, f"r[{register}] = x{register}")
        self._add(1, "return pc, c, e")
        names: dict[str, Any] = {**HELPERS, "VmError": VmError, "marks": self._marks, "index": self._index}
        code = compile("\n".join(self._lines), f"<guest code at 0x{self.chains[0][0].pc:x}>", "exec")
        exec(code, names)  # noqa: S102 - made of numbers and fixed words only
        return names["function"]

    def _add(self, depth: int, line: str) -> None:
        self._lines.append(" " * depth + line)

    def _dispatch(self, depth: int, start: int, end: int) -> None:
        if end - start == 1:
            chain = self.chains[start]
            self._own = start if any(_goes_to(block, chain[0].pc) for block in chain) else -1
            if self._own < 0:
                self._write_chain(depth, chain)
            else:  # a loop of its own, which needs no dispatching
                self._add(depth, "while True:")
                self._write_chain(depth + 1, chain)
                self._add(depth, "if k < 0: break")
            return
        middle = (start + end) // 2
        self._add(depth, f"if k < {middle}:")
        self._dispatch(depth + 1, start, middle)
        self._add(depth, "else:")
        self._dispatch(depth + 1, middle, end)

    def _write_chain(self, depth: int, chain: Iterable[Block[Piece]]) -> None:
        blocks = list(chain)
        for block, following in pairwise([*blocks, None]):
            assert block is not None
            self._write_block(depth, block, following.pc if following is not None else None)

    def _write_block(self, depth: int, block: Block[Piece], chained: int | None) -> None:
        total = sum(piece.charge for piece in block.made)
        self._add(depth, f"c -= {total}")
        self._add(depth, "if c < 0:")
        self._leave(depth + 1, block.pc, f"c += {total}", f"e = {BUDGET}")
        left = total
        for pc, piece in zip(block.pcs, block.made, strict=True):
            writer = Writer(piece, pc)
            for line in writer.write():
                self._add(depth, line)
                self._marks[len(self._lines)] = pc, left
            left -= piece.charge
            if piece.ending == "branch":
                self._add(depth, f"if {writer.condition()}:")
                self._go(depth + 1, block.target)
            elif piece.ending == "jump":
                self._go(depth, block.target)
                return
            elif piece.ending == "indirect":
                self._add(depth, "k = index.get(t)")
                self._add(depth, "if k is None:")
                self._leave(depth + 1, "t")
                self._go_on(depth)
                return
        if block.leaves:
            self._leave(depth, block.end, f"e = {STEP}")
        elif chained is None:
            self._go(depth, block.end)

    def _go(self, depth: int, pc: int) -> None:
        index = self._index.get(pc)
        if index is None:
            self._leave(depth, pc & (1 << 64) - 1)
        else:
            if index == self._own:
                self._add(depth, "continue")
                return
            self._add(depth, f"k = {index}")
            self._go_on(depth)

    def _go_on(self, depth: int) -> None:
        """Dispatch again, by ``k``."""
        self._add(depth, "continue" if self._own < 0 else "break")

    def _leave(self, depth: int, pc: int | str, *statements: str) -> None:
        self._add(depth, "; ".join([f"pc = {pc}", *statements, *(["k = -1"] if self._own >= 0 else []), "break"]))


def _falls_through(block: Block[Piece]) -> bool:
    return block.goes_on or (block.ending == "branch" and not block.leaves)


def _goes_to(block: Block[Piece], pc: int) -> bool:
    return (block.goes_on and block.end == pc) or (block.ending in ("jump", "branch") and block.target == pc)
