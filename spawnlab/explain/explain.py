"""A run to its explanation."""

from __future__ import annotations

from ..scheduler.deadlock import DeadlockReport, Waiting
from ..scheduler.events import Logged
from ..scheduler.fds import other_end
from ..scheduler.outcome import SUSPENDED
from ..scheduler.states import Wait as WaitState
from ..scheduler.states import WaitForRead, WaitForWrite
from ..staging import Run
from . import answers, rules
from .causes import DEADLOCK_RULES, cause_of
from .history import FdHistory, History, Moment, history_of
from .model import Explanation, Spender, Wait
from .steps_at import line_of, path_of, step_at
from .trial import Trial

_NO_EDIT = (
    "The programs are no lists of operations, so that no edit of them could be tried. Look at the places above: one of "
    "the calls there has to come earlier, later or not at all, or an end has to be closed or handed over before it."
)
_NONE_FOUND = "No small edit that was tried lets the run get further."


def explain(run: Run, *, edits: bool = True) -> Explanation:
    """Why a run ended as it did. With ``edits`` a deadlock's are tried, which plays the scenario up to 150 times."""
    history = history_of(run.build, run.journal.events)
    outcome = run.outcome
    if outcome.deadlock is not None:
        return _deadlock(run, outcome.deadlock, history, edits)
    if outcome.failure is not None:
        if outcome.failure.variant == "CyclesExceeded":
            return _out_of_cycles(run, history)
        return _fault(run, history)
    if outcome.status == SUSPENDED:
        words = f"suspended after {outcome.cycles:,} cycles"
        return Explanation(ending="suspended", headline=words, cause="suspended", rule="It can be gone on with.")
    return _exit(run, history)


# Deadlocks


def _deadlock(run: Run, report: DeadlockReport, history: History, edits: bool) -> Explanation:
    cause, ring = cause_of(report)
    waits = tuple(_wait(run, waiting, history) for waiting in report.waiting)
    about = [wait for wait in waits if wait.vm in ring]
    fds = {fd for wait in about for fd in (wait.fd, wait.peer_fd) if fd is not None}
    edit = Trial(run).best() if edits else None
    editable = any(program.steps is not None for program in run.build.scenario.programs.values())
    return Explanation(
        ending="deadlock",
        headline=f"deadlock: {_members(ring)} {'waits' if len(ring) == 1 else 'wait'} for ever",
        cause=cause,
        rule=DEADLOCK_RULES[cause],
        vms=ring,
        fds=tuple(sorted(fds)),
        waits=waits,
        rings=report.rings,
        edit=edit,
        advice="" if edit or not edits else _NONE_FOUND if editable else _NO_EDIT,
    )


def _members(vms: tuple[int, ...]) -> str:
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
    made = f"at {fd.made_at}" if fd.made_at else _when(history.vms[fd.maker].progress)
    if len(fd.holders) == 1:
        return f"VM {holder} made fd {fd.fd} {made} and has kept it"
    return f"VM {holder} was given fd {fd.fd} by VM {fd.holders[-2]} when it was spawned; VM {fd.maker} made it {made}"


def _when(moment: Moment) -> str:
    return f"in turn {moment.turn}, {moment.cycles:,} cycles"


# Other endings


def _out_of_cycles(run: Run, history: History) -> Explanation:
    outcome = run.outcome
    running = history.fault.vm if history.fault else 0
    spenders = [
        Spender(vm=vm.vm, program=vm.code.name if vm.code else None, cycles=vm.spent, place=vm.place)
        for vm in sorted(history.vms.values(), key=lambda vm: -vm.spent)
    ]
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
    return Explanation(
        ending="fault",
        headline=f"error: {failure.display}",
        cause=failure.variant,
        rule=rules.ERROR_RULES.get(failure.variant, rules.NO_RULE),
        vms=vms,
        facts=tuple(facts),
    )


def _exit(run: Run, history: History) -> Explanation:
    code = run.outcome.exit_code
    failed = answers.first_unexpected(run, history)
    if failed is not None:
        return failed
    facts: list[str] = []
    if code:
        texts = [event for event in run.journal if isinstance(event, Logged)]
        if texts:
            facts.append(f"the last that was printed: VM {texts[-1].vm} says {texts[-1].text!r}")
    return Explanation(
        ending="exit", headline=f"VM 0 ended with exit code {code}", cause="exit", rule=rules.EXIT_RULE, vms=(0,),
        facts=tuple(facts),
    )  # fmt: skip
