"""How a run ended, as a value."""

from __future__ import annotations

import spawnlab
from spawnlab.scenarios.steps import Compute, Pipe, Read, Spawn, Wait, Write
from spawnlab.scheduler.outcome import Failure, Outcome, conduct
from spawnlab.scheduler.scheduler import Scheduler

from .programs import SMALLEST, leave, pipe, read, spawn
from .runs import play_steps, scenario, sg_data_of


def outcome_of(*programs: str | bytes, limit: int = 1_000_000) -> Outcome:
    return conduct(Scheduler(sg_data_of(*programs)), limit)


def test_an_exit() -> None:
    assert outcome_of(SMALLEST) == Outcome(status="exit", exit_code=0, cycles=539, iterations=1)
    assert outcome_of(leave(-5)).exit_code == -5


def test_a_fault_has_the_references_words_and_ours() -> None:
    outcome = outcome_of("  ld t0, -8(x0)\n")
    assert outcome.status == "error"
    assert outcome.exit_code is None
    assert outcome.failure is not None
    assert (outcome.failure.variant, outcome.failure.display) == ("MemOutOfBound", "memory error: out of bound")
    assert outcome.failure.debug == "MemOutOfBound"
    assert "0xfffffffffffffff8" in outcome.failure.detail
    assert outcome.deadlock is None


def test_a_deadlock_has_its_report() -> None:
    outcome = outcome_of(pipe() + read(2, 1))
    assert outcome.deadlock is not None
    assert isinstance(outcome.failure, Failure)
    assert outcome.failure.detail == "VM 0 waits to read from fd 2, whose write end 3 is held by itself"
    assert outcome.iterations == 2


def test_a_limit_that_is_too_low() -> None:
    outcome = outcome_of(spawn(1) + leave(), SMALLEST, limit=50_000)
    assert outcome.failure is not None
    assert outcome.failure.variant == "CyclesExceeded"
    assert outcome.cycles > 50_000  # the spawn itself overshot
    assert outcome.iterations == 1


def test_a_run_of_steps_and_the_same_by_the_face() -> None:
    """The helpers of these tests and the public function come to the same outcome and journal."""
    root = (
        Pipe(ends=("r", "w")),
        Spawn(program="p1", fds=("r",), name="c"),
        Compute(cycles=1000),
        Write(fd="w", text="hello", count="n"),
        Wait(vm="c", exit_code=0),
    )
    child = (Read(fd=2, size=16, text="hello"),)
    here, there = play_steps(root, child), spawnlab.run_synchronously(scenario(root, child), limit=(1 << 64) - 1)
    assert here.outcome == there.outcome
    assert here.journal == there.journal
    assert here.exit_code == 0
