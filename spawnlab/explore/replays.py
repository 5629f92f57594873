"""One run in an order that is chosen while it is played, turn by turn, and what each turn was."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ..scenarios.build import Build
from ..scheduler.events import (
    AnyEvent,
    Booted,
    FaultInjected,
    FdClosed,
    FdMoved,
    IterationEnded,
    IterationStarted,
    PipeOpened,
)
from ..scheduler.faults import Fault, FilledMemory
from ..scheduler.outcome import Outcome, outcome_of
from ..scheduler.scheduler import RunMode, Scheduler
from ..scheduler.syscalls.cell_data import LOAD_CELL_DATA_AS_CODE
from ..scheduler.syscalls.context import VmContext
from ..scheduler.syscalls.generator import consensus_syscalls
from ..scheduler.syscalls.misc import CURRENT_CYCLES
from ..scheduler.transaction import ScriptGroupData
from ..vm.errors import SpawnlabError, VmError
from ..vm.machine import A7, Machine, SystemCall

NAME = "explored"
WATCHED_CALLS = (CURRENT_CYCLES, LOAD_CELL_DATA_AS_CODE)


class Turn(msgspec.Struct, frozen=True):
    """A turn: the VM, which could have had it, and what happened in it and in the I/O pass behind it."""

    vm: int
    runnable: tuple[int, ...]
    events: tuple[AnyEvent, ...]
    owned: tuple[int, ...]
    """The VM's fds before the turn."""

    @property
    def used(self) -> int:
        """Cycles of the turn, without those of swapping."""
        return sum(event.used for event in self.events if isinstance(event, IterationEnded))


Choose = Callable[[Sequence[Turn], Sequence[int]], int | None]
"""Gets the turns so far and the VMs that can run, ascending; gives the next turn's VM, or ``None`` to stop there."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was played as far as was wanted."""

    turns: tuple[Turn, ...]
    events: tuple[AnyEvent, ...]
    outcome: Outcome | None
    """How it ended; ``None`` where it was stopped, or a function has failed."""
    crash: str | None
    """What the function of a VM has raised."""
    stopped: bool
    unfinished: Turn | None
    """The turn in which it failed without coming to its end."""
    calls: frozenset[int]
    """Which of :data:`WATCHED_CALLS` were made."""
    faults: tuple[str, ...] = ()
    """The faults that took effect."""

    @property
    def order(self) -> tuple[int, ...]:
        """The VM of each turn."""
        last = () if self.unfinished is None else (self.unfinished.vm,)
        return (*(turn.vm for turn in self.turns), *last)

    @property
    def vms(self) -> int:
        """How many VMs there were."""
        return sum(isinstance(event, Booted) for event in self.events)


class SearchError(SpawnlabError):
    """A search can't go on."""


class Unrepeatable(SearchError):
    """A program did something else when it was played again: a Python function that depends on more than its calls."""


class _Stop(SpawnlabError):
    """No further turn is wanted."""


class _Player:
    """The policy and the observer of one run."""

    name = NAME

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self.events: list[AnyEvent] = []
        self.turns: list[Turn] = []
        self.calls: set[int] = set()
        self._start = 0
        self._fds: dict[int, int] = {}
        """Open fds and their owners."""
        self._owned: tuple[int, ...] = ()
        self.chosen: tuple[int, tuple[int, ...]] | None = None

    def choose(self, runnable: Sequence[int], /) -> int:
        vm = self._choose(self.turns, runnable)
        if vm is None:
            raise _Stop
        self.chosen = (vm, tuple(runnable))
        self._start = len(self.events)
        self._owned = tuple(fd for fd, owner in self._fds.items() if owner == vm)
        return vm

    def __call__(self, event: AnyEvent) -> None:
        if isinstance(event, IterationStarted):
            self._start = len(self.events)
        self.events.append(event)
        match event:
            case PipeOpened(vm=vm, read_fd=read_fd, write_fd=write_fd):
                self._fds[read_fd] = self._fds[write_fd] = vm
            case FdMoved(vm=vm, fd=fd):
                self._fds[fd] = vm
            case FdClosed(fd=fd):
                del self._fds[fd]
            case IterationEnded():
                self.turns.append(self.turn())
            case _:
                pass

    def turn(self) -> Turn:
        """The turn that is under way, or has just ended."""
        assert self.chosen is not None
        vm, runnable = self.chosen
        self.chosen = None
        return Turn(vm, runnable, tuple(self.events[self._start :]), self._owned)

    def syscalls(
        self, vm_id: int, sg_data: ScriptGroupData, vm_context: VmContext, context: object
    ) -> Sequence[SystemCall]:
        """The chain's, with one before them that only looks."""

        def watch(machine: Machine) -> bool:
            if machine.registers[A7] in WATCHED_CALLS:
                self.calls.add(machine.registers[A7])
            return False

        return (watch, *consensus_syscalls(vm_id, sg_data, vm_context, context))


def replay(build: Build, choose: Choose, limit: int, faults: Sequence[Fault] = ()) -> Played:
    """Play within ``limit`` cycles, each turn as it is chosen. Cycles and events are those of any other driver."""
    player = _Player(choose)
    machines = build.machines()
    scheduler = Scheduler(
        build.sg_data,
        player.syscalls,
        policy=player,
        observers=[player, machines.follow],
        machines=machines,
        faults=faults,
    )
    outcome, crash, stopped = None, None, False
    try:
        scheduler.run(RunMode(limit))
        outcome = outcome_of(scheduler, None)
    except _Stop:
        stopped = True
    except VmError as error:
        outcome = outcome_of(scheduler, error)
    except SearchError:
        raise
    except Exception as error:
        if not build.actors:
            raise
        crash = f"{type(error).__name__}: {error}"
    finally:
        machines.close()
    unfinished = player.turn() if player.chosen is not None else None
    return Played(
        turns=tuple(player.turns),
        events=tuple(player.events),
        outcome=outcome,
        crash=crash,
        stopped=stopped,
        unfinished=unfinished,
        calls=frozenset(player.calls),
        faults=_effective(player.events, faults),
    )


def _effective(events: Sequence[AnyEvent], faults: Sequence[Fault]) -> tuple[str, ...]:
    """The faults that took effect; filled memory does so once there is a VM."""
    told = {event.fault for event in events if isinstance(event, FaultInjected)}
    filled = any(isinstance(event, Booted) for event in events)
    return tuple(fault.text for fault in faults if fault.text in told or (filled and isinstance(fault, FilledMemory)))
