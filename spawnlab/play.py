"""Playing scenarios: from a file or a scenario to a run with its outcome and journal; suspending it and going on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
import trio

from .actors import perform as perform_scheduler
from .saved import SavedRun, SavedRunError, is_saved, save
from .scenarios.build import Build, build, build_elf
from .scenarios.check import unmet
from .scenarios.load import load_scenario, read_file
from .scenarios.model import Scenario
from .scheduler.journal import Journal
from .scheduler.outcome import SUSPENDED, Outcome, conduct
from .scheduler.policy import CONSENSUS_POLICY
from .scheduler.processes import Observer
from .scheduler.scheduler import Scheduler
from .vm.errors import CyclesExceeded, VmError

Playable = Build | Scenario | SavedRun | str | os.PathLike[str]
"""A scenario, a suspended run, or the path of a scenario file or of an ELF file."""


class Run(msgspec.Struct, frozen=True):
    """A run that is over: what was played, how it ended, and everything that happened."""

    build: Build
    outcome: Outcome
    journal: Journal
    unmet: tuple[str, ...]
    """What the scenario expects and did not happen; empty when all is as expected, and for a suspended run."""
    saved: SavedRun | None = None
    """What to go on from, where the run was suspended."""

    @property
    def as_expected(self) -> bool:
        """Whether all that the scenario expects has happened."""
        return not self.unmet


def load(what: Playable, *, version: int | None = None) -> Build:
    """Read and compile; ``version`` is the script version of an ELF file, 2 unless given.

    Raises :class:`~spawnlab.scenarios.errors.ScenarioError`.
    """
    if isinstance(what, SavedRun):
        return what.build()
    if isinstance(what, Build):
        return what
    if isinstance(what, Scenario):
        return build(what)
    file = Path(what)
    if is_saved(file):
        raise SavedRunError(f"{file}: a suspended run: go on with `spawnlab resume`, or with SavedRun.read(...)")
    if file.suffix not in (".toml", ".json") and read_file(file)[:4] == b"\x7fELF":
        return build_elf(file, version=2 if version is None else version)
    return build(load_scenario(file), file=str(file), folder=file.parent)


class _Stage:
    """A run that is set up: what is played, its scheduler, its journal, and how far it may go."""

    def __init__(
        self, what: Playable, limit: int | None, suspend_at: int | None, observers: Iterable[Observer]
    ) -> None:
        self.build = load(what)
        self.journal = Journal(CONSENSUS_POLICY.name)
        watchers = [self.journal, *observers]
        if isinstance(what, SavedRun):
            self.journal.events += what.events
            self.scheduler = _resume(self.build, what, watchers)
        else:
            self.scheduler = Scheduler(self.build.sg_data, observers=watchers)
        consumed = self.scheduler.consumed_cycles()
        end = self.build.scenario.limits.cycles if limit is None else limit
        if suspend_at is not None and suspend_at <= consumed:
            raise SavedRunError(f"can't suspend at {suspend_at} cycles: {consumed} are consumed already")
        self._suspends = suspend_at is not None and suspend_at < end
        if suspend_at is not None:
            end = min(end, suspend_at)
        self.budget = max(0, end - consumed)

    def run_of(self, outcome: Outcome) -> Run:
        """The run, once it has come to an outcome."""
        if self._suspends and outcome.failure is not None and outcome.failure.variant == CyclesExceeded.__name__:
            saved = save(self.build, self.scheduler, self.journal.events)
            suspended = Outcome(status=SUSPENDED, cycles=outcome.cycles, iterations=outcome.iterations)
            return Run(self.build, suspended, self.journal, (), saved)
        return Run(self.build, outcome, self.journal, tuple(unmet(self.build.scenario.expect, outcome)))


def _resume(made: Build, saved: SavedRun, watchers: Iterable[Observer]) -> Scheduler:
    if saved.policy != CONSENSUS_POLICY.name:
        raise SavedRunError(f"the run was suspended under the policy {saved.policy!r}, not {CONSENSUS_POLICY.name!r}")
    try:
        scheduler = Scheduler.resume(made.sg_data, saved.state, observers=watchers)
    except VmError as error:
        raise SavedRunError(f"a VM can't be made again from the state (a node would crash): {error}") from None
    scheduler.iterations = saved.iterations
    return scheduler


async def perform(
    what: Playable, *, limit: int | None = None, suspend_at: int | None = None, observers: Iterable[Observer] = ()
) -> Run:
    """Play under Trio, every VM a task, within ``limit`` cycles of the whole run (the scenario's unless given).

    Where the run would go beyond ``suspend_at`` cycles, it is suspended; ``perform(run.saved)`` goes on with it. That
    may change its cycles, and even its end, as it does in the reference (``scheduler`` T8 to T10).

    A run that fails is a run all the same. Cancelling leaves no task behind.
    Raises :class:`~spawnlab.scenarios.errors.ScenarioError` for what cannot be read or compiled, and
    :class:`~spawnlab.saved.SavedRunError` for a suspended run that can't be gone on with.
    """
    stage = _Stage(what, limit, suspend_at, observers)
    return stage.run_of(await perform_scheduler(stage.scheduler, limit=stage.budget))


def run(
    what: Playable, *, limit: int | None = None, suspend_at: int | None = None, observers: Iterable[Observer] = ()
) -> Run:
    """Play under Trio from code that is not asynchronous; as :func:`perform`."""

    async def play() -> Run:
        return await perform(what, limit=limit, suspend_at=suspend_at, observers=observers)

    return trio.run(play)


def run_synchronously(
    what: Playable, *, limit: int | None = None, suspend_at: int | None = None, observers: Iterable[Observer] = ()
) -> Run:
    """Play without Trio: the same run, for exploring many of them; as :func:`perform`."""
    stage = _Stage(what, limit, suspend_at, observers)
    return stage.run_of(conduct(stage.scheduler, stage.budget))
