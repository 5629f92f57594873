"""Which version a script runs in (``transaction`` §9)."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.chain import TYPE, Script
from spawnlab.scheduler.verify.errors import InvalidScriptHashType, InvalidVmVersion
from spawnlab.scheduler.verify.versions import Epoch, Rules, rules_up_to

Phase = Literal["submitted", "proposed", "committed"]


@pytest.mark.parametrize("newest", [0, 1, 2])
def test_versions_up_to_the_newest(newest: int) -> None:
    rules = rules_up_to(newest)
    assert rules.version_of(Script(hash_type=TYPE)) == rules.newest == newest
    for version in range(3):
        script = Script(hash_type=2 * version)
        if version <= newest:
            assert rules.version_of(script) == version
        else:
            with pytest.raises(InvalidVmVersion, match=f"^Invalid VM Version: {version}$"):
                rules.version_of(script)


@pytest.mark.parametrize("hash_type", [3, 6, 255])
def test_other_hash_types(hash_type: int) -> None:
    with pytest.raises(InvalidScriptHashType):
        Rules().version_of(Script(hash_type=hash_type))


@pytest.mark.parametrize(
    ("index", "length", "phase", "version"),
    [
        (0, 10, "committed", 1),
        (9, 10, "committed", 1),
        (10, 10, "committed", 2),  # no such block, but the rule is for any
        (8, 10, "submitted", 1),
        (9, 10, "submitted", 2),
        (9, 10, "proposed", 2),
        (8, 10, "proposed", 1),
        (0, 1, "committed", 1),
        (0, 1, "submitted", 2),
        (0, 0, "committed", 2),
    ],
)
def test_the_last_block_before_an_epoch(index: int, length: int, phase: Phase, version: int) -> None:
    """A transaction that is not committed yet is so in the next block at the earliest."""
    rules = Rules(epoch=Epoch(number=29, index=index, length=length), phase=phase)
    assert rules.newest == version


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_any_forks(epoch: int, first: int, second: int) -> None:
    rules = Rules(epoch=Epoch(number=epoch), version_1_from=first, version_2_from=second)
    assert rules.newest == (2 if epoch >= second else 1 if epoch >= first else 0)
    assert rules.is_active(0)
    assert rules.is_active(1) == (epoch >= first)
