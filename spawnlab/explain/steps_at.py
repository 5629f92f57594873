"""Steps of a scenario by their place, and edits of the lists that they are in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import msgspec

from ..scenarios.model import Program, Scenario
from ..scenarios.steps import AnyStep, Repeat

Steps = tuple[AnyStep, ...]
Path = tuple[int, ...]
"""Indices: of a step in its program, of a step in that repeat, and so on."""
ListChange = Callable[[Steps], Steps]
"""An edit of one list of steps."""
_INDEX = re.compile(r"steps\[(\d+)\]")


def path_of(place: str | None) -> Path | None:
    """The path of ``steps[2].steps[0]``; ``None`` for what is no step."""
    found = _INDEX.findall(place or "")
    return tuple(map(int, found)) or None


def place_of(path: Path) -> str:
    """``steps[2].steps[0]``."""
    return ".".join(f"steps[{index}]" for index in path)


def step_at(program: Program, path: Path | None) -> AnyStep | None:
    """The step; ``None`` if there is none."""
    steps: Steps = program.steps or ()
    for depth, index in enumerate(path or ()):
        if index >= len(steps):
            return None
        step = steps[index]
        if depth == len(path or ()) - 1:
            return step
        steps = step.steps if isinstance(step, Repeat) else ()
    return None


def all_steps(program: Program) -> Iterator[tuple[Path, AnyStep]]:
    """All steps of a program with their paths, those within loops too."""
    yield from _all_steps(program.steps or (), ())


def _all_steps(steps: Steps, path: Path) -> Iterator[tuple[Path, AnyStep]]:
    for index, step in enumerate(steps):
        yield (*path, index), step
        if isinstance(step, Repeat):
            yield from _all_steps(step.steps, (*path, index))


def with_list(scenario: Scenario, program: str, path: Path, change: ListChange) -> Scenario:
    """The scenario with the list changed that the step at ``path`` is in."""
    made = scenario.programs[program]
    changed = msgspec.structs.replace(made, steps=_changed(made.steps or (), path[:-1], change))
    return msgspec.structs.replace(scenario, programs={**scenario.programs, program: changed})


def _changed(steps: Steps, path: Path, change: ListChange) -> Steps:
    if not path:
        return change(steps)
    repeat = cast("Repeat", steps[path[0]])
    inner = msgspec.structs.replace(repeat, steps=_changed(repeat.steps, path[1:], change))
    return (*steps[: path[0]], inner, *steps[path[0] + 1 :])


def inserted(index: int, *new: AnyStep) -> ListChange:
    """Put steps before the one at ``index``."""
    return lambda steps: (*steps[:index], *new, *steps[index:])


def dropped(index: int) -> ListChange:
    """Leave a step out."""
    return lambda steps: (*steps[:index], *steps[index + 1 :])


def replaced(index: int, new: AnyStep) -> ListChange:
    """Another step in its place."""
    return lambda steps: (*steps[:index], new, *steps[index + 1 :])


def moved(source: int, target: int) -> ListChange:
    """Take a step out and put it so that it has the index ``target``."""

    def change(steps: Steps) -> Steps:
        rest = [*steps[:source], *steps[source + 1 :]]
        return (*rest[:target], steps[source], *rest[target:])

    return change


def line_of(step: AnyStep) -> str:
    """A step as a scenario file has it: ``{ op = "close", fd = "w" }``."""
    return _inline(msgspec.to_builtins(step))


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return "{ " + ", ".join(f"{name} = {_inline(inner)}" for name, inner in fields.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_inline, cast("Sequence[Any]", value))) + "]"
    return json.dumps(value, ensure_ascii=False)
