"""A run as one JSON object, for programs to read."""

from __future__ import annotations

import msgspec

from ..scheduler.events import IterationEnded, Logged
from ..scheduler.outcome import Outcome
from ..staging import Run
from .hypotheticals import FaultNote, fault_notes
from .jsontext import json_text


class Iteration(msgspec.Struct, frozen=True):
    """One iteration: the VM that ran, the cycles it took, and the run's total after it."""

    vm: int
    spent: int
    total: int


class Line(msgspec.Struct, frozen=True):
    """A text that a VM printed."""

    vm: int
    text: str


FORMAT = 1


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole outcome. ``unmet`` says in words what the scenario expects and did not happen."""

    format: int = FORMAT
    title: str
    hypothetical: str | None
    """The policy and the faults, where the run is not the chain's."""
    faults: tuple[FaultNote, ...]
    as_expected: bool
    unmet: tuple[str, ...]
    outcome: Outcome
    schedule: tuple[Iteration, ...]
    log: tuple[Line, ...]
    fingerprint: str


def report(run: Run) -> str:
    """The report of a run as JSON text."""
    events = run.journal.events
    made = Report(
        title=run.build.scenario.title,
        hypothetical=run.hypothetical,
        faults=fault_notes(run.journal),
        as_expected=run.as_expected,
        unmet=run.unmet,
        outcome=run.outcome,
        schedule=tuple(Iteration(e.vm, e.spent, e.total) for e in events if isinstance(e, IterationEnded)),
        log=tuple(Line(e.vm, e.text) for e in events if isinstance(e, Logged)),
        fingerprint=run.journal.fingerprint(),
    )
    return json_text(made)
