"""Scenarios from files as what a campaign plays: with all that they need, so that a token can hold one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from ..saved import elves_of
from ..scenarios.build import TRANSACTION, Build, build
from ..scenarios.code import is_made_here
from ..scenarios.errors import ScenarioError
from ..scenarios.gallery import resolve
from ..scenarios.model import Scenario
from ..scenarios.steps import AnyStep, Pipe, Repeat
from ..staging import load

MADE_OF_MAX = 7 << 20
"""Bytes of ELF files, or of a transaction's JSON, that a case can hold."""


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scenario that somebody wrote.

    ``elves`` are contents of ELF files by the programs' names, of all programs that are not made of what the scenario
    says. ``folder`` is where Python functions are, if some play: they alone are not in here.
    """

    scenario: Scenario
    elves: dict[str, bytes] = {}
    folder: str = ""

    @property
    def name(self) -> str:
        """What to call it."""
        return self.scenario.title or "a scenario"

    @property
    def size(self) -> tuple[int, int, int, int]:
        """Programs, pipes and operations that are written down, and bytes of ELF files."""
        steps = [step for program in self.scenario.programs.values() for step in _all(program.steps or ())]
        pipes = sum(isinstance(step, Pipe) for step in steps)
        return len(self.scenario.programs), pipes, len(steps), sum(map(len, self.elves.values()))

    def build(self) -> Build:
        """The scenario, ready to run; raises :class:`~spawnlab.scenarios.errors.ScenarioError`."""
        return build(self.scenario, folder=Path(self.folder), elves=self.elves)


def written(what: str | os.PathLike[str], *, version: int | None = None) -> Written:
    """A scenario file, or an ELF file (of script version 2 unless given), with what it needs.

    Raises :class:`~spawnlab.scenarios.errors.ScenarioError`.
    """
    made = load(what, version=version)
    elves = elves_of(made)
    for name in made.actor_names():
        elves.pop(name, None)
    size = sum(map(len, elves.values()))
    if size > MADE_OF_MAX:
        raise ScenarioError(
            f"{size:,} bytes of programs, of which a case can hold {MADE_OF_MAX:,}", file=os.fspath(what)
        )
    folder = str(resolve(os.fspath(what)).absolute().parent) if made.actors else ""
    scenario = msgspec.structs.replace(made.scenario, schema=None, why="", lesson="")  # tokens are to be short
    return Written(scenario, elves, folder)


def _all(steps: Iterable[AnyStep]) -> Iterator[AnyStep]:
    for step in steps:
        yield step
        if isinstance(step, Repeat):
            yield from _all(step.steps)


def check_written(it: Written) -> None:
    """Raise :class:`~spawnlab.scenarios.errors.ScenarioError` where a program is to be read that is not in it."""
    if it.scenario.transaction is not None:
        if TRANSACTION not in it.elves:
            raise ScenarioError("the transaction is missing", path="$.transaction")
        return
    for name, program in it.scenario.programs.items():
        if not (is_made_here(program) or name in it.elves or program.python is not None):
            raise ScenarioError("what it is made of is missing", path=f"$.programs.{name}")
