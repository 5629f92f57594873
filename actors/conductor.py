"""The conductor: one nursery, one task a VM, one baton. It asks the scheduler whose turn it is; nobody else moves."""

from __future__ import annotations

import trio

from ..scheduler.events import Answered, AnyEvent, Blocked, Booted, Ended, FdClosed, FdMoved, PipeOpened
from ..scheduler.limits import U64_MAX
from ..scheduler.outcome import Outcome, outcome_of
from ..scheduler.scheduler import RunMode, Scheduler
from ..scheduler.states import Terminated, WaitForRead, WaitForWrite
from ..vm.errors import VmError
from .pipe_ends import PipeEnd
from .vm_task import Baton, VmTask


class Conductor:
    """Plays one scheduler's run with Trio tasks. As an observer it follows what the scheduler does to VMs and pipes."""

    def __init__(self, scheduler: Scheduler, nursery: trio.Nursery) -> None:
        self.scheduler = scheduler
        self.nursery = nursery
        self.baton = Baton()
        self.tasks: dict[int, VmTask] = {}
        self.pipe_ends: dict[int, PipeEnd] = {}
        self._blocked_at: dict[int, PipeEnd] = {}

    async def enter(self) -> None:
        """Bring the VMs of a resumed run to their places: each a task, parked at its door or where it is blocked."""
        table = self.scheduler.table
        self.pipe_ends = {fd: PipeEnd(fd, owner) for fd, owner in table.fds.items()}
        for vm, state in sorted(table.states.items()):
            if isinstance(state, Terminated):
                continue
            task = self.tasks[vm] = VmTask(vm)
            await self.nursery.start(task.live, self.baton, name=f"VM {vm}")
            self(Blocked(vm, state))

    async def conduct(self, limit: int) -> None:
        """Run to the end; raises :class:`~spawnlab.vm.errors.VmError` where the run fails."""
        scheduler = self.scheduler
        while not scheduler.terminated():
            turn = scheduler.prepare(RunMode(limit))
            result = await self.baton.pass_to(self.tasks[turn.vm], turn)
            limit = scheduler.complete(result)

    def __call__(self, event: AnyEvent) -> None:
        """Follow an event."""
        match event:
            case Booted(vm=vm):
                task = self.tasks[vm] = VmTask(vm)
                self.nursery.start_soon(task.live, self.baton, name=f"VM {vm}")
            case PipeOpened(vm=vm, read_fd=read_fd, write_fd=write_fd):
                for fd in (read_fd, write_fd):
                    self.pipe_ends[fd] = PipeEnd(fd, vm)
            case FdMoved(vm=vm, fd=fd):
                self.pipe_ends[fd].owner = vm
            case FdClosed(fd=fd):
                del self.pipe_ends[fd]
            case Blocked(vm=vm, state=WaitForRead(fd=fd) | WaitForWrite(fd=fd)):
                end = self._blocked_at[vm] = self.pipe_ends[fd]
                self.tasks[vm].door.repark(end.lot)
            case Answered(vm=vm) if vm in self._blocked_at:
                self._blocked_at.pop(vm).lot.repark(self.tasks[vm].door)
            case Ended(vm=vm):
                self.tasks.pop(vm).end()
            case _:
                pass


async def perform(scheduler: Scheduler, *, limit: int = U64_MAX) -> Outcome:
    """Play a run, a resumed one too, to its end under Trio, every VM a task, within ``limit`` cycles.

    A failed run, a deadlock among them, is an outcome and not an exception. Cancelling it leaves no task behind; the
    scheduler is then in the middle of a turn and cannot be used again. What an observer raises comes out unchanged.
    """
    error: VmError | None = None
    crash: BaseException | None = None
    async with trio.open_nursery() as nursery:
        conductor = Conductor(scheduler, nursery)
        scheduler.table.observers.append(conductor)
        try:
            await conductor.enter()
            await conductor.conduct(limit)
        except VmError as failure:
            error = failure
        except (Exception, KeyboardInterrupt) as failure:  # raised below, out of the nursery's exception group
            crash = failure
        finally:
            scheduler.table.observers.remove(conductor)
            nursery.cancel_scope.cancel()
    if crash is not None:
        raise crash
    return outcome_of(scheduler, error)
