"""Whether a run came to what its scenario expects."""

from __future__ import annotations

import msgspec

from ..scheduler.outcome import Outcome
from .model import Expectation


def unmet(expectation: Expectation, outcome: Outcome) -> list[str]:
    """What is not as expected, in words; empty when all is."""
    e = expectation
    if e.exit_code is None and not e.deadlock and e.error is None:
        e = msgspec.structs.replace(e, exit_code=0)
    found: list[str] = []
    if e.exit_code is not None and outcome.exit_code != e.exit_code:
        found.append(f"exit code {_or_none(outcome.exit_code)}, not {e.exit_code}")
    if e.cycles is not None and outcome.cycles != e.cycles:
        found.append(f"{outcome.cycles} cycles, not {e.cycles}")
    if e.deadlock is not None:
        found += _deadlock(e.deadlock, outcome)
    if e.error is not None:
        variant = outcome.failure.variant if outcome.failure else None
        if variant != e.error:
            found.append(f"error {_or_none(variant)}, not {e.error}")
    return found


def _or_none(value: object) -> str:
    return "none" if value is None else str(value)


def _deadlock(expected: tuple[int, ...] | bool, outcome: Outcome) -> list[str]:
    members = tuple(w.vm for w in outcome.deadlock.waiting) if outcome.deadlock else None
    if expected is True:
        return [] if members is not None else ["no deadlock, but one is expected"]
    if expected is False:
        return [] if members is None else ["a deadlock, but none is expected"]
    if members != expected:
        listed = "no deadlock" if members is None else f"a deadlock of VMs {_ids(members)}"
        return [f"{listed}, but one of VMs {_ids(expected)} is expected"]
    return []


def _ids(members: tuple[int, ...]) -> str:
    return ", ".join(map(str, members))
