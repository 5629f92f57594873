"""From a transaction to the cells that it names, dep groups expanded (``transaction`` §1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from ..chain import Cell, CellDep, Header, OutPoint, Transaction
from ..hashing import ZERO_HASH
from ..transaction import ResolvedTransaction
from .errors import Dead, InvalidDepGroup, InvalidHeader, OverMaxDepExpansionLimit, Unknown

DEPS_MAX = 2048
"""Cell deps of a transaction, dep groups expanded."""
_GROUP = 1
_OUT_POINT_SIZE = 36


class KnownChain(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the chain."""

    cells: Mapping[OutPoint, Cell]
    """Cells that are alive, with their data, by where they were made."""
    headers: Mapping[bytes, Header] = {}
    """Headers by block hash."""
    extensions: Mapping[bytes, bytes] = {}
    """Block extensions by block hash."""


def resolve(transaction: Transaction, chain: KnownChain) -> ResolvedTransaction:
    """The transaction with its cells. Raises a :class:`~.errors.ResolveError` for what is not there, or twice."""
    inputs = () if is_cellbase(transaction) else _inputs(transaction, chain.cells)
    deps: list[Cell] = []
    groups: list[Cell] = []
    for dep in transaction.cell_deps:
        _expand(dep, chain.cells, deps, groups)
    for block_hash in transaction.header_deps:
        if block_hash not in chain.headers:
            raise InvalidHeader(block_hash)
    outputs = zip(transaction.outputs, transaction.outputs_data, strict=False)
    return ResolvedTransaction(
        transaction=transaction,
        inputs=inputs,
        cell_deps=tuple(deps),
        dep_groups=tuple(groups),
        outputs=tuple(
            Cell(output, data, OutPoint(transaction.hash, index)) for index, (output, data) in enumerate(outputs)
        ),
        headers=_only(transaction.header_deps, chain.headers),
        extensions=chain.extensions,
    )


def is_cellbase(transaction: Transaction) -> bool:
    """Whether it makes cells of nothing, as the first one of a block does: its one input is no cell."""
    one = len(transaction.inputs) == len(transaction.witnesses) == 1
    return one and transaction.inputs[0].previous_output == OutPoint(ZERO_HASH)


def out_points_of(data: bytes) -> tuple[OutPoint, ...] | None:
    """What a dep group lists: a molecule vector of out points; ``None`` for anything else, or an empty one."""
    count = int.from_bytes(data[:4], "little")
    if count == 0 or len(data) != 4 + count * _OUT_POINT_SIZE:
        return None
    items = [data[start : start + _OUT_POINT_SIZE] for start in range(4, len(data), _OUT_POINT_SIZE)]
    return tuple(OutPoint(item[:32], int.from_bytes(item[32:], "little")) for item in items)


def _inputs(transaction: Transaction, cells: Mapping[OutPoint, Cell]) -> tuple[Cell, ...]:
    seen: set[OutPoint] = set()
    found: list[Cell] = []
    for given in transaction.inputs:
        if given.previous_output in seen:
            raise Dead(given.previous_output)
        seen.add(given.previous_output)
        found.append(_cell(given.previous_output, cells))
    return tuple(found)


def _expand(dep: CellDep, cells: Mapping[OutPoint, Cell], deps: list[Cell], groups: list[Cell]) -> None:
    if dep.dep_type != _GROUP:
        if len(deps) >= DEPS_MAX:
            raise OverMaxDepExpansionLimit
        deps.append(_cell(dep.out_point, cells))
        return
    group = _cell(dep.out_point, cells)
    out_points = out_points_of(group.data)
    if out_points is None:
        raise InvalidDepGroup(dep.out_point)
    if len(deps) + len(out_points) > DEPS_MAX:
        raise OverMaxDepExpansionLimit
    deps += (_cell(out_point, cells) for out_point in out_points)
    groups.append(group)


def _cell(out_point: OutPoint, cells: Mapping[OutPoint, Cell]) -> Cell:
    if out_point not in cells:
        raise Unknown(out_point)
    return cells[out_point]


def _only(wanted: Collection[bytes], headers: Mapping[bytes, Header]) -> dict[bytes, Header]:
    return {block_hash: headers[block_hash] for block_hash in wanted}
