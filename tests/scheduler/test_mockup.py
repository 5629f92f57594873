"""Made-up transactions (``transaction`` §1, §7 and §8)."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.chain import DATA1, TYPE, CellInput, CellOutput, Header, OutPoint, Script
from spawnlab.scheduler.hashing import data_hash
from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell, Surroundings, mock_group
from spawnlab.scheduler.transaction import DataPieceId, Place

PROGRAM, OTHER = b"program", b"other"
KIND = Script(b"\x11" * 32, TYPE, b"of a program")


def test_what_is_not_said() -> None:
    """One input with the script as its lock; null out points, no blocks, and nothing named."""
    group = mock_group([PROGRAM])
    assert group.script == Script(data_hash(PROGRAM), 4)
    assert group.resolved.transaction.inputs == (CellInput(OutPoint(bytes(32), 0xFFFF_FFFF), 0),)
    assert [cell.output.lock for cell in group.resolved.inputs] == [group.script]
    (dep,) = group.resolved.cell_deps
    assert (dep.output, dep.data, dep.block_hash) == (CellOutput(700_000_000), PROGRAM, None)
    transaction = group.resolved.transaction
    assert (transaction.version, transaction.cell_deps, transaction.header_deps) == (0, (), ())
    assert (group.input_indices, group.output_indices) == ((0,), ())


def test_only_the_first_inputs_lock_is_the_script() -> None:
    group = mock_group([PROGRAM], inputs=[MockCell(), MockCell()], outputs=[MockCell()])
    assert [cell.output.lock for cell in group.resolved.inputs] == [group.script, Script()]
    assert [cell.output.lock for cell in group.resolved.outputs] == [Script()]


def test_the_out_points_of_outputs_are_the_transactions() -> None:
    group = mock_group([PROGRAM], outputs=[MockCell(), MockCell(data=b"x")])
    tx_hash = group.resolved.transaction.hash
    assert [cell.out_point for cell in group.resolved.outputs] == [OutPoint(tx_hash, 0), OutPoint(tx_hash, 1)]
    assert [cell.block_hash for cell in group.resolved.outputs] == [None, None]


def test_groups() -> None:
    """By lock or by type; the output of a lock script's group are none, though the lock is the same."""
    inputs = [MockCell(lock=Script()), MockCell(lock=THE_SCRIPT), MockCell(type=THE_SCRIPT), MockCell(lock=THE_SCRIPT)]
    outputs = [MockCell(type=THE_SCRIPT), MockCell(lock=THE_SCRIPT), MockCell(type=THE_SCRIPT)]
    lock = mock_group([PROGRAM], inputs=inputs, outputs=outputs)
    assert (lock.input_indices, lock.output_indices) == ((1, 3), ())
    kind = mock_group([PROGRAM], inputs=inputs, outputs=outputs, group_type="type")
    assert (kind.input_indices, kind.output_indices) == ((2,), (0, 2))


def test_a_cell_without_an_input() -> None:
    inputs = [MockCell(since=1), MockCell(since=2, in_transaction=False), MockCell(since=3)]
    group = mock_group([PROGRAM], inputs=inputs)
    assert [spent.since for spent in group.resolved.transaction.inputs] == [1, 3]
    assert len(group.resolved.inputs) == 3


def test_blocks() -> None:
    """By the hashes that they are given."""
    header = Header(number=1)
    surroundings = Surroundings(headers=((b"a", header),), extensions=((b"b", b"data"),))
    resolved = mock_group([PROGRAM], surroundings=surroundings).resolved
    assert (resolved.headers, resolved.extensions) == ({b"a": header}, {b"b": b"data"})


# Code


def test_of_equal_programs_the_last_is_found_by_data() -> None:
    group = mock_group([PROGRAM, OTHER, PROGRAM, OTHER], program_index=0)
    assert group.program == DataPieceId(Place.CELL_DEP, 2)


def test_of_equal_programs_the_first_is_found_by_type() -> None:
    """A dep without type is not looked at, whatever its data."""
    cell = MockCell(data=PROGRAM, type=KIND)
    group = mock_group([PROGRAM, cell, cell], script=Script(KIND.hash(), TYPE, b"args"))
    assert group.program == DataPieceId(Place.CELL_DEP, 1)
    assert group.script.args == b"args"
    assert group.input_indices == (0,)


def test_a_script_can_be_given() -> None:
    group = mock_group([PROGRAM, OTHER], script=Script(data_hash(OTHER), DATA1), version=1)
    assert group.program.index == 1


@pytest.mark.parametrize("script", [Script(KIND.hash(), TYPE), Script(bytes(32)), Script(data_hash(OTHER), TYPE)])
def test_a_script_without_code(script: Script) -> None:
    with pytest.raises(ValueError, match="no cell dep is the code of Script"):
        mock_group([PROGRAM, OTHER], script=script)
