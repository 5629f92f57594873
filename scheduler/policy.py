"""Which VM runs next. The rule may change with a hard fork, so it is a value with a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class SchedulingPolicy(Protocol):
    """Chooses among runnable VMs."""

    @property
    def name(self) -> str:
        """Name and version, as journals record it."""
        ...

    def choose(self, runnable: Sequence[int], /) -> int:
        """One of ``runnable``, which is ascending and not empty."""
        ...


class LargestIdFirst:
    """The consensus rule since the Meepo hard fork: the largest id (``scheduler`` §8, I1)."""

    name = "largest-id-first/1"

    def choose(self, runnable: Sequence[int], /) -> int:
        """The last one."""
        return runnable[-1]


CONSENSUS_POLICY = LargestIdFirst()
