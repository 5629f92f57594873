"""CKB's script scheduler as a deterministic actor simulation.

Layers, each importing only from those to its left::

    vm  ←  scheduler  ←  actors  ←  scenarios  ←  spawnlab

``vm`` is one machine, ``scheduler`` CKB's rules, ``actors`` Trio tasks, ``scenarios`` files, and this package the face:
public names, the command line, what people look at.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .play import Run as Run
    from .play import load as load
    from .play import perform as perform
    from .play import run as run
    from .play import run_synchronously as run_synchronously
    from .saved import SavedRun as SavedRun
    from .saved import SavedRunError as SavedRunError
    from .scenarios.build import Build as Build
    from .scenarios.build import build as build
    from .scenarios.errors import ScenarioError as ScenarioError
    from .scenarios.model import Scenario as Scenario
    from .scheduler.deadlock import Deadlock as Deadlock
    from .scheduler.journal import Journal as Journal
    from .scheduler.outcome import Outcome as Outcome
    from .scheduler.scheduler import Scheduler as Scheduler
    from .vm.errors import SpawnlabError as SpawnlabError
    from .vm.errors import VmError as VmError

# Where each public name is; imported when it is first asked for, so that `import spawnlab` costs next to nothing.
_HOMES = {
    "Build": ".scenarios.build",
    "Deadlock": ".scheduler.deadlock",
    "Journal": ".scheduler.journal",
    "Outcome": ".scheduler.outcome",
    "Run": ".play",
    "SavedRun": ".saved",
    "SavedRunError": ".saved",
    "Scenario": ".scenarios.model",
    "ScenarioError": ".scenarios.errors",
    "Scheduler": ".scheduler.scheduler",
    "SpawnlabError": ".vm.errors",
    "VmError": ".vm.errors",
    "build": ".scenarios.build",
    "load": ".play",
    "perform": ".play",
    "run": ".play",
    "run_synchronously": ".play",
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
    "SpawnlabError",
    "VmError",
    "build",
    "load",
    "perform",
    "run",
    "run_synchronously",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'spawnlab' has no attribute {name!r}")
    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
