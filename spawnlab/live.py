"""A run on a stage: stepped, stopped where something happens, looked into, and gone on with (``docs/actors.md``)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec

from .actors.conductor import Conductor, open_conductor
from .scheduler.events import AnyEvent, IterationEnded
from .scheduler.outcome import SUSPENDED, Outcome, outcome_of
from .scheduler.processes import Observer
from .scheduler.states import Runnable, VmState
from .scheduler.syscalls.generator import SyscallGenerator, consensus_syscalls
from .staging import Actors, Playable, Run, Staging
from .vm.errors import SpawnlabError, VmError
from .vm.snapshot import read_snapshot

Until = Callable[[AnyEvent], bool]
"""Whether a run is to stop after the iteration in which an event happened."""


class StageError(SpawnlabError):
    """Something was asked of a stage that it can't do now; says why."""


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it stands: counts, and VM ids."""

    iterations: int
    cycles: int
    """Consumed, but for charges of the last I/O pass."""
    runnable: tuple[int, ...]
    blocked: tuple[int, ...]
    swapped_out: tuple[int, ...]
    ended: int
    """VMs that have ended."""
    open_fds: int
    events: int
    tasks: int
    """Trio tasks of VMs."""


class Stage:
    """One run under Trio, between its iterations unless it is running. Made by :func:`stage`."""

    def __init__(self, staging: Staging, conductor: Conductor) -> None:
        self._staging = staging
        self._conductor = conductor
        self._left = staging.budget
        self.scheduler = staging.scheduler
        self.journal = staging.journal
        self.outcome: Outcome | None = None
        """How the run ended; ``None`` while it can go on."""
        self._running = False

    # Going on

    async def step(self) -> IterationEnded | None:
        """Play one iteration; gives what it came to, or ``None`` if the run is over (see :attr:`outcome`)."""
        if self._running:
            raise StageError("the run is under way: pause() and resume() it, or wait until run() comes back")
        if self.outcome is not None:
            return None
        seen = len(self.journal)
        self._running = True
        try:
            self._left = await self._conductor.step(self._left)
        except VmError as error:
            self.outcome = outcome_of(self.scheduler, error)
        finally:
            self._running = False
        if self.scheduler.terminated():
            self.outcome = outcome_of(self.scheduler, None)
        return next((event for event in self.journal.events[seen:] if isinstance(event, IterationEnded)), None)

    async def run(
        self,
        *,
        until: Until | None = None,
        until_iteration: int | None = None,
        until_cycles: int | None = None,
        until_blocked: int | None = None,
    ) -> Outcome | None:
        """Play until the end, or the first of what is asked for; gives the outcome, or ``None`` before the end.

        ``until`` is asked about every event, ``until_iteration`` and ``until_cycles`` are reached when so many are done
        or consumed, ``until_blocked`` when that VM waits for something. It always stops between two iterations.
        """
        while self.outcome is None:
            seen = len(self.journal)
            await self.step()
            new = self.journal.events[seen:]
            state = None if until_blocked is None else self.state(until_blocked)
            if (
                (until is not None and any(map(until, new)))
                or (until_iteration is not None and self.scheduler.iterations >= until_iteration)
                or (until_cycles is not None and self.scheduler.consumed_cycles() >= until_cycles)
                or (state is not None and not isinstance(state, Runnable))
            ):
                break
        return self.outcome

    def pause(self) -> None:
        """Hold a run that is under way, in the middle of a turn too; nothing of its result changes."""
        self._conductor.gate.close()

    def resume(self) -> None:
        """Let it go on."""
        self._conductor.gate.open()

    def suspend(self) -> Run:
        """End the run between two iterations; its ``saved`` can be gone on with, here or elsewhere."""
        if self._running or self.outcome is not None:
            raise StageError("the run is under way, or over")
        run = self._staging.suspend()
        self.outcome = run.outcome
        return run

    def result(self) -> Run:
        """The run, once it is over; raises :class:`StageError` before."""
        if self.outcome is None or self.outcome.status == SUSPENDED:
            raise StageError("the run is not over: await stage.run()")
        return self._staging.run_of(self.outcome)

    # Looking

    def state(self, vm: int) -> VmState | None:
        """The state of a VM; ``None`` if there is none, or it has ended."""
        return self.scheduler.state(vm)

    def states(self) -> Mapping[int, VmState]:
        """All VMs that have a state, by id."""
        return dict(sorted(self.scheduler.table.states.items()))

    def registers(self, vm: int) -> tuple[int, ...]:
        """The 32 registers of a VM; raises :class:`~spawnlab.vm.errors.Unexpected` if there is none."""
        return self.scheduler.peek(vm, lambda m: tuple(m.registers), lambda s, _: s.registers)

    def pc(self, vm: int) -> int:
        """Where a VM is; raises as :meth:`registers`."""
        return self.scheduler.peek(vm, lambda m: m.this_pc, lambda s, _: s.pc)

    def memory(self, vm: int, address: int, size: int) -> bytes:
        """Bytes of a VM's memory, swapped out or not; raises as :meth:`registers`, and for addresses beyond its end."""
        injector = self.scheduler.table.injector
        fresh = None if injector is None else injector.new_memory(vm)
        return self.scheduler.peek(
            vm, lambda m: m.memory.read(address, size), lambda s, group: read_snapshot(s, group, address, size, fresh)
        )

    def fds(self, vm: int | None = None) -> tuple[int, ...]:
        """The open fds, of one VM or of all."""
        table = self.scheduler.table
        return tuple(sorted(table.fds)) if vm is None else table.fds_of(vm)

    def statistics(self) -> Statistics:
        """Counts of the run as it stands."""
        table = self.scheduler.table
        states = sorted(table.states.items())
        return Statistics(
            iterations=self.scheduler.iterations,
            cycles=self.scheduler.consumed_cycles(),
            runnable=tuple(vm for vm, state in states if isinstance(state, Runnable)),
            blocked=tuple(vm for vm, state in states if not isinstance(state, Runnable)),
            swapped_out=tuple(sorted(table.suspended)),
            ended=len(table.terminated_vms),
            open_fds=len(table.fds),
            events=len(self.journal),
            tasks=len(self._conductor.tasks),
        )


@asynccontextmanager
async def stage(
    what: Playable,
    *,
    limit: int | None = None,
    observers: Iterable[Observer] = (),
    actors: Actors | None = None,
    policy: str | None = None,
    faults: Sequence[str] = (),
    system_calls: SyscallGenerator = consensus_syscalls,
) -> AsyncGenerator[Stage]:
    """Set a run up under Trio and look after its tasks: ``async with spawnlab.stage("file.toml") as stage``.

    ``what``, ``limit`` (cycles), ``observers``, ``actors``, ``policy``, ``faults`` and ``system_calls`` are those of
    :func:`~spawnlab.play.perform`. Leaving it, by an exception or a cancellation too, ends all tasks; the journal so
    far can be read afterwards.
    """
    staging = Staging(
        what,
        limit=limit,
        observers=observers,
        actors=actors,
        policy=policy,
        faults=faults,
        system_calls=system_calls,
    )
    try:
        async with open_conductor(staging.scheduler) as conductor:
            yield Stage(staging, conductor)
    finally:
        staging.machines.close()
