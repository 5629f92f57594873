"""Calls that are answered otherwise than their VM expects, so that it ends there."""

from __future__ import annotations

from collections.abc import Iterator

from ..scenarios import steps as s
from ..scheduler.limits import MAX_FDS, MAX_VMS_COUNT
from .answers import Answer, Answers
from .codes import EXPECTATION_FAILED, MAX_FDS_CREATED, MAX_VMS_SPAWNED, WAIT_FAILURE
from .model import CERTAIN, ENDS, FAILS, POSSIBLE, Hint
from .phrases import at, does, end_of, hint_at, spot, vm_of
from .reach import NOT_SPAWNED, Reach
from .world import NOBODY, Call, World


def end_hints(answers: Answers, reach: Reach | None) -> Iterator[Hint]:
    """The hints; ``reach`` is how far VMs may come, where that is known."""
    world = answers.world
    for vm in world.vms:
        come_to = len(vm.calls)
        if reach is not None:
            come_to = 0 if reach.at[vm.number] == NOT_SPAWNED else reach.at[vm.number] + 1
        for call in vm.calls[:come_to]:
            if call.kind == "fault":
                yield _fault(world, call)
            elif call.ends_with is not None:
                yield _ending(world, call, call.reason, {call.ends_with, *answers.limits_of(call)}, CERTAIN)
            elif reach is not None and (vm.number, call.index) in reach.ends:
                yield from _answered(world, call, reach.ends[vm.number, call.index])


def _fault(world: World, call: Call) -> Hint:
    name = call.step.__struct_config__.tag
    return hint_at(
        call,
        kind=call.reason,
        level=CERTAIN,
        claim=FAILS,
        words=f"this script version has no system call for {name}, so that the run fails",
        advice="have the scenario in version 2",
        spots=(spot(world, call),),
    )


def _answered(world: World, call: Call, answer: Answer) -> Iterator[Hint]:
    """A call after which the VM can't go on, or may not."""
    if not answer.goes:
        yield _ending(world, call, _kind(call, answer), answer.exits, CERTAIN)
    elif {MAX_VMS_SPAWNED, MAX_FDS_CREATED} & answer.exits:
        if world.closed and call.looked_at:
            yield _ending(world, call, _limit(call), answer.exits, POSSIBLE)
    elif call.kind == "wait" and call.again:
        yield _ending(world, call, "wait-again", answer.exits, POSSIBLE)
    elif call.kind in ("read", "write") and call.served == "none" and call.looked_at:
        yield _ending(world, call, "race", answer.exits, POSSIBLE)


def _limit(call: Call) -> str:
    return "vm-limit" if call.kind == "spawn" else "fd-limit"


def _kind(call: Call, answer: Answer) -> str:
    if call.fails is not None:
        return _limit(call)
    if call.expected and EXPECTATION_FAILED in answer.exits:
        return "unexpected-success"
    if call.kind == "expect":
        return "never-equal"
    if call.kind == "wait":
        if call.target == NOBODY:
            return "wait-for-nobody"
        return "wait-again" if WAIT_FAILURE in answer.exits else "other-exit-code"
    return "other-bytes" if call.served == "matched" else "end-closed"


def _ending(world: World, call: Call, kind: str, exits: set[int | None], level: str) -> Hint:
    words, do = _words(world, call, kind, level)
    return hint_at(
        call,
        kind=kind,
        level=level,
        claim=ENDS,
        exit_code=next(iter(exits)) if len(exits) == 1 else None,
        words=words,
        advice=do,
        spots=(spot(world, call),),
    )


_WORDS = {
    "closed-fd": (", which it has closed at {there}", "leave the close at {there} for later"),
    "moved-fd": (
        ", which it has handed over at {there}: an end belongs to one VM at a time",
        "do it before {there}, or leave it to the VM that has the end then",
    ),
    "wrong-end": (", which is the other kind of end", "use the pipe's other end"),
    "no-such-fd": (", which is no fd of it", "hand the end over when it is spawned, and name it by inherited_fds"),
    "unexpected-success": (" and expects an error: there is none", "leave the code out, or bring the error about"),
    "never-equal": (", which it never does", "correct one of the two"),
    "wait-for-nobody": (", and no VM has this id then", "wait for a VM by the name that its spawn gives it"),
    "wait-again": (
        " once more: an exit code that was collected is gone",
        "name the exit code at the first wait, and leave this one out",
    ),
    "other-exit-code": (" and expects another exit code than that will have", "correct one of the two"),
    "other-bytes": (
        " and expects other bytes than will come",
        "correct one of the two, or the sizes of the reads before",
    ),
    "vm-limit": (f" when {MAX_VMS_COUNT + 1} VMs {{live}} already", "wait for the end of one before"),
    "fd-limit": (f" when {MAX_FDS} fds {{are}} open already", "close those that are not needed any more"),
}
"""What is wrong with a call, and what to do."""


def _words(world: World, call: Call, kind: str, level: str) -> tuple[str, str]:
    if kind == "fd-count":
        return _fd_count(world, call)
    if kind not in _WORDS:
        return _end_closed(world, call, kind)
    may = level == POSSIBLE
    fields = {
        "there": "" if call.cause is None else at(call.cause),
        "live": "may live" if may else "live",
        "are": "may be" if may else "are",
    }
    words, do = (text.format(**fields) for text in _WORDS[kind])
    return f"{vm_of(world, call.vm)} {does(world, call)}{words}", do


def _end_closed(world: World, call: Call, kind: str) -> tuple[str, str]:
    assert call.end is not None
    who, what, other = vm_of(world, call.vm), does(world, call), end_of(world, call.end.other)
    name = "OTHER_END_CLOSED"
    if kind == "race":
        return (
            f"{who} {what}, and {other} is closed meanwhile or before: the answer is SUCCESS or {name}",
            "expect the one that comes, or let the two VMs agree on the end, by another pipe or a wait",
        )
    if call.never_waits:
        return (
            f"{who} {what}, and {other} is closed by then",
            f'have code = "{name}" for the end of the stream, or leave it out',
        )
    return f"{who} {what} and expects bytes, and none come any more", "leave it out, or write what it expects"


def _fd_count(world: World, call: Call) -> tuple[str, str]:
    assert isinstance(call.step, s.InheritedFds)
    vm = world.vms[call.vm]
    given, named_here = len(vm.inherited), len(call.step.names)
    by = "nobody" if vm.spawned is None else f"{vm.spawned.program} at {at(vm.spawned)}"
    return (
        f"{vm_of(world, call.vm)} names {_fds(named_here)}, and is given {_fds(given)} by {by}",
        "name as many as are given, in their order",
    )


def _fds(count: int) -> str:
    return "1 fd" if count == 1 else f"{count or 'no'} fds"
