"""The native code of one program: a range of executable memory, and the table that says which pc has an entry."""

from __future__ import annotations

import mmap
from collections.abc import Callable

from ..errors import VmError
from ..isa.definition import Definition, Operation
from ..memory import MEMORY_SIZE
from . import x86
from .emit import Template, template_of
from .layout import BLOCK_CYCLES_MAX, CODE, COUNTER, COUNTER_SAVED, PC, PINNED, STATE, slot
from .pages import PAGE, Reservation
from .record import Untranslatable
from .region import Assembler, Block, Exits, Step
from .x86 import R12, R13, R14, R15, RAX, RBP, RBX, RDI, RDX, RSI, Mem

SIZE = 64 << 20
BLOCK_STEPS_MAX = 128
BATCH_STEPS_MAX = 3000
MISS, STEP, BUDGET = 0, 1, 2
"""Why native code has come back: the pc has no entry, its operation is for the step engine, the cycles are used up."""

_SAVED = (RBX, RBP, R12, R13, R14, R15)
_MemoKey = tuple[Definition, tuple[int, ...], int]
_templates: dict[_MemoKey, Template | None] = {}


def template(operation: Operation) -> Template | None:
    """The code of an operation, made once in a process; ``None`` if it is left to the step engine."""
    key = operation.definition, operation.operands, operation.length
    try:
        return _templates[key]
    except KeyError:
        try:
            made = template_of(operation)
        except Untranslatable:
            made = None
        _templates[key] = made
        return made


def _glue() -> tuple[bytes, Exits, int]:
    """The way in and the ways out, for the start of the code; and the offset of the way in."""
    out = (
        x86.store(Mem(STATE, PC), RAX, 8)
        + x86.store(Mem(STATE, COUNTER_SAVED), COUNTER, 8)
        + b"".join(x86.store(slot(guest), host, 8) for guest, host in PINNED.items())
        + x86.mov32(RAX, RDX)
        + b"".join(x86.pop(register) for register in reversed(_SAVED))
        + x86.RET
    )
    budget = x86.mov_imm(RDX, BUDGET)
    step = x86.mov_imm(RDX, STEP) + x86.jmp(len(budget))
    miss = x86.mov_imm(RDX, MISS) + x86.jmp(len(step) + len(budget))
    enter = (
        b"".join(x86.push(register) for register in _SAVED)
        + x86.mov(STATE, RDI)
        + x86.mov(COUNTER, Mem(STATE, COUNTER_SAVED))
        + b"".join(x86.mov(host, slot(guest)) for guest, host in PINNED.items() if host != RSI)
        + x86.mov(RAX, RSI)
        + b"".join(x86.mov(host, slot(guest)) for guest, host in PINNED.items() if host == RSI)
        + x86.jmp_to(RAX)
    )
    leaving = miss + step + budget + out
    return leaving + enter, Exits(0, len(miss), len(miss) + len(step)), len(leaving)


class CodeSpace:
    """Machine code of one program. Once written it never changes, so that threads may run it while more is added."""

    def __init__(self, *, spares_last_byte: bool) -> None:
        self._spares_last_byte = spares_last_byte
        self._memory = Reservation(SIZE)
        self._table_block = mmap.mmap(-1, 2 * MEMORY_SIZE)
        self._table = memoryview(self._table_block).cast("I")
        glue, self._exits, enter = _glue()
        self._memory.write(0, glue)
        self._end = PAGE
        self.entries: dict[int, int] = {}
        """Host addresses by pc."""
        self._offsets: dict[int, int] = {}
        self._refused: set[int] = set()
        from ctypes import CFUNCTYPE, c_char, c_uint64, c_uint32, addressof

        self.address = self._memory.address
        self.enter: Callable[[int, int], int] = CFUNCTYPE(c_uint32, c_uint64, c_uint64)(self.address + enter)
        self.table_address = addressof(c_char.from_buffer(self._table_block))

    def translate(
        self, pc: int, operation_at: Callable[[int], Operation], wanted: Callable[[int], bool]
    ) -> bool:
        """Translate the block at ``pc`` and those it goes on with that are wanted; says whether it has an entry then."""
        if pc in self._offsets:
            return True
        if pc & 1 or pc in self._refused:
            return False
        blocks: dict[int, Block] = {}
        todo, steps = [pc], 0
        while todo and steps < BATCH_STEPS_MAX:
            head = todo.pop()
            if head in blocks or head in self._offsets or head & 1 or head in self._refused:
                continue
            block, targets = self._block(head, operation_at, blocks)
            if not block.steps:
                self._refused.add(head)
                continue
            blocks[head] = block
            steps += len(block.steps)
            todo += [target for target in targets if wanted(target)]
        if pc not in blocks:
            return False
        assembler = Assembler(self._end, self._exits, self._offsets, spares_last_byte=self._spares_last_byte)
        code = assembler.assemble(blocks.values())
        if self._end + len(code) > SIZE:
            return False
        self._memory.write(self._end, code)
        self._end += -(-len(code) // PAGE) * PAGE
        for head, offset in assembler.own.items():
            self._offsets[head] = offset
            self._table[head >> 1] = offset
            self.entries[head] = self.address + offset
        return True

    def _block(
        self, head: int, operation_at: Callable[[int], Operation], others: dict[int, Block]
    ) -> tuple[Block, list[int]]:
        """The block at a pc, and where it may go on."""
        block = Block(head)
        pc, cycles = head, 0
        while True:
            try:
                operation = operation_at(pc)
            except VmError:  # maybe it is never come to
                block.leaves = True
                return block, []
            made = template(operation)
            if made is None:
                block.leaves = True
                return block, [pc + operation.length]
            cost = operation.definition.cycles
            cycles += cost
            if cycles > BLOCK_CYCLES_MAX:
                return block, [pc]
            block.steps.append(Step(pc, operation.length, cost, made))
            if made.ending not in ("", "never"):
                return block, _targets(block.steps[-1])
            pc += operation.length
            if len(block.steps) >= BLOCK_STEPS_MAX or pc in others or pc in self._offsets:
                return block, [pc]


def _targets(step: Step) -> list[int]:
    """Where an operation that ends a block may go on."""
    made = step.template
    target = made.target + (step.pc if made.relative else 0)
    following = step.pc + step.length
    return [following, target] if made.ending != "indirect" and 0 <= target < MEMORY_SIZE else [following]
