"""Which VM runs next. The rule may change with a hard fork, so it is a value with a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..vm.errors import SpawnlabError


class PolicyError(SpawnlabError):
    """A policy chose a VM that can't run; says which, and which could."""


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


def choose(policy: SchedulingPolicy, runnable: Sequence[int]) -> int:
    """The policy's choice; raises :class:`PolicyError` unless it is one of ``runnable``."""
    chosen = policy.choose(runnable)
    if chosen not in runnable:
        raise PolicyError(
            f"policy {policy.name} chose VM {chosen}; those that can run are {', '.join(map(str, runnable))}"
        )
    return chosen


CONSENSUS_POLICY = LargestIdFirst()
