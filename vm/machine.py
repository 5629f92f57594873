"""One virtual machine: registers, memory, counters, and the step engine that runs it (``vm`` §3 and §4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import length_hint
from typing import Any

from . import elf, stack
from .decoder import decode
from .engines import Engine, default_engine
from .errors import (
    CyclesExceeded,
    CyclesOverflow,
    InvalidEcall,
    InvalidVersion,
    MemOutOfBound,
    Pause,
)
from .isa.definition import Operation
from .isa.integers import MASK, Integers
from .memory import MEMORY_SIZE, Memory
from .program import Operations, Prepared, Program, prepare
from .version import Isa

A0, A1, A2, A3, A4, A5, A7 = 10, 11, 12, 13, 14, 15, 17
SP = 2
EXIT = 93
"""Number of the exit system call."""
NO_RESERVATION = MASK
CYCLES_UNLIMITED = MASK

SystemCall = Callable[["Machine"], bool]
"""A handler: does the call and returns True if the number in a7 is its own, else False."""

SYSTEM_CYCLES = 500
"""What ecall and ebreak cost, and nothing else does."""


class PauseSignal:
    """Asks a running machine to stop with :class:`~spawnlab.vm.errors.Pause`; the machine clears it."""

    __slots__ = ("requested",)

    def __init__(self) -> None:
        self.requested = False

    def request(self) -> None:
        """Stop before the next instruction."""
        self.requested = True

    def clear(self) -> None:
        """Take the request back."""
        self.requested = False


class Machine(Integers):
    """A machine of one script version. Registers hold 0 to 2^64 - 1; counters are cycles.

    It is the abstract machine of the instructions with integers for values, so executing a definition on it is
    the step engine.
    """

    __slots__ = (
        "_following",
        "_last_byte_spared",
        "_next_pc",
        "_operations",
        "_prepared",
        "before_call",
        "context",
        "cycles",
        "engine",
        "exit_code",
        "isa",
        "max_cycles",
        "memory",
        "new_memory",
        "pause",
        "registers",
        "reservation_address",
        "running",
        "steps",
        "system_calls",
        "this_pc",
    )

    def __init__(
        self,
        isa: Isa,
        *,
        system_calls: Sequence[SystemCall] = (),
        max_cycles: int = CYCLES_UNLIMITED,
        memory: Memory | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.isa = isa
        self.engine = default_engine() if engine is None else engine
        self.system_calls = tuple(system_calls)
        self.max_cycles = max_cycles
        self.pause = PauseSignal()
        self.before_call: Callable[[Machine], None] | None = None
        """Called before anything is done about a system call, an exit too; it may change registers."""
        self.new_memory: Callable[[], Memory] = Memory
        """Makes the memory that :meth:`reset` gives it."""
        self.cycles = 0
        self.steps = 0
        """Operations executed without an error."""
        self.running = True
        self._last_byte_spared = isa.version == 0
        self._next_pc = 0
        self._following = 0
        self.reset(memory)

    def reset(self, memory: Memory | None = None) -> None:
        """Forget registers, memory, reservation and decoded code; keep the counters (``vm`` §5).

        The memory is a new one (:attr:`new_memory`) unless one is given. An instruction that is under way still moves
        pc on: a program that was erased and not replaced goes on behind it.
        """
        self.registers = [0] * 32
        self.memory = self.new_memory() if memory is None else memory
        self.this_pc = 0
        self.reservation_address = NO_RESERVATION
        self.exit_code = 0
        self._prepared: dict[int, Prepared] = {}
        self._operations: Operations | None = None
        self.context: Any = None
        """What the engine keeps about this machine."""

    # Loading

    def load_program(self, file: bytes, argc: int = 0, arguments: Iterable[bytes] = ()) -> int:
        """Load an ELF file and its arguments; returns the bytes that loading is charged for.

        Raises what :func:`spawnlab.vm.elf.parse`, :func:`~spawnlab.vm.elf.place` and
        :func:`spawnlab.vm.stack.initialize` raise.
        """
        return self.load_elf(file) + self.initialize_stack(argc, arguments)

    def load_elf(self, file: bytes) -> int:
        """Map the segments and set pc to the entry; returns the file bytes."""
        return self.load_image(file, elf.parse(file, self.isa.version))

    def load_image(self, file: bytes, image: elf.Image) -> int:
        """Map the segments of a file that was parsed and set pc to its entry; returns the file bytes."""
        size = elf.place(self.memory, file, image, self.isa.version)
        self.set_pc(image.entry)
        return size

    def initialize_stack(self, argc: int, arguments: Iterable[bytes]) -> int:
        """Write the arguments and set sp; returns the bytes used."""
        set_sp = partial(self.registers.__setitem__, SP)
        _, used = stack.initialize(self.memory, self.isa.version, argc, arguments, set_sp=set_sp)
        return used

    # Counters

    def add_cycles(self, cycles: int) -> None:
        """Charge; raises :class:`CyclesExceeded` (and charges nothing) when it would go over the limit."""
        total = self.cycles + cycles
        if total > MASK:
            raise CyclesOverflow(f"{self.cycles} + {cycles} cycles")
        if total > self.max_cycles:
            raise CyclesExceeded(f"{self.cycles} cycles used, {cycles} more asked, limit {self.max_cycles}")
        self.cycles = total

    def add_cycles_no_checking(self, cycles: int) -> None:
        """Charge without regard to the limit; raises :class:`CyclesOverflow`."""
        total = self.cycles + cycles
        if total > MASK:
            raise CyclesOverflow(f"{self.cycles} + {cycles} cycles")
        self.cycles = total

    # Running

    def set_pc(self, pc: int) -> None:
        """Go on at ``pc``."""
        self.this_pc = self._next_pc = pc

    def run_slice(self) -> int | None:
        """As :meth:`run`, but returns ``None`` after some milliseconds, so that others can have their turn.

        How much is done by then is the engine's choice, and no result depends on it.
        """
        self._check_isa()
        self.running = True
        return self.engine.run_slice(self)

    def _check_isa(self) -> None:
        if self.isa.mop and self.isa.version == 0:
            raise InvalidVersion("fusion needs version 1 or 2")

    def run(self, steps_max: int | None = None) -> int | None:
        """Run until exit; returns the exit code (-128 to 127), or ``None`` after ``steps_max`` operations.

        Stopping after so many operations is not seen by the program. Any :class:`~spawnlab.vm.errors.VmError` may be
        raised; after CyclesExceeded, Pause and Yield the machine can be run again.
        """
        self._check_isa()
        self.running = True
        return self.engine.run(self, steps_max)

    def run_by_steps(self, steps_max: int | None) -> int | None:
        """The step engine: as :meth:`run`."""
        pause = self.pause
        left = -1 if steps_max is None else steps_max
        while left:
            left -= 1
            if pause.requested:
                pause.clear()
                raise Pause
            self.step()
            if not self.running:
                return self.exit_code
        return None

    def step(self) -> None:
        """Execute one operation, a fused one whole; raises any :class:`~spawnlab.vm.errors.VmError`.

        The pc moves on also when the operation fails, as in the reference's interpreter.
        """
        pc = self.this_pc
        found = self._prepared.get(pc)
        if found is None:
            found = self._prepared[pc] = self._decoded(pc)  # an executable page never changes, so this stays true
        semantics, arguments, length, cost, _, _ = found
        if self.cycles + cost > self.max_cycles:
            self.add_cycles(cost)  # raises the right error
        self.cycles += cost
        self._following = self._next_pc = pc + length  # within the memory, since it was fetched
        try:
            semantics(self, *arguments)
        finally:
            self.this_pc = self._next_pc
        self.steps += 1

    def operation_at(self, pc: int) -> Operation:
        """The operation that would be executed at ``pc``; raises as decoding does."""
        found = self._prepared.get(pc)
        return self._decoded(pc)[4] if found is None else found[4]

    def step_run(self, program: Program, steps_max: int) -> bool:
        """Execute operations of the program that it holds, until one jumps or calls the system; at least one.

        Says whether it called the system. Raises what :meth:`step` does.
        """
        pc = self.this_pc
        run = program.runs.get(pc)
        if run is None:
            run = program.runs[pc] = program.operations.run_from(pc, self.memory.fetch)
        body, cycles, last, last_pc = run
        semantics, operands, length, cost, _, _ = last
        if len(body) >= steps_max or self.cycles + cycles + cost > self.max_cycles:
            return self._step_some(min(len(body) + 1, steps_max))
        if body:
            self._execute(body, cycles)
        self.this_pc = last_pc
        self.cycles += cost
        self._following = self._next_pc = last_pc + length
        try:
            semantics(self, *operands)
        finally:
            self.this_pc = self._next_pc
        self.steps += 1
        return cost == SYSTEM_CYCLES

    def _execute(self, body: list[Prepared], cycles: int) -> None:
        """Execute operations that don't ask where they are: that is seen to only when one fails."""
        left = iter(body)
        try:
            for semantics, operands, _, _, _, _ in left:
                semantics(self, *operands)
        except BaseException:
            done = body[: len(body) - length_hint(left)]
            self.steps += len(done) - 1
            self.cycles += sum(operation[3] for operation in done)
            self.set_pc(self.this_pc + sum(operation[2] for operation in done))
            raise
        self.steps += len(body)
        self.cycles += cycles

    def _step_some(self, count: int) -> bool:
        """As :meth:`step_run`, one by one, so that a limit is met where it is."""
        for _ in range(count):
            found = self._prepared.get(self.this_pc)
            cost = self._decoded(self.this_pc)[3] if found is None else found[3]
            self.step()
            if cost == SYSTEM_CYCLES:
                return True
        return False

    def share_decoded(self, prepared: dict[int, Prepared], operations: Operations) -> None:
        """Use, and add to, the operations that other machines of the same code have decoded."""
        self._prepared = prepared
        self._operations = operations

    def _decoded(self, pc: int) -> Prepared:
        operations = self._operations
        if operations is None:
            return prepare(decode(pc, self.memory.fetch, self.isa))
        return operations.at(pc, self.memory.fetch)

    # The rest of the abstract machine

    def x(self, register: int) -> int:
        return self.registers[register]

    def set(self, register: int, value: int) -> None:
        if register:
            self.registers[register] = value

    def pc(self) -> int:
        return self.this_pc

    def following(self) -> int:
        return self._following

    def jump(self, target: int) -> None:
        self._next_pc = target

    def branch(self, condition: int, target: int) -> None:
        if condition:
            self._next_pc = target

    def load(self, address: int, width: int) -> int:
        if self._last_byte_spared and address + width == MEMORY_SIZE:
            raise MemOutOfBound(f"version 0 cannot load the last byte: {width} bytes at 0x{address:x}")
        return self.memory.load(address, width)

    def load_any(self, address: int, width: int) -> int:
        return self.memory.load(address, width)

    def store(self, address: int, width: int, value: int) -> None:
        self.memory.store(address, width, value)

    def reservation(self) -> int:
        return self.reservation_address

    def reserve(self, address: int) -> None:
        self.reservation_address = address

    def breakpoint(self) -> None:
        """Nothing happens without a debugger."""

    def system_call(self) -> None:
        if self.before_call is not None:
            self.before_call(self)
        number = self.registers[A7]
        if number == EXIT:
            code = self.registers[A0] & 0xFF
            self.exit_code = code - 256 if code >= 128 else code
            self.running = False
            return
        for handler in self.system_calls:
            if handler(self):
                if self.cycles > self.max_cycles:
                    raise CyclesExceeded(f"{self.cycles} cycles after system call {number}, limit {self.max_cycles}")
                return
        raise InvalidEcall(number)
