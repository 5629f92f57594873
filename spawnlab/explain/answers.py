"""The first call that was answered otherwise than its program expected: which rule, and what the fd or VM was."""

from __future__ import annotations

import re

from ..scenarios import steps as s
from ..scenarios.steps import return_code
from ..scheduler import messages as m
from ..scheduler.codes import ReturnCode
from ..scheduler.events import Answered, Ended, Logged, Posted, Refused
from ..scheduler.fds import is_read, other_end
from ..scheduler.limits import MAX_FDS, MAX_VMS_COUNT
from ..scheduler.syscalls import pipes
from ..scheduler.syscalls.names import CALL_NAMES
from ..staging import Run
from . import rules
from .history import History
from .model import Explanation
from .steps_at import line_of, path_of, step_at

_SAID = re.compile(r"\$\.programs\.([\w-]+)\.((?:steps\[\d+\]\.?)+)(\.\w+)?: (.*)", re.DOTALL)
_NAMES = {
    m.FdRead: "read",
    m.FdWrite: "write",
    m.Close: "close",
    m.Spawn: "spawn",
    m.Wait: "wait",
    m.Pipe: "pipe",
    m.ExecV2: "exec",
    m.InheritedFileDescriptor: "inherited_fd",
}


class _Answer:
    """A call and its answer, in the order of the run."""

    def __init__(
        self, vm: int, call: str, code: int, message: m.Message | None, fd: int | None, history: History
    ) -> None:
        self.vm, self.call, self.code, self.message, self.fd = vm, call, code, message, fd
        self.facts = _facts(self, history)
        self.fds = _fds(self)


def first_unexpected(run: Run, history: History) -> Explanation | None:
    """The explanation, where a VM of operations says so, or a VM ended with the code of an answer; else ``None``."""
    history = History(run.build)
    last: dict[int, _Answer] = {}
    for event in run.journal:
        history.follow(event)
        match event:
            case Posted(vm=vm, message=message):
                last.pop(vm, None)
            case Answered(vm=vm, code=code) if code:
                message = history.vms[vm].message
                if message is not None:
                    last[vm] = _Answer(vm, _NAMES[type(message)], code, message, getattr(message, "fd", None), history)
            case Refused(vm=vm, call=call, argument=argument, code=code):
                fd = argument if call in (pipes.READ, pipes.WRITE) else None
                last[vm] = _Answer(vm, CALL_NAMES.get(call, f"call {call}"), code, None, fd, history)
            case Logged(vm=vm, text=text) if said := _SAID.fullmatch(text):
                return _said(run, vm, said, last.get(vm), history)
            case Ended(vm=vm, exit_code=code) if code and vm in last and last[vm].code == code:
                return _ended(last[vm], history)
            case _:
                pass
    return None


def _said(run: Run, vm: int, said: re.Match[str], answer: _Answer | None, history: History) -> Explanation:
    """A VM of operations has found something else than it expects, and says so."""
    program, place, _, words = said.groups()
    step = step_at(run.build.scenario.programs[program], path_of(place))
    shown = f": {line_of(step)}" if step is not None else ""
    facts = [f"VM {vm} ({program}, {place}) says: {words}{shown}"]
    if answer is None or not isinstance(step, s.Call) or answer.code == return_code(step.code):
        rule = "A step that says what it expects ends its VM, with exit code -1, where it finds something else."
        return _explanation(vm, "expectation", rule, facts, f"VM {vm} found something else than its steps expect", ())
    return _explanation(
        vm, _name(answer.code), _rule(answer.code), facts + answer.facts,
        f"VM {vm}'s {answer.call} was answered with {_name(answer.code)}", answer.fds,
    )  # fmt: skip


def _ended(answer: _Answer, history: History) -> Explanation:
    name, vm = _name(answer.code), answer.vm
    at = history.vms[vm]
    place = f" at {at.place}" if at.place else ""
    facts = [
        f"VM {vm} ended with exit code {answer.code}, the code of the last answer that it got{place}",
        *answer.facts,
    ]
    return _explanation(
        vm, name, _rule(answer.code), facts, f"VM {vm}'s {answer.call} was answered with {name}", answer.fds
    )


def _explanation(vm: int, cause: str, rule: str, facts: list[str], headline: str, fds: tuple[int, ...]) -> Explanation:
    return Explanation(ending="exit", headline=headline, cause=cause, rule=rule, vms=(vm,), fds=fds, facts=tuple(facts))


def _name(code: int) -> str:
    return ReturnCode(code).name if code in ReturnCode.__members__.values() else f"code {code}"


def _rule(code: int) -> str:
    return rules.CODE_RULES.get(_name(code), rules.NO_RULE)


def _fds(answer: _Answer) -> tuple[int, ...]:
    if isinstance(answer.message, m.Spawn):
        return answer.message.fds
    return () if answer.fd is None else (answer.fd,)


def _facts(answer: _Answer, history: History) -> list[str]:
    """What the numbers of a call were, at the moment of its answer."""
    code, vm = answer.code, answer.vm
    if code == ReturnCode.INVALID_FD:
        return [_fd_words(fd, vm, answer.call, history) for fd in _fds(answer)]
    if code == ReturnCode.OTHER_END_CLOSED and answer.fd is not None:
        return [_closed_words(other_end(answer.fd), history)]
    if code == ReturnCode.WAIT_FAILURE and isinstance(answer.message, m.Wait):
        return [_target_words(answer.message.target_id, history)]
    if code == ReturnCode.MAX_VMS_SPAWNED:
        return [f"{sum(v.ended is None for v in history.vms.values())} VMs live; {MAX_VMS_COUNT + 1} may"]
    if code == ReturnCode.MAX_FDS_CREATED:
        count = sum(fd.closed is None for fd in history.fds.values())
        return [f"{count} fds are open, held by {_holders(history)}; from {MAX_FDS} on no pipe is made"]
    return []


def _holders(history: History) -> str:
    counts: dict[int, int] = {}
    for fd in history.fds.values():
        if fd.closed is None:
            counts[fd.holders[-1]] = counts.get(fd.holders[-1], 0) + 1
    return ", ".join(f"VM {vm} ({count})" for vm, count in sorted(counts.items()))


def _fd_words(fd: int, vm: int, call: str, history: History) -> str:
    known = history.fds.get(fd)
    if known is None:
        return f"there is no fd {fd}: no pipe that was made has it"
    if known.closed is not None:
        return _closed_words(fd, history)
    holder = known.holders[-1]
    if holder == vm and call in ("read", "write"):
        return f"fd {fd} is VM {vm}'s, but it is a {'read' if is_read(fd) else 'write'} end"
    if holder == vm:
        return f"fd {fd} is VM {vm}'s"
    how = "was handed over to" if vm in known.holders else "is held by"
    return f"fd {fd} {how} VM {holder}"


def _closed_words(fd: int, history: History) -> str:
    known = history.fds.get(fd)
    if known is None or known.closed is None:
        return f"fd {fd} is open"
    when = f"in turn {known.closed.turn}, {known.closed.cycles:,} cycles"
    holder = known.holders[-1]
    return f"fd {fd} was closed {'by the end of' if known.closed_by_end else 'by'} VM {holder}, {when}"


def _target_words(target: int, history: History) -> str:
    known = history.vms.get(target)
    if known is None:
        return f"there never was a VM {target}"
    if known.ended is None:
        return f"VM {target} lives"
    return (
        f"VM {target} ended with exit code {known.exit_code} in turn {known.ended.turn}, and that was collected before"
    )
