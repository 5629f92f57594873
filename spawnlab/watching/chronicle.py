"""What the events of a run tell of it so far: VMs' turns and cycles, pipes' bytes, and the timeline's rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from typing import TypeVar

import msgspec

from ..scenarios.build import Build, Code
from ..scheduler.events import (
    AnyEvent,
    Booted,
    Ended,
    Faulted,
    IterationEnded,
    IterationStarted,
    PipeOpened,
    Posted,
    ProgramReplaced,
    Refused,
    Transferred,
)
from ..scheduler.fds import other_end
from ..views.cast import Cast, failed_at
from ..views.timeline import Row, Timeline


class VmNote(msgspec.Struct, gc=False):
    """One VM that is or was."""

    vm: int
    parent: int | None
    code: Code | None
    turns: int = 0
    cycles: int = 0
    """Spent in its turns."""
    called_at: int | None = None
    """The pc behind its last system call of which an event tells, or behind what has failed."""
    exit_code: int | None = None


class PipeNote(msgspec.Struct, gc=False):
    """One pipe that is or was; its write end is the next number."""

    read_fd: int
    maker: int
    bytes: int = 0
    """That went through it."""


N = TypeVar("N", VmNote, PipeNote)


class ChronicleCopy(msgspec.Struct, frozen=True):
    """A chronicle as it was once."""

    timeline: Timeline
    vms: tuple[VmNote, ...]
    pipes: tuple[PipeNote, ...]
    seen: int
    rows: int
    last: int | None


def _copied(notes: Iterable[N]) -> tuple[N, ...]:
    return tuple(copy(note) for note in notes)


class Chronicle:
    """Follows the events of one run of ``build``."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._timeline = Timeline(Cast(build))
        self.vms: dict[int, VmNote] = {}
        self.pipes: dict[int, PipeNote] = {}
        """By their read ends."""
        self.seen = 0
        """How many events were followed."""
        self.rows: list[Row] = []
        """The lines of the timeline."""
        self.last: int | None = None
        """The VM that has, or had last, the turn."""

    def follow(self, events: Sequence[AnyEvent]) -> None:
        """Follow all events of the run that are new."""
        for event in events[self.seen :]:
            self._follow(event)
            row = self._timeline.row(event)
            if row is not None:
                self.rows.append(row)
        self.seen = len(events)

    def _follow(self, event: AnyEvent) -> None:
        vm = self.vms.get(event.vm)
        match event:
            case Booted(vm=number, parent=parent, location=location):
                self.vms[number] = VmNote(number, parent, self._build.code_of(location.piece))
            case ProgramReplaced(location=location) if vm:
                vm.code, vm.called_at = self._build.code_of(location.piece), None
            case Posted(pc=pc) | Refused(pc=pc) if vm:
                vm.called_at = pc
            case IterationStarted(vm=number):
                self.last = number
            case IterationEnded(spent=spent) if vm:
                vm.turns += 1
                vm.cycles += spent
            case Faulted(pc=int(pc)) if vm and failed_at(event) != pc:
                vm.called_at = pc  # it failed before it
            case Ended(exit_code=code) if vm:
                vm.exit_code = code
            case PipeOpened(vm=number, read_fd=read_fd):
                self.pipes[read_fd] = PipeNote(read_fd, number)
            case Transferred(fd=fd, size=size):
                self.pipes[other_end(fd)].bytes += size
            case _:
                pass

    def copy(self) -> ChronicleCopy:
        """What it has noted by now."""
        return ChronicleCopy(
            self._timeline.copy(),
            _copied(self.vms.values()),
            _copied(self.pipes.values()),
            self.seen,
            len(self.rows),
            self.last,
        )

    def go_back(self, copy: ChronicleCopy) -> None:
        """Know no more than it did then."""
        self._timeline = copy.timeline.copy()
        self.vms = {note.vm: note for note in _copied(copy.vms)}
        self.pipes = {note.read_fd: note for note in _copied(copy.pipes)}
        self.seen, self.last = copy.seen, copy.last
        del self.rows[copy.rows :]
