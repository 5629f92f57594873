"""A run as frames, one a turn: what changed in it for VMs, pipes and books, and what happened, in words.

A frame says what is otherwise than in the one before it, so that a long run is a small file. All of it comes from the
journal; what lies in registers and memory does not, and is added by :mod:`.capture`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ..pictures.model import Ending
from ..scenarios.build import Build
from ..scheduler.deadlock import DeadlockReport
from ..scheduler.events import (
    Answered,
    AnyEvent,
    Blocked,
    Booted,
    Ended,
    Faulted,
    FdClosed,
    FdMoved,
    IterationEnded,
    IterationStarted,
    OtherEndGone,
    PipeOpened,
    Posted,
    ProgramReplaced,
    Refused,
    Resumed,
    Suspended,
    SwappedIn,
    SwappedOut,
    Transferred,
)
from ..scheduler.fds import other_end
from ..scheduler.limits import ROOT_VM_ID
from ..scheduler.states import VmState, Wait, WaitForRead, WaitForWrite
from ..views.accounts import Accounts
from ..views.cast import Cast, failed_at
from ..views.text import harmless
from ..views.timeline import Timeline
from .naming import FdNames
from .sources import Where, place_shown
from .texts import Texts

Fields = dict[str, Any]
"""Names and values that JSON has."""
RUNNABLE, ENDED, UNKNOWN = "can run", "ended", "not told by the journal"
STUCK = "no VM can run, and none will be woken: that is a deadlock"
LATE = "(what is handed on after the deadlock was found wakes nobody)"


class Frame(msgspec.Struct, omit_defaults=True):
    """One turn, or what came before the first or after the last."""

    turn: int
    vm: int | None
    """Whose turn it was."""
    cycles: int
    """Consumed by the run when it was over."""
    lines: list[int] = []
    """What happened: numbers of texts."""
    vms: dict[int, Fields] = {}
    """Fields of VMs that are otherwise now."""
    pipes: dict[int, Fields] = {}
    """Likewise of pipes, by their read end."""
    kinds: dict[int, dict[str, int]] = {}
    """Cycles that were consumed in this turn, by VM and kind."""
    registers: dict[int, dict[int, str]] = {}
    """Registers of VMs that are otherwise now, in hex; 32 is pc."""
    memory: dict[int, list[tuple[int, str]]] = {}
    """Rows of memory that are otherwise now: an address, and bytes in hex."""


class Framing:
    """Follows a run's events, and makes a frame of each turn."""

    def __init__(self, build: Build | None, texts: Texts, where: Where | None = None) -> None:
        self._texts = texts
        self._where = where
        self._programs: dict[int, str] = {}
        self._timeline = Timeline(Cast(build), 0)
        self._cast = Cast(build)
        self._books = Accounts()
        self._booked: dict[tuple[int, Any], int] = {}
        self._fds: dict[int, int] = {}
        """Who holds each."""
        self._waits: dict[int, VmState] = {}
        self._at_rest: dict[int, VmState] = {}
        """Waits behind the last turn: the I/O pass after a deadlock was found comes too late."""
        self._names = FdNames(build)
        self._turns: dict[int, int] = {}
        self._pipes: dict[int, int] = {}
        """Bytes that went through, by the read end."""
        self._living: set[int] = set()
        self._known: set[int] = set()
        self._frame = Frame(0, None, 0)
        self._begun = False
        self._late = False
        """Whether bytes have moved since the last turn was over, which they do only after a deadlock was found."""
        self._failed: int | None = None

    @property
    def open(self) -> Frame:
        """The frame that is being made."""
        return self._frame

    def frames(self, events: Iterable[AnyEvent], ending: Ending | None = None) -> Iterator[Frame]:
        """A frame for what comes before the first turn, one for each turn, and one for what is left, if anything."""
        for event in events:
            ready = self.follow(event)
            if ready is not None:
                yield ready
        if ending is not None and ending.kind == "deadlock":
            self.deadlock(ending.deadlock)
        last = self.last()
        if last is not None:
            yield last

    def follow(self, event: AnyEvent) -> Frame | None:
        """Take note of an event; gives the frame that it ends, if it ends one."""
        ready: Frame | None = None
        if isinstance(event, IterationStarted) and not self._begun:
            ready = self._close()
            self._begun = True
        self._books(event)
        self._cast.follow(event)
        for vm in (event.vm, event.reader) if isinstance(event, Transferred) else (event.vm,):
            if vm not in self._known:
                self._meet(vm)
        self._late = (self._frame.vm is None and isinstance(event, Transferred | OtherEndGone)) or self._late
        self._note(event)
        if self._names.follow(event, self._cast):
            self._of(event.vm).update(names=self._names_of(event.vm))
        row = self._timeline.row(event)
        if row is not None:
            self._frame.lines.append(self._texts.number(harmless(f"VM {row.vm} {row.words}")))
        if isinstance(event, IterationEnded | Resumed):
            self._at_rest = dict(self._waits)
        if isinstance(event, IterationEnded):
            ready = self._close()
        return ready

    def is_at(self, vm: int, place: str) -> None:
        """The place in a file that a VM's function is at by now."""
        place = place_shown(place)
        line = self._where.line_of(self._programs.get(vm, ""), place) if self._where else None
        self._of(vm).update(place=place, line=line)

    def ended_at(self, vm: int, pc: int) -> None:
        """A VM has ended in a system call that ends before ``pc``."""
        if self._tell_line(vm, pc - 1):
            self._of(vm).update(ended_here=True)

    def deadlock(self, report: DeadlockReport | None) -> None:
        """The run is over since no VM can run: all wait as the report says, or where there is none, as they did."""
        frame = self._frame
        frame.pipes.clear()  # whatever the pass after it has moved wakes nobody
        self._waits = dict(self._at_rest) if report is None else {one.vm: one.state for one in report.waiting}
        for vm in sorted(self._living):
            if vm in self._waits:
                self._tell_wait(vm)
            else:
                self._of(vm).update(state=UNKNOWN, waits=None)
        frame.lines += [self._texts.number(text) for text in ([LATE, STUCK] if self._late else [STUCK])]

    def last(self) -> Frame | None:
        """The frame of what came after the last turn; ``None`` where nothing did."""
        left = self._frame
        return self._close() if left.lines or left.vms or left.pipes or not self._begun else None

    # Events

    def _meet(self, vm: int) -> None:
        """A VM is named for the first time; where it is not made then, the journal begins later than the run."""
        self._known.add(vm)
        self._living.add(vm)
        self._turns[vm] = 0
        self._of(vm).update(parent=None, program="", state=UNKNOWN, turns=0, fds=[])

    def _note(self, event: AnyEvent) -> None:
        vm = event.vm
        match event:
            case Booted(parent=parent, location=location):
                program = self._programs[vm] = self._cast.program(location)
                self._of(vm).update(parent=parent, program=program, state=RUNNABLE)
            case ProgramReplaced(location=location):
                program = self._programs[vm] = self._cast.program(location)
                self._of(vm).update(program=program, line=None, place=None)
            case IterationStarted(iteration=turn):
                self._frame.turn, self._frame.vm = turn, vm
            case IterationEnded(total=total):
                self._frame.cycles = total
                self._turns[vm] += 1
                self._of(vm).update(turns=self._turns[vm])
            case Suspended() if self._failed is not None:
                self._of(self._failed).update(fault=None)  # that is how a run is stopped to be suspended
            case Blocked(state=state):
                self._waits[vm] = state
                self._tell_wait(vm)
            case Answered():
                self._waits.pop(vm, None)
                self._of(vm).update(state=RUNNABLE, waits=None)
            case SwappedOut() | SwappedIn():
                self._of(vm).update(swapped=isinstance(event, SwappedOut))
            case Ended(exit_code=code):
                self._waits.pop(vm, None)
                self._of(vm).update(state=ENDED, waits=None, exit=code)
                self._living.discard(vm)
                if vm == ROOT_VM_ID:  # and so does the run, for all
                    for other in self._living:
                        self._of(other).update(state=ENDED, waits=None)
            case Posted(pc=pc) | Refused(pc=pc):
                self._tell_line(vm, pc - 1)  # within the ecall
            case Faulted(error=error, total=total):
                self._frame.cycles = total
                if event.pc is not None:
                    self._failed = vm
                    self._tell_line(vm, failed_at(event))
                    self._of(vm).update(fault=error)
            case _:
                self._note_pipe(event)

    def _note_pipe(self, event: AnyEvent) -> None:
        vm = event.vm
        match event:
            case PipeOpened(read_fd=read_fd, write_fd=write_fd):
                self._pipes[read_fd] = 0
                self._fds[read_fd] = self._fds[write_fd] = vm
                self._pipe(read_fd).update(write_fd=write_fd, maker=vm, reader=vm, writer=vm, bytes=0)
                self._tell_fds(vm)
            case FdMoved(fd=fd, giver=giver):
                self._fds[fd] = vm
                self._pipe(fd).update({_role(fd): vm})
                self._tell_fds(giver)
                self._tell_fds(vm)
            case FdClosed(fd=fd):
                self._fds.pop(fd, None)
                self._pipe(fd).update({_role(fd): None})
                self._tell_fds(vm)
            case Transferred(reader=reader, fd=fd, size=size):
                self._pipes[other_end(fd)] = self._pipes.get(other_end(fd), 0) + size
                self._pipe(fd).update(bytes=self._pipes[other_end(fd)], moved=[vm, reader, size])
                self._pipe(fd).update(write_fd=fd, writer=vm, reader=reader)  # the journal may begin after it was made
                state = self._waits.get(vm)
                if isinstance(state, WaitForWrite):
                    self._waits[vm] = msgspec.structs.replace(state, consumed=state.consumed + size)
                    self._tell_wait(vm)
            case _:
                pass

    def _of(self, vm: int) -> Fields:
        return self._frame.vms.setdefault(vm, {})

    def _pipe(self, fd: int) -> Fields:
        return self._frame.pipes.setdefault(min(fd, other_end(fd)), {})

    def _tell_fds(self, vm: int) -> None:
        self._of(vm).update(fds=sorted(fd for fd, holder in self._fds.items() if holder == vm))
        if self._names.of(vm):
            self._of(vm).update(names=self._names_of(vm))

    def _names_of(self, vm: int) -> dict[int, str]:
        return {fd: name for fd, name in self._names.of(vm).items() if self._fds.get(fd) == vm}

    def _tell_wait(self, vm: int) -> None:
        """What a VM waits for: a kind, a target, and how many bytes are wanted or left."""
        match self._waits[vm]:
            case WaitForRead(fd=fd, length=length):
                self._of(vm).update(state="reads", waits=["read", fd, length])
            case WaitForWrite(fd=fd, length=length, consumed=consumed):
                self._of(vm).update(state="writes", waits=["write", fd, length - consumed])
            case Wait(target_vm_id=target):
                self._of(vm).update(state="waits", waits=["wait", target, 0])
            case _:
                pass

    def _tell_line(self, vm: int, pc: int) -> bool:
        """Tell the line that an address is in, where that is known."""
        line = self._where.line(self._programs.get(vm, ""), pc) if self._where else None
        if line is not None:
            self._of(vm).update(line=line)
        return line is not None

    # A frame's end

    def _close(self) -> Frame:
        frame = self._frame
        consumed = self._books.consumed
        for key, cycles in consumed.items():
            if cycles != self._booked.get(key, 0):
                frame.kinds.setdefault(key[0], {})[key[1].value] = cycles - self._booked.get(key, 0)
                self._booked[key] = cycles
        self._frame = Frame(frame.turn, None, frame.cycles)
        self._late = False
        return frame


def _role(fd: int) -> str:
    return "reader" if fd < other_end(fd) else "writer"
