"""How a run ended, as a value."""

from __future__ import annotations

import msgspec

from ..vm.errors import VmError
from .deadlock import Deadlock, DeadlockReport
from .scheduler import RunMode, Scheduler


class Failure(msgspec.Struct, frozen=True):
    """The error that ended a run, in the reference's words; ``detail`` has ours."""

    variant: str
    display: str
    debug: str
    detail: str


SUSPENDED = "suspended"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended; ``exit_code`` is the root's, -128 to 127; ``cycles`` are the whole run's."""

    status: str
    """``exit``, ``error`` or ``suspended``."""
    exit_code: int | None = None
    failure: Failure | None = None
    deadlock: DeadlockReport | None = None
    cycles: int
    iterations: int


def outcome_of(scheduler: Scheduler, error: VmError | None) -> Outcome:
    """The outcome of a run that ended by itself (``error`` is None) or by an error."""
    if error is None:
        result = scheduler.terminated_result()
        return Outcome(
            status="exit",
            exit_code=result.exit_code,
            cycles=result.consumed_cycles,
            iterations=scheduler.iterations,
        )
    return Outcome(
        status="error",
        failure=Failure(error.variant, error.display, error.debug, error.detail),
        deadlock=error.report if isinstance(error, Deadlock) else None,
        cycles=scheduler.consumed_cycles(),
        iterations=scheduler.iterations,
    )


def conduct(scheduler: Scheduler, limit: int) -> Outcome:
    """The synchronous driver: run to the end within ``limit`` cycles; a failed run is an outcome, not an exception."""
    try:
        scheduler.run(RunMode(limit))
    except VmError as error:
        return outcome_of(scheduler, error)
    return outcome_of(scheduler, None)
