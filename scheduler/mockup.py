"""A made-up transaction round one program: what a run needs when nobody has a real one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from .chain import (
    DATA,
    DATA1,
    DATA2,
    SHANNONS_PER_BYTE,
    TYPE,
    Cell,
    CellDep,
    CellInput,
    CellOutput,
    Header,
    OutPoint,
    Script,
    Transaction,
)
from .hashing import data_hash
from .transaction import DataPieceId, Place, ResolvedTransaction, ScriptGroupData

HASH_TYPES = (DATA, DATA1, DATA2)
"""The hash type that gives a script each version."""
THE_SCRIPT = Script(code_hash=b"the script itself")
"""Stands for the script under test in a :class:`MockCell`."""
_CAPACITY = 10_000_000_000


class MockCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell to be made up, and the input that spends it if it is one."""

    lock: Script | None = None
    type: Script | None = None
    capacity: int = _CAPACITY
    data: bytes = b""
    block_hash: bytes | None = None
    """Of the block that made the cell; not of an output, which is in no block yet."""
    out_point: OutPoint = OutPoint()
    since: int = 0
    in_transaction: bool = True
    """Whether the transaction has an input for the cell."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What the transaction names besides its cells, and the blocks that are known by the hashes given here."""

    tx_version: int = 0
    tx_cell_deps: tuple[CellDep, ...] = ()
    """Nothing is resolved by these."""
    header_deps: tuple[bytes, ...] = ()
    headers: tuple[tuple[bytes, Header], ...] = ()
    extensions: tuple[tuple[bytes, bytes], ...] = ()


_ONE_INPUT = (MockCell(),)
_NO_SURROUNDINGS = Surroundings()


def mock_group(
    cell_deps: Sequence[bytes | MockCell],
    *,
    program_index: int = 0,
    version: int = 2,
    args: bytes = b"",
    witnesses: Sequence[bytes] = (),
    inputs: Sequence[MockCell] = _ONE_INPUT,
    outputs: Sequence[MockCell] = (),
    group_type: Literal["lock", "type"] = "lock",
    script: Script | None = None,
    surroundings: Surroundings = _NO_SURROUNDINGS,
) -> ScriptGroupData:
    """A script group that runs one of the cell deps: a cell, or just its data.

    The script is found by the program's data hash, unless another is given. It is the first input's lock, unless that
    is given; all other locks are the all-zero script. No dep is named in the transaction itself: all are just resolved.

    Raises :class:`ValueError` for a script that none of the cell deps is the code of.
    """
    deps = [_dep(dep) for dep in cell_deps]
    if script is None:
        script = Script(data_hash(deps[program_index].data), HASH_TYPES[version], args)
    made_inputs = [_output(cell, script, script if i == 0 else Script()) for i, cell in enumerate(inputs)]
    made_outputs = [_output(cell, script, Script()) for cell in outputs]
    transaction = Transaction(
        version=surroundings.tx_version,
        cell_deps=surroundings.tx_cell_deps,
        header_deps=surroundings.header_deps,
        inputs=tuple(CellInput(cell.out_point, cell.since) for cell in inputs if cell.in_transaction),
        outputs=tuple(made_outputs),
        outputs_data=tuple(cell.data for cell in outputs),
        witnesses=tuple(witnesses),
    )
    resolved = ResolvedTransaction(
        transaction=transaction,
        inputs=tuple(
            Cell(output, cell.data, cell.out_point, cell.block_hash)
            for output, cell in zip(made_inputs, inputs, strict=True)
        ),
        cell_deps=tuple(Cell(_output(dep, script, Script()), dep.data, dep.out_point, dep.block_hash) for dep in deps),
        outputs=tuple(
            Cell(output, cell.data, OutPoint(transaction.hash, index))
            for index, (output, cell) in enumerate(zip(made_outputs, outputs, strict=True))
        ),
        headers=dict(surroundings.headers),
        extensions=dict(surroundings.extensions),
    )
    return ScriptGroupData(
        resolved=resolved,
        script=script,
        version=version,
        program=DataPieceId(Place.CELL_DEP, _code_index(script, resolved.cell_deps)),
        group_type=group_type,
        input_indices=_indices(script, [made.type if group_type == "type" else made.lock for made in made_inputs]),
        output_indices=_indices(script, [made.type for made in made_outputs]) if group_type == "type" else (),
    )


def _output(cell: MockCell, script: Script, lock: Script) -> CellOutput:
    def resolve(given: Script | None) -> Script | None:
        return script if given == THE_SCRIPT else given

    return CellOutput(cell.capacity, resolve(cell.lock) or lock, resolve(cell.type))


def _dep(dep: bytes | MockCell) -> MockCell:
    return MockCell(data=dep, capacity=len(dep) * SHANNONS_PER_BYTE) if isinstance(dep, bytes) else dep


def _code_index(script: Script, deps: Sequence[Cell]) -> int:
    """Of equal deps the last is found by data hash, the first by type hash (``transaction`` §7)."""
    if script.hash_type == TYPE:
        types = [dep.output.type for dep in deps]
        found = [index for index, other in enumerate(types) if other and other.hash() == script.code_hash][:1]
    else:
        found = [index for index, dep in enumerate(deps) if dep.data_hash == script.code_hash][-1:]
    if not found:
        raise ValueError(f"no cell dep is the code of {script}")
    return found[0]


def _indices(script: Script, scripts: Iterable[Script | None]) -> tuple[int, ...]:
    return tuple(index for index, other in enumerate(scripts) if other == script)
