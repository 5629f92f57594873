"""What a scenario asks for: whether its plan can be, and whether a run came to what it expects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from ..scheduler.events import IterationEnded, Logged
from ..scheduler.journal import Journal
from ..scheduler.outcome import Outcome
from .errors import ScenarioError
from .model import Expectation, LogLine, Range, Scenario

T = TypeVar("T")


def check_plan(scenario: Scenario) -> None:
    """Raise :class:`ScenarioError` for a suspend plan that can't be carried out."""
    plan = scenario.suspend
    if plan is not None and (not plan.at or list(plan.at) != sorted(set(plan.at)) or plan.at[0] == 0):
        raise ScenarioError("cycles from 1 on, ascending, at least one", path="$.suspend.at")


def expectation_of(outcome: Outcome) -> Expectation:
    """How a run ended and what it cost, as what another run is expected to come to."""
    failure = outcome.failure
    return Expectation(exit_code=outcome.exit_code, error=failure.variant if failure else None, cycles=outcome.cycles)


def unmet(expectation: Expectation, outcome: Outcome, journal: Journal) -> list[str]:
    """What is not as expected, in words; empty when all is."""
    e = expectation
    if e.exit_code is None and not e.deadlock and e.error is None:
        e = msgspec.structs.replace(e, exit_code=0)
    found: list[str] = []
    if e.exit_code is not None and outcome.exit_code != e.exit_code:
        found.append(f"exit code {_or_none(outcome.exit_code)}, not {e.exit_code}")
    if e.error is not None:
        variant = outcome.failure.variant if outcome.failure else None
        if variant != e.error:
            found.append(f"error {_or_none(variant)}, not {e.error}")
    if e.deadlock is not None:
        found += _deadlock(e.deadlock, outcome)
    if e.cycles is not None:
        found += _cycles(e.cycles, outcome.cycles)
    if e.order is not None:
        found += _sequence("iteration", e.order, [x.vm for x in journal if isinstance(x, IterationEnded)], _vm)
    if e.log is not None:
        found += _log(e.log, [x for x in journal if isinstance(x, Logged)])
    if e.fingerprint is not None and e.fingerprint != journal.fingerprint():
        found.append(f"fingerprint {journal.fingerprint()}, not {e.fingerprint}")
    return found


def _cycles(expected: int | Range, cycles: int) -> list[str]:
    if isinstance(expected, int):
        return [] if cycles == expected else [f"{cycles:,} cycles, not {expected:,}"]
    if cycles < expected.min:
        return [f"{cycles:,} cycles, fewer than {expected.min:,}"]
    if expected.max is not None and cycles > expected.max:
        return [f"{cycles:,} cycles, more than {expected.max:,}"]
    return []


def _log(expected: Sequence[LogLine | str], logged: Sequence[Logged]) -> list[str]:
    """A text says nothing of who prints it."""
    lines: list[LogLine | str] = [
        event.text
        if index < len(expected) and isinstance(expected[index], str)
        else LogLine(vm=event.vm, text=event.text)
        for index, event in enumerate(logged)
    ]
    return _sequence("line", expected, lines, _line)


def _sequence(what: str, expected: Sequence[T], found: Sequence[T], shown: Callable[[T], str]) -> list[str]:
    """The first difference of two sequences."""
    for number, (one, other) in enumerate(zip(found, expected, strict=False), 1):
        if one != other:
            return [f"{what} {number} is {shown(one)}, not {shown(other)}"]
    if len(found) < len(expected):
        return [f"there is no {what} {len(found) + 1}; {shown(expected[len(found)])} is expected"]
    if len(found) > len(expected):
        return [f"{what} {len(expected) + 1} is {shown(found[len(expected)])}, where none is expected"]
    return []


def _vm(vm: int) -> str:
    return f"VM {vm}'s"


def _line(line: LogLine | str) -> str:
    return repr(line) if isinstance(line, str) else f"VM {line.vm}'s {line.text!r}"


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
