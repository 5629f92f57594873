"""What programs call their fds, where they are lists of operations: ``as = ["from_child", "to_parent"]``."""

from __future__ import annotations

from ..explain.steps_at import path_of, step_at
from ..scenarios.build import Build
from ..scenarios.steps import AnyStep, InheritedFds, Pipe
from ..scheduler.events import AnyEvent, Booted, FdMoved, PipeOpened, Posted, ProgramReplaced
from ..scheduler.messages import InheritedFileDescriptor
from ..scheduler.transaction import DataLocation
from ..views.cast import Cast


class FdNames:
    """Follows events; every VM has names of its own for the fds that it holds."""

    def __init__(self, build: Build | None) -> None:
        self._build = build
        self._locations: dict[int, DataLocation] = {}
        self._given: dict[int, list[int]] = {}
        """What each VM was given when it was spawned, in that order."""
        self._names: dict[int, dict[int, str]] = {}

    def of(self, vm: int) -> dict[int, str]:
        """A VM's names by fd; also of fds that it no longer holds."""
        return self._names.get(vm, {})

    def follow(self, event: AnyEvent, cast: Cast) -> bool:
        """Take note of an event, which ``cast`` has followed; gives whether names of its VM are others now."""
        vm = event.vm
        match event:
            case Booted(location=location):
                self._locations[vm] = location
            case ProgramReplaced(location=location):
                self._locations[vm] = location
                return self._names.pop(vm, None) is not None  # they were the other program's
            case FdMoved(fd=fd):
                self._given.setdefault(vm, []).append(fd)
            case PipeOpened(read_fd=read_fd, write_fd=write_fd):
                step = self._step(vm, cast)
                if isinstance(step, Pipe):
                    return self._call(vm, (read_fd, write_fd), step.ends)
            case Posted(message=InheritedFileDescriptor()):
                step = self._step(vm, cast)
                if isinstance(step, InheritedFds):
                    return self._call(vm, self._given.get(vm, ()), step.names)
            case _:
                pass
        return False

    def _call(self, vm: int, fds: tuple[int, ...] | list[int], names: tuple[str, ...]) -> bool:
        self._names.setdefault(vm, {}).update(zip(fds, names, strict=False))
        return True

    def _step(self, vm: int, cast: Cast) -> AnyStep | None:
        """The step that a VM is at; none of a program that is no list of steps, or is played by a function."""
        if self._build is None or vm not in self._locations:
            return None
        piece = self._locations[vm].piece
        code = self._build.code_of(piece)
        if code is None or piece.index in self._build.actors:
            return None
        program = self._build.scenario.programs.get(code.name)
        return None if program is None else step_at(program, path_of(cast.place(vm)))
