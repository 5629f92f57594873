"""Verifying a transaction, script by script, with each script's run to look at."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import msgspec

from ..runs import Run
from ..scenarios.build import WholeTransaction, read_transaction
from ..scenarios.check import unmet
from ..scenarios.errors import ScenarioError
from ..scenarios.gallery import resolve
from ..scenarios.mock.checks import oddities
from ..scenarios.mock.scripts import address_of, find_script
from ..scenarios.programs import check_elf
from ..scheduler.journal import Journal
from ..scheduler.outcome import Outcome, outcome_of
from ..scheduler.policy import CONSENSUS_POLICY
from ..scheduler.syscalls.generator import SyscallGenerator, consensus_syscalls
from ..scheduler.verify.errors import ScriptError, TransactionScriptError, ValidationFailure
from ..scheduler.verify.groups import ScriptGroup
from ..scheduler.verify.verifier import Leg, drive, run_leg
from ..views.hypotheticals import OTHER_CALLS
from ..vm.errors import VmError

MAX_CYCLES = 3_500_000_000
"""What all scripts of a block may use: ckb-debugger's limit too."""
POOL_CYCLES = 70_000_000
"""What all scripts of a transaction may use to be taken by a node's pool, unless it is told otherwise."""


class ScriptResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one script."""

    address: str
    """Where it is met first: ``input.0.lock``."""
    group: ScriptGroup
    version: int | None
    """The script version that it ran in; ``None`` where it did not run, and for the type id script."""
    exit_code: int | None
    cycles: int
    """That it used, also where it does not pass."""
    limit: int
    """Cycles that it had."""
    error: str | None
    """In the reference's words; ``None`` for one that passes."""
    seconds: float
    run: Run | None
    """The whole run; ``None`` where nothing was run, and for the type id script."""

    @property
    def passes(self) -> bool:
        """Whether it ended with exit code 0."""
        return self.error is None


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What a node would say of a transaction, and of each of its scripts."""

    tx_hash: bytes
    scripts: tuple[ScriptResult, ...]
    """Those that were run, in the order of execution: up to the first that does not pass, unless all were wanted."""
    cycles: int | None
    """Of all scripts; ``None`` if it is refused."""
    error: str | None
    """Why it is refused, in the reference's words."""
    notes: tuple[str, ...]
    """What is odd about the file, and about how it is verified."""
    whole: WholeTransaction


def verify(
    file: str | Path,
    *,
    max_cycles: int = MAX_CYCLES,
    script: str | None = None,
    version: int = 2,
    program: bytes | None = None,
    system_calls: SyscallGenerator = consensus_syscalls,
) -> Verification:
    """Verify a mock transaction within ``max_cycles`` for all of its scripts, or ``script`` alone.

    ``version`` is the newest script version that is active. ``program`` is an ELF file that takes the place of the
    code of ``script``. ``system_calls`` gives others than the chain's
    (:class:`~spawnlab.debugger.calls.DebuggerCalls`). Raises :class:`~spawnlab.scenarios.errors.ScenarioError` for a
    file that can't be read, or where the transaction can't be resolved.
    """
    if str(file) == "-":
        whole = read_transaction(Path("-"), version=version, text=_standard_input())
    else:
        whole = read_transaction(resolve(file), version=version)
    verifier = whole.verifier
    try:
        chosen = None if script is None and program is None else find_script(verifier, script)
    except ScenarioError as wrong:
        raise wrong.in_file(str(whole.file)) from None
    if program is not None:
        assert chosen is not None
        check_elf(program, version, "$")
        try:
            verifier = verifier.with_program(chosen.script, program)
        except ScriptError as wrong:
            said = f"{address_of(chosen)} has no program whose place another could take: {wrong}"
            raise ScenarioError(said).in_file(str(whole.file)) from None
    verifier = verifier.calling(system_calls)
    whole = msgspec.structs.replace(whole, verifier=verifier)
    others = () if system_calls is consensus_syscalls else (OTHER_CALLS,)
    results: list[ScriptResult] = []
    error: TransactionScriptError | None = None
    cycles = 0
    for group in verifier.groups if chosen is None else [chosen]:
        result, cause = _result(whole, group, max_cycles - cycles)
        results.append(result)
        if cause is not None:
            error = TransactionScriptError(group, cause)
            break
        cycles += result.cycles
    return Verification(
        tx_hash=whole.mock.transaction.hash,
        scripts=tuple(results),
        cycles=None if error else cycles,
        error=None if error is None else str(error),
        notes=(*others, *oddities(whole.mock, verifier)),
        whole=whole,
    )


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise ScenarioError(f"not a text: byte {error.start} is not UTF-8", file="-") from None


def _result(whole: WholeTransaction, group: ScriptGroup, limit: int) -> tuple[ScriptResult, ScriptError | None]:
    """Run one script; what became of it, and the error that it came to."""
    journal = Journal(CONSENSUS_POLICY.name)
    verifier = whole.verifier.watched(lambda _: [journal])
    ended: list[Outcome] = []

    def play(leg: Leg) -> VmError | None:
        error = run_leg(leg)
        ended.append(outcome_of(leg.scheduler, error))
        return error

    since = perf_counter()
    cause: ScriptError | None = None
    cycles = 0
    try:
        cycles = drive(verifier.running(group, limit), play)
    except ScriptError as error:
        cause = error
    seconds = perf_counter() - since
    run = _run_of(whole, group, ended[0], journal, limit) if ended else None
    exit_code = 0 if cause is None else cause.exit_code if isinstance(cause, ValidationFailure) else None
    result = ScriptResult(
        address=address_of(group),
        group=group,
        version=None if run is None else run.build.scenario.version,
        exit_code=exit_code,
        cycles=run.outcome.cycles if run else cycles,
        limit=limit,
        error=None if cause is None else str(cause),
        seconds=seconds,
        run=run,
    )
    return result, cause


def _run_of(whole: WholeTransaction, group: ScriptGroup, outcome: Outcome, journal: Journal, limit: int) -> Run:
    build = whole.build(address_of(group))
    return Run(build, outcome, journal, tuple(unmet(build.scenario.expect, outcome, journal)), limit=limit)
