"""What an edit changes, as a diff of operation lines."""

from __future__ import annotations

import difflib

from ..scenarios.model import Program, Scenario
from ..scenarios.steps import AnyStep, Repeat
from .model import Change
from .steps_at import line_of


def changes_of(before: Scenario, after: Scenario) -> list[Change]:
    """The places that differ, as lines of operations. ``place`` is that of the first line that goes, or before which
    lines come, in the program as it was."""
    found: list[Change] = []
    for name, program in after.programs.items():
        old, new = lines_of(before.programs[name]), lines_of(program)
        matcher = difflib.SequenceMatcher(a=[text for _, text in old], b=[text for _, text in new], autojunk=False)
        for tag, a1, a2, b1, b2 in matcher.get_opcodes():
            if tag != "equal":
                place = old[a1][0] if a1 < len(old) else "the end"
                removed, added = (tuple(text for _, text in part) for part in (old[a1:a2], new[b1:b2]))
                found.append(Change(program=name, place=place, removed=removed, added=added))
    return found


def lines_of(program: Program) -> list[tuple[str, str]]:
    """A program's operations as lines, each with its place; a loop has a line for its beginning and one for its end."""
    return list(_nested(program.steps or (), "", ""))


def _nested(steps: tuple[AnyStep, ...], place: str, margin: str) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for index, step in enumerate(steps):
        where = f"{place}steps[{index}]"
        if isinstance(step, Repeat):
            lines.append((where, f'{margin}{{ op = "repeat", times = {step.times}, steps = ['))
            lines += _nested(step.steps, f"{where}.", f"{margin}  ")
            lines.append((f"the end of {where}", f"{margin}] }}"))
        else:
            lines.append((where, f"{margin}{line_of(step)}"))
    return lines
