"""Running a machine by translated code where there is some, and by the step engine wherever there is none.

Code is translated when it has been come to often enough. What translations do, and when they come back, is the same
for all of them (:class:`Translation`), so that one loop drives each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from .errors import Pause
from .memory import Memory
from .program import Program, executable_pages, program_of

if TYPE_CHECKING:
    from .decoder import Fetch
    from .machine import Machine

MISS, STEP, BUDGET = 0, 1, 2
"""Why translated code has come back: pc has no entry, its operation is for the step engine, the cycles are used up."""

STEPS_BITS = 21
STEPS_MASK = (1 << STEPS_BITS) - 1
CYCLES_PER_SLICE = STEPS_MASK
"""Cycles after which translated code comes back at the latest, so that a pause is seen in some milliseconds.

A counter holds ``cycles << STEPS_BITS | operations`` that are left. An operation costs at least a cycle, so that those
of a slice can't use up their bits.
"""
STEPS_PER_SLICE = 2000
"""Operations of the step engine that take some milliseconds."""
LARGE = 1 << 14
"""For programs with so many bytes of code the translation is made at once: maybe it is kept from another process."""
BLOCK_CYCLES_MAX = 1000
"""So that a block's charge, of cycles and operations, fits in a signed 32-bit number."""


class Translation(Protocol):
    """The translated code of one program."""

    @property
    def entries(self) -> Mapping[int, Any]:
        """Where code is entered, by pc."""
        ...

    def translate(self, pc: int, fetch: Fetch, wanted: Callable[[int], bool], /) -> bool:
        """Translate the block at ``pc``, and those it goes on with that are wanted; says whether it has an entry."""
        ...

    def view(self, memory: Memory, /) -> Any:
        """What entering needs of a memory."""
        ...

    def enter(self, machine: Machine, view: Any, entry: Any, cycles: int, /) -> int:
        """Run for at most so many cycles, :data:`CYCLES_PER_SLICE` or fewer; says why it came back.

        The machine is then between two operations.
        """
        ...


class Tier(msgspec.Struct, frozen=True):
    """How machines are run.

    ``name`` is what programs keep the translation under, and ``make`` makes one. Code is translated when it is come to
    for the ``threshold``-th time, but nothing before the program has come to ``warm_up`` blocks: it takes longer to
    load the translator, and to get memory for its code, than to step through a small program. With fewer than
    ``cycles_worth`` cycles to go translated code is not entered. It comes back after ``cycles_per_slice``
    (:data:`CYCLES_PER_SLICE` or fewer), which take some milliseconds at most. ``instead`` takes its place for a machine
    where the host has no memory for this one (an :class:`OSError`).
    """

    name: str
    make: Callable[[Program], Translation]
    threshold: int
    warm_up: int
    cycles_worth: int
    cycles_per_slice: int
    instead: Tier | None = None


class Context:
    """A machine's memory, the program that it holds, and its translation.

    ``tier`` is what was asked for, ``used`` what is to be had. The ``translation``, and the ``view`` that entering it
    needs, are made by :meth:`use`, since many machines end before they come to code that is hot.
    """

    __slots__ = ("memory", "pages", "program", "tier", "translation", "used", "view")

    def __init__(self, machine: Machine, pages: bytes, tier: Tier) -> None:
        self.memory = machine.memory
        self.tier = self.used = tier
        self.set_program(machine, pages)

    def set_program(self, machine: Machine, pages: bytes) -> None:
        """Take note of what code there is."""
        self.pages = pages
        self.program = program = program_of(self.memory, pages, machine.isa)
        machine.share_decoded(program.prepared, program.operations)
        self.view: Any = None
        self.translation: Translation | None = program.translations.get(self.used.name)
        if self.translation is None and len(program.key[2]) >= LARGE:
            self.use()

    def use(self) -> Translation:
        """The translation, for all machines of the program, and this one's view of it."""
        try:
            return self._use(self.used)
        except OSError:
            if self.used.instead is None:
                raise
            return self._use(self.used.instead)

    def _use(self, tier: Tier) -> Translation:
        kept = self.program.translations
        translation: Translation | None = kept.get(tier.name)
        if translation is None:
            translation = kept[tier.name] = tier.make(self.program)
        self.view = translation.view(self.memory)
        self.translation, self.used = translation, tier
        return translation


def attach(machine: Machine, tier: Tier) -> Context:
    """The machine's context, made anew where its memory or its code is another one by now."""
    pages = executable_pages(machine.memory)
    context: Context | None = machine.context
    if context is None or context.memory is not machine.memory or context.tier is not tier:
        context = machine.context = Context(machine, pages, tier)
    elif context.pages != pages:
        context.set_program(machine, pages)
    return context


def run(machine: Machine, steps_max: int | None, tier: Tier, *, one_slice: bool = False) -> int | None:
    """As :meth:`Machine.run`, or :meth:`Machine.run_slice`."""
    context = attach(machine, tier)
    left = CYCLES_PER_SLICE if steps_max is None else steps_max
    work = 1.0  # of a slice
    pause = machine.pause
    while left > 0:
        if pause.requested:
            pause.clear()
            raise Pause
        steps, cycles = machine.steps, machine.cycles
        cycles_per_slice = context.used.cycles_per_slice
        count = _run_translated(machine, context, min(left, cycles_per_slice))
        work -= (machine.cycles - cycles) / cycles_per_slice + 1 / STEPS_PER_SLICE
        if steps_max is not None:
            left -= machine.steps - steps
        if count and left:
            steps = machine.steps
            called = machine.step_run(context.program, min(count, left))
            if not machine.running:
                return machine.exit_code
            if called:
                context = attach(machine, tier)
            work -= (machine.steps - steps) / STEPS_PER_SLICE
            if steps_max is not None:
                left -= machine.steps - steps
        if one_slice and work <= 0:
            return None
    return None


def _run_translated(machine: Machine, context: Context, cycles_max: int) -> int:
    """Run translated code if there is any for pc; gives the most operations that are to be stepped then.

    Operations cost a cycle at the least, so that a limit of them is kept by one of as many cycles.
    """
    pc = machine.this_pc
    translation = context.translation
    entry = None if translation is None else translation.entries.get(pc)
    if entry is None:
        heat = context.program.heat
        heat[pc] = times = heat.get(pc, 0) + 1
        if translation is None:
            context.program.visits += 1
            if context.program.visits < context.used.warm_up:
                return cycles_max
        if times < context.used.threshold:
            return cycles_max
    if translation is None or context.view is None:
        translation = context.use()
        entry = translation.entries.get(pc)
    if entry is None:
        wanted = _anything if context.used.threshold == 1 else context.program.runs.__contains__
        if not translation.translate(pc, machine.memory.fetch, wanted):
            return cycles_max
        entry = translation.entries[pc]
    cycles = min(machine.max_cycles - machine.cycles, cycles_max)
    if cycles < context.used.cycles_worth:
        return cycles_max
    steps = machine.steps
    reason = translation.enter(machine, context.view, entry, cycles)
    if reason == STEP:
        return 1
    return 0 if reason == MISS or machine.steps != steps else cycles_max


def _anything(pc: int) -> bool:
    return True
