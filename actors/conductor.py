"""The conductor: one nursery, one task a VM, one baton. The scheduler says whose turn it is; nobody else moves.

The baton goes from VM to VM: the task that has ended its turn completes it and hands on, and the task that asked for
the run sleeps until it is over. So a turn costs one switch of tasks, and none where a VM has the next turn too.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from ..scheduler.events import Answered, AnyEvent, Blocked, Booted, Ended, FdClosed, FdMoved, PipeOpened
from ..scheduler.limits import U64_MAX
from ..scheduler.outcome import Outcome, outcome_of
from ..scheduler.scheduler import RunMode, Scheduler
from ..scheduler.states import Terminated, WaitForRead, WaitForWrite
from ..vm.errors import VmError
from ..vm.machine import PauseSignal
from .pipe_ends import PipeEnd
from .vm_task import Gate, VmTask

_FOLLOWED = frozenset((Answered, Blocked, Booted, Ended, FdClosed, FdMoved, PipeOpened))


class Conductor:
    """Plays one scheduler's run with Trio tasks. As an observer it follows what the scheduler does to VMs and pipes."""

    def __init__(self, scheduler: Scheduler, nursery: trio.Nursery) -> None:
        self.scheduler = scheduler
        self.nursery = nursery
        self.gate = Gate()
        """Closed, it holds the VM that plays; no result changes by it."""
        self.tasks: dict[int, VmTask] = {}
        self.pipe_ends: dict[int, PipeEnd] = {}
        self._desk = trio.lowlevel.ParkingLot()
        """Where the task waits that has asked for the run."""
        self._playing = False
        self._one_turn = False
        self._left = 0
        self._error: BaseException | None = None
        self._pause: PauseSignal | None = None

    async def enter(self) -> None:
        """Bring the VMs of a resumed run to their places: each a task, parked at its door or where it is blocked."""
        table = self.scheduler.table
        self.pipe_ends = {fd: PipeEnd(fd, owner) for fd, owner in table.fds.items()}
        for vm, state in sorted(table.states.items()):
            if not isinstance(state, Terminated):
                await self.nursery.start(self._hire(vm).live, name=f"VM {vm}")
                self(Blocked(vm, state))

    def _hire(self, vm: int) -> VmTask:
        task = self.tasks[vm] = VmTask(vm, self.gate, self._completed)
        return task

    async def conduct(self, limit: int, pause: PauseSignal | None = None) -> None:
        """Run to the end; raises :class:`~spawnlab.vm.errors.VmError` where the run fails.

        After :class:`~spawnlab.vm.errors.Pause`, which ``pause`` asks for, it can be called again, with a limit of its
        own.
        """
        if not self.scheduler.terminated():
            await self._play(limit, one_turn=False, pause=pause)

    async def step(self, limit: int) -> int:
        """Play one iteration within ``limit`` cycles; gives those that are left. Raises as :meth:`conduct`."""
        await self._play(limit, one_turn=True)
        return self._left

    async def _play(self, limit: int, *, one_turn: bool, pause: PauseSignal | None = None) -> None:
        self._left, self._one_turn, self._error, self._playing = limit, one_turn, None, True
        self._pause = pause
        self._hand_on()
        try:
            while self._playing:
                await self._desk.park()
        finally:
            self._playing = False  # cancelled: no turn is to follow the one that is under way
        if self._error is not None:
            raise self._error

    def _hand_on(self) -> None:
        """Prepare a turn and give the baton to its VM."""
        try:
            turn = self.scheduler.prepare(RunMode(self._left, self._pause))
        except (Exception, KeyboardInterrupt) as error:
            self._return(error)
        else:
            self.tasks[turn.vm].give(turn)

    def _completed(self, result: int | BaseException) -> None:
        """A VM's task has ended its turn: complete it, and hand on."""
        if not self._playing:
            return None
        if not isinstance(result, int | VmError):
            return self._return(result)
        try:
            self._left = self.scheduler.complete(result)
        except (Exception, KeyboardInterrupt) as error:
            return self._return(error)
        if self._one_turn or self.scheduler.terminated():
            return self._return(None)
        return self._hand_on()

    def _return(self, error: BaseException | None) -> None:
        """Bring the baton back to the desk."""
        self._error, self._playing = error, False
        self._desk.unpark()

    def __call__(self, event: AnyEvent) -> None:
        """Follow an event."""
        if type(event) in _FOLLOWED:  # most are not, and this is asked for every event of a run
            self._follow(event)

    def _follow(self, event: AnyEvent) -> None:
        match event:
            case Booted(vm=vm):
                self.nursery.start_soon(self._hire(vm).live, name=f"VM {vm}")
            case PipeOpened(vm=vm, read_fd=read_fd, write_fd=write_fd):
                for fd in (read_fd, write_fd):
                    self.pipe_ends[fd] = PipeEnd(fd, vm)
            case FdMoved(vm=vm, fd=fd):
                self.pipe_ends[fd].owner = vm
            case FdClosed(fd=fd):
                del self.pipe_ends[fd]
            case Blocked(vm=vm, state=WaitForRead(fd=fd) | WaitForWrite(fd=fd)):
                self.tasks[vm].move(self.pipe_ends[fd].lot)
            case Answered(vm=vm):
                self.tasks[vm].move(None)
            case Ended(vm=vm):
                self.tasks.pop(vm).end()
            case _:
                pass


@asynccontextmanager
async def open_conductor(scheduler: Scheduler) -> AsyncGenerator[Conductor]:
    """A conductor with its tasks, which are cancelled at the end, whatever state the run is in.

    What is raised within comes out unchanged, in no exception group.
    """
    crash: BaseException | None = None
    async with trio.open_nursery() as nursery:
        conductor = Conductor(scheduler, nursery)
        scheduler.table.observers.append(conductor)
        try:
            await conductor.enter()
            yield conductor
        except (Exception, KeyboardInterrupt) as failure:  # raised below, out of the nursery's exception group
            crash = failure
        finally:
            scheduler.table.observers.remove(conductor)
            nursery.cancel_scope.cancel()
    if crash is not None:
        raise crash


async def perform(scheduler: Scheduler, *, limit: int = U64_MAX) -> Outcome:
    """Play a run, a resumed one too, to its end under Trio, every VM a task, within ``limit`` cycles.

    A failed run, a deadlock among them, is an outcome and not an exception. Cancelling it leaves no task behind; the
    scheduler is then in the middle of a turn and cannot be used again. What an observer raises comes out unchanged.
    """
    async with open_conductor(scheduler) as conductor:
        try:
            await conductor.conduct(limit)
        except VmError as error:
            return outcome_of(scheduler, error)
    return outcome_of(scheduler, None)
