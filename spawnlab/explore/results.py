"""What a run came to, as far as its order may not change it: the end without cycles, VMs by their place in the tree.

Ids of VMs and numbers of fds depend on the order, so a VM is named by the path that its spawns make: ``0`` is the
root, ``0.2`` its second child. A pipe is named by its maker and its number among the maker's: ``0#1``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from ..scenarios.build import Build
from ..scheduler.deadlock import DeadlockReport
from ..scheduler.events import AnyEvent, Booted, PipeOpened, ProgramReplaced
from ..scheduler.outcome import Outcome
from ..scheduler.states import Wait, WaitForRead, WaitForWrite
from ..views.cast import Cast
from .replays import Played


class Stuck(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A VM of a deadlock, and what it waits for."""

    vm: str
    """Its path in the tree of spawns."""
    program: str
    kind: str
    """``read``, ``write`` or ``wait``."""
    target: str
    """The pipe, or the path of the VM whose end it waits for."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. Equal results are equal as values."""

    kind: str
    """``exit``, ``error``, ``deadlock`` or ``crash`` (of a Python function)."""
    exit_code: int | None = None
    error: str | None = None
    """The error in the reference's debug form, or what the function has raised."""
    stuck: tuple[Stuck, ...] = ()
    """All VMs of a deadlock."""


class Places:
    """Follows events: the place of each VM in the tree of spawns, its program, and each pipe's name."""

    def __init__(self, build: Build) -> None:
        self._cast = Cast(build)
        self._children: Counter[int] = Counter()
        self._pipes: Counter[int] = Counter()
        self.paths: dict[int, str] = {}
        self.programs: dict[int, str] = {}
        self.pipes: dict[int, str] = {}
        """By the read end."""

    def follow(self, event: AnyEvent) -> None:
        """Take note of an event."""
        match event:
            case Booted(vm=vm, parent=None, location=location):
                self.paths[vm] = str(vm)
                self.programs[vm] = self._cast.program(location)
            case Booted(vm=vm, parent=int(parent), location=location):
                self._children[parent] += 1
                self.paths[vm] = f"{self.paths[parent]}.{self._children[parent]}"
                self.programs[vm] = self._cast.program(location)
            case ProgramReplaced(vm=vm, location=location):
                self.programs[vm] = self._cast.program(location)
            case PipeOpened(vm=vm, read_fd=read_fd):
                self._pipes[vm] += 1
                self.pipes[read_fd] = f"{self.paths[vm]}#{self._pipes[vm]}"
            case _:
                pass

    def vm(self, vm: int) -> str:
        """A VM's path; of an id that was never given, the id."""
        return self.paths.get(vm, f"id {vm}")


def places_of(build: Build, events: Iterable[AnyEvent]) -> Places:
    """The places of all VMs and pipes of a run."""
    places = Places(build)
    for event in events:
        places.follow(event)
    return places


def result_of(build: Build, played: Played) -> Result:
    """What a run came to that was played to its end."""
    if played.outcome is None:
        return Result(kind="crash", error=played.crash)
    return end_of(build, played.outcome, played.events)


def end_of(build: Build, outcome: Outcome, events: Iterable[AnyEvent]) -> Result:
    """What a run came to, from its outcome and all of its events."""
    if outcome.deadlock is not None:
        return Result(kind="deadlock", stuck=tuple(_stuck(outcome.deadlock, places_of(build, events))))
    if outcome.failure is not None:
        return Result(kind="error", error=outcome.failure.debug)
    return Result(kind="exit", exit_code=outcome.exit_code)


def _stuck(report: DeadlockReport, places: Places) -> Iterator[Stuck]:
    return iter(sorted(found for waiting in report.waiting for found in _of(waiting.vm, waiting.state, places)))


def _of(vm: int, state: object, places: Places) -> Iterator[Stuck]:
    path, program = places.vm(vm), places.programs[vm]
    match state:
        case Wait(target_vm_id=target):
            yield Stuck(vm=path, program=program, kind="wait", target=places.vm(target))
        case WaitForRead(fd=fd):
            yield Stuck(vm=path, program=program, kind="read", target=places.pipes[fd & ~1])
        case WaitForWrite(fd=fd):
            yield Stuck(vm=path, program=program, kind="write", target=places.pipes[fd & ~1])
        case _:
            pass


def words(result: Result) -> str:
    """The result in a sentence."""
    if result.kind == "exit":
        return f"exit code {result.exit_code}"
    if result.kind == "deadlock":
        return "deadlock: " + "; ".join(map(_stuck_words, result.stuck))
    return f"{'a function raises' if result.kind == 'crash' else 'error'}: {result.error}"


def _stuck_words(stuck: Stuck) -> str:
    if stuck.kind == "wait":
        what = "itself" if stuck.target == stuck.vm else f"VM {stuck.target}"
        return f"VM {stuck.vm} ({stuck.program}) waits for the end of {what}"
    toward = "read from" if stuck.kind == "read" else "write to"
    return f"VM {stuck.vm} ({stuck.program}) waits to {toward} pipe {stuck.target}"
