"""From out points to cells (``transaction`` §1, X3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.chain import CellDep, CellInput, CellOutput, Header, OutPoint, Transaction
from spawnlab.scheduler.verify.errors import (
    Dead,
    InvalidDepGroup,
    InvalidHeader,
    OverMaxDepExpansionLimit,
    ResolveError,
    Unknown,
)
from spawnlab.scheduler.verify.resolving import DEPS_MAX, out_points_of

from .worlds import GROUP, World, out_point_vec, transaction

NOWHERE = OutPoint(b"\xee" * 32, 1)


def test_dep_groups_are_expanded_in_their_place() -> None:
    world = World()
    a, b, c = (world.add(bytes([i])) for i in range(3))
    group = world.add(out_point_vec(a, c, a))
    found = world.resolve(transaction(world, [b, CellDep(group, GROUP), c], []))
    assert [cell.data for cell in found.cell_deps] == [b"\1", b"\0", b"\2", b"\0", b"\2"]
    assert [cell.out_point for cell in found.dep_groups] == [group]


def test_a_dep_group_as_code_is_a_cell_like_others() -> None:
    world = World()
    group = world.add(out_point_vec(world.add(b"x")))
    found = world.resolve(transaction(world, [group], []))
    assert [cell.out_point for cell in found.cell_deps] == [group]
    assert found.dep_groups == ()


def test_members_of_a_group_are_code() -> None:
    """A group within a group is not expanded."""
    world = World()
    inner = world.add(out_point_vec(world.add(b"x")))
    found = world.resolve(transaction(world, [CellDep(world.add(out_point_vec(inner)), GROUP)], []))
    assert [cell.out_point for cell in found.cell_deps] == [inner]


@pytest.mark.parametrize(
    "data", [b"", bytes(4), bytes(3), b"\1\0\0\0", b"\1\0\0\0" + bytes(35), b"\1\0\0\0" + bytes(37)]
)
def test_what_is_no_dep_group(data: bytes) -> None:
    world = World()
    group = world.add(data)
    with pytest.raises(InvalidDepGroup) as caught:
        world.resolve(transaction(world, [CellDep(group, GROUP)], []))
    assert str(caught.value) == f"InvalidDepGroup(OutPoint(0x{group.encode().hex()}))"


@given(st.lists(st.builds(OutPoint, st.binary(min_size=32, max_size=32), st.integers(0, 2**32 - 1)), min_size=1))
def test_a_dep_groups_data_are_what_was_put_in(out_points: list[OutPoint]) -> None:
    assert out_points_of(out_point_vec(*out_points)) == tuple(out_points)


@given(st.binary(max_size=100))
def test_any_data_are_a_dep_group_or_not(data: bytes) -> None:
    found = out_points_of(data)
    assert found is None or out_point_vec(*found) == data


@pytest.mark.parametrize("count", [DEPS_MAX, DEPS_MAX + 1])
def test_so_many_deps_and_no_more(count: int) -> None:
    world = World()
    cell = world.add()
    for deps in (
        [cell] * count,
        [CellDep(world.add(out_point_vec(*[cell] * (count - 1))), GROUP), cell],
        [cell, CellDep(world.add(out_point_vec(*[cell] * (count - 1))), GROUP)],
    ):
        made = transaction(world, deps, [])
        if count <= DEPS_MAX:
            assert len(world.resolve(made).cell_deps) == count
        else:
            with pytest.raises(OverMaxDepExpansionLimit, match=r"^OverMaxDepExpansionLimit$"):
                world.resolve(made)


def test_what_is_not_there() -> None:
    world = World()
    cell = world.add()
    lost = world.add(out_point_vec(cell, NOWHERE))
    for made in (
        transaction(world, [NOWHERE], [cell]),
        transaction(world, [CellDep(NOWHERE, GROUP)], [cell]),
        transaction(world, [CellDep(lost, GROUP)], [cell]),
        transaction(world, [], [cell, NOWHERE]),
    ):
        with pytest.raises(Unknown) as caught:
            world.resolve(made)
        assert str(caught.value) == f"Unknown(OutPoint(0x{NOWHERE.encode().hex()}))"
        assert caught.value.out_point == NOWHERE


def test_no_cell_is_consumed_twice() -> None:
    world = World()
    cell = world.add()
    made = transaction(world, [], [cell, cell])
    with pytest.raises(Dead) as caught:
        world.resolve(made)
    assert str(caught.value).startswith("Dead(OutPoint(0x0101")


def test_a_cell_may_be_an_input_and_a_dep() -> None:
    world = World()
    cell = world.add()
    found = world.resolve(transaction(world, [cell], [cell]))
    assert found.inputs == found.cell_deps


def test_only_headers_that_are_named_and_known() -> None:
    world = World(headers={b"a" * 32: Header(number=1), b"b" * 32: Header(number=2)})
    found = world.resolve(transaction(world, [], [], header_deps=(b"a" * 32,)))
    assert [header.number for header in found.headers.values()] == [1]
    with pytest.raises(InvalidHeader) as caught:
        world.resolve(transaction(world, [], [], header_deps=(b"a" * 32, b"c" * 32)))
    assert str(caught.value) == f"InvalidHeader(Byte32(0x{'63' * 32}))"


@pytest.mark.parametrize("witnesses", [0, 1, 2])
@pytest.mark.parametrize("inputs", [1, 2])
def test_a_cellbase_consumes_nothing(inputs: int, witnesses: int) -> None:
    world = World()
    nothing = CellInput(OutPoint())
    made = Transaction(inputs=(nothing,) * inputs, witnesses=(b"",) * witnesses)
    if (inputs, witnesses) == (1, 1):
        assert world.resolve(made).inputs == ()
    else:
        with pytest.raises(ResolveError):
            world.resolve(made)


def test_outputs_are_cells_of_the_transaction() -> None:
    world = World()
    made = transaction(world, [], [world.add()], [CellOutput(1), CellOutput(2)], outputs_data=(b"x", b""))
    found = world.resolve(made).outputs
    assert [(cell.output.capacity, cell.data, cell.out_point) for cell in found] == [
        (1, b"x", OutPoint(made.hash, 0)),
        (2, b"", OutPoint(made.hash, 1)),
    ]
