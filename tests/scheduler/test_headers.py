"""Loading headers and extensions of blocks (``syscalls`` §5 and §6)."""

from __future__ import annotations

from typing import Any

import pytest

from spawnlab.scheduler.chain import Header
from spawnlab.scheduler.mockup import MockCell, Surroundings

from .environment import ENVIRONMENT, NEW, OLD
from .loads import (
    DEP,
    GROUP,
    HEADER_DEP,
    INPUT,
    LOAD_BLOCK_EXTENSION,
    LOAD_HEADER,
    LOAD_HEADER_BY_FIELD,
    OUTPUT,
    fault,
    load,
    loaded,
)
from .runs import play

NUMBER, FIRST_BLOCK, LENGTH = range(3)
CALLS = (LOAD_HEADER, LOAD_HEADER_BY_FIELD, LOAD_BLOCK_EXTENSION)


@pytest.mark.parametrize(
    ("place", "header"),
    [
        ((0, INPUT), OLD),
        ((1, INPUT), NEW),
        ((0, GROUP | INPUT), NEW),
        ((1, DEP), OLD),
        ((0, HEADER_DEP), OLD),
        ((2, HEADER_DEP), NEW),
    ],
)
def test_a_header_and_its_fields(place: tuple[int, int], header: Header) -> None:
    got = loaded(LOAD_HEADER, *place, **ENVIRONMENT)
    assert (got.answer, got.content, got.cycles) == (0, header.encode(), 52)
    assert len(got.content) == 208
    numbers = {OLD: (5, 1000 - 7, 1800), NEW: (6, 2000, 1700)}[header]
    for field, number in zip((NUMBER, FIRST_BLOCK, LENGTH), numbers, strict=True):
        got = loaded(LOAD_HEADER_BY_FIELD, *place, field, **ENVIRONMENT)
        assert (got.answer, got.content, got.cycles) == (0, number.to_bytes(8, "little"), 2)


@pytest.mark.parametrize("place", [(0, INPUT), (1, DEP), (0, HEADER_DEP)])
def test_an_extension(place: tuple[int, int]) -> None:
    """Without its length."""
    got = loaded(LOAD_BLOCK_EXTENSION, *place, **ENVIRONMENT)
    assert (got.answer, got.content, got.cycles) == (0, b"extension of 77", 4)


@pytest.mark.parametrize("number", CALLS)
@pytest.mark.parametrize(
    ("place", "code"),
    [
        ((1, HEADER_DEP), 2),  # a header dep of which nothing is known
        ((3, HEADER_DEP), 1),
        ((2, INPUT), 2),  # made in that block
        ((1, GROUP | INPUT), 2),
        ((3, INPUT), 2),  # in a block that is known, but not among the header deps
        ((4, INPUT), 2),  # in no block
        ((2, GROUP | INPUT), 2),
        ((0, DEP), 2),  # the program: in no block
        ((6, INPUT), 1),
        ((3, GROUP | INPUT), 1),
        ((2, DEP), 1),
        ((0, OUTPUT), 1),  # of no use, whatever the index
        ((9, OUTPUT), 1),
        ((0, GROUP | OUTPUT), 1),
        ((0, GROUP | HEADER_DEP), 1),
    ],
)
def test_codes(number: int, place: tuple[int, int], code: int) -> None:
    assert loaded(number, *place, **ENVIRONMENT).is_refusal(code)


@pytest.mark.parametrize("place", [(1, INPUT), (0, GROUP | INPUT), (2, HEADER_DEP)])
def test_a_block_without_extension(place: tuple[int, int]) -> None:
    assert loaded(LOAD_HEADER, *place, **ENVIRONMENT).answer == 0
    assert loaded(LOAD_BLOCK_EXTENSION, *place, **ENVIRONMENT).is_refusal(2)


def test_what_is_missing_comes_before_a_bad_field() -> None:
    assert loaded(LOAD_HEADER_BY_FIELD, 1, HEADER_DEP, 99, **ENVIRONMENT).is_refusal(2)
    assert loaded(LOAD_HEADER_BY_FIELD, 4, INPUT, 99, **ENVIRONMENT).is_refusal(2)


# Blocks by the hashes that they are given

ZERO = bytes(32)


def block(header: Header, **fields: Any) -> dict[str, Any]:
    """A transaction whose input was made in a block that is said to have the zero hash."""
    surroundings = Surroundings(header_deps=(ZERO,), headers=((ZERO, header),), extensions=((ZERO, b"12345"),))
    return {"inputs": (MockCell(block_hash=ZERO),), "surroundings": surroundings, **fields}


def test_a_hash_is_taken_as_given() -> None:
    assert loaded(LOAD_HEADER, **block(OLD)).content == OLD.encode()


def test_a_zero_hash_is_a_hash_like_others() -> None:
    """It is found if it is among the header deps; a cell without a block has not even that."""
    environment: dict[str, Any] = block(OLD) | {"inputs": (MockCell(),)}
    assert loaded(LOAD_HEADER, **environment).is_refusal(2)
    assert loaded(LOAD_HEADER, 0, HEADER_DEP, **environment).answer == 0


def test_an_empty_extension_is_there() -> None:
    surroundings = Surroundings(header_deps=(ZERO,), extensions=((ZERO, b""),))
    got = loaded(LOAD_BLOCK_EXTENSION, 0, HEADER_DEP, surroundings=surroundings)
    assert (got.answer, got.length, got.cycles) == (0, 0, 0)
    assert loaded(LOAD_HEADER, 0, HEADER_DEP, surroundings=surroundings).is_refusal(2)


# Epochs


@pytest.mark.parametrize(
    ("number", "index", "first"),
    [(0, 0, 0), (7, 7, 0), (0xFFFF, 0xFFFF, 0), ((1 << 64) - 1, 0xFFFF, (1 << 64) - 0x1_0000)],
)
def test_the_first_block_of_an_epoch(number: int, index: int, first: int) -> None:
    header = Header(number=number, epoch=0xFF << 56 | 2 << 40 | index << 24 | 0xFF_FFFF)
    got = loaded(LOAD_HEADER_BY_FIELD, 0, INPUT, FIRST_BLOCK, **block(header))
    assert got.content == first.to_bytes(8, "little")


@pytest.mark.parametrize(("number", "index"), [(0, 1), (6, 7), (0xFFFE, 0xFFFF)])
@pytest.mark.parametrize("length", [0, 1800, 0xFFFF])
def test_an_epoch_that_would_start_before_the_chain_is_a_fault(number: int, index: int, length: int) -> None:
    header = Header(number=number, epoch=length << 40 | index << 24 | 12)
    place = (LOAD_HEADER_BY_FIELD, 0, INPUT, FIRST_BLOCK)
    assert fault(*place, **block(header)) == "unexpected error"
    for field, value in ((NUMBER, 12), (LENGTH, length)):
        assert loaded(*place[:3], field, **block(header)).content == value.to_bytes(8, "little")


def test_the_fault_shows_the_epochs_parts() -> None:
    run = play(load(LOAD_HEADER_BY_FIELD, field=FIRST_BLOCK), **block(Header(number=6, epoch=5 << 40 | 7 << 24 | 9)))
    epoch = "Epoch { number: 9, index: 7, length: 5 }"
    assert run.error == f'Unexpected("Unexpected header epoch number index overflow {epoch}")'
