"""The native code of one program: a range of executable memory, and the table that says which pc has an entry."""

from __future__ import annotations

import atexit
import mmap
from collections.abc import Callable, Iterable
from ctypes import CFUNCTYPE, addressof, c_char, c_uint32, c_uint64
from struct import Struct
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakSet

from ..decoder import Fetch
from ..host_memory import GUARD_SIZE, GUEST_AT, MEMORY_SIZE, PAGE_SIZE
from ..isa.definition import Definition, Operation
from ..memory import Memory
from ..program import Program
from ..tiers import LARGE, STEPS_BITS, STEPS_MASK
from ..translate.blocks import Finder
from ..translate.record import Untranslatable
from . import cache
from .backend import backend
from .layout import POINTER_AT
from .pages import PAGE, ExecutableMemoryRefused, Reservation, protect_none
from .template import Template

if TYPE_CHECKING:
    from ..machine import Machine

SIZE = 64 << 20
"""Bytes of addresses for a program's code. What is not used costs nothing."""
_STATE = Struct("<37Q")
"""32 registers, pc, counter, table, code, reservation: as in :mod:`.layout`."""
BATCH_STEPS_MAX = 3000
KEPT_MIN = 8192
"""Bytes of code that are worth a file."""

_MemoKey = tuple[Definition, tuple[int, ...], int]
_templates: dict[_MemoKey, Template | None] = {}
TEMPLATES_MAX = 1 << 15


def template(operation: Operation) -> Template | None:
    """The code of an operation, made once in a process; ``None`` if it is left to the step engine."""
    key = operation.definition, operation.operands, operation.length
    try:
        return _templates[key]
    except KeyError:
        try:
            made = backend().template_of(operation)
        except Untranslatable:
            made = None
        if len(_templates) >= TEMPLATES_MAX:
            _templates.clear()
        _templates[key] = made
        return made


_spaces: WeakSet[CodeSpace] = WeakSet()


@atexit.register
def keep_code() -> None:
    """Write what was translated to the cache. It is done when the process ends."""
    for space in list(_spaces):
        space.keep()


class View:
    """Where the block of a memory lies."""

    __slots__ = ("_keep", "pointer")

    def __init__(self, memory: Memory) -> None:
        self._keep = c_char.from_buffer(memory.block)
        address = addressof(self._keep)
        self.pointer = address + POINTER_AT
        if not memory.block.guarded:
            for guard in (2 * PAGE_SIZE, GUEST_AT + MEMORY_SIZE):
                _protect_within(address + guard, address + guard + GUARD_SIZE)
            memory.block.guarded = True


