"""Programs as texts to be shown: operations, assembly, C or a listing, and which line a VM is at."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..actors.python_vm import Actor
from ..explain.steps_at import line_of
from ..scenarios.build import Build
from ..scenarios.programs import Code
from ..scenarios.steps import AnyStep, Repeat
from ..views.listing import listing
from ..views.text import harmless
from ..vm.errors import VmError

LINES_MAX = 4_000
"""Lines of a listing that are shown at the most."""
_ADDRESS = re.compile(r" *([0-9a-f]+):  ")


class Source(msgspec.Struct):
    """A program's text by lines; ``language`` is ``operations``, ``assembly``, ``c``, ``listing`` or ``python``."""

    name: str
    language: str
    lines: list[str]
    at: dict[str, int]
    """Lines by place (``steps[2]``, ``child.c:12``) or address (in hex)."""


def sources_of(build: Build) -> list[Source]:
    """The programs of a scenario, in their order."""
    return [_source(build, number, code) for number, code in enumerate(build.codes)]


def _source(build: Build, number: int, code: Code) -> Source:
    program = build.scenario.programs.get(code.name)
    if number in build.actors:
        return _python(code.name, build.actors[number])
    if program is not None and program.steps is not None:
        return _operations(code.name, program.steps)
    if program is not None and program.c is not None:
        return _text(code.name, "c", program.c, f"{code.name}.c:")
    if code.assembly and code.places:
        return _text(code.name, "assembly", code.assembly, code.places[0].rpartition(":")[0] + ":")
    return _listing(code, build.scenario.version)


def _operations(name: str, steps: Sequence[AnyStep]) -> Source:
    lines: list[str] = []
    at: dict[str, int] = {}
    _add_steps(steps, "", 0, lines, at)
    at["the end"] = len(lines)
    return Source(name, "operations", [*lines, "(the end)"], at)


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


def _text(name: str, language: str, text: str, place: str) -> Source:
    lines = [harmless(line.replace("\t", "    ")) for line in text.rstrip("\n").split("\n")]
    return Source(name, language, lines, {f"{place}{number}": number - 1 for number in range(1, len(lines) + 1)})


def _python(name: str, actor: Actor) -> Source:
    """A function's own lines; nothing of where its file is."""
    try:
        found, first = inspect.getsourcelines(actor)
        file = Path(inspect.getsourcefile(actor) or "").name
    except (OSError, TypeError):
        return Source(name, "python", ["(a Python function whose source is not at hand)"], {})
    lines = [harmless(line.rstrip("\n").replace("\t", "    ")) for line in found]
    return Source(name, "python", lines, {f"{file}:{first + index}": index for index in range(len(lines))})


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
        place = code.place_of(pc)
        return None if place is None else source.at.get(place)
