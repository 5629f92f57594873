"""The scheduling policy is a value: another one changes the order, and only where several VMs can run."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from spawnlab.scheduler.policy import CONSENSUS_POLICY, LargestIdFirst, PolicyError, choose

from .programs import FOREVER, leave, pipe, read, spawn, spawn_with, wait, write
from .runs import Played, play


class SmallestIdFirst:
    """The other way round; notes what it is asked."""

    name = "smallest-id-first/test"

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []

    def choose(self, runnable: Sequence[int], /) -> int:
        self.asked.append(tuple(runnable))
        return runnable[0]


class LargestById(LargestIdFirst):
    """The consensus rule by another name."""

    name = "by-another-name/test"


BRANCHING = (spawn(1) + spawn(1) + leave(), leave(4))
"""After each spawn parent and child can run."""


def both(*programs: str) -> tuple[Played, Played, SmallestIdFirst]:
    policy = SmallestIdFirst()
    return play(*programs), play(*programs, policy=policy), policy


def test_the_consensus_policy() -> None:
    assert CONSENSUS_POLICY.name == "largest-id-first/1"
    assert CONSENSUS_POLICY.choose([0]) == 0
    assert CONSENSUS_POLICY.choose([0, 3, 12]) == 12


def test_another_policy_changes_the_order() -> None:
    consensus, other, policy = both(*BRANCHING)
    assert consensus.turns() == [0, 1, 0, 2, 0]
    assert other.turns() == [0, 0, 0]
    assert policy.asked == [(0,), (0, 1), (0, 1, 2)]
    assert other.exit_code == 0


def test_another_policy_changes_nothing_where_one_vm_can_run() -> None:
    """A parent can run whenever its child first can, so that is a run of the root alone."""
    consensus, other, policy = both(pipe() + read(2, 1))
    assert all(len(asked) == 1 for asked in policy.asked)
    assert consensus.journal.events == other.journal.events
    assert consensus.outcome == other.outcome


def test_the_choice_is_asked_for_once_an_iteration() -> None:
    _, other, policy = both(pipe() + spawn_with(1, 2) + write(3, 4) + leave(), read(2, 4) + leave())
    assert len(policy.asked) == other.outcome.iterations


def test_the_runnable_are_ascending_and_not_empty() -> None:
    _, _, policy = both(spawn(1) * 12 + wait(3) + leave(), FOREVER)
    assert all(asked for asked in policy.asked)
    assert all(list(asked) == sorted(asked) for asked in policy.asked)
    assert max(map(len, policy.asked)) == 13


def test_another_policy_may_change_how_a_run_ends() -> None:
    """The root waits for a child that has not run yet: with the consensus rule it has ended, or is blocked for ever."""
    consensus, other, _ = both(spawn(1) + wait(1) + wait(1) + "  li a7, 93\n  ecall\n", leave(4))
    assert consensus.exit_code == 5
    assert other.exit_code == 0


def test_a_choice_that_cannot_run_is_refused() -> None:
    class Stubborn:
        name = "stubborn/1"

        def choose(self, runnable: Sequence[int], /) -> int:
            return 7

    with pytest.raises(PolicyError, match=r"^policy stubborn/1 chose VM 7; those that can run are 0, 1$"):
        choose(Stubborn(), [0, 1])
    with pytest.raises(PolicyError, match=r"those that can run are 0$"):
        play(*BRANCHING, policy=Stubborn())


def test_the_journal_names_the_policy() -> None:
    consensus, other, _ = both(*BRANCHING)
    assert consensus.journal.policy == consensus.scheduler.policy.name == "largest-id-first/1"
    assert other.journal.policy == "smallest-id-first/test"
    renamed = play(*BRANCHING, policy=LargestById())
    assert renamed.journal.events == consensus.journal.events
    assert renamed.journal != consensus.journal
    assert renamed.journal.fingerprint() != consensus.journal.fingerprint()


@pytest.mark.parametrize("count", [1, 5, 16])
def test_every_policy_keeps_the_invariants(count: int) -> None:
    """``play`` checks them after each iteration."""
    _, other, _ = both(pipe() + spawn_with(1, 2) + spawn(2) * (count - 1) + write(3, 4) + wait(1), read(2, 4), leave())
    assert other.outcome.iterations > count
