"""What an explanation says, held against what it speaks of: the deadlock, and the run that its edit promises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from spawnlab.explain.model import Edit, Explanation, Wait
from spawnlab.scheduler.deadlock import DeadlockReport, Waiting
from spawnlab.scheduler.outcome import Outcome
from spawnlab.scheduler.states import VmState, WaitForRead, WaitForWrite
from spawnlab.scheduler.states import Wait as WaitState

_KINDS: dict[type[VmState], str] = {WaitForRead: "read", WaitForWrite: "write", WaitState: "wait"}


def _all(kind: str) -> Callable[[Sequence[Wait]], bool]:
    return lambda ring: len(ring) > 1 and {wait.kind for wait in ring} == {kind} and not _for_root(ring)


def _alone(kind: str) -> Callable[[Sequence[Wait]], bool]:
    return lambda ring: [wait.kind for wait in ring] == [kind]


def _mix(*kinds: str) -> Callable[[Sequence[Wait]], bool]:
    return lambda ring: {wait.kind for wait in ring} == set(kinds) and not _for_root(ring)


def _for_root(ring: Sequence[Wait]) -> bool:
    return len(ring) > 1 and any(wait.kind == "wait" and wait.waits_for == 0 for wait in ring)


RINGS: dict[str, Callable[[Sequence[Wait]], bool]] = {
    "self-wait": _alone("wait"),
    "own-pipe-read": _alone("read"),
    "own-pipe-write": _alone("write"),
    "ring-of-reads": _all("read"),
    "ring-of-writes": _all("write"),
    "ring-of-waits": _all("wait"),
    "wait-for-root": _for_root,
    "open-write-end": _mix("wait", "read"),
    "unread-write": _mix("wait", "write"),
    "reads-and-writes": _mix("read", "write"),
    "mixed-ring": _mix("read", "write", "wait"),
}
"""What the members of each kind of ring wait for, as ``docs/explain.md`` has it. Whole runs skip no I/O pass."""


def faults_of_explanation(found: Explanation, report: DeadlockReport) -> Iterator[str]:
    """What it says of the deadlock that is not so; nothing where all is right."""
    waits = {wait.vm: wait for wait in found.waits}
    if found.ending != "deadlock":
        yield f"it is called {found.ending}"
    if [*waits] != [waiting.vm for waiting in report.waiting]:
        yield f"it speaks of the VMs {[*waits]}, not of all that wait"
        return
    for waiting in report.waiting:
        if not _is_of(waits[waiting.vm], waiting):
            yield f"VM {waiting.vm} waits otherwise: {waiting.words}"
    to = {vm: wait.waits_for for vm, wait in waits.items()}
    rings = [(*ring, ring[0]) for ring in found.rings]
    if found.rings != report.rings or any(to[a] != b for ring in rings for a, b in pairwise(ring)):
        yield f"these are no rings: {found.rings}"
    drawn = [pair for path in [*rings, *found.chains] for pair in pairwise(path)]
    if sorted(drawn) != sorted((vm, other) for vm, other in to.items() if other is not None):
        yield f"rings and chains are not all waits, each once: {found.rings}, {found.chains}"
    for ring, cause in zip(found.rings, found.causes, strict=True):
        if not RINGS[cause]([waits[vm] for vm in ring]):
            yield f"the ring {ring} is no {cause}"
    if (found.vms, found.cause) not in zip(found.rings, found.causes, strict=True):
        yield f"the cause {found.cause} is of no ring"
    if not found.rule or bool(found.edit) == bool(found.advice):
        yield "there is no rule, or not one of edit and advice"


def _is_of(wait: Wait, waiting: Waiting) -> bool:
    kind = _KINDS.get(type(waiting.state))
    fd = getattr(waiting.state, "fd", None)
    return (wait.kind, wait.fd, wait.waits_for) == (kind, fd, next(iter(waiting.waits_for), None))


_EXIT = re.compile(r"the run ends with exit code (-?\d+) after ([\d,]+) iterations? and ([\d,]+) cycles(, though .*)?")
_ELSE = re.compile(r"the deadlock is gone; the run then ends with: (.*)")
_STUCK = re.compile(r"the run goes on to iteration ([\d,]+), and ends in another deadlock")
_STOPPED = re.compile(r"the run goes on, and was stopped after ([\d,]+) iterations? and .*")


def faults_of_edit(edit: Edit, before: Outcome, after: Outcome) -> Iterator[str]:
    """What it promises that did not come; ``after`` is of the run with the edit made."""
    if not edit.changes or edit.turns_before != before.iterations:
        yield "it changes nothing, or was of another run"
    stopped = _STOPPED.fullmatch(edit.outcome) is not None
    if edit.deadlock_gone != (after.deadlock is None) and not stopped:
        yield f"the deadlock is {'still there' if after.deadlock else 'gone'}"
    if edit.turns > after.iterations or (edit.turns < after.iterations and not stopped):
        yield f"{after.iterations} iterations"
    if not edit.deadlock_gone and edit.turns <= edit.turns_before:
        yield "the run gets no further"
    promised = _promised(edit.outcome)
    if promised not in (("stopped",), _came(after)):
        yield f"it came to {_came(after)}"


def _promised(words: str) -> tuple[object, ...]:
    if said := _EXIT.fullmatch(words):
        return "exit", int(said[1]), _number(said[2]), _number(said[3])
    if said := _ELSE.fullmatch(words):
        return "error", said[1]
    if said := _STUCK.fullmatch(words):
        return "deadlock", _number(said[1])
    return ("stopped",) if _STOPPED.fullmatch(words) else ("not understood", words)


def _came(after: Outcome) -> tuple[object, ...]:
    if after.deadlock is not None:
        return "deadlock", after.iterations
    if after.failure is not None:
        return "error", after.failure.display
    return "exit", after.exit_code, after.iterations, after.cycles


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def ends_well(edit: Edit) -> bool:
    """Whether the run comes to an end as its programs expect: exit code 0, and nobody finds something else."""
    said = _EXIT.fullmatch(edit.outcome)
    return said is not None and said[1] == "0" and said[4] is None
