"""Playing scenarios: from a file or a scenario to a run with its outcome and journal."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
import trio

from .actors import perform as perform_scheduler
from .scenarios.build import Build, build, build_elf
from .scenarios.check import unmet
from .scenarios.load import load_scenario, read_file
from .scenarios.model import Scenario
from .scheduler.journal import Journal
from .scheduler.outcome import Outcome, conduct
from .scheduler.processes import Observer
from .scheduler.scheduler import Scheduler

Playable = Build | Scenario | str | os.PathLike[str]
"""A scenario, or the path of a scenario file or of an ELF file."""


class Run(msgspec.Struct, frozen=True):
    """A run that is over: what was played, how it ended, and everything that happened."""

    build: Build
    outcome: Outcome
    journal: Journal
    unmet: tuple[str, ...]
    """What the scenario expects and did not happen; empty when all is as expected."""

    @property
    def as_expected(self) -> bool:
        """Whether all that the scenario expects has happened."""
        return not self.unmet


def load(what: Playable, *, version: int | None = None) -> Build:
    """Read and compile; ``version`` is the script version of an ELF file, 2 unless given.

    Raises :class:`~spawnlab.scenarios.errors.ScenarioError`.
    """
    if isinstance(what, Build):
        return what
    if isinstance(what, Scenario):
        return build(what)
    file = Path(what)
    if file.suffix not in (".toml", ".json") and read_file(file)[:4] == b"\x7fELF":
        return build_elf(file, version=2 if version is None else version)
    return build(load_scenario(file), file=str(file), folder=file.parent)


async def perform(what: Playable, *, limit: int | None = None, observers: Iterable[Observer] = ()) -> Run:
    """Play under Trio, every VM a task, within ``limit`` cycles (the scenario's unless given).

    A run that fails is a run all the same. Cancelling leaves no task behind.
    Raises :class:`~spawnlab.scenarios.errors.ScenarioError` for what cannot be read or compiled.
    """
    made, scheduler, journal = _stage(what, observers)
    return _run(made, await perform_scheduler(scheduler, limit=_limit(made, limit)), journal)


def run(what: Playable, *, limit: int | None = None, observers: Iterable[Observer] = ()) -> Run:
    """Play under Trio from code that is not asynchronous; as :func:`perform`."""

    async def play() -> Run:
        return await perform(what, limit=limit, observers=observers)

    return trio.run(play)


def run_synchronously(what: Playable, *, limit: int | None = None, observers: Iterable[Observer] = ()) -> Run:
    """Play without Trio: the same run, for exploring many of them; as :func:`perform`."""
    made, scheduler, journal = _stage(what, observers)
    return _run(made, conduct(scheduler, _limit(made, limit)), journal)


def _stage(what: Playable, observers: Iterable[Observer]) -> tuple[Build, Scheduler, Journal]:
    made = load(what)
    scheduler = Scheduler(made.sg_data)
    journal = Journal(scheduler.policy.name)
    scheduler.table.observers += [journal, *observers]
    return made, scheduler, journal


def _limit(made: Build, limit: int | None) -> int:
    return made.scenario.limits.cycles if limit is None else limit


def _run(made: Build, outcome: Outcome, journal: Journal) -> Run:
    return Run(made, outcome, journal, tuple(unmet(made.scenario.expect, outcome)))
