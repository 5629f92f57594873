"""Scenarios in short: programs as lists of operations in TOML."""

from __future__ import annotations

from collections.abc import Mapping

from spawnlab.hints.hints import hints_of
from spawnlab.hints.model import Hint
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scenarios.model import Program, Scenario


def scenario_of(
    given: Mapping[str, str | Program] | None = None, /, *, version: int = 2, **more: str | Program
) -> Scenario:
    """Programs by name: lines of operations such as ``pipe, as = ["r", "w"]``, or what is given as it is."""
    programs = {**(given or {}), **more}
    written = {name: text for name, text in programs.items() if isinstance(text, str)}
    parts = [f"version = {version}\n"]
    for name, text in written.items():
        steps = "".join(f"{{ op = {_quoted(line.strip())} }},\n" for line in text.strip().splitlines() if line.strip())
        parts.append(f"[programs.{name}]\nsteps = [\n{steps}]\n")
    made = parse_scenario("".join(parts), ".toml")
    others = {name: program for name, program in programs.items() if isinstance(program, Program)}
    return Scenario(version=version, programs={**made.programs, **others})


def _quoted(line: str) -> str:
    name, comma, rest = line.partition(",")
    return f'"{name}"{comma}{rest}'


def kinds(scenario: Scenario, level: str | None = None) -> list[str]:
    """The kinds of its hints, or of those of a level."""
    return [hint.kind for hint in hints_of(scenario) if level in (None, hint.level)]


def the(scenario: Scenario, kind: str) -> Hint:
    """Its only hint of a kind."""
    (hint,) = (hint for hint in hints_of(scenario) if hint.kind == kind)
    return hint
