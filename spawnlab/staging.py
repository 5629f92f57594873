"""What is played: from a file, a scenario, functions or a suspended run to a run that is set up, and its result."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from .actors.factory import ActorMachines, SavedPlay
from .actors.python_vm import Actor, ReplayError
from .runs import Run
from .saved import SavedRun, SavedRunError, is_saved, save
from .scenarios.build import Build, build, build_actors, build_elf, build_file, split_script
from .scenarios.check import unmet
from .scenarios.formats import SUFFIXES
from .scenarios.gallery import resolve
from .scenarios.load import read_file
from .scenarios.model import Scenario
from .scheduler.faults import conditions_of, faults_of, run_name
from .scheduler.hypothetical import CONSENSUS_TEXT, hypothetical_order, policy_of
from .scheduler.journal import Journal
from .scheduler.outcome import SUSPENDED, Outcome
from .scheduler.policy import CONSENSUS_POLICY
from .scheduler.processes import Observer
from .scheduler.scheduler import Scheduler, SchedulerCopy
from .scheduler.syscalls.generator import SyscallGenerator, consensus_syscalls
from .vm.errors import CyclesExceeded, SpawnlabError, VmError

Actors = Mapping[str, Actor]
"""Functions that play programs, by the programs' names."""
Playable = Build | Scenario | SavedRun | Actors | str | os.PathLike[str]
"""A scenario, a suspended run, functions (``root`` is VM 0), or the path of a scenario file or of an ELF file."""


class HypotheticalRunError(SpawnlabError):
    """A hypothetical run is to be suspended or gone on with, which only the chain's own can be."""


class StagingCopy(msgspec.Struct, frozen=True):
    """A run between two iterations, to come back to."""

    scheduler: SchedulerCopy
    plays: tuple[SavedPlay, ...]
    """What the functions were told that play VMs."""
    events: int
    """How much of the journal there was."""

    @property
    def size(self) -> int:
        """Bytes of memory that it keeps, about."""
        return self.scheduler.table.size


def load(what: Playable, *, version: int | None = None, actors: Actors | None = None) -> Build:
    """Read and compile; ``version`` is the script version of an ELF file, 2 unless given.

    ``actors`` play some of the programs in place of their code, which then only says what loading costs.

    Raises :class:`~spawnlab.scenarios.errors.ScenarioError`.
    """
    made = _load(what, version)
    return made.with_actors(actors) if actors else made


def _load(what: Playable, version: int | None) -> Build:
    if isinstance(what, Build):
        return what
    if isinstance(what, SavedRun):
        return what.build()
    if isinstance(what, Scenario):
        return build(what)
    if isinstance(what, Mapping):
        return build_actors(what)
    file = resolve(os.fspath(what))
    if is_saved(file):
        raise SavedRunError(f"{file}: a suspended run: go on with `spawnlab resume`, or with SavedRun.read(...)")
    is_elf = file.suffix not in SUFFIXES and split_script(file)[1] is None
    if is_elf and read_file(file)[:4] == b"\x7fELF":
        return build_elf(file, version=2 if version is None else version)
    return build_file(file, version=version)


