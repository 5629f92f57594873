"""The first call that was answered otherwise than its program expected: which rule, and what the fd or VM was."""

from __future__ import annotations

from collections import deque

from ..scenarios import steps as s
from ..scenarios.steps import return_code
from ..scheduler import messages as m
from ..scheduler.codes import ReturnCode, name_of
from ..scheduler.events import Answered, AnyEvent, Ended, FaultInjected, Logged, Posted, Refused
from ..scheduler.faults import Exit
from ..scheduler.fds import is_read, other_end
from ..scheduler.limits import MAX_FDS, MAX_VMS_COUNT
from ..scheduler.syscalls import pipes
from ..scheduler.syscalls.names import CALL_NAMES
from ..staging import Run
from . import rules
from .complaints import Complaint, complaint_of
from .history import History, VmHistory
from .model import Explanation
from .steps_at import line_of

_ERRORS_SHOWN = 3
_FDS_SHOWN = 4
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
    """A call that was answered with an error. ``message`` is what was posted, ``argument`` a0 where nothing was."""

    def __init__(
        self, vm: int, call: str, code: int, history: History, *, message: m.Message | None = None, argument: int = 0
    ) -> None:
        self.vm, self.call, self.code, self.message, self.argument = vm, call, code, message, argument
        self.place = history.vms[vm].place
        self.fds = _fds(self)
        self.facts = _facts(self, history)

    def __str__(self) -> str:
        return f"VM {self.vm}'s {self.call} was answered with {name_of(self.code)}{self.where}"

    @property
    def where(self) -> str:
        return f" at {self.place}" if self.place else ""


def first_unexpected(run: Run) -> tuple[Explanation | None, list[str]]:
    """The explanation, where a VM of operations says so, or a VM ended with the code of an answer; else ``None``.

    Beside it the last calls that were answered with an error, in words: they may be why a VM chose its exit code.
    """
    history = History(run.build)
    last: dict[int, _Answer] = {}
    errors: deque[_Answer] = deque(maxlen=_ERRORS_SHOWN)
    for event in run.journal:
        history.follow(event)
        answer = _answer(event, history)
        if answer is not None:
            last[event.vm] = answer
            if not _speaks(run, history.vms[event.vm]):
                errors.append(answer)
        match event:
            case Posted(vm=vm):
                last.pop(vm, None)
            case FaultInjected(vm=vm, kind=Exit.kind):  # its exit code is no answer's
                last.pop(vm, None)
            case Logged(vm=vm, text=text) if said := _complaint(run, history.vms[vm], text):
                return _said(vm, said, last.get(vm)), []
            case Ended(vm=vm, exit_code=code) if code and vm in last and last[vm].code == code:
                if not _speaks(run, history.vms[vm]):
                    return _ended(last[vm]), []
            case _:
                pass
    return None, [*map(str, errors)]


def _answer(event: AnyEvent, history: History) -> _Answer | None:
    """The answer that an event is of, if that is an error."""
    match event:
        case Answered(vm=vm, code=code) if code and (message := history.vms[vm].message) is not None:
            return _Answer(vm, _NAMES[type(message)], code, history, message=message)
        case Refused(vm=vm, call=call, argument=argument, code=code):
            return _Answer(vm, CALL_NAMES.get(call, f"call {call}"), code, history, argument=argument)
        case _:
            return None


def _speaks(run: Run, vm: VmHistory) -> bool:
    """Whether the VM plays operations: what these don't expect they say. A function in their place may not."""
    if vm.code is None or vm.code.name in run.build.actor_names():
        return False
    program = run.build.scenario.programs.get(vm.code.name)
    return program is not None and program.steps is not None


def _complaint(run: Run, vm: VmHistory, text: str) -> Complaint | None:
    found = complaint_of(run.build.scenario, text)
    return found if found and vm.code is not None and vm.code.name == found.program else None


def _said(vm: int, said: Complaint, answer: _Answer | None) -> Explanation:
    """A VM of operations has found something else than it expects, and says so."""
    step = said.step
    facts = [f"VM {vm} ({said.program}, {said.place}) says: {said.words}: {line_of(step)}"]
    if answer is None or not isinstance(step, s.Call) or answer.code == return_code(step.code):
        rule = "A step that says what it expects ends its VM, with exit code -1, where it finds something else."
        return _explanation(vm, "expectation", rule, facts, f"VM {vm} found something else than its steps expect", ())
    return _explanation(
        vm, name_of(answer.code), _rule(answer.code), facts + answer.facts,
        f"VM {vm}'s {answer.call} was answered with {name_of(answer.code)}", answer.fds,
    )  # fmt: skip


