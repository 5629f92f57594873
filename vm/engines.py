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
from .program import Program
from .tiers import CYCLES_PER_SLICE, STEPS_PER_SLICE, Tier, Translation
from .tiers import run as run_tier

if TYPE_CHECKING:
    from .machine import Machine

NAMES = ("auto", "step", "blocks", "native")

AUTO_THRESHOLD = 2
"""Code that is come to so often is worth being made native."""
AUTO_WARM_UP = 100
"""Blocks that a program comes to before anything of it is translated: less than a millisecond's."""
BLOCKS_THRESHOLD = 100
"""The same for functions of Python, which take longer to compile and run less fast."""
BLOCKS_CYCLES_PER_SLICE = 80_000
"""Some milliseconds of Python."""
AUTO_CYCLES_WORTH = 48
"""With fewer cycles to go the step engine is done sooner than translated code is entered."""


class EngineError(SpawnlabError):
    """There is no engine of this name."""


class Engine(Protocol):
    """Runs machines."""

    name: str

    def run(self, machine: Machine, steps_max: int | None, /) -> int | None:
        """Do what :meth:`Machine.run` promises."""
        ...

    def run_slice(self, machine: Machine, /) -> int | None:
        """Do what :meth:`Machine.run_slice` promises."""
        ...


class StepEngine:
    """The definitions, executed one by one."""

    name = "step"

    def run(self, machine: Machine, steps_max: int | None, /) -> int | None:
        """As :meth:`Machine.run`."""
        return machine.run_by_steps(steps_max)

    def run_slice(self, machine: Machine, /) -> int | None:
        """As :meth:`Machine.run_slice`."""
        return machine.run_by_steps(STEPS_PER_SLICE)


class TieredEngine:
    """Translated code where there is some, and steps elsewhere."""

    def __init__(self, name: str, tier: Tier) -> None:
        self.name = name
        self.tier = tier

    def run(self, machine: Machine, steps_max: int | None, /) -> int | None:
        """As :meth:`Machine.run`."""
        return run_tier(machine, steps_max, self.tier)

    def run_slice(self, machine: Machine, /) -> int | None:
        """As :meth:`Machine.run_slice`."""
        return run_tier(machine, None, self.tier, one_slice=True)


def _native(program: Program) -> Translation:
    from .native.space import CodeSpace

    return CodeSpace(program)


def _blocks(program: Program) -> Translation:
    from .blocks.functions import Functions

    return Functions(program)


@cache
def native_refusal() -> str | None:
    """Why there is no native code on this host, in words; ``None`` if there is. Blocks take its place then."""
    try:
        from .native.host import refusal
    except ImportError as error:  # an interpreter without ctypes
        return str(error)
    return refusal()


@cache
def engine(name: str) -> Engine:
    """The engine of this name; raises :class:`EngineError`."""
    if name not in NAMES:
        raise EngineError(f"there is no engine {name!r}; they are {', '.join(NAMES)}")
    if name == "step":
        return StepEngine()
    threshold, worth = (1, 1) if name == "blocks" else (BLOCKS_THRESHOLD, AUTO_CYCLES_WORTH)
    blocks = Tier("blocks", _blocks, threshold, 1, worth, BLOCKS_CYCLES_PER_SLICE)
    if name == "blocks" or native_refusal() is not None:
        return TieredEngine(name, blocks)
    threshold, warm_up, worth = (1, 1, 1) if name == "native" else (AUTO_THRESHOLD, AUTO_WARM_UP, AUTO_CYCLES_WORTH)
    return TieredEngine(name, Tier("native", _native, threshold, warm_up, worth, CYCLES_PER_SLICE, instead=blocks))


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
