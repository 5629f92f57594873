"""How a run ended, in words."""

from __future__ import annotations

from collections.abc import Iterator

from ..scheduler.deadlock import DeadlockReport
from ..scheduler.events import Faulted
from ..scheduler.outcome import SUSPENDED
from ..staging import Run
from .cast import Cast
from .hypotheticals import fault_notes, hypothetical_lines


def ending(run: Run, *, unit: str = "iteration") -> Iterator[str]:
    """Lines: the end, cycles and iterations, for a deadlock who waits for what, and what is hypothetical.

    ``unit`` is what an iteration is called.
    """
    outcome = run.outcome
    cast = Cast(run.build)
    fault: Faulted | None = None
    for event in run.journal:
        cast.follow(event)
        fault = event if isinstance(event, Faulted) else fault
    if outcome.deadlock is not None:
        yield "deadlock: no VM can run, and none will be woken"
        yield from deadlock_lines(outcome.deadlock, cast)
    elif outcome.failure is not None:
        failure = outcome.failure
        detail = f" ({failure.detail})" if failure.detail else ""
        where = ""
        if fault is not None and fault.pc is not None:
            where = f" in {cast.where(fault.vm)} at pc 0x{fault.pc:x}"
        yield f"error: {failure.display}{detail}{where}"
    elif outcome.status == SUSPENDED:
        yield "suspended"
    else:
        yield f"exit code {outcome.exit_code}"
    yield totals(outcome.cycles, outcome.iterations, unit)
    if run.hypothetical is not None:
        yield from hypothetical_lines(run.hypothetical, fault_notes(run.journal))
    yield from (f"not as expected: {line}" for line in run.unmet)


def totals(cycles: int, iterations: int, unit: str) -> str:
    """What a run took; ``unit`` is what an iteration is called."""
    return f"{cycles:,} cycles, {iterations:,} {unit}{'' if iterations == 1 else 's'}"


def deadlock_lines(report: DeadlockReport, cast: Cast) -> Iterator[str]:
    """Who waits for what, where ``cast`` has them, and the rings."""
    for waiting in report.waiting:
        yield f"  {cast.where(waiting.vm)} {waiting.words}"
    for ring in report.rings:
        yield "  ring: " + " → ".join(f"VM {vm}" for vm in (*ring, ring[0]))
    if report.io_pass_skipped:
        yield "  both ends of a pipe wait, or one is closed: the run was suspended after a turn beyond its budget, and"
        yield "  nobody makes up for the I/O pass that is skipped then, nor does a node (docs/scenarios.md, Suspending)"
