"""What a run's journal tells of each VM and each fd: where it came from, who had it, what was done last."""

from __future__ import annotations

from collections import Counter

import msgspec

from ..scenarios.build import Build, Code
from ..scheduler import messages as m
from ..scheduler.events import (
    Answered,
    AnyEvent,
    Booted,
    Ended,
    Faulted,
    FaultInjected,
    FdClosed,
    FdMoved,
    IterationEnded,
    IterationStarted,
    OtherEndGone,
    PipeOpened,
    Posted,
    ProgramReplaced,
    Refused,
    Transferred,
    WaitEnded,
)
from ..scheduler.fds import other_end
from ..views.cast import failed_at


class Moment(msgspec.Struct):
    """A place in the run: the turn (from 1; 0 before the first) and the cycles that were consumed when it began."""

    turn: int = 0
    cycles: int = 0


class VmHistory(msgspec.Struct):
    """One VM: its program, its parent, what it did last."""

    vm: int
    parent: int | None
    code: Code | None
    message: m.Message | None = None
    """What it asked for last."""
    pc: int | None = None
    calls: Counter[int] = msgspec.field(default_factory=Counter[int])
    """How often it has asked something of the scheduler, by pc, in its present program."""
    progress: Moment = msgspec.field(default_factory=Moment)
    """When it last got what it had asked for, or began."""
    progress_words: str = "began"
    exit_code: int | None = None
    ended: Moment | None = None
    inherited: tuple[int, ...] = ()
    """The fds that it was given, in their order."""

    @property
    def place(self) -> str | None:
        """The step or line at which it is."""
        return self.code.place_of(self.pc) if self.code and self.pc is not None else None


class FdHistory(msgspec.Struct):
    """One fd: who made it and where, who had it, and who closed it."""

    fd: int
    maker: int
    made: Moment
    made_at: str | None
    holders: list[int]
    """In order, each once in a row; the last has it, or had it last."""
    closed: Moment | None = None
    closed_by: str = ""
    """What closed it: ``close``, ``end`` (its holder's) or the text of a fault."""


class History:
    """Follows the events of a run."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.now = Moment()
        self.vms: dict[int, VmHistory] = {}
        self.fds: dict[int, FdHistory] = {}
        self.spawned: dict[int, tuple[int, str | None]] = {}
        """By child: the parent, and the place of its spawn call."""
        self.fault: Faulted | None = None
        self._injected: FaultInjected | None = None
        """The event before, if it is one of these."""
        self.made = (0, 0)
        """The fds of the pipe that was made last."""

    def follow(self, event: AnyEvent) -> None:
        """Take note of an event."""
        vm = self.vms.get(event.vm)
        match event:
            case Booted(vm=number, parent=parent, location=location):
                self.vms[number] = VmHistory(number, parent, self.build.code_of(location.piece))
                self.vms[number].progress = self._moment()
                if parent is not None:
                    by = self.vms[parent]
                    self.spawned[number] = (parent, by.place)
                    self.vms[number].inherited = by.message.fds if isinstance(by.message, m.Spawn) else ()
            case ProgramReplaced(location=location) if vm:
                vm.code, vm.pc = self.build.code_of(location.piece), None
                vm.calls.clear()
                vm.progress, vm.progress_words = self._moment(), "went on as another program"
            case IterationStarted(iteration=turn):
                self.now = Moment(turn, self.now.cycles)
            case IterationEnded(total=total):
                self.now = Moment(self.now.turn, total)
            case Posted(message=message, pc=pc) if vm:
                vm.message, vm.pc = message, pc - 1
                vm.calls[vm.pc] += 1
            case Refused(pc=pc) if vm:
                vm.message, vm.pc = None, pc - 1
            case Answered(code=code) if vm:
                words = self._answer_words(vm.message, code)
                if words is not None:
                    self._progress(vm, words)
            case Transferred(reader=reader, fd=fd, size=size):
                self._progress(self.vms[reader], f"read {_bytes(size)} from fd {other_end(fd)}")
                if vm:
                    self._progress(vm, f"wrote {_bytes(size)} to fd {fd}")
            case OtherEndGone(fd=fd, size=size) if vm:
                self._progress(vm, f"was told that the other end of fd {fd} is closed, after {_bytes(size)}")
            case WaitEnded(target=target) if vm:
                self._progress(vm, f"learned of the end of VM {target}")
            case PipeOpened() | FdMoved() | FdClosed():
                self._follow_fd(event, vm)
            case Ended(exit_code=code) if vm:
                vm.exit_code, vm.ended = code, self._moment()
            case Faulted(pc=pc):
                self.fault = event
                if vm and pc is not None:
                    vm.pc = failed_at(event)
            case _:
                pass
        self._injected = event if isinstance(event, FaultInjected) else None

    def _follow_fd(self, event: PipeOpened | FdMoved | FdClosed, vm: VmHistory | None) -> None:
        match event:
            case PipeOpened(vm=maker, read_fd=read_fd, write_fd=write_fd):
                place = vm.place if vm else None
                for fd in (read_fd, write_fd):
                    self.fds[fd] = FdHistory(fd, maker, self._moment(), place, [maker])
                self.made = (read_fd, write_fd)
            case FdMoved(vm=number, fd=fd):
                if self.fds[fd].holders[-1] != number:  # an fd may be listed twice
                    self.fds[fd].holders.append(number)
            case FdClosed(fd=fd):
                self.fds[fd].closed = self._moment()
                asked = vm is not None and isinstance(vm.message, m.Close) and vm.message.fd == fd
                self.fds[fd].closed_by = self._injected.fault if self._injected else "close" if asked else "end"

    def _answer_words(self, message: m.Message | None, code: int) -> str | None:
        """``None`` where another event has told it better: of bytes that moved, of an end."""
        if code:
            return f"was answered with {code}"
        match message:
            case m.Pipe():
                return f"made fds {self.made[0]} and {self.made[1]}"
            case m.Spawn():
                return f"spawned VM {max(self.vms)}"
            case m.Close(fd=fd):
                return f"closed fd {fd}"
            case m.InheritedFileDescriptor():
                return "listed its inherited fds"
            case _:
                return None

    def _moment(self) -> Moment:
        return Moment(self.now.turn, self.now.cycles)

    def _progress(self, vm: VmHistory, words: str) -> None:
        vm.progress, vm.progress_words = self._moment(), words


def _bytes(size: int) -> str:
    return "1 byte" if size == 1 else f"{size:,} bytes"


def history_of(build: Build, events: list[AnyEvent]) -> History:
    """The history of a whole run."""
    history = History(build)
    for event in events:
        history.follow(event)
    return history
