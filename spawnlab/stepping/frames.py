"""A run as frames, one a turn: what changed in it for VMs, pipes and books, and what happened, in words.

A frame says what is otherwise than in the one before it, so that a long run is a small file. All of it comes from the
journal; what lies in registers and memory does not, and is added by :mod:`.capture`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ..scenarios.build import Build
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
    PipeOpened,
    Posted,
    ProgramReplaced,
    Refused,
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
from .sources import Where
from .texts import Texts

Fields = dict[str, Any]
"""Names and values that JSON has."""
RUNNABLE, RUNNING, ENDED = "can run", "runs", "ended"


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
        self._counts: dict[int, list[int]] = {}
        """Turns and cycles of each VM."""
        self._pipes: dict[int, int] = {}
        """Bytes that went through, by the read end."""
        self._living: set[int] = set()
        self._frame = Frame(0, None, 0)
        self._begun = False

    def frames(self, events: Iterable[AnyEvent]) -> Iterator[Frame]:
        """A frame for what comes before the first turn, one for each turn, and one for what is left, if anything."""
        for event in events:
            ready = self.follow(event)
            if ready is not None:
                yield ready
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
        self._note(event)
        row = self._timeline.row(event)
        if row is not None:
            self._frame.lines.append(self._texts.number(harmless(f"VM {row.vm} {row.words}")))
        if isinstance(event, IterationEnded):
            ready = self._close()
        return ready

    def last(self) -> Frame | None:
        """The frame of what came after the last turn; ``None`` where nothing did."""
        left = self._frame
        return self._close() if left.lines or left.vms or left.pipes or not self._begun else None

    # Events

    def _note(self, event: AnyEvent) -> None:
        vm = event.vm
        match event:
            case Booted(parent=parent, location=location):
                self._counts[vm] = [0, 0]
                self._living.add(vm)
                program = self._programs[vm] = self._cast.program(location)
                self._of(vm).update(parent=parent, program=program, state=RUNNABLE, turns=0, cycles=0, fds=[])
            case ProgramReplaced(location=location):
                program = self._programs[vm] = self._cast.program(location)
                self._of(vm).update(program=program, line=None)
            case IterationStarted(iteration=turn):
                self._frame.turn, self._frame.vm = turn, vm
            case IterationEnded(spent=spent, total=total):
                self._frame.cycles = total
                counts = self._counts.setdefault(vm, [0, 0])
                counts[0] += 1
                counts[1] += spent
                self._of(vm).update(turns=counts[0], cycles=counts[1])
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
                    self._tell_line(vm, failed_at(event))
                if self._frame.vm is not None:
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
                self._pipes[other_end(fd)] += size
                self._pipe(fd).update(bytes=self._pipes[other_end(fd)], moved=[vm, reader, size])
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

    def _tell_line(self, vm: int, pc: int) -> None:
        line = self._where.line(self._programs.get(vm, ""), pc) if self._where else None
        if line is not None:
            self._of(vm).update(line=line)

    # A frame's end

    def _close(self) -> Frame:
        frame = self._frame
        consumed = self._books.consumed
        for key, cycles in consumed.items():
            if cycles != self._booked.get(key, 0):
                frame.kinds.setdefault(key[0], {})[key[1].value] = cycles - self._booked.get(key, 0)
                self._booked[key] = cycles
        self._frame = Frame(frame.turn, None, frame.cycles)
        return frame


def _role(fd: int) -> str:
    return "reader" if fd < other_end(fd) else "writer"
