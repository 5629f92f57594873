"""A scenario's transaction as a mock transaction, which ckb-debugger runs too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

import msgspec

from ...scheduler import chain
from ...scheduler.hashing import ckb_hash
from ...scheduler.transaction import ResolvedTransaction
from . import model
from .read import MockTransaction
from .values import U32, U64, U128, Hash, HashType, Hex


def mock_of(resolved: ResolvedTransaction, names: Sequence[str] = ()) -> MockTransaction:
    """The mock transaction of a resolved one, whose first cell deps are programs of these names.

    A scenario's transaction names no cell deps, and its inputs may be of no transaction: what has no out point gets one
    of its own, so that the transaction's hash is another one. All else is the same to a script.
    """
    transaction = resolved.transaction
    inputs = [*_named(resolved.inputs, "input")]
    deps = [*_named(resolved.cell_deps, "cell dep")]
    given = [_since(transaction, index) for index in range(len(inputs))]
    mock_inputs = tuple(
        model.MockInput(
            input=model.CellInput(since=U64(since), previous_output=_out_point(cell.out_point)),
            output=_output(cell.output),
            data=Hex(cell.data),
            header=_header_hash(cell),
        )
        for cell, since in zip(inputs, given, strict=True)
    )
    mock_deps = tuple(
        model.MockCellDep(
            cell_dep=model.CellDep(out_point=_out_point(cell.out_point), dep_type="code"),
            output=_output(cell.output),
            data=Hex(cell.data),
            header=_header_hash(cell),
            name=name,
        )
        for cell, name in zip_longest(deps, names)
    )
    return MockTransaction(
        model.MockTransaction(
            mock_info=model.MockInfo(
                inputs=mock_inputs,
                cell_deps=mock_deps,
                header_deps=tuple(_header(block_hash, header) for block_hash, header in resolved.headers.items()),
                extensions=tuple((Hash(block), Hex(content)) for block, content in resolved.extensions.items()),
            ),
            tx=model.Transaction(
                version=U32(transaction.version),
                cell_deps=tuple(mock.cell_dep for mock in mock_deps),
                header_deps=tuple(map(Hash, transaction.header_deps)),
                inputs=tuple(mock.input for mock in mock_inputs),
                outputs=tuple(map(_output, transaction.outputs)),
                outputs_data=tuple(map(Hex, transaction.outputs_data)),
                witnesses=tuple(map(Hex, transaction.witnesses)),
            ),
        )
    )


def _named(cells: tuple[chain.Cell, ...], what: str) -> Iterator[chain.Cell]:
    """The cells, each with an out point that no other has."""
    seen: set[chain.OutPoint] = {chain.OutPoint()}
    for index, cell in enumerate(cells):
        if cell.out_point in seen:
            made = chain.OutPoint(ckb_hash(f"{what} {index}".encode()), index)
            cell = msgspec.structs.replace(cell, out_point=made)  # noqa: PLW2901
        seen.add(cell.out_point)
        yield cell


def _since(transaction: chain.Transaction, index: int) -> int:
    return transaction.inputs[index].since if index < len(transaction.inputs) else 0


def _header_hash(cell: chain.Cell) -> Hash | None:
    return None if cell.block_hash is None else Hash(cell.block_hash)


def _header(block_hash: bytes, header: chain.Header) -> model.Header:
    return model.Header(
        version=U32(header.version),
        compact_target=U32(header.compact_target),
        timestamp=U64(header.timestamp),
        number=U64(header.number),
        epoch=U64(header.epoch),
        parent_hash=Hash(header.parent_hash),
        transactions_root=Hash(header.transactions_root),
        proposals_hash=Hash(header.proposals_hash),
        extra_hash=Hash(header.extra_hash),
        dao=Hash(header.dao),
        nonce=U128(header.nonce),
        hash=Hash(block_hash),
    )


def _out_point(given: chain.OutPoint) -> model.OutPoint:
    return model.OutPoint(tx_hash=Hash(given.tx_hash), index=U32(given.index))


def _script(given: chain.Script) -> model.Script:
    return model.Script(code_hash=Hash(given.code_hash), hash_type=HashType(given.hash_type), args=Hex(given.args))


def _output(given: chain.CellOutput) -> model.CellOutput:
    type_script = None if given.type is None else _script(given.type)
    return model.CellOutput(capacity=U64(given.capacity), lock=_script(given.lock), type=type_script)
