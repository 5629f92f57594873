"""Policies that are not the chain's: their texts, and what they choose."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.hypothetical import (
    Hypothetical,
    hypothetical_order,
    order_text,
    policy_of,
    text_of,
)
from spawnlab.scheduler.policy import CONSENSUS_POLICY, PolicyError

NUMBERS = st.integers(0, (1 << 64) - 1).map(str)
SIMPLE = st.one_of(
    st.sampled_from(["largest", "smallest", "round-robin"]),
    NUMBERS.map("random:{}".format),
    st.builds("pct:{}:{}".format, NUMBERS, st.integers(1, 50)),
    st.builds("pct:{}:{}:{}".format, NUMBERS, st.integers(1, 50), st.integers(101, 1000)),
)
ORDERS = st.lists(st.integers(0, 40), min_size=1).map(lambda vms: "order:" + ".".join(map(str, vms)))
TEXTS = st.one_of(SIMPLE, ORDERS, st.builds("{}:{}".format, ORDERS, SIMPLE.filter(lambda text: text != "largest")))
RUNNABLE = st.lists(st.sets(st.integers(0, 20), min_size=1).map(sorted), max_size=120)


@given(TEXTS)
def test_texts_round_trip(text: str) -> None:
    assert text_of(policy_of(text)) == text


@given(TEXTS)
def test_every_name_but_the_chains_says_that_it_is_hypothetical(text: str) -> None:
    policy = policy_of(text)
    if text == "largest":
        assert policy is CONSENSUS_POLICY
        assert hypothetical_order(policy.name) is None
    else:
        assert policy.name == f"hypothetical:{text}"
        assert hypothetical_order(policy.name) == text


@given(SIMPLE, RUNNABLE)
def test_a_text_is_an_order_always_the_same(text: str, runnable: list[list[int]]) -> None:
    one, other = policy_of(text), policy_of(text)
    choices = [one.choose(vms) for vms in runnable]
    assert choices == [other.choose(vms) for vms in runnable]
    assert all(choice in vms for choice, vms in zip(choices, runnable, strict=True))


@given(SIMPLE, RUNNABLE)
def test_an_order_plays_what_another_policy_has_chosen(text: str, runnable: list[list[int]]) -> None:
    policy = policy_of(text)
    choices = [policy.choose(vms) for vms in runnable]
    replay = policy_of(order_text(choices))
    assert [replay.choose(vms) for vms in runnable] == choices
    assert replay.choose([3, 5, 9]) == 9


def test_what_each_chooses() -> None:
    smallest, robin = policy_of("smallest"), policy_of("round-robin")
    assert [smallest.choose([2, 5]), smallest.choose([5])] == [2, 5]
    assert [robin.choose(vms) for vms in ([0, 1, 4], [0, 1, 4], [0, 4], [0, 1, 4], [0, 1], [0])] == [0, 1, 4, 0, 1, 0]


def test_random_orders_depend_on_their_seed_and_choose_all() -> None:
    def order(seed: int) -> tuple[int, ...]:
        policy = policy_of(f"random:{seed}")
        return tuple(policy.choose([0, 1, 2]) for _ in range(60))

    assert len({order(seed) for seed in range(20)}) == 20
    assert set(order(1)) == {0, 1, 2}
    assert order(7)[:8] == (0, 0, 1, 0, 1, 1, 0, 1)  # the same in every version


def test_pct_keeps_to_one_vm_but_for_its_changes() -> None:
    """With VMs that can always run, the turn passes on at most ``depth`` - 1 times, and within the turns named."""
    most = 0
    for seed in range(200):
        policy = policy_of(f"pct:{seed}:3:20")
        choices = [policy.choose([0, 1, 2, 3]) for _ in range(60)]
        changes = [turn for turn, (one, other) in enumerate(pairwise(choices)) if one != other]
        assert len(changes) <= 2
        assert all(turn < 20 for turn in changes)
        most = max(most, len(changes))
    assert most == 2
    assert len({policy_of(f"pct:{seed}:1").choose([0, 1, 2, 3]) for seed in range(40)}) == 4


def test_an_order_that_can_not_be() -> None:
    policy = policy_of("order:0.3")
    policy.choose([0])
    with pytest.raises(PolicyError, match="turn 2 is to be VM 3's, which can't run; those that can are 0, 1"):
        policy.choose([0, 1])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no such policy"),
        ("largest-id-first", "no such policy"),
        ("Smallest", "no such policy"),
        ("smallest:1", "takes nothing"),
        ("largest:", ""),
        ("random", "the seed must be a number"),
        ("random:-1", "the seed must be a number"),
        ("random:18446744073709551616", "the seed must be a number"),
        ("random:1_0", "the seed must be a number"),
        ("random:٣", "the seed must be a number"),
        ("pct:1", "a seed and a depth"),
        ("pct:1:0", "the depth must be a number from 1"),
        ("pct:1:2:3:4", "a seed and a depth"),
        ("pct:1:100000", "at most 1000"),
        ("pct:1:2:0", "turns must be a number from 1"),
        ("order:", "a VM must be a number"),
        ("order:0..1", "a VM must be a number"),
        ("order:0:order:1", "one order behind another"),
        ("order:0:nothing", "no such policy"),
    ],
)
def test_bad_texts_are_refused_with_the_known_ones(text: str, why: str) -> None:
    if not why:
        assert policy_of(text) is CONSENSUS_POLICY
        return
    with pytest.raises(PolicyError, match=why) as caught:
        policy_of(text)
    assert "round-robin, random:SEED, pct:SEED:DEPTH" in str(caught.value)


def test_the_root_of_policies_chooses_nothing() -> None:
    with pytest.raises(NotImplementedError):
        Hypothetical("none").choose([0])
