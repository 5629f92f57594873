"""Vectors of single instructions and short sequences, run on the step engine and compared in all they leave behind."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from ..vm.engines import Engine
from ..vm.errors import VmError
from ..vm.isa.definition import Operation
from ..vm.machine import CYCLES_UNLIMITED, Machine
from ..vm.memory import DIRTY, EXECUTABLE, FREEZED, MEMORY_SIZE, PAGE_SHIFT, PAGE_SIZE, Memory
from .settings import SETTINGS, read_packed, reference_name
from .tally import Tally, read_records

_UNSET = 0x0101_0101_0101_0101
"""A register that a vector does not set starts as its number times this."""
_BATCH = 500
"""Runs between two looks at the whole memory."""
_NO_BYTES = bytes(PAGE_SIZE)
_NO_FLAGS = bytes(MEMORY_SIZE >> PAGE_SHIFT)
_IS_DIRTY = bytes(1 if flags & DIRTY else 0 for flags in range(256))
_NOT_ZERO = re.compile(rb"[^\0]+")
Bytes = tuple[int, str]
"""An address, and bytes in hex."""


class Result(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a vector leaves behind in the settings that ``v`` names; registers and memory only where they changed."""

    v: str
    pc: int
    y: int = 0
    """Cycles."""
    n: int = 0
    """Operations executed without an error."""
    e: str | None = None
    """The error's variant."""
    t: str | None = None
    """The error's text."""
    exit: int | None = None
    r: dict[int, str] = {}
    m: tuple[Bytes, ...] = ()
    """Runs of bytes."""
    lr: str | None = None
    ops: str = ""
    """The operations that were decoded, by the reference's names."""


