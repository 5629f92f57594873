"""The engines that run guest code. They leave behind the same, whatever happens; ``step`` is the definition.

* ``step`` executes the instructions' definitions one by one;
* ``blocks`` makes a Python function of each block of code that is hot;
* ``native`` makes machine code of all code;
* ``auto`` makes native code of what is hot, or blocks where the host does not let us have executable memory.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Protocol

from .errors import SpawnlabError

if TYPE_CHECKING:
    from .machine import Machine

NAMES = ("auto", "step", "blocks", "native")


class EngineError(SpawnlabError):
    """There is no engine of this name."""


class Engine(Protocol):
    """Runs machines."""

    name: str

    def run(self, machine: Machine, steps_max: int | None, /) -> int | None:
        """Do what :meth:`Machine.run` promises."""
        ...


class StepEngine:
    """The definitions, executed one by one."""

    name = "step"

    def run(self, machine: Machine, steps_max: int | None, /) -> int | None:
        """As :meth:`Machine.run`."""
        return machine.run_by_steps(steps_max)


class NativeEngine:
    """Machine code of the host, for code that is come to for the ``threshold``-th time."""

    name = "native"

    def __init__(self, threshold: int, cycles_worth: int) -> None:
        self._threshold = threshold
        self._cycles_worth = cycles_worth

    def run(self, machine: Machine, steps_max: int | None, /) -> int | None:
        """As :meth:`Machine.run`."""
        from .native.engine import run

        return run(machine, steps_max, threshold=self._threshold, cycles_worth=self._cycles_worth)


@cache
def engine(name: str) -> Engine:
    """The engine of this name; raises :class:`EngineError`."""
    if name == "step":
        return StepEngine()
    if name == "native":
        return NativeEngine(threshold=1, cycles_worth=1)
    if name == "auto":
        return NativeEngine(threshold=8, cycles_worth=48)
    raise EngineError(f"there is no engine {name!r}; they are {', '.join(NAMES)}")


ENGINE_VARIABLE = "SPAWNLAB_ENGINE"
"""Environment variable that names the engine of machines that are not told another one."""

_default: Engine | None = None


def default_engine() -> Engine:
    """The engine of machines that are not told another one: ``auto``, unless something else was asked for."""
    return _default or use_engine(os.environ.get(ENGINE_VARIABLE, "auto"))


def use_engine(name: str) -> Engine:
    """Let machines that are made from now on have this engine if they are not told another one.

    Raises :class:`EngineError`.
    """
    global _default  # noqa: PLW0603 - a setting of the process
    _default = engine(name)
    return _default
