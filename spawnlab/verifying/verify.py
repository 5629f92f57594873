"""Verifying a transaction, script by script, with each script's run to look at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import msgspec

from ..runs import Run
from ..scenarios.build import WholeTransaction
from ..scenarios.check import unmet
from ..scenarios.mock.checks import oddities
from ..scenarios.mock.scripts import address_of
from ..scenarios.model import BLOCK_CYCLES, Expectation
from ..scheduler.journal import Journal
from ..scheduler.limits import U64_MAX
from ..scheduler.outcome import Failure, Outcome, outcome_of
from ..scheduler.policy import CONSENSUS_POLICY
from ..scheduler.syscalls.generator import SyscallGenerator, consensus_syscalls
from ..scheduler.verify.errors import ExceededMaximumCycles, ScriptError, TransactionScriptError, ValidationFailure
from ..scheduler.verify.groups import ScriptGroup
from ..scheduler.verify.legs import Steps, T, drive
from ..views.hypotheticals import OTHER_CALLS
from ..vm.errors import CyclesExceeded
from .reading import wanted

if TYPE_CHECKING:
    from ..actors.verifying import Signal


class ScriptResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one script."""

    address: str
    """Where it is met first: ``input.0.lock``."""
    group: ScriptGroup
    version: int | None
    """The script version that it ran in; ``None`` where it did not run, and for the type id script."""
    outcome: Outcome
    """How it ended. One that does not run has the reference's error as its failure."""
    limit: int
    """Cycles that it had."""
    error: str | None
    """In the reference's words; ``None`` for one that passes."""
    seconds: float
    run: Run | None
    """The whole run; ``None`` where nothing was run, and for the type id script."""
    unmet: tuple[str, ...]
    """What the file expects of it and did not happen."""

    @property
    def passes(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.error is None

    @property
    def exit_code(self) -> int | None:
        """-128 to 127; ``None`` where it came to none."""
        return self.outcome.exit_code

    @property
    def cycles(self) -> int:
        """That it used, also where it does not pass."""
        return self.outcome.cycles


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a node would say of a transaction, and of each of its scripts."""

    tx_hash: bytes
    scripts: tuple[ScriptResult, ...]
    """Those that were run, in the order of execution: up to the first that does not pass, unless all were wanted."""
    cycles: int | None
    """Of all scripts; ``None`` if it is refused."""
    error: str | None
    """Why it is refused, in the reference's words."""
    not_run: int
    """Scripts that were wanted, and are behind the one that ended it."""
    notes: tuple[str, ...]
    """What is odd about the file, and about how it is verified."""
    whole: WholeTransaction

    @property
    def passes(self) -> bool:
        """Whether a node would take it."""
        return self.error is None

    @property
    def as_expected(self) -> bool:
        """Whether all scripts that were run came to what the file expects of them: exit code 0, unless it says else."""
        return not any(script.unmet for script in self.scripts)


def verify(
    file: str | os.PathLike[str],
    *,
    max_cycles: int = BLOCK_CYCLES,
    script: str | None = None,
    version: int = 2,
    program: bytes | str | os.PathLike[str] | None = None,
    all_scripts: bool = False,
    system_calls: SyscallGenerator = consensus_syscalls,
) -> Verification:
    """Verify a mock transaction within ``max_cycles`` for all of its scripts, or ``script`` alone (``TX.json#SCRIPT``
    names it too).

    ``version`` is the newest script version that is active. ``program`` is an ELF file, or its content, that takes
    the place of the code of ``script``. ``all_scripts`` goes on behind those that do not pass, as if they were not
    there; a node would not. ``system_calls`` gives others than the chain's
    (:class:`~spawnlab.debugger.calls.DebuggerCalls`).

    Raises :class:`~spawnlab.scenarios.errors.ScenarioError` for a file that can't be read, or where the transaction
    can't be resolved, and :class:`ValueError` for a version or a number of cycles that there is not.
    """
    whole, groups = wanted(file, script, version, program)
    return drive(_verifying(_calling(whole, system_calls), groups, max_cycles, all_scripts=all_scripts))


async def perform_verification(
    file: str | os.PathLike[str],
    *,
    max_cycles: int = BLOCK_CYCLES,
    script: str | None = None,
    version: int = 2,
    program: bytes | str | os.PathLike[str] | None = None,
    all_scripts: bool = False,
    system_calls: SyscallGenerator = consensus_syscalls,
    signal: Signal | None = None,
) -> Verification:
    """As :func:`verify`, under Trio: every VM is a task, and ``signal`` may suspend, resume and stop it.

    Raises :class:`~spawnlab.scheduler.verify.errors.VerificationInterrupted` where it is stopped.
    """
    from ..actors.verifying import play_steps

    whole, groups = wanted(file, script, version, program)
    steps = _verifying(_calling(whole, system_calls), groups, max_cycles, all_scripts=all_scripts)
    return await play_steps(steps, signal)


def _calling(whole: WholeTransaction, system_calls: SyscallGenerator) -> WholeTransaction:
    return msgspec.structs.replace(whole, verifier=whole.verifier.calling(system_calls))


def _verifying(
    whole: WholeTransaction, groups: Sequence[ScriptGroup], limit: int, *, all_scripts: bool
) -> Steps[Verification]:
    if not 0 <= limit <= U64_MAX:
        raise ValueError(f"max_cycles is 0 to 2^64 - 1, not {limit}")
    results: list[ScriptResult] = []
    refusal: TransactionScriptError | None = None
    cycles = 0
    for group in groups:
        result, cause = yield from _script(whole, group, max(0, limit - cycles))
        results.append(result)
        if cause is None:
            cycles += result.cycles
            continue
        refusal = refusal or TransactionScriptError(group, cause)
        if not all_scripts:
            break
    others = () if whole.verifier.generator is consensus_syscalls else (OTHER_CALLS,)
    return Verification(
        tx_hash=whole.mock.transaction.hash,
        scripts=tuple(results),
        cycles=None if refusal else cycles,
        error=None if refusal is None else str(refusal),
        not_run=len(groups) - len(results),
        notes=(*others, *oddities(whole.mock, whole.verifier)),
        whole=whole,
    )


def _script(whole: WholeTransaction, group: ScriptGroup, limit: int) -> Steps[tuple[ScriptResult, ScriptError | None]]:
    """Run one script; what became of it, and the error that it came to."""
    journal = Journal(CONSENSUS_POLICY.name)
    verifier = whole.verifier.watched(lambda _: [journal])
    ended: list[Outcome] = []
    since = perf_counter()
    cause: ScriptError | None = None
    cycles = 0
    try:
        cycles = yield from _overheard(verifier.running(group, limit), ended)
    except ScriptError as error:
        cause = error
    seconds = perf_counter() - since
    outcome = ended[0] if ended else _without_run(cause, cycles)
    expected = whole.expected.get(group, Expectation())
    missed = tuple(unmet(expected, outcome, journal))
    run = Run(whole.build_group(group), outcome, journal, missed, limit=limit) if ended else None
    result = ScriptResult(
        address=address_of(group),
        group=group,
        version=None if run is None else run.build.scenario.version,
        outcome=outcome,
        limit=limit,
        error=None if cause is None else str(cause),
        seconds=seconds,
        run=run,
        unmet=missed,
    )
    return result, cause


def _overheard(steps: Steps[T], ended: list[Outcome]) -> Steps[T]:
    """The same steps; what their legs came to is kept."""
    try:
        leg = next(steps)
        while True:
            error = yield leg
            ended.append(outcome_of(leg.scheduler, error))
            leg = steps.send(error)
    except StopIteration as stop:
        return stop.value


def _without_run(cause: ScriptError | None, cycles: int) -> Outcome:
    """How a script ended that no machine ran: it is built in, or has no code."""
    if cause is None or isinstance(cause, ValidationFailure):
        return Outcome(status="exit", exit_code=cause.exit_code if cause else 0, cycles=cycles, iterations=0)
    name = CyclesExceeded.__name__ if isinstance(cause, ExceededMaximumCycles) else cause.name  # as of any other script
    failure = Failure(name, str(cause), str(cause), "")
    return Outcome(status="error", failure=failure, cycles=cycles, iterations=0)