class Vector(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Machine code and the state that it starts in."""

    g: str = ""
    """Group."""
    c: str
    """The code in hex, in memory order."""
    pc: int = 65536
    r: dict[int, str] = {}
    mem: tuple[Bytes, ...] = ()
    lr: str | None = None
    n: int = 1
    """Operations to execute at the most."""
    x: tuple[int, ...] = ()
    """Further pages that are executable, by number."""
    max: int = CYCLES_UNLIMITED
    """The cycle limit."""


class Recorded(Vector, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A vector with what it was recorded to leave behind."""

    res: tuple[Result, ...]


def run_vectors(
    files: Iterable[Path], *, settings: Iterable[str] = tuple(SETTINGS), engine: Engine | None = None
) -> Tally:
    """Run all vectors of files (JSON lines, maybe packed) in the settings asked for."""
    decoder = msgspec.json.Decoder(Recorded, strict=False)
    records = (r for file in files for r in read_records(file, decoder.decode, read_packed(file)))
    return check_vectors(records, set(settings), engine)


def check_vectors(
    records: Iterable[tuple[str, Recorded]], settings: Container[str], engine: Engine | None = None
) -> Tally:
    """Run vectors, each with its place, in every setting that it has a result for and that is asked for.

    Of the memory, the pages that a run may have changed are compared after each, and all of it after each batch. Where
    a batch has written elsewhere, its runs are made again one by one, all memory compared.
    """
    tally = Tally()
    jobs = (
        (f"{where} {vector.g} in setting {name}", vector, result, name)
        for where, vector in records
        for result in vector.res
        for name in result.v.split()
        if name in settings
    )
    bench = Bench(engine)
    while batch := list(islice(jobs, _BATCH)):
        found = [_differences(bench, *job[1:], whole=False) for job in batch]
        bench.clear()
        if bench.first_difference():
            found = [_differences(Bench(engine), *job[1:], whole=True) for job in batch]
            bench = Bench(engine)
        for (place, *_), differences in zip(batch, found, strict=True):
            tally.note(place, differences)
    return tally


def _differences(
    bench: Bench, vector: Vector, result: Result, setting: str, *, whole: bool
) -> list[tuple[str, object, object]]:
    got = bench.run(vector, setting)
    memory = bench.first_difference(result.m, whole=whole)
    expected, found = _fields(result), _fields(got)
    differing = [(name, expected[name], found[name]) for name in expected if expected[name] != found[name]]
    return [*differing, ("memory differs at", None, memory)] if memory else differing


def _fields(result: Result) -> dict[str, object]:
    """All that is compared, but for the memory."""
    return {name: getattr(result, name) for name in ("pc", "y", "n", "e", "t", "exit", "r", "lr", "ops")}


class Bench:
    """A memory that vectors are run on, one after the other, and a copy of it as it was when the last one started."""

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = None if engine is None or engine.name == "step" else engine
        self.memory = Memory()
        self.start = Memory().data
        self.operations: list[Operation] = []
        """What the last run decoded, in order. When executing failed, the last is the one that failed."""
        self._used: set[int] = set()
        """Pages that the last vector laid something out in."""

    def run(self, vector: Vector, setting: str) -> Result:
        """What a vector leaves behind in a setting; its memory is that of the pages marked as dirty."""
        machine = self._machine(vector, setting)
        self.operations = []
        before = [*machine.registers]
        reserved = machine.reservation_address
        error = self._execute(machine, vector, len(vector.c) // 2)
        if self.engine is not None:
            machine, error = self._execute_again(vector, setting, machine, error, self.engine)
        return Result(
            v=setting,
            pc=machine.this_pc,
            y=machine.cycles,
            n=machine.steps,
            e=error.variant if error else None,
            t=error.display if error else None,
            exit=None if machine.running else machine.exit_code,
            r={i: f"{x:x}" for i, x in enumerate(machine.registers) if x != before[i]},
            m=tuple((at, self.memory.data[at:end].hex()) for at, end in self._changes()),
            lr=None if machine.reservation_address == reserved else f"{machine.reservation_address:x}",
            ops=" ".join(reference_name(o.definition, machine.isa.version) for o in self.operations),
        )

    def _machine(self, vector: Vector, setting: str) -> Machine:
        self.clear()
        machine = Machine(SETTINGS[setting], max_cycles=vector.max, memory=self.memory)
        self._lay_out(vector)
        machine.registers = _registers(vector)
        machine.set_pc(vector.pc)
        if vector.lr is not None:
            machine.reservation_address = int(vector.lr, 16)
        return machine

    def _execute_again(
        self, vector: Vector, setting: str, stepped: Machine, error: VmError | None, engine: Engine
    ) -> tuple[Machine, VmError | None]:
        """Let an engine run what has been stepped through. A limit of cycles stops it at the same place."""
        machine = self._machine(vector, setting)
        machine.engine = engine
        if error is None:
            machine.max_cycles = stepped.cycles
        try:
            machine.run()
        except VmError as raised:
            return machine, raised if error is not None or machine.steps != stepped.steps else None
        return machine, None

    def first_difference(self, changes: Iterable[Bytes] = (), *, whole: bool = True) -> str | None:
        """Where the memory is not what these changes make of the start; ``None`` where it is nowhere else.

        Unless the whole memory is asked for, only pages are compared that the vector, the changes or flags name.
        """
        data, wanted = self.memory.data, self.start
        for address, digits in changes:
            _put(wanted, address, bytes.fromhex(digits))
            self._used |= _pages(address, len(digits) // 2)
        if whole:
            suspects = [range(MEMORY_SIZE)] if data[:] != wanted[:] else []
        else:
            pages = sorted({*self._used, *self._dirty_pages()})
            suspects = [range(page << PAGE_SHIFT, (page + 1) << PAGE_SHIFT) for page in pages]
        at = next((i for part in suspects if _differ(data, wanted, part) for i in part if data[i] != wanted[i]), None)
        if at is None:
            return None
        return f"0x{at:x}: {data[at]:02x} for {wanted[at]:02x}"

    def clear(self) -> None:
        """Make both memories zeros again, on all pages that the last vector was to change."""
        for page in (*self._used, *self._dirty_pages()):
            at = page << PAGE_SHIFT
            self.memory.data[at : at + PAGE_SIZE] = self.start[at : at + PAGE_SIZE] = _NO_BYTES
        self.memory.flags[:] = _NO_FLAGS
        self._used.clear()

    def _lay_out(self, vector: Vector) -> None:
        """Code, data and page flags."""
        code = bytes.fromhex(vector.c)
        for address, content in [(vector.pc, code), *((a, bytes.fromhex(digits)) for a, digits in vector.mem)]:
            _put(self.memory.data, address, content)
            _put(self.start, address, content)
            self._used |= _pages(address, len(content))
        for page in (*_pages(vector.pc, len(code)), *vector.x):
            self.memory.flags[page] = EXECUTABLE | FREEZED

    def _execute(self, machine: Machine, vector: Vector, size: int) -> VmError | None:
        """Execute until the operations are used up, pc leaves the code, or the program ends or fails."""
        try:
            while machine.steps < vector.n:
                self.operations.append(machine.operation_at(machine.this_pc))
                machine.step()
                if not machine.running or not vector.pc <= machine.this_pc < vector.pc + size:
                    break
        except VmError as error:
            return error
        return None

    def _dirty_pages(self) -> Iterator[int]:
        dirty = bytes(self.memory.flags).translate(_IS_DIRTY)
        page = dirty.find(1)
        while page >= 0:
            yield page
            page = dirty.find(1, page + 1)

    def _changes(self) -> list[tuple[int, int]]:
        """The runs of bytes on dirty pages that are not as at the start: from an address up to another."""
        runs: list[tuple[int, int]] = []
        for page in self._dirty_pages():
            at = page << PAGE_SHIFT
            now, then = (int.from_bytes(data[at : at + PAGE_SIZE]) for data in (self.memory.data, self.start))
            for match in _NOT_ZERO.finditer((now ^ then).to_bytes(PAGE_SIZE)):
                first, end = at + match.start(), at + match.end()
                if runs and runs[-1][1] == first:
                    first, _ = runs.pop()
                runs.append((first, end))
        return runs


def _differ(a: memoryview, b: memoryview, part: range) -> bool:
    return a[part.start : part.stop] != b[part.start : part.stop]


def _put(data: memoryview, address: int, content: bytes) -> None:
    data[address : address + len(content)] = content


def _pages(address: int, size: int) -> set[int]:
    """Numbers of the pages that hold a range."""
    return set(range(address >> PAGE_SHIFT, ((address + size - 1) >> PAGE_SHIFT) + 1)) if size else set()


def _registers(vector: Vector) -> list[int]:
    registers = [number * _UNSET for number in range(32)]
    for number, digits in vector.r.items():
        registers[number] = int(digits, 16)
    return registers
