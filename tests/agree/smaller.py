"""Making a case small that comes out differently: steps are left out as long as it does."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from spawnlab.conform.modes import Mode
from spawnlab.scenarios.build import build
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.model import Scenario
from spawnlab.scenarios.steps import AnyStep, Repeat

from .comparing import BATCH, Report, differences


def smallest(scenario: Scenario, mode: Mode) -> Scenario:
    """The scenario with steps left out, as long as it still comes out differently."""
    while True:
        candidates = list(_smaller(scenario))
        report = Report()
        for start in range(0, len(candidates), BATCH):
            builds = [build(candidate) for candidate in candidates[start : start + BATCH]]
            differences(builds, [mode] * len(builds), report)
        if not report.differences:
            return scenario
        found = {difference.name for difference in report.differences}
        scenario = next(candidate for candidate in candidates if candidate.title in found)


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    number = 0
    for name, program in scenario.programs.items():
        for steps in _with_one_less(program.steps or ()):
            programs = scenario.programs | {name: msgspec.structs.replace(program, steps=steps)}
            smaller = msgspec.structs.replace(scenario, title=str(number), programs=programs)
            try:
                build(smaller)
            except ScenarioError:
                continue
            number += 1
            yield smaller


def _with_one_less(steps: tuple[AnyStep, ...]) -> Iterator[tuple[AnyStep, ...]]:
    for index, step in enumerate(steps):
        yield (*steps[:index], *steps[index + 1 :])
        if isinstance(step, Repeat):
            yield (*steps[:index], *step.steps, *steps[index + 1 :])