def _protect_within(start: int, end: int) -> None:
    """Make all whole pages of the host inaccessible, which may be larger than the guest's."""
    first, last = -(-start // PAGE) * PAGE, end // PAGE * PAGE
    if first < last:
        protect_none(first, last - first)


class CodeSpace:
    """Machine code of one program. Once written it never changes, so that threads may run it while more is added."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._spares_last_byte = program.isa.version == 0
        self._memory = Reservation(SIZE)
        self._table_block = mmap.mmap(-1, 2 * MEMORY_SIZE, access=mmap.ACCESS_COPY)  # a forked process has its own
        self._table = memoryview(self._table_block).cast("I")
        glue, self._exits, enter = backend().glue()
        self._write(0, glue)
        self._end = PAGE
        self._code = bytearray()
        """All but the glue, as it goes to the cache."""
        self._lock = Lock()
        """Held while code is added; nobody who runs code needs it."""
        self._full = False
        """Whether no more can be added: what is not translated by now is left to the step engine."""
        self._kept = 0
        self._asked = False
        self.entries: dict[int, int] = {}
        """Host addresses by pc."""
        self._offsets: dict[int, int] = {}
        self._finder = Finder(program, "native", template, steps_max=BATCH_STEPS_MAX)
        self.address = self._memory.address
        self._enter: Callable[[int, int], int] = CFUNCTYPE(c_uint32, c_uint64, c_uint64)(self.address + enter)
        self.table_address = addressof(c_char.from_buffer(self._table_block))
        _spaces.add(self)
        if len(program.key[2]) >= LARGE:
            self._bring_back()

    # Between processes

    def _bring_back(self) -> None:
        """Take over what another process has kept of this program."""
        self._asked = True
        kept = cache.read(cache.name_of(self._program.key))
        if kept is None:
            return
        code, entries = kept
        limit = self._end + len(code)
        if limit > SIZE or any(pc & 1 or pc >= MEMORY_SIZE or not self._end <= at < limit for pc, at in entries):
            return
        self._add(code, entries)
        self._kept = len(self._code)

    def keep(self) -> None:
        """Write the code to the cache, if there is so much that is new that it is worth it.

        What was executed only now and then is translated for that, so that the next process has all of it.
        """
        if len(self._code) - self._kept < KEPT_MIN or cache.folder() is None:
            return
        operations = self._program.operations
        with self._lock:
            known = -1
            while known < len(self._offsets):  # it is done in batches
                known = len(self._offsets)
                self._translate([*self._program.heat], operations.fetch, self._was_executed)
        self._kept = len(self._code)
        cache.write(cache.name_of(self._program.key), bytes(self._code), list(self._offsets.items()))

    def _was_executed(self, pc: int) -> bool:
        return pc in self._program.runs

    def _add(self, code: bytes, entries: Iterable[tuple[int, int]]) -> None:
        """Add code, if there is room for it and the host lets us."""
        try:
            if self._end + len(code) > SIZE:
                raise ExecutableMemoryRefused(0, "all of it is used")
            self._write(self._end, code)
        except ExecutableMemoryRefused:
            self._full = True  # trying again at every jump would take most of the time
            return
        self._code += code
        self._code += bytes(-len(code) % PAGE)
        self._end += -(-len(code) // PAGE) * PAGE
        for pc, offset in entries:
            self._offsets[pc] = offset
            self._table[pc >> 1] = offset
            self.entries[pc] = self.address + offset

    def _write(self, offset: int, code: bytes) -> None:
        self._memory.write(offset, code)
        backend().written(self._memory.address + offset, len(code))

    # Running

    def view(self, memory: Memory) -> View:
        """The address of a memory's block, which gets its guards."""
        return View(memory)

    def enter(self, machine: Machine, view: View, entry: int, cycles: int) -> int:
        """Run native code, without the interpreter's lock; see :class:`~spawnlab.vm.tiers.Translation`."""
        block = machine.memory.block
        registers = machine.registers
        counter = cycles << STEPS_BITS | STEPS_MASK
        reservation = machine.reservation_address
        _STATE.pack_into(block, 0, *registers, 0, counter, self.table_address, self.address, reservation)
        reason = self._enter(view.pointer, entry)
        state = _STATE.unpack_from(block)
        registers[:] = state[:32]
        machine.set_pc(state[32])
        counter = state[33]
        machine.cycles += cycles - (counter >> STEPS_BITS)
        machine.steps += STEPS_MASK - (counter & STEPS_MASK)
        machine.reservation_address = state[36]
        return reason

    def translate(self, pc: int, fetch: Fetch, wanted: Callable[[int], bool]) -> bool:
        """Translate the block at ``pc`` and those it goes on with that are wanted; says whether it has an entry."""
        with self._lock:
            if not self._asked:
                self._bring_back()
            if pc not in self._offsets:
                self._translate([pc], fetch, wanted)
            return pc in self._offsets

    def _translate(self, heads: list[int], fetch: Fetch, wanted: Callable[[int], bool]) -> None:
        if self._full:
            return
        blocks = self._finder.find(heads, fetch, wanted, self._offsets)
        if not blocks:
            return
        assembler = backend().assembler(self._end, self._exits, self._offsets, spares_last_byte=self._spares_last_byte)
        self._add(assembler.assemble(blocks.values()), assembler.own.items())
