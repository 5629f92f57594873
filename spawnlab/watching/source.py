"""The program of a VM as people read it, and where the VM is in it: operations, assembly, C, Python, or a listing."""

from __future__ import annotations

import linecache
import re
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

import msgspec

from ..explain.steps_at import all_steps, line_of, place_of
from ..scenarios.build import Code
from ..scenarios.model import Program
from ..scenarios.steps import Repeat
from ..scheduler.limits import ROOT_VM_ID
from ..vm.decoder import decode
from ..vm.errors import MemOutOfBound, VmError
from ..vm.isa.text import operation_text
from ..vm.memory import MEMORY_SIZE
from ..vm.snapshot import read_snapshot
from ..vm.version import VERSIONS
from . import shown
from .session import Session

LISTED_MAX = 256 << 10
"""Bytes of an ELF file from which on it is not listed whole."""
AHEAD = 32
"""Operations that are listed of other code."""
_LINE = re.compile(r"^(.*):(\d+)$")


class Source(msgspec.Struct, frozen=True):
    """A program's lines, each with its label; ``current`` is the number of the one where the VM is."""

    title: str
    lines: tuple[tuple[str, str], ...]
    current: int | None


NOTHING = Source("", (), None)


def source_of(session: Session, vm: int, *, folder: Path | None = None) -> Source:
    """The program of a VM; files that the scenario names are looked for in ``folder``."""
    if vm not in session.chronicle.vms:
        return _before_the_start(session, folder) if vm == ROOT_VM_ID else NOTHING
    place, code = shown.place_of(session, vm), shown.code_of(session, vm)
    build = session.player.staging.build
    if code is not None:
        lines = _lines_of(code, build.scenario.programs[code.name], _full_place(session, vm) or place or "", folder)
        if lines or shown.is_played(session, vm):
            return _at(code.name, lines, place)
    pc = shown.pc_of(session, vm)
    if code is not None and len(code.elf) <= LISTED_MAX:
        return _listing(code, build.scenario.version, pc)
    return Source(shown.program_of(session, vm), _ahead(session, vm), None if pc is None else 0)


def _before_the_start(session: Session, folder: Path | None) -> Source:
    """What the root is going to run."""
    build = session.player.staging.build
    code = build.code_of(build.sg_data.program)
    if code is None:
        return NOTHING
    program = build.scenario.programs[code.name]
    lines = _lines_of(code, program, f"{program.source or f'{code.name}.c'}:0", folder)
    if lines or program.python is not None:
        return Source(code.name, lines, None)
    return _listing(code, build.scenario.version, None) if len(code.elf) <= LISTED_MAX else NOTHING


def _full_place(session: Session, vm: int) -> str | None:
    """``file:line`` of a function, with the whole path."""
    played, run = session.player.staging.machines.plays.get(vm), session.player.run
    return run.places.get(vm) if run else played.line if played else None


def _at(title: str, lines: tuple[tuple[str, str], ...], place: str | None) -> Source:
    label = _label(place or "")
    current = next((index for index, (name, _) in enumerate(lines) if name == label), None)
    return Source(title, lines, current)


def _label(place: str) -> str:
    """What a place is called in its program: the number of a line, or the step."""
    found = _LINE.match(place)
    return found[2] if found else place


def _lines_of(code: Code, program: Program, place: str, folder: Path | None) -> tuple[tuple[str, str], ...]:
    if program.steps is not None:
        return _steps(program)
    if code.assembly:
        return _numbered(tuple(code.assembly.splitlines()))
    found = _LINE.match(place)
    name = found[1] if found else ""
    if program.python is not None or name.endswith(".py"):
        return _numbered(tuple(line.rstrip("\n") for line in linecache.getlines(name)))
    if program.c is not None and name == f"{code.name}.c":
        return _numbered(tuple(program.c.splitlines()))
    if name and folder is not None:
        return _numbered(_file(folder / name))
    return ()


def _steps(program: Program) -> tuple[tuple[str, str], ...]:
    lines: list[tuple[str, str]] = []
    for path, step in all_steps(program):
        head = f'{{ op = "repeat", times = {step.times}, steps = ... }}' if isinstance(step, Repeat) else line_of(step)
        lines.append((place_of(path), "  " * (len(path) - 1) + head))
    return (*lines, ("the end", ""))


def _numbered(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((str(number), line.expandtabs(4)) for number, line in enumerate(lines, 1))


@lru_cache(maxsize=16)
def _file(file: Path) -> tuple[str, ...]:
    try:
        return tuple(file.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ()


@lru_cache(maxsize=16)
def _listed(file: bytes, version: int) -> tuple[list[int], tuple[tuple[str, str], ...]]:
    from ..views.listing import listing_report

    entries = sorted(listing_report(file, version).entries, key=lambda entry: entry.address)
    lines = tuple((f"{entry.address:x}", "; ".join(entry.text) or "no instruction") for entry in entries)
    return [entry.address for entry in entries], lines


def _listing(code: Code, version: int, pc: int | None) -> Source:
    addresses, lines = _listed(code.elf, version)
    at = -1 if pc is None else bisect_right(addresses, pc) - 1
    return Source(code.name, lines, at if at >= 0 else None)


def _ahead(session: Session, vm: int) -> tuple[tuple[str, str], ...]:
    """The operations from the pc on, as they lie in the VM's memory."""
    scheduler = session.player.staging.scheduler
    pc = shown.real_pc(session, vm)
    if pc is None:
        return ()
    start, size = min(pc, MEMORY_SIZE), min(AHEAD * 8 + 16, max(0, MEMORY_SIZE - pc))
    content = scheduler.peek(
        vm,
        lambda m: m.memory.read(start, size),
        lambda s, group: read_snapshot(s, group, start, size),
    )

    def fetch(address: int) -> int:
        word = content[address - start : address - start + 4]
        if len(word) < 2:
            raise MemOutOfBound(f"pc 0x{address:x}")
        number = int.from_bytes(word, "little")
        return number if number & 3 == 3 else number & 0xFFFF

    lines: list[tuple[str, str]] = []
    while len(lines) < AHEAD:
        try:
            operation = decode(pc, fetch, VERSIONS[session.player.staging.build.scenario.version])
        except VmError:
            break
        text = "; ".join(operation_text(part, pc) for part in operation.parts or (operation,))
        lines.append((f"{pc:x}", text))
        pc += operation.length
    return tuple(lines) or ((f"{pc:x}", "no instruction"),)
