"""CKB's script scheduler as a deterministic actor simulation.

Layers, each importing only from those to its left::

    vm  ←  scheduler  ←  actors  ←  scenarios  ←  spawnlab

``vm`` is one machine, ``scheduler`` CKB's rules, ``actors`` Trio tasks, ``scenarios`` files, and this package the face:
public names, the command line, what people look at.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .showing import show_runs

if TYPE_CHECKING:
    from .actors.verifying import Signal as Signal
    from .explain.why import why as why
    from .explore.orders import orders as orders
    from .explore.survey import survey as survey
    from .live import stage as stage
    from .pictures.drawing import draw as draw
    from .play import perform as perform
    from .play import run as run
    from .play import run_synchronously as run_synchronously
    from .saved import SavedRun as SavedRun
    from .saved import SavedRunError as SavedRunError
    from .scenarios.build import Build as Build
    from .scenarios.build import build as build
    from .scenarios.errors import ScenarioError as ScenarioError
    from .scenarios.load import parse_scenario as parse_scenario
    from .scenarios.model import Scenario as Scenario
    from .scheduler.deadlock import Deadlock as Deadlock
    from .scheduler.journal import Journal as Journal
    from .scheduler.outcome import Outcome as Outcome
    from .scheduler.scheduler import Scheduler as Scheduler
    from .staging import Run as Run
    from .staging import load as load
    from .stepping.notebook import stepper as stepper
    from .verifying.verify import Verification as Verification
    from .verifying.verify import perform_verification as perform_verification
    from .verifying.verify import verify as verify
    from .views.costs import costs as costs
    from .vm.errors import SpawnlabError as SpawnlabError
    from .vm.errors import VmError as VmError

# Where each public name is; imported when it is first asked for, so that `import spawnlab` costs next to nothing.
_HOMES = {
    "Build": ".scenarios.build",
    "Deadlock": ".scheduler.deadlock",
    "Journal": ".scheduler.journal",
    "Outcome": ".scheduler.outcome",
    "Run": ".staging",
    "SavedRun": ".saved",
    "SavedRunError": ".saved",
    "Scenario": ".scenarios.model",
    "ScenarioError": ".scenarios.errors",
    "Scheduler": ".scheduler.scheduler",
    "Signal": ".actors.verifying",
    "SpawnlabError": ".vm.errors",
    "Verification": ".verifying.verify",
    "VmError": ".vm.errors",
    "build": ".scenarios.build",
    "costs": ".views.costs",
    "draw": ".pictures.drawing",
    "load": ".staging",
    "orders": ".explore.orders",
    "parse_scenario": ".scenarios.load",
    "perform": ".play",
    "perform_verification": ".verifying.verify",
    "run": ".play",
    "run_synchronously": ".play",
    "stage": ".live",
    "stepper": ".stepping.notebook",
    "survey": ".explore.survey",
    "verify": ".verifying.verify",
    "why": ".explain.why",
}

__all__ = [
    "Build",
    "Deadlock",
    "Journal",
    "Outcome",
    "Run",
    "SavedRun",
    "SavedRunError",
    "Scenario",
    "ScenarioError",
    "Scheduler",
    "Signal",
    "SpawnlabError",
    "Verification",
    "VmError",
    "build",
    "costs",
    "draw",
    "load",
    "orders",
    "parse_scenario",
    "perform",
    "perform_verification",
    "run",
    "run_synchronously",
    "stage",
    "stepper",
    "survey",
    "verify",
    "why",
]


show_runs("svg", lambda run: import_module(".pictures.notebook", __name__).svg_of(run))
show_runs("html", lambda run: import_module(".pictures.notebook", __name__).html_of(run))


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'spawnlab' has no attribute {name!r}")
    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