class Staging:
    """A run that is set up: what is played, its scheduler, its journal, and how far it may go.

    ``policy`` is the text of an order (:func:`~spawnlab.scheduler.hypothetical.policy_of`); ``None`` is the chain's.
    ``faults`` are texts too (:func:`~spawnlab.scheduler.faults.fault_of`). ``system_calls`` are those of each machine.
    """

    def __init__(
        self,
        what: Playable,
        *,
        limit: int | None = None,
        suspend_at: int | None = None,
        observers: Iterable[Observer] = (),
        actors: Actors | None = None,
        policy: str | None = None,
        faults: Sequence[str] = (),
        system_calls: SyscallGenerator = consensus_syscalls,
    ) -> None:
        chosen, injected = policy_of(CONSENSUS_TEXT if policy is None else policy), faults_of(faults)
        self.build = load(what, actors=actors)
        self.journal = Journal(run_name(chosen, injected))
        self._check_chains(what, suspend_at)
        self.machines = self.build.machines()
        self._observers = tuple(observers)
        self._calls = system_calls
        if isinstance(what, SavedRun):
            self.journal.events += what.events
            self.scheduler = _resume(self.build, what, self._watchers(), self.machines, system_calls)
        else:
            self.scheduler = Scheduler(
                self.build.sg_data,
                system_calls,
                policy=chosen,
                observers=self._watchers(),
                machines=self.machines,
                faults=injected,
            )
        consumed = self.scheduler.consumed_cycles()
        end = self.build.scenario.limits.cycles if limit is None else limit
        if suspend_at is not None and suspend_at <= consumed:
            raise SavedRunError(f"can't suspend at {suspend_at} cycles: {consumed} are consumed already")
        self.limit = end
        """Cycles that the whole run may spend."""
        self._suspends = suspend_at is not None and suspend_at < end
        if suspend_at is not None:
            end = min(end, suspend_at)
        self.budget = max(0, end - consumed)

    def _check_chains(self, what: Playable, suspend_at: int | None) -> None:
        """Raise :class:`HypotheticalRunError` where only a run of the chain's own can be what is wanted."""
        hypothetical = hypothetical_order(self.journal.policy)
        if hypothetical is None:
            return
        policy, faults = conditions_of(hypothetical)
        order = "" if policy == CONSENSUS_TEXT else f" by the policy {policy}"
        how = order + (f" with the faults {', '.join(faults)}" if faults else "")
        if isinstance(what, SavedRun):
            raise HypotheticalRunError(
                f"a suspended run goes on in the chain's order only, and without faults, not{how}"
            )
        if suspend_at is not None:
            raise HypotheticalRunError(
                f"a run{how} can't be suspended, since no node could go on with it; leave out what is hypothetical, "
                "or the suspension (--suspend-at, or the scenario's suspend.at)"
            )

    def _watchers(self) -> list[Observer]:
        return [self.journal, self.machines.follow, *self._observers]

    def copy(self) -> StagingCopy:
        """The run as it is between two iterations; nothing of it changes. Raises :class:`RuntimeError` within one."""
        return StagingCopy(self.scheduler.copy(), self.machines.saved(), len(self.journal))

    def go_back(self, copy: StagingCopy) -> None:
        """Be again what was copied: with a new scheduler, and the journal as long as it was. Observers are not told.

        Raises :class:`~spawnlab.actors.python_vm.ReplayError` where a function does not repeat itself.
        """
        self.machines.close()
        self.machines = self.build.machines()
        for play in copy.plays:
            self.machines.restore(play)
        del self.journal.events[copy.events :]
        self.scheduler = Scheduler.go_back(
            self.build.sg_data, copy.scheduler, self._calls, observers=self._watchers(), machines=self.machines
        )

    def run_of(self, outcome: Outcome) -> Run:
        """The run, once it has come to an outcome."""
        if self._suspends and outcome.failure is not None and outcome.failure.variant == CyclesExceeded.__name__:
            return self.suspend()
        places = {vm: play.line for vm, play in sorted(self.machines.plays.items()) if play.line is not None}
        self.machines.close()
        unmet_ones = tuple(unmet(self.build.scenario.expect, outcome, self.journal))
        return Run(self.build, outcome, self.journal, unmet_ones, limit=self.limit, places=places)

    def suspend(self) -> Run:
        """The run, suspended between two iterations; the scheduler can't be used afterwards.

        Raises :class:`HypotheticalRunError` where the run is not the chain's.
        """
        self._check_chains(self.build, self.scheduler.consumed_cycles())
        iterations = self.scheduler.iterations
        cycles = self.scheduler.consumed_cycles()
        saved = save(self.build, self.scheduler, self.journal.events, self.machines)
        self.machines.close()
        return Run(self.build, Outcome(status=SUSPENDED, cycles=cycles, iterations=iterations), self.journal, (), saved)


def _resume(
    made: Build, saved: SavedRun, watchers: Iterable[Observer], machines: ActorMachines, calls: SyscallGenerator
) -> Scheduler:
    if saved.policy != CONSENSUS_POLICY.name:
        raise SavedRunError(f"the run was suspended under the policy {saved.policy!r}, not {CONSENSUS_POLICY.name!r}")
    missing = [name for name in saved.actors if name not in made.actor_names()]
    if missing:
        raise SavedRunError(
            f"Python functions play {', '.join(missing)}: give them again, as actors={{name: function}}"
        )
    try:
        for play in saved.plays:
            machines.restore(play)
        scheduler = Scheduler.resume(made.sg_data, saved.state, calls, observers=watchers, machines=machines)
    except VmError as error:
        raise SavedRunError(f"a VM can't be made again from the state (a node would crash): {error}") from None
    except ReplayError as error:
        raise SavedRunError(str(error)) from None
    scheduler.iterations = saved.iterations
    return scheduler
