"""Programs as texts to be shown: operations, assembly, C or a listing, and which line a VM is at."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path, PurePath

import msgspec

from ..actors.python_vm import Actor
from ..explain.steps_at import line_of
from ..scenarios.build import Build
from ..scenarios.code import Code
from ..scenarios.steps import AnyStep, Repeat
from ..views.listing import listing
from ..views.text import harmless
from ..vm.errors import VmError

LINES_MAX = 4_000
"""Lines of a listing that are shown at the most."""
_ADDRESS = re.compile(r" *([0-9a-f]+):  ")


class Source(msgspec.Struct):
    """A program's text by lines; ``language`` is ``operations``, ``assembly``, ``C``, ``listing`` or ``Python``."""

    name: str
    language: str
    lines: list[str]
    at: dict[str, int]
    """Lines by place (``steps[2]``, ``child.c:12``) or address (in hex)."""
    labels: list[str] = []
    """What all others call each line: ``steps[2]``, a line's number in its file; none where it says so itself."""


def sources_of(build: Build) -> list[Source]:
    """The programs of a scenario, in their order."""
    return [_source(build, number, code) for number, code in enumerate(build.codes)]


def _source(build: Build, number: int, code: Code) -> Source:
    program = build.scenario.programs.get(code.name)
    if number in build.actors:
        return _python(code.name, build.actors[number])
    if program is not None and program.steps is not None:
        return _operations(code.name, program.steps)
    if program is not None and code.c:
        return _text(code.name, "C", code.c, f"{Path(program.source or f'{code.name}.c').name}:")
    if code.assembly and code.places:
        return _text(code.name, "assembly", code.assembly, code.places[0].rpartition(":")[0] + ":")
    return _listing(code, build.scenario.version)


def _operations(name: str, steps: Sequence[AnyStep]) -> Source:
    lines: list[str] = []
    at: dict[str, int] = {}
    _add_steps(steps, "", 0, lines, at)
    labels = list(at)
    at["the end"] = len(lines)
    return Source(name, "operations", [*lines, "(the end)"], at, [*labels, ""])


def _add_steps(steps: Sequence[AnyStep], path: str, depth: int, lines: list[str], at: dict[str, int]) -> None:
    """A line a step; the steps of a loop stand below it, further in."""
    for index, step in enumerate(steps):
        place = f"{path}steps[{index}]"
        at[place] = len(lines)
        margin = "  " * depth
        if isinstance(step, Repeat):
            lines.append(f"{margin}repeat {step.times} times:")
            _add_steps(step.steps, f"{place}.", depth + 1, lines, at)
        else:
            lines.append(margin + harmless(line_of(step)))


def _text(name: str, language: str, text: str, place: str, first: int = 1) -> Source:
    """A text whose lines are numbered from ``first`` on."""
    lines = [harmless(line.replace("\t", "    ")) for line in text.rstrip("\n").split("\n")]
    numbers = range(first, first + len(lines))
    at = {f"{place}{number}": number - first for number in numbers}
    return Source(name, language, lines, at, list(map(str, numbers)))


def _python(name: str, actor: Actor) -> Source:
    """A function's own lines; nothing of where its file is."""
    try:
        found, first = inspect.getsourcelines(actor)
        file = inspect.getsourcefile(actor) or ""
    except (OSError, TypeError):
        return Source(name, "Python", ["(a Python function whose source is not at hand)"], {})
    return _text(name, "Python", "".join(found), place_shown(f"{file}:"), first)


def place_shown(place: str) -> str:
    """``child.py:9`` of a place in a file: where that file lies is nobody's business."""
    file, _, line = place.rpartition(":")
    return f"{PurePath(file).name}:{line}"


def _listing(code: Code, version: int) -> Source:
    """Instructions, one a line, found by their address."""
    lines: list[str] = []
    at: dict[str, int] = {}
    try:
        for line in listing(code.elf, version):
            if len(lines) == LINES_MAX:
                lines.append(f"(and more: `spawnlab disasm` shows all; {LINES_MAX:,} lines are shown here)")
                break
            found = _ADDRESS.match(line)
            if found:
                at[found[1]] = len(lines)
            lines.append(line)
    except VmError as error:
        lines.append(f"(it can't be listed: {error})")
    return Source(code.name, "listing", lines, at)


class Where:
    """Which line of its program a VM is at, by its program's name and its pc or place."""

    def __init__(self, build: Build, sources: Sequence[Source]) -> None:
        self._codes = {code.name: code for code in build.codes}
        self._sources = {source.name: source for source in sources}

    def line(self, program: str, pc: int) -> int | None:
        """The line that holds an address; ``None`` where that is not known."""
        source, code = self._sources.get(program), self._codes.get(program)
        if source is None or code is None:
            return None
        if source.language == "listing":
            near = (f"{address:x}" for address in (pc, pc - 1, pc - 2, pc - 3))  # it may be within an instruction
            return next((source.at[address] for address in near if address in source.at), None)
        return self.line_of(program, code.place_of(pc))

    def line_of(self, program: str, place: str | None) -> int | None:
        """The line of a place; ``None`` where that is not known."""
        source = self._sources.get(program)
        return None if source is None or place is None else source.at.get(place)
