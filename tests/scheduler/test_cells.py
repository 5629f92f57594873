"""Loading cells and their fields (``syscalls`` §6, ``transaction`` §4 and §5)."""

from __future__ import annotations

from typing import Any

import pytest

from spawnlab.scheduler.chain import Script
from spawnlab.scheduler.hashing import ckb_hash
from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell

from .environment import AS_TYPE, DEP_CELL, ENVIRONMENT, INPUTS, LOCK, OUTPUTS, TYPE
from .loads import DEP, GROUP, INPUT, LOAD_CELL, LOAD_CELL_BY_FIELD, OUTPUT, loaded
from .molecules import fields_of

CAPACITY, DATA_HASH, LOCK_SCRIPT, LOCK_HASH, TYPE_SCRIPT, TYPE_HASH, OCCUPIED = range(7)
ZERO_SCRIPT = Script()


def field(number: int, *place: int, **environment: Any) -> bytes:
    """A field's bytes; the call has succeeded, and a cycle was charged for 4 of them."""
    got = loaded(LOAD_CELL_BY_FIELD, *place, number, **environment or ENVIRONMENT)
    assert (got.answer, got.cycles) == (0, -(-got.length // 4))
    return got.content


def u64(number: int) -> bytes:
    return number.to_bytes(8, "little")


# Whole cells


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        ((0, INPUT), INPUTS[0]),
        ((3, INPUT), INPUTS[3]),
        ((1, DEP), DEP_CELL),
    ],
)
def test_a_cell_is_loaded_without_its_data(place: tuple[int, int], cell: MockCell) -> None:
    got = loaded(LOAD_CELL, *place, **ENVIRONMENT)
    capacity, lock, type_ = fields_of(got.content)
    assert (capacity, lock) == (u64(cell.capacity), LOCK.encode())
    assert type_ == (b"" if cell.type is None else cell.type.encode())
    assert (got.answer, got.cycles) == (0, -(-len(got.content) // 4))


def test_an_output() -> None:
    assert fields_of(loaded(LOAD_CELL, 0, OUTPUT, **ENVIRONMENT).content) == [u64(7), ZERO_SCRIPT.encode(), b""]


def test_the_program_is_a_cell_dep_too() -> None:
    assert fields_of(loaded(LOAD_CELL, 0, DEP, **ENVIRONMENT).content)[1:] == [ZERO_SCRIPT.encode(), b""]


# Fields


@pytest.mark.parametrize(
    ("place", "capacity"),
    [
        ((0, INPUT), INPUTS[0].capacity),
        ((2, INPUT), (1 << 64) - 1),
        ((0, OUTPUT), 7),
        ((1, DEP), 12),
    ],
)
def test_the_capacity(place: tuple[int, int], capacity: int) -> None:
    assert field(CAPACITY, *place) == u64(capacity)


def test_the_data_hash() -> None:
    assert field(DATA_HASH, 0, INPUT) == ckb_hash(b"first input")
    assert field(DATA_HASH, 1, OUTPUT) == ckb_hash(b"second output")
    assert field(DATA_HASH, 1, DEP) == ckb_hash(b"a dep")


def test_s02_the_hash_of_empty_data_is_zeros() -> None:
    assert field(DATA_HASH, 2, INPUT) == bytes(32)
    assert field(DATA_HASH, 2, OUTPUT) == bytes(32)


@pytest.mark.parametrize("place", [(0, INPUT), (3, INPUT), (1, DEP)])
def test_the_lock_and_its_hash(place: tuple[int, int]) -> None:
    assert field(LOCK_SCRIPT, *place) == LOCK.encode()
    assert field(LOCK_HASH, *place) == LOCK.hash()


@pytest.mark.parametrize("place", [(1, INPUT), (2, OUTPUT), (1, DEP)])
def test_the_type_and_its_hash(place: tuple[int, int]) -> None:
    assert field(TYPE_SCRIPT, *place) == TYPE.encode()
    assert field(TYPE_HASH, *place) == TYPE.hash()


@pytest.mark.parametrize("number", [TYPE_SCRIPT, TYPE_HASH])
@pytest.mark.parametrize("place", [(0, INPUT), (0, OUTPUT), (0, DEP), (1, GROUP | INPUT)])
def test_a_cell_without_type(place: tuple[int, int], number: int) -> None:
    assert loaded(LOAD_CELL_BY_FIELD, *place, number, **ENVIRONMENT).is_refusal(2)


@pytest.mark.parametrize(
    ("place", "occupied"),
    [
        # bytes: 8 for the capacity, the data, and for each script 33 and its args
        ((0, INPUT), 8 + 11 + 33),
        ((1, INPUT), 8 + 6 + (33 + 9) + (33 + 6)),
        ((2, INPUT), 8 + 0 + (33 + 9)),
        ((0, OUTPUT), 8 + 12 + 33),
        ((1, OUTPUT), 8 + 13 + 33 + (33 + 9)),
        ((1, DEP), 8 + 5 + 33 + (33 + 6)),
    ],
)
def test_the_occupied_capacity(place: tuple[int, int], occupied: int) -> None:
    assert field(OCCUPIED, *place) == u64(occupied * 100_000_000)


# Groups


@pytest.mark.parametrize(("index", "cell"), [(0, 1), (1, 2), (2, 5)])
def test_a_lock_groups_inputs(index: int, cell: int) -> None:
    assert field(OCCUPIED, index, GROUP | INPUT) == field(OCCUPIED, cell, INPUT)
    assert field(CAPACITY, index, GROUP | INPUT) == u64(INPUTS[cell].capacity)


def test_a_groups_end() -> None:
    assert loaded(LOAD_CELL, 3, GROUP | INPUT, **ENVIRONMENT).is_refusal(1)
    assert loaded(LOAD_CELL, 1, GROUP | INPUT, **AS_TYPE).is_refusal(1)
    assert loaded(LOAD_CELL, 1, GROUP | OUTPUT, **AS_TYPE).is_refusal(1)


def test_a_lock_group_has_no_outputs_even_if_locks_are_the_same() -> None:
    """Output 2 has the script as its lock."""
    assert OUTPUTS[2].lock is THE_SCRIPT
    assert loaded(LOAD_CELL, 0, GROUP | OUTPUT, **ENVIRONMENT).is_refusal(1)


def test_a_type_groups_cells() -> None:
    assert field(OCCUPIED, 0, GROUP | INPUT, **AS_TYPE) == u64((8 + 16 + 2 * (33 + 9)) * 100_000_000)
    assert field(OCCUPIED, 0, GROUP | OUTPUT, **AS_TYPE) == u64((8 + 13 + 33 + (33 + 9)) * 100_000_000)


def test_s18_minting_has_no_group_inputs() -> None:
    minting: dict[str, Any] = {
        "group_type": "type",
        "inputs": (MockCell(),),
        "outputs": (MockCell(), MockCell(type=THE_SCRIPT, capacity=5)),
    }
    assert loaded(LOAD_CELL, 0, GROUP | INPUT, **minting).is_refusal(1)
    assert field(CAPACITY, 0, GROUP | OUTPUT, **minting) == u64(5)
