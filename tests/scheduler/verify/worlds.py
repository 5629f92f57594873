"""Small chains, and transactions on them, for the tests of whole transactions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from spawnlab.scheduler.chain import Cell, CellDep, CellInput, CellOutput, Header, OutPoint, Script, Transaction
from spawnlab.scheduler.hashing import data_hash
from spawnlab.scheduler.transaction import ResolvedTransaction
from spawnlab.scheduler.verify.resolving import KnownChain, resolve
from spawnlab.scheduler.verify.verifier import Verifier
from spawnlab.scheduler.verify.versions import Rules

from ..programs import assembled, leave

ANYONE = Script()
"""The all-zero script, the lock of cells whose lock does not matter."""
CODE, GROUP = 0, 1


class World(msgspec.Struct):
    """What is known of a chain; cells are named by the number of the transaction that made them."""

    cells: dict[OutPoint, Cell] = msgspec.field(default_factory=dict[OutPoint, Cell])
    headers: dict[bytes, Header] = msgspec.field(default_factory=dict[bytes, Header])
    extensions: dict[bytes, bytes] = msgspec.field(default_factory=dict[bytes, bytes])

    def add(self, data: bytes = b"", *, lock: Script = ANYONE, type: Script | None = None) -> OutPoint:
        """A new cell."""
        out_point = OutPoint(bytes([len(self.cells) + 1]) * 32, 0)
        self.cells[out_point] = Cell(CellOutput(1000, lock, type), data, out_point)
        return out_point

    def verifier(self, transaction: Transaction, rules: Rules | None = None) -> Verifier:
        """The transaction, resolved."""
        return Verifier(self.resolve(transaction), rules=rules)

    def resolve(self, transaction: Transaction) -> ResolvedTransaction:
        """The transaction with its cells."""
        return resolve(transaction, KnownChain(cells=self.cells, headers=self.headers, extensions=self.extensions))


def exits(code: int, *, work: int = 0) -> bytes:
    """A program that ends with an exit code, after some work that makes it another one."""
    return assembled(f"  li t0, {work}\n" + leave(code)).elf()


def by_data(program: bytes, args: bytes = b"", *, version: int = 2) -> Script:
    """The script that runs a program in a version."""
    return Script(data_hash(program), 2 * version, args)


def transaction(
    world: World,
    deps: Sequence[OutPoint | CellDep],
    inputs: Sequence[OutPoint],
    outputs: Sequence[CellOutput] = (),
    **fields: object,
) -> Transaction:
    """A transaction on the world's cells; deps are code unless they are given whole."""
    made = Transaction(
        cell_deps=tuple(dep if isinstance(dep, CellDep) else CellDep(dep, CODE) for dep in deps),
        inputs=tuple(CellInput(out_point) for out_point in inputs),
        outputs=tuple(outputs),
        outputs_data=(b"",) * len(outputs),
    )
    return msgspec.structs.replace(made, **fields) if fields else made


def out_point_vec(*out_points: OutPoint) -> bytes:
    """The data of a dep group."""
    return len(out_points).to_bytes(4, "little") + b"".join(one.encode() for one in out_points)
