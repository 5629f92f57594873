"""What a run's journal tells of each VM and each fd: where it came from, who had it, what was done last."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..scenarios.build import Build, Code
from ..scheduler import messages as m
from ..scheduler.events import (
    Answered,
    AnyEvent,
    Booted,
    Ended,
    Faulted,
    FdClosed,
    FdMoved,
    IterationEnded,
    IterationStarted,
    Logged,
    PipeOpened,
    Posted,
    ProgramReplaced,
    Transferred,
    WaitEnded,
)
from ..views.cast import failed_at


@dataclass
class Moment:
    """A place in the run: the turn (from 1; 0 before the first) and the cycles that were consumed when it began."""

    turn: int = 0
    cycles: int = 0


@dataclass
class VmHistory:
    """One VM: its program, its parent, what it did last."""

    vm: int
    parent: int | None
    code: Code | None
    message: m.Message | None = None
    """What it asked for last."""
    asked: Moment = field(default_factory=Moment)
    pc: int | None = None
    answer: int | None = None
    """The code of the last answer."""
    progress: Moment = field(default_factory=Moment)
    """When it last got what it had asked for, or began."""
    progress_words: str = "began"
    spent: int = 0
    exit_code: int | None = None
    ended: Moment | None = None
    inherited: tuple[int, ...] = ()
    """The fds that it was given, in their order."""
    last_text: str | None = None
    """What it printed last."""

    @property
    def place(self) -> str | None:
        """The step or line at which it is."""
        return self.code.place_of(self.pc) if self.code and self.pc is not None else None


@dataclass
class FdHistory:
    """One fd: who made it and where, who had it, and who closed it."""

    fd: int
    maker: int
    made_at: str | None
    holders: list[int]
    """In order; the last has it, or had it last."""
    closed: Moment | None = None
    closed_by_end: bool = False
    """Whether it was closed by its holder's end."""


class History:
    """Follows the events of a run."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self.now = Moment()
        self.vms: dict[int, VmHistory] = {}
        self.fds: dict[int, FdHistory] = {}
        self.spawned: dict[int, tuple[int, str | None]] = {}
        """By child: the parent, and the place of its spawn call."""
        self.fault: Faulted | None = None

    def follow(self, event: AnyEvent) -> None:
        """Take note of an event."""
        vm = self.vms.get(event.vm)
        match event:
            case Booted(vm=number, parent=parent, location=location):
                self.vms[number] = VmHistory(number, parent, self._build.code_of(location.piece))
                self.vms[number].progress = self._moment()
                if parent is not None:
                    by = self.vms[parent]
                    self.spawned[number] = (parent, by.place)
                    self.vms[number].inherited = by.message.fds if isinstance(by.message, m.Spawn) else ()
            case ProgramReplaced(location=location) if vm:
                vm.code, vm.pc = self._build.code_of(location.piece), None
            case IterationStarted(iteration=turn):
                self.now = Moment(turn, self.now.cycles)
            case IterationEnded(spent=spent, total=total) if vm:
                vm.spent += spent
                self.now = Moment(self.now.turn, total)
            case Posted(message=message, pc=pc) if vm:
                vm.message, vm.pc, vm.asked = message, pc - 1, self._moment()
            case Answered(code=code) if vm:
                vm.answer = code
                self._progress(vm, _answer_words(vm.message, code))
            case Transferred(reader=reader, size=size):
                self._progress(self.vms[reader], f"read {size} bytes")
                if vm:
                    self._progress(vm, f"wrote {size} bytes")
            case WaitEnded(target=target) if vm:
                self._progress(vm, f"learned of the end of VM {target}")
            case PipeOpened(vm=maker, read_fd=read_fd, write_fd=write_fd):
                place = vm.place if vm else None
                for fd in (read_fd, write_fd):
                    self.fds[fd] = FdHistory(fd, maker, place, [maker])
            case FdMoved(vm=number, fd=fd):
                self.fds[fd].holders.append(number)
            case FdClosed(fd=fd):
                self.fds[fd].closed = self._moment()
                self.fds[fd].closed_by_end = not (vm and isinstance(vm.message, m.Close) and vm.message.fd == fd)
            case Ended(exit_code=code) if vm:
                vm.exit_code, vm.ended = code, self._moment()
            case Logged(text=text) if vm:
                vm.last_text = text
            case Faulted(pc=pc):
                self.fault = event
                if vm and pc is not None:
                    vm.pc = failed_at(event)
            case _:
                pass

    def _moment(self) -> Moment:
        return Moment(self.now.turn, self.now.cycles)

    def _progress(self, vm: VmHistory, words: str) -> None:
        vm.progress, vm.progress_words = self._moment(), words


_DONE = {
    m.Pipe: "made a pipe",
    m.Spawn: "spawned a VM",
    m.Close: "closed an fd",
    m.InheritedFileDescriptor: "listed its inherited fds",
    m.FdRead: "read",
    m.FdWrite: "wrote",
    m.Wait: "waited",
    m.ExecV2: "called exec",
}


def _answer_words(message: m.Message | None, code: int) -> str:
    if message is None:
        return "was answered"
    return _DONE[type(message)] if code == 0 else f"was answered with {code}"


def history_of(build: Build, events: list[AnyEvent]) -> History:
    """The history of a whole run."""
    history = History(build)
    for event in events:
        history.follow(event)
    return history
