"""Recorded vectors, and a checker that runs them. The format is described in ``data/README.md``."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import msgspec

from spawnlab.vm.errors import VmError
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED, Memory
from spawnlab.vm.version import VERSIONS, Isa

CHAIN: dict[str, Isa] = dict(zip("012", VERSIONS, strict=True))
"""The settings of the chain, by script version."""
WITH_A: dict[str, Isa] = {
    "0ab": Isa(0, b=True, a=True),
    "1a": Isa(1, b=True, mop=True, a=True),
    "2a": Isa(2, b=True, mop=True, a=True),
}
"""Settings with atomics, which are never on the chain."""
SETTINGS = CHAIN | WITH_A
PAGE = 4096
_IS_DIRTY = bytes(1 if flags & DIRTY else 0 for flags in range(256))
BATCH = 500
"""Vectors between two looks at the whole memory."""


class Result(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a vector left behind, in the settings named by ``v``."""

    v: str
    pc: int
    y: int = 0
    n: int = 0
    e: str | None = None
    t: str | None = None
    exit: int | None = None
    r: dict[str, str] = {}
    m: list[tuple[int, str]] = []
    lr: str | None = None
    ops: str = ""


class Vector(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Machine code with a start state, and its results."""

    g: str
    c: str
    res: list[Result]
    pc: int = 65536
    r: dict[str, str] = {}
    mem: list[tuple[int, str]] = []
    lr: str | None = None
    n: int = 1
    x: list[int] = []


def read_vectors(path: Path) -> list[Vector]:
    """All vectors of a packed file, in order."""
    decoder = msgspec.json.Decoder(Vector)
    with gzip.open(path, "rb") as lines:
        return [decoder.decode(line) for line in lines]


def squeezed(name: str) -> str:
    """The name of an operation without the differences between the records and this project."""
    return re.sub(r"_VERSION[01]$", "", name).removeprefix("CUSTOM_").lower().replace("_", "").replace(".", "")


@dataclass
class Report:
    """What came out of checking vectors: the runs by setting, and those that went another way than recorded."""

    runs: Counter[str] = field(default_factory=Counter[str])
    mismatches: list[str] = field(default_factory=list[str])


class Checker:
    """Runs vectors on one memory, which is put back to zeros page by page after each."""

    def __init__(self) -> None:
        self.memory = Memory()
        self._zeros = bytearray(len(self.memory.data))

    def check(self, vectors: Iterable[Vector], settings: Container[str]) -> Report:
        """Run every vector in every one of the settings that it has a result for."""
        report = Report()
        jobs = (
            (vector, result, v)
            for vector in vectors
            for result in vector.res
            for v in result.v.split()
            if v in settings
        )
        # A machine makes itself a memory; 4 MiB for each of 100 000 runs would take most of the time.
        with patch("spawnlab.vm.machine.Memory", new=lambda: self.memory):
            while batch := list(islice(jobs, BATCH)):
                report.mismatches += [text for job in batch if (text := self.mismatch(*job))]
                if self.memory.data != self._zeros:
                    report.mismatches += [text for job in batch if (text := self._stray(*job))]
                report.runs.update(v for _, _, v in batch)
        return report

    def _stray(self, vector: Vector, result: Result, v: str) -> str:
        """Run one vector alone, looking at the whole memory."""
        data = self.memory.data
        data[:] = self._zeros
        self.mismatch(vector, result, v)
        if data == self._zeros:
            return ""
        at = len(data) - len(data.lstrip(b"\0"))
        data[:] = self._zeros
        return f"{vector.g} {vector.c} in setting {v}: stray write at 0x{at:x}"

    # One vector

    def mismatch(self, vector: Vector, result: Result, v: str) -> str:
        """How a run in one setting differs from its record; empty when it does not.

        Compares registers, pc, cycles, steps, decoded operations, error, exit code, reservation, and the pages that
        the vector, its result or the run's dirty flags name. A write elsewhere stays in the memory.
        """
        memory = self.memory
        code = bytes.fromhex(vector.c)
        pages = self._prepare(vector, code)
        machine = Machine(SETTINGS[v])
        machine.set_pc(vector.pc)
        start = [i * 0x0101_0101_0101_0101 for i in range(32)]
        for number, digits in vector.r.items():
            start[int(number)] = int(digits, 16)
        machine.registers = [*start]
        if vector.lr is not None:
            machine.reservation_address = int(vector.lr, 16)
        reserved = machine.reservation_address

        error, operations = _run(machine, vector, len(code))

        got = Result(
            v=result.v,
            pc=machine.this_pc,
            y=machine.cycles,
            n=machine.steps,
            e=None if error is None else error.variant,
            t=None if error is None else error.display,
            exit=None if machine.running else machine.exit_code,
            r={str(i): f"{x:x}" for i, (x, old) in enumerate(zip(machine.registers, start, strict=True)) if x != old},
            m=result.m,
            lr=None if machine.reservation_address == reserved else f"{machine.reservation_address:x}",
            ops=" ".join(operations),
        )
        want = msgspec.structs.replace(result, ops=" ".join(map(squeezed, result.ops.split())))
        texts = [] if got == want else [f"want {want}, got {got}"]
        for address, digits in result.m:
            _put(pages, address, bytes.fromhex(digits))
        for page in _dirty_pages(memory):
            pages.setdefault(page, bytearray(PAGE))
        for page, content in pages.items():
            if memory.data[page * PAGE : (page + 1) * PAGE] != content:
                texts.append(f"page 0x{page * PAGE:x} differs")
            memory.data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
        memory.flags[:] = bytes(len(memory.flags))
        return f"{vector.g} {vector.c} in setting {v}: {'; '.join(texts)}" if texts else ""

    def _prepare(self, vector: Vector, code: bytes) -> dict[int, bytearray]:
        """Lay out code and data; returns the content of the pages that hold any."""
        pages: dict[int, bytearray] = {}
        _put(pages, vector.pc, code)
        for page in (*pages, *vector.x):
            self.memory.flags[page] = EXECUTABLE | FREEZED
        for address, digits in vector.mem:
            _put(pages, address, bytes.fromhex(digits))
        for page, content in pages.items():
            self.memory.data[page * PAGE : (page + 1) * PAGE] = content
        return pages


def _dirty_pages(memory: Memory) -> Iterator[int]:
    dirty = memory.flags.translate(_IS_DIRTY)
    page = dirty.find(1)
    while page >= 0:
        yield page
        page = dirty.find(1, page + 1)


def _put(pages: dict[int, bytearray], address: int, data: bytes) -> None:
    while data:
        page, at = divmod(address, PAGE)
        part = data[: PAGE - at]
        pages.setdefault(page, bytearray(PAGE))[at : at + len(part)] = part
        address, data = address + len(part), data[len(part) :]


def _run(machine: Machine, vector: Vector, size: int) -> tuple[VmError | None, list[str]]:
    """Run to the vector's end: its steps are done, pc left the code, the program ended, or there was an error."""
    operations: list[str] = []
    try:
        while machine.steps < vector.n:
            operations.append(squeezed(machine.operation_at(machine.this_pc).mnemonic))
            machine.step()
            if not machine.running or not vector.pc <= machine.this_pc < vector.pc + size:
                break
    except VmError as error:
        return error, operations
    return None, operations
