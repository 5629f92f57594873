"""Rules as generators: they yield one :class:`Leg` after the other, and are sent what each came to."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import msgspec

from ...vm.errors import VmError
from ..scheduler import RunMode, Scheduler
from .groups import ScriptGroup

T = TypeVar("T")


class Leg(msgspec.Struct, frozen=True):
    """A scheduler to be run within so many cycles."""

    group: ScriptGroup
    scheduler: Scheduler
    limit: int


Steps = Generator[Leg, VmError | None, T]
"""Yields legs, is sent what ended each (``None``: it came to its end), and gives the result."""


def drive(steps: Steps[T]) -> T:
    """Run all legs synchronously; gives the result."""
    try:
        leg = next(steps)
        while True:
            leg = steps.send(_run(leg))
    except StopIteration as stop:
        return stop.value


def _run(leg: Leg) -> VmError | None:
    """The error that a leg came to, or ``None``."""
    try:
        leg.scheduler.run(RunMode(leg.limit))
    except VmError as error:
        return error
    return None
