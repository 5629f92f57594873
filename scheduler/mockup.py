"""A made-up transaction round one program: what a run needs when nobody has a real one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from .chain import DATA, DATA1, DATA2, SHANNONS_PER_BYTE, Cell, CellInput, CellOutput, OutPoint, Script, Transaction
from .hashing import data_hash
from .transaction import DataPieceId, Place, ResolvedTransaction, ScriptGroupData

HASH_TYPES = (DATA, DATA1, DATA2)
"""The hash type that gives a script each version."""
THE_SCRIPT = Script(code_hash=b"the script itself")
"""Stands for the script under test in a :class:`MockCell`."""
_CAPACITY = 10_000_000_000


class MockCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell to be made up. ``in_transaction`` says whether the transaction has an input for it."""

    lock: Script | None = None
    type: Script | None = None
    capacity: int = _CAPACITY
    data: bytes = b""
    in_transaction: bool = True


_ONE_INPUT = (MockCell(),)


def mock_group(
    cell_deps: Sequence[bytes],
    *,
    program_index: int = 0,
    version: int = 2,
    args: bytes = b"",
    witnesses: Sequence[bytes] = (),
    inputs: Sequence[MockCell] = _ONE_INPUT,
    outputs: Sequence[MockCell] = (),
    group_type: Literal["lock", "type"] = "lock",
) -> ScriptGroupData:
    """A script group that runs one of the cell deps.

    The first input's lock is the script unless another is given; all other scripts are the all-zero one. Out points
    are null, and no dep is named in the transaction itself: all are just resolved.
    """
    program = cell_deps[program_index]
    script = Script(data_hash(program), HASH_TYPES[version], args)
    made_inputs = [_output(cell, script, script if i == 0 else Script()) for i, cell in enumerate(inputs)]
    made_outputs = [_output(cell, script, Script()) for cell in outputs]
    transaction = Transaction(
        inputs=tuple(CellInput() for cell in inputs if cell.in_transaction),
        outputs=tuple(made_outputs),
        outputs_data=tuple(cell.data for cell in outputs),
        witnesses=tuple(witnesses),
    )
    resolved = ResolvedTransaction(
        transaction=transaction,
        inputs=tuple(Cell(output, cell.data) for output, cell in zip(made_inputs, inputs, strict=True)),
        cell_deps=tuple(Cell(CellOutput(len(data) * SHANNONS_PER_BYTE), data) for data in cell_deps),
        outputs=tuple(
            Cell(output, cell.data, OutPoint(transaction.hash, index))
            for index, (output, cell) in enumerate(zip(made_outputs, outputs, strict=True))
        ),
    )
    return ScriptGroupData(
        resolved=resolved,
        script=script,
        version=version,
        program=DataPieceId(Place.CELL_DEP, _last_equal(cell_deps, program)),
        group_type=group_type,
        input_indices=_indices(script, [made.type if group_type == "type" else made.lock for made in made_inputs]),
        output_indices=_indices(script, [made.type for made in made_outputs]) if group_type == "type" else (),
    )


def _output(cell: MockCell, script: Script, lock: Script) -> CellOutput:
    def resolve(given: Script | None) -> Script | None:
        return script if given == THE_SCRIPT else given

    return CellOutput(cell.capacity, resolve(cell.lock) or lock, resolve(cell.type))


def _last_equal(cell_deps: Sequence[bytes], program: bytes) -> int:
    """By data hash the last of equal deps is found (``transaction`` §7)."""
    return max(index for index, data in enumerate(cell_deps) if data == program)


def _indices(script: Script, scripts: Iterable[Script | None]) -> tuple[int, ...]:
    return tuple(index for index, other in enumerate(scripts) if other == script)
