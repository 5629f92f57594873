"""A verdict on orders in words, for people at terminals."""

from __future__ import annotations

from collections.abc import Iterator

from ..views.terminal import Terminal
from ..views.text import harmless
from .orders import DEPENDENT, INDEPENDENT, Ending, FaultRuns, Verdict
from .parting import Doing, Parting

_STYLES = {INDEPENDENT: "green", DEPENDENT: "red"}


def text_of(verdict: Verdict, terminal: Terminal | None = None, *, file: str = "FILE") -> Iterator[str]:
    """Lines, wrapped where the terminal has a width, and harmless to it; ``file`` is for the commands in them."""
    terminal = terminal or Terminal()
    for number, line in enumerate(_lines(verdict, file)):
        margin = " " * (len(line) - len(line.lstrip()))
        styles = ("bold", _STYLES.get(verdict.verdict, "yellow")) if number == 0 else ()
        for part in terminal.wrap(harmless(line.strip()), indent=margin, hanging=f"{margin}  "):
            yield terminal.style(part, *styles)


def _lines(verdict: Verdict, file: str) -> Iterator[str]:
    if verdict.verdict == INDEPENDENT:
        yield f"independent of order: {verdict.endings[0].words}"
    elif verdict.verdict == DEPENDENT:
        yield f"depends on the order: {_count(len(verdict.endings), 'end')} found"
    else:
        yield "not decided"
    if verdict.verdict != INDEPENDENT:
        yield from (f"  {_ending(ending)}" for ending in verdict.endings)
    if verdict.parting is not None:
        yield from _parting(verdict.parting)
    for reason in verdict.reasons:
        yield f"not proved: {reason.words}" if verdict.verdict != DEPENDENT else f"besides: {reason.words}"
    yield from (f"note: {note}" for note in verdict.notes)
    yield _how(verdict)
    if verdict.cycles_min is not None:
        yield f"cycles: {_range(verdict.cycles_min, verdict.cycles_max)} in the runs that were played"
    hypothetical = [ending.policy for ending in verdict.endings if ending.policy != "largest"]
    if hypothetical:
        faults = "".join(f" --fault {fault.fault}" for fault in verdict.faults)
        yield f"play it: spawnlab run {file} --policy {hypothetical[0]}{faults}"
    if verdict.faults:
        listed = ", ".join(f"{fault.fault} ({_effect(fault)})" for fault in verdict.faults)
        yield f"hypothetical {'fault' if len(verdict.faults) == 1 else 'faults'}: {listed}; on the chain there are none"
    yield "hypothetical: the chain has one order, the largest id that can run"


def _effect(fault: FaultRuns) -> str:
    return f"in {_count(fault.runs, 'run')}" if fault.runs else "never took effect"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _range(least: int, most: int | None) -> str:
    return f"{least:,}" if most is None or least == most else f"{least:,} to {most:,}"


def _how(verdict: Verdict) -> str:
    runs = _count(verdict.runs, "run")
    if verdict.verdict == INDEPENDENT:
        if not verdict.has_choices:
            return f"proved: there is one order only ({runs})"
        classes = "1 class of orders" if verdict.classes == 1 else f"{verdict.classes:,} classes of orders"
        return f"proved over {classes}, with {runs}"
    return f"searched: {runs}"


def _ending(ending: Ending) -> str:
    whose = "the chain's order" if ending.policy == "largest" else ending.policy
    cycles = "" if ending.cycles is None else f", {ending.cycles:,} cycles"
    return f"{ending.words}: {whose} ({_count(ending.turns, 'turn')}{cycles})"


def _parting(parting: Parting) -> Iterator[str]:
    one, other = (
        "nobody's, the run is over" if vm is None else f"VM {vm}'s ({program})"
        for vm, program in ((parting.vm_a, parting.program_a), (parting.vm_b, parting.program_b))
    )
    yield f"the first two part in turn {parting.turn}: it is {one} in the first, {other} in the second"
    if parting.a is None or parting.b is None:
        return
    vm = parting.a.vm if parting.a.vm is not None else parting.b.vm
    call = f" {parting.call}, and" if parting.call else ""
    yield f"what that changes: VM {vm} ({parting.program}){call}"
    yield f"  in the first {_doing(parting.a)}"
    yield f"  in the second {_doing(parting.b, vm)}"


def _doing(doing: Doing, vm: int | None = None) -> str:
    if doing.words is None:
        return "does not come to that"
    other = f", as VM {doing.vm}" if vm is not None and doing.vm != vm else ""
    return f"{doing.words} (turn {doing.turn}{other})"
