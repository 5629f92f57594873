"""What operations print when they find something else than they expect."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..scenarios.model import Scenario
from ..scenarios.steps import AnyStep
from .steps_at import path_of, step_at

_SAID = re.compile(r"\$\.programs\.([\w-]+)\.((?:steps\[\d+\]\.?)+)(\.\w+)?: (.*)", re.DOTALL)


class Complaint(NamedTuple):
    """The program, the place and the step of it, and what it says."""

    program: str
    place: str
    step: AnyStep
    words: str


def complaint_of(scenario: Scenario, text: str) -> Complaint | None:
    """A text as a complaint of a step that there is; any program may print what only looks like one."""
    said = _SAID.fullmatch(text)
    program = scenario.programs.get(said[1]) if said else None
    step = step_at(program, path_of(said[2])) if said and program else None
    return Complaint(said[1], said[2], step, said[4]) if said and step else None
