"""Vectors of single instructions and short sequences, run on the step engine and compared in all they leave behind."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from ..vm.errors import VmError
from ..vm.machine import Machine
from ..vm.memory import EXECUTABLE, FREEZED, MEMORY_SIZE, PAGE_SHIFT, Memory
from .settings import SETTINGS, read_packed, reference_name
from .tally import Tally, read_records

_UNSET = 0x0101_0101_0101_0101
"""A register that a vector does not set starts as its number times this."""
Bytes = tuple[int, str]
"""An address, and bytes in hex."""


class Result(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
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
    lr: str | None = None
    ops: str = ""
    """The operations that were decoded, by the reference's names."""


class Vector(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Machine code and the state that it starts in."""

    g: str
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
    res: tuple[Result, ...]


def run_vectors(files: Iterable[Path], *, settings: Iterable[str] = tuple(SETTINGS)) -> Tally:
    """Run all vectors of files (JSON lines, maybe packed) in the settings asked for."""
    tally = Tally()
    decoder = msgspec.json.Decoder(Vector, strict=False)
    bench = _Bench()
    wanted = set(settings)
    for file in files:
        for where, vector in read_records(file, decoder.decode, read_packed(file)):
            for result in vector.res:
                for name in result.v.split():
                    if name in wanted:
                        bench.run(tally, f"{where} {vector.g} in setting {name}", vector, result, name)
    return tally


class _Bench:
    """Two memories, one that is run on and one that is laid out as it must be: all 4 MiB are compared each time."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.wanted = bytearray(MEMORY_SIZE)

    def run(self, tally: Tally, where: str, vector: Vector, result: Result, setting: str) -> None:
        """Run one vector in one setting and count it."""
        machine = Machine(SETTINGS[setting], memory=self.memory)
        code = bytes.fromhex(vector.c)
        written = self._lay_out(vector, code)
        machine.registers = start = _registers(vector)
        before = [*start]
        machine.set_pc(vector.pc)
        if vector.lr is not None:
            machine.reservation_address = int(vector.lr, 16)
        reserved = machine.reservation_address
        error, ops = _execute(machine, vector, len(code))
        for address, digits in result.m:
            content = bytes.fromhex(digits)
            self.wanted[address : address + len(content)] = content
            written.append((address, len(content)))
        got: dict[str, object] = {
            "pc": machine.this_pc,
            "y": machine.cycles,
            "n": machine.steps,
            "e": error.variant if error else None,
            "t": error.display if error else None,
            "exit": None if machine.running else machine.exit_code,
            "r": {i: f"{x:x}" for i, x in enumerate(machine.registers) if x != before[i]},
            "lr": None if machine.reservation_address == reserved else f"{machine.reservation_address:x}",
            "ops": " ".join(ops),
            "memory differs at": self._first_difference(),
        }
        expected = {name: getattr(result, name) for name in ("pc", "y", "n", "e", "t", "exit", "r", "lr", "ops")}
        tally.compare(where, expected, got)
        self._clear(written)

    def _lay_out(self, vector: Vector, code: bytes) -> list[tuple[int, int]]:
        written: list[tuple[int, int]] = []
        for address, content in [(vector.pc, code), *((a, bytes.fromhex(digits)) for a, digits in vector.mem)]:
            self.memory.data[address : address + len(content)] = content
            self.wanted[address : address + len(content)] = content
            written.append((address, len(content)))
        last = (vector.pc + len(code) - 1) >> PAGE_SHIFT
        for page in (*range(vector.pc >> PAGE_SHIFT, last + 1), *vector.x):
            self.memory.flags[page] = EXECUTABLE | FREEZED
        return written

    def _first_difference(self) -> str | None:
        data = self.memory.data
        if data == self.wanted:
            return None
        at = next(i for i in range(MEMORY_SIZE) if data[i] != self.wanted[i])
        return f"0x{at:x}: {data[at]:02x} for {self.wanted[at]:02x}"

    def _clear(self, written: list[tuple[int, int]]) -> None:
        if self.memory.data != self.wanted:
            self.memory.data[:] = bytes(MEMORY_SIZE)
        for address, size in written:
            self.memory.data[address : address + size] = bytes(size)
            self.wanted[address : address + size] = bytes(size)
        self.memory.flags[:] = bytes(len(self.memory.flags))


def _registers(vector: Vector) -> list[int]:
    registers = [number * _UNSET for number in range(32)]
    for number, digits in vector.r.items():
        registers[number] = int(digits, 16)
    return registers


def _execute(machine: Machine, vector: Vector, size: int) -> tuple[VmError | None, list[str]]:
    """Execute until the operations are used up, pc leaves the code, or the program ends or fails."""
    ops: list[str] = []
    try:
        while machine.steps < vector.n:
            operation = machine.operation_at(machine.this_pc)
            ops.append(reference_name(operation.definition, machine.isa.version))
            machine.step()
            if not machine.running or not vector.pc <= machine.this_pc < vector.pc + size:
                break
    except VmError as error:
        return error, ops
    return None, ops
