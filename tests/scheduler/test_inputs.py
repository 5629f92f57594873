"""Loading inputs and witnesses (``syscalls`` §5 and §6, ``transaction`` §4 and §5)."""

from __future__ import annotations

import pytest

from .environment import AS_TYPE, ENVIRONMENT, WITNESSES
from .loads import GROUP, INPUT, LOAD_INPUT, LOAD_INPUT_BY_FIELD, LOAD_WITNESS, OUTPUT, loaded

OUT_POINT, SINCE = 0, 1
NULL = bytes(32) + b"\xff" * 4
"""The null out point: no hash, and the largest index."""


@pytest.mark.parametrize(
    ("place", "since", "out_point"),
    [
        ((0, INPUT), 1, NULL),
        ((1, INPUT), 0, b"\xcc" * 32 + b"\2\0\0\0"),
        ((2, INPUT), (1 << 64) - 1, NULL),
        ((0, GROUP | INPUT), 0, b"\xcc" * 32 + b"\2\0\0\0"),
        ((1, GROUP | INPUT), (1 << 64) - 1, NULL),
    ],
)
def test_an_input_and_its_fields(place: tuple[int, int], since: int, out_point: bytes) -> None:
    whole = loaded(LOAD_INPUT, *place, **ENVIRONMENT)
    packed = since.to_bytes(8, "little")
    assert (whole.answer, whole.content, whole.cycles) == (0, packed + out_point, 11)
    part = loaded(LOAD_INPUT_BY_FIELD, *place, OUT_POINT, **ENVIRONMENT)
    assert (part.answer, part.content, part.cycles) == (0, out_point, 9)
    part = loaded(LOAD_INPUT_BY_FIELD, *place, SINCE, **ENVIRONMENT)
    assert (part.answer, part.content, part.cycles) == (0, packed, 2)


@pytest.mark.parametrize("number", [LOAD_INPUT, LOAD_INPUT_BY_FIELD])
def test_a_cell_whose_input_is_not_in_the_transaction(number: int) -> None:
    """The sixth cell is resolved, and third of the group, but the transaction has five inputs."""
    assert loaded(number, 5, INPUT, **ENVIRONMENT).is_refusal(1)
    assert loaded(number, 2, GROUP | INPUT, **ENVIRONMENT).is_refusal(1)
    assert loaded(number, 0, GROUP | INPUT, **AS_TYPE).is_refusal(1)


@pytest.mark.parametrize("source", [INPUT, OUTPUT])
@pytest.mark.parametrize("index", range(4))
def test_s07_a_witness_by_output_is_the_one_by_input(index: int, source: int) -> None:
    """An output need not exist: there are three."""
    got = loaded(LOAD_WITNESS, index, source, **ENVIRONMENT)
    assert (got.answer, got.content, got.cycles) == (0, WITNESSES[index], -(-len(WITNESSES[index]) // 4))


def test_s15_a_witness_comes_without_its_length() -> None:
    """What it holds is not looked at, whatever it looks like."""
    assert loaded(LOAD_WITNESS, 2, INPUT, **ENVIRONMENT).content == b"\x0c\0\0\0 looks like a table"


def test_an_empty_witness_is_there() -> None:
    got = loaded(LOAD_WITNESS, 1, INPUT, **ENVIRONMENT)
    assert (got.answer, got.length, got.cycles) == (0, 0, 0)


def test_witnesses_of_a_group() -> None:
    """Input 1 has the first witness of the group; input 5 has none, nor has output 1 its own."""
    assert loaded(LOAD_WITNESS, 0, GROUP | INPUT, **ENVIRONMENT).content == WITNESSES[1]
    assert loaded(LOAD_WITNESS, 1, GROUP | INPUT, **ENVIRONMENT).content == WITNESSES[2]
    assert loaded(LOAD_WITNESS, 2, GROUP | INPUT, **ENVIRONMENT).is_refusal(1)
    assert loaded(LOAD_WITNESS, 0, GROUP | OUTPUT, **ENVIRONMENT).is_refusal(1)
    assert loaded(LOAD_WITNESS, 0, GROUP | INPUT, **AS_TYPE).is_refusal(1)
    assert loaded(LOAD_WITNESS, 0, GROUP | OUTPUT, **AS_TYPE).content == WITNESSES[1]


def test_x17_there_may_be_fewer_witnesses_than_inputs() -> None:
    assert loaded(LOAD_WITNESS, 3, INPUT, **ENVIRONMENT).answer == 0
    assert loaded(LOAD_WITNESS, 4, INPUT, **ENVIRONMENT).is_refusal(1)
