"""A run to its explanation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import msgspec

from ..debugger.numbers import OWN
from ..scheduler.deadlock import DeadlockReport, Waiting
from ..scheduler.events import FaultInjected, IterationStarted, Logged
from ..scheduler.fds import other_end
from ..scheduler.outcome import SUSPENDED
from ..scheduler.states import Wait as WaitState
from ..scheduler.states import WaitForRead, WaitForWrite
from ..staging import Run
from ..views.accounts import Kind, accounts
from ..views.cast import Cast
from ..views.hypotheticals import fault_notes, fault_words
from . import answers, rules
from .causes import DEADLOCK_RULES, advice_of, cause_of, causes_of
from .graph import chains_of
from .history import FdHistory, History, Moment, history_of
from .model import Explanation, Spender, Wait
from .steps_at import line_of, path_of, step_at
from .trial import Trial

_FAULTS_SHOWN = 4
_NO_EDIT = "the programs that wait are no lists of operations, so that no edit of them could be tried; "
_NONE_FOUND = "none of {tries} small edits that were tried lets the run get further; "


def explain(run: Run, *, edits: bool = True, going: Callable[[], bool] | None = None) -> Explanation:
    """Why a run ended as it did. With ``edits`` a deadlock's are tried, which plays the scenario up to 150 times.

    ``going`` is asked before each of these runs whether there is to be another one.
    """
    made = _explanation(run, edits, going)
    return msgspec.structs.replace(
        made, facts=(*made.facts, *_fault_facts(run)), hypothetical=run.hypothetical, faults=fault_notes(run.journal)
    )


def _fault_facts(run: Run) -> Iterator[str]:
    """What faults have done, the first few: it may be why."""
    cast = Cast(run.build)
    turn = shown = 0
    for event in run.journal:
        cast.follow(event)
        if isinstance(event, IterationStarted):
            turn = event.iteration
        if isinstance(event, FaultInjected) and shown < _FAULTS_SHOWN:
            shown += 1
            yield f"turn {turn:,}: {cast.where(event.vm)} {fault_words(event)}"


def _explanation(run: Run, edits: bool, going: Callable[[], bool] | None) -> Explanation:
    history = history_of(run.build, run.journal.events)
    outcome = run.outcome
    if outcome.deadlock is not None:
        return _deadlock(run, outcome.deadlock, history, edits, going)
    if outcome.failure is not None:
        if outcome.failure.variant == "CyclesExceeded":
            return _out_of_cycles(run, history)
        return _fault(run, history)
    if outcome.status == SUSPENDED:
        words = f"suspended after {outcome.cycles:,} cycles"
        return Explanation(ending="suspended", headline=words, cause="suspended", rule="It can be gone on with.")
    return _exit(run)


# Deadlocks


def _deadlock(
    run: Run, report: DeadlockReport, history: History, edits: bool, going: Callable[[], bool] | None
) -> Explanation:
    cause, ring = cause_of(report)
    waits = tuple(_wait(run, waiting, history) for waiting in report.waiting)
    stuck = {vm for members in report.rings for vm in members} | {*ring}
    about = [wait for wait in waits if wait.vm in ring]
    fds = {fd for wait in about for fd in (wait.fd, wait.peer_fd) if fd is not None}
    edits = edits and not report.io_pass_skipped  # that is not the programs' doing
    trial = Trial(run, going)
    edit = trial.best() if edits else None
    tried = (_NONE_FOUND if trial.tries else _NO_EDIT).format(tries=trial.tries) if edits else ""
    return Explanation(
        ending="deadlock",
        headline=f"deadlock: {_members(stuck)} {'waits' if len(stuck) == 1 else 'wait'} for ever",
        cause=cause,
        rule=DEADLOCK_RULES[cause],
        vms=ring,
        fds=tuple(sorted(fds)),
        waits=waits,
        rings=report.rings,
        causes=causes_of(report),
        chains=chains_of(waits, report.rings),
        edit=edit,
        advice="" if edit else tried + advice_of(cause, ring, {wait.vm: wait for wait in waits}),
    )


def _members(vms: Collection[int]) -> str:
    names = [f"VM {vm}" for vm in sorted(vms)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _wait(run: Run, waiting: Waiting, history: History) -> Wait:
    at = history.vms[waiting.vm]
    name = at.code.name if at.code else None
    program = run.build.scenario.programs.get(name) if name else None
    place = run.places.get(waiting.vm) or at.place
    step = step_at(program, path_of(place)) if program else None
    state = waiting.state
    fd = state.fd if isinstance(state, WaitForRead | WaitForWrite) else None
    peer = None if fd is None else other_end(fd)
    held = None
    if peer is not None and waiting.waits_for:
        held = _how_held(history.fds[peer], history)
    kinds = {WaitForRead: "read", WaitForWrite: "write", WaitState: "wait"}
    return Wait(
        vm=waiting.vm,
        program=name,
        place=place,
        step=line_of(step) if step else None,
        kind=kinds.get(type(state), "none"),  # type: ignore[arg-type]
        words=waiting.words,
        fd=fd,
        peer_fd=peer,
        waits_for=waiting.waits_for[0] if waiting.waits_for else None,
        held=held,
        progress=f"{at.progress_words}, {_when(at.progress)}",
    )


def _how_held(fd: FdHistory, history: History) -> str:
    """How the last holder of an fd came by it."""
    holder = fd.holders[-1]
    made = f"at {fd.made_at}" if fd.made_at else _when(fd.made)
    if len(fd.holders) == 1:
        return f"VM {holder} made fd {fd.fd} {made} and has kept it"
    return f"VM {holder} was given fd {fd.fd} by VM {fd.holders[-2]} when it was spawned; VM {fd.maker} made it {made}"


def _when(moment: Moment) -> str:
    return f"in turn {moment.turn}, {moment.cycles:,} cycles"


# Other endings


def _out_of_cycles(run: Run, history: History) -> Explanation:
    outcome = run.outcome
    running = history.fault.vm if history.fault else 0
    spenders = sorted(_spenders(run, history), key=lambda spender: -spender.cycles)
    at = history.vms.get(running)
    place = f" at {at.place}" if at and at.place else ""
    facts = (
        f"VM {running} had the turn{place}; {outcome.cycles:,} cycles were consumed in {outcome.iterations} iterations",
        f"the limit is that of the run: {run.limit:,} cycles",
    )
    return Explanation(
        ending="cycles",
        headline=f"out of cycles: the run needs more than {run.limit:,}",
        cause="CyclesExceeded",
        rule=rules.CYCLES_RULE,
        vms=(running,),
        spenders=tuple(spenders),
        facts=facts,
        advice="`spawnlab cost FILE` says what they were spent on, `--limits` at which limit the run ends otherwise.",
    )


def _spenders(run: Run, history: History) -> Iterator[Spender]:
    """Who spent what; charges of VMs that the journal does not know, of before it begins, are left out."""
    consumed = accounts(run.journal).consumed
    for vm in history.vms.values():
        kinds = {kind.value: consumed[vm.vm, kind] for kind in Kind if consumed[vm.vm, kind]}
        name = vm.code.name if vm.code else None
        yield Spender(vm=vm.vm, program=name, cycles=sum(kinds.values()), kinds=kinds, place=vm.place)


def _fault(run: Run, history: History) -> Explanation:
    failure = run.outcome.failure
    assert failure is not None
    fault = history.fault
    facts: list[str] = []
    vms: tuple[int, ...] = ()
    if fault is not None:
        vms = (fault.vm,)
        at = history.vms.get(fault.vm)
        where = f" at pc 0x{fault.pc:x}" if fault.pc is not None else ""
        name = f" ({at.code.name}{', ' + at.place if at.place else ''})" if at and at.code else ""
        facts.append(f"it was VM {fault.vm}'s turn{name}{where}")
    if failure.detail:
        facts.append(failure.detail)
    number = failure.debug.removeprefix("InvalidEcall(").removesuffix(")")
    if number in map(str, OWN):
        options = "--debugger-calls" if number != "9000" else "--debugger-calls with --read-file"
        facts.append(f"{number} is a system call that ckb-debugger has, and no node: {options} answers it")
    return Explanation(
        ending="fault",
        headline=f"error: {failure.display}",
        cause=failure.variant,
        rule=rules.ERROR_RULES.get(failure.variant, rules.NO_RULE),
        vms=vms,
        facts=tuple(facts),
    )


def _exit(run: Run) -> Explanation:
    code = run.outcome.exit_code
    failed, errors = answers.first_unexpected(run)
    if failed is not None:
        whose = f"the run ended with exit code {code}"
        return failed if failed.vms == (0,) else msgspec.structs.replace(failed, facts=(*failed.facts, whose))
    facts: list[str] = []
    if code:
        texts = [event for event in run.journal if isinstance(event, Logged)]
        if texts:
            facts.append(f"the last that was printed: VM {texts[-1].vm} says {texts[-1].text!r}")
        facts += errors
    return Explanation(
        ending="exit", headline=f"VM 0 ended with exit code {code}", cause="exit", rule=rules.EXIT_RULE, vms=(0,),
        facts=tuple(facts),
    )  # fmt: skip