def _ended(answer: _Answer) -> Explanation:
    name, vm = name_of(answer.code), answer.vm
    ended = f"VM {vm} ended with exit code {answer.code}, the code of the last answer that it got{answer.where}"
    headline = f"VM {vm}'s {answer.call} was answered with {name}"
    return _explanation(vm, name, _rule(answer.code), [ended, *answer.facts], headline, answer.fds)


def _explanation(vm: int, cause: str, rule: str, facts: list[str], headline: str, fds: tuple[int, ...]) -> Explanation:
    return Explanation(ending="exit", headline=headline, cause=cause, rule=rule, vms=(vm,), fds=fds, facts=tuple(facts))


def _rule(code: int) -> str:
    return rules.CODE_RULES.get(name_of(code), rules.NO_RULE)


def _fds(answer: _Answer) -> tuple[int, ...]:
    match answer.message:
        case m.Spawn(fds=fds):
            return fds
        case m.FdRead(fd=fd) | m.FdWrite(fd=fd) | m.Close(fd=fd):
            return (fd,)
        case None if answer.call in (CALL_NAMES[pipes.READ], CALL_NAMES[pipes.WRITE]):
            return (answer.argument,)
        case _:
            return ()


def _facts(answer: _Answer, history: History) -> list[str]:
    """What the numbers of a call were, at the moment of its answer."""
    vm = answer.vm
    match answer.code:
        case ReturnCode.INVALID_FD:
            spawned = isinstance(answer.message, m.Spawn)
            wrong = [fd for fd in answer.fds if not (spawned and _holds(vm, fd, history))]
            return [_fd_words(fd, vm, history) for fd in wrong[:_FDS_SHOWN]]
        case ReturnCode.OTHER_END_CLOSED if answer.fds:
            return [_closed_words(other_end(answer.fds[0]), history)]
        case ReturnCode.WAIT_FAILURE if isinstance(answer.message, m.Wait):
            return [_target_words(answer.message.target_id, history)]
        case ReturnCode.MAX_VMS_SPAWNED:
            return [f"{sum(v.ended is None for v in history.vms.values())} VMs live; {MAX_VMS_COUNT + 1} may"]
        case ReturnCode.MAX_FDS_CREATED:
            count = sum(fd.closed is None for fd in history.fds.values())
            return [f"{count} fds are open, held by {_holders(history)}; from {MAX_FDS} on no pipe is made"]
        case ReturnCode.INDEX_OUT_OF_BOUND | ReturnCode.SLICE_OUT_OF_BOUND if answer.call in ("spawn", "exec"):
            return [f"its index was {answer.argument}; the programs are the cell deps {_programs(history)}"]
        case _:
            return []


def _holds(vm: int, fd: int, history: History) -> bool:
    known = history.fds.get(fd)
    return known is not None and known.closed is None and known.holders[-1] == vm


def _programs(history: History) -> str:
    sizes = [f"{number} ({code.name}, {len(code.elf):,} bytes)" for number, code in enumerate(history.build.codes)]
    return ", ".join(sizes)


def _holders(history: History) -> str:
    counts: dict[int, int] = {}
    for fd in history.fds.values():
        if fd.closed is None:
            counts[fd.holders[-1]] = counts.get(fd.holders[-1], 0) + 1
    return ", ".join(f"VM {vm} ({count})" for vm, count in sorted(counts.items()))


def _fd_words(fd: int, vm: int, history: History) -> str:
    known = history.fds.get(fd)
    if known is None:
        return f"there is no fd {fd}: no pipe that was made has it"
    if known.closed is not None:
        return _closed_words(fd, history)
    holder = known.holders[-1]
    if holder == vm:
        return f"fd {fd} is VM {vm}'s, but it is a {'read' if is_read(fd) else 'write'} end"
    how = "was handed over to" if vm in known.holders else "is held by"
    return f"fd {fd} {how} VM {holder}"


def _closed_words(fd: int, history: History) -> str:
    known = history.fds.get(fd)
    if known is None or known.closed is None:
        return f"fd {fd} is open"
    when = f"in turn {known.closed.turn}, {known.closed.cycles:,} cycles"
    holder = known.holders[-1]
    if known.closed_by in ("close", "end"):
        return f"fd {fd} was closed {'by the end of' if known.closed_by == 'end' else 'by'} VM {holder}, {when}"
    return f"fd {fd} of VM {holder} was closed by the hypothetical fault {known.closed_by}, {when}"


def _target_words(target: int, history: History) -> str:
    known = history.vms.get(target)
    if known is None:
        return f"there never was a VM {target}"
    if known.ended is None:
        return f"VM {target} lives"
    return (
        f"VM {target} ended with exit code {known.exit_code} in turn {known.ended.turn}, and that was collected before"
    )
