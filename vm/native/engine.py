"""Running a machine by native code, and by the step engine wherever that has none."""

from __future__ import annotations

from ctypes import addressof, c_char
from struct import Struct
from typing import TYPE_CHECKING

from ..errors import Pause
from ..memory import GUARD_SIZE, GUEST_AT, MEMORY_SIZE, PAGE_SIZE, Memory
from ..program import Program, executable_pages, program_of
from .layout import CYCLES_PER_SLICE, POINTER_AT, STEPS_BITS, STEPS_MASK
from .pages import protect_none
from .space import BUDGET, STEP, CodeSpace

if TYPE_CHECKING:
    from ..machine import Machine

_STATE = Struct("<37Q")
"""32 registers, pc, counter, table, code, reservation: as in :mod:`.layout`."""


class Context:
    """What native code needs of one memory: its address, and the program that it holds."""

    __slots__ = ("_keep", "memory", "pages", "pointer", "program")

    def __init__(self, memory: Memory, program: Program, pages: bytes) -> None:
        self.memory = memory
        self.pages = pages
        self.program = program
        self._keep = c_char.from_buffer(memory.block)
        address = addressof(self._keep)
        self.pointer = address + POINTER_AT
        protect_none(address + 2 * PAGE_SIZE, GUARD_SIZE)
        protect_none(address + GUEST_AT + MEMORY_SIZE, GUARD_SIZE)


def attach(machine: Machine) -> Context:
    """The machine's context, made anew where its memory or code is another one by now."""
    memory = machine.memory
    pages = executable_pages(memory)
    context: Context | None = machine.context
    if context is None or context.memory is not memory:
        context = machine.context = Context(memory, program_of(memory, pages, machine.isa), pages)
    elif context.pages != pages:
        context.program, context.pages = program_of(memory, pages, machine.isa), pages
    program = context.program
    machine.share_prepared(program.prepared)
    if program.native is None:
        program.native = CodeSpace(spares_last_byte=machine.isa.version == 0)
    return context


def run(machine: Machine, steps_max: int | None, *, threshold: int, cycles_worth: int) -> int | None:
    """As :meth:`Machine.run`. Code becomes native when it is come to for the ``threshold``-th time.

    With fewer than ``cycles_worth`` cycles to go, native code is not entered.
    """
    context = attach(machine)
    left = CYCLES_PER_SLICE if steps_max is None else steps_max
    pause = machine.pause
    while left:
        if pause.requested:
            pause.clear()
            raise Pause
        program = context.program
        native = program.native
        assert native is not None
        pc = machine.this_pc
        entry = native.entries.get(pc)
        if entry is None:
            heat = program.heat[pc] = program.heat.get(pc, 0) + 1
            if heat >= threshold:
                wanted = _anything if threshold == 1 else program.prepared.__contains__
                if native.translate(pc, machine.operation_at, wanted):
                    continue
        budget = min(machine.max_cycles - machine.cycles, CYCLES_PER_SLICE, left)
        if entry is not None and budget >= cycles_worth:
            steps = machine.steps
            before = machine.cycles
            reason = _enter(machine, context, native, entry, budget)
            if steps_max is not None:
                left -= machine.steps - steps
            if reason != STEP and (reason != BUDGET or machine.cycles != before):
                continue
            count = 1 if reason == STEP else left
        else:
            count = left
        steps = machine.steps
        system_called = machine.step_block(count, native.entries)
        if steps_max is not None:
            left -= machine.steps - steps
        if not machine.running:
            return machine.exit_code
        if system_called:
            context = attach(machine)
    return None


def _enter(machine: Machine, context: Context, native: CodeSpace, entry: int, cycles: int) -> int:
    """Run native code within so many cycles; says why it came back."""
    block = context.memory.block
    registers = machine.registers
    _STATE.pack_into(
        block,
        0,
        *registers,
        0,
        cycles << STEPS_BITS | STEPS_MASK,
        native.table_address,
        native.address,
        machine.reservation_address,
    )
    reason = native.enter(context.pointer, entry)
    state = _STATE.unpack_from(block)
    registers[:] = state[:32]
    machine.set_pc(state[32])
    counter = state[33]
    machine.cycles += cycles - (counter >> STEPS_BITS)
    machine.steps += STEPS_MASK - (counter & STEPS_MASK)
    machine.reservation_address = state[36]
    return reason


def _anything(pc: int) -> bool:
    return True
