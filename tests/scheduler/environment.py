"""A transaction that has some of everything, for programs that look at it."""

from __future__ import annotations

from typing import Any

from spawnlab.scheduler.chain import CellDep, Header, OutPoint, Script
from spawnlab.scheduler.mockup import THE_SCRIPT, MockCell, Surroundings

TYPE = Script(b"\x11" * 32, 1, b"a type")
LOCK = Script(b"\x22" * 32, 0, b"")
OLD = Header(number=1000, epoch=1800 << 40 | 7 << 24 | 5, timestamp=1234, nonce=99)
NEW = Header(number=2000, epoch=1700 << 40 | 0 << 24 | 6, parent_hash=OLD.hash())
UNKNOWN = b"\x77" * 32
"""The hash of a block that nobody knows."""
UNNAMED = Header(number=3)
"""The header of a block that is known, but not among the header deps."""

INPUTS = (
    MockCell(lock=LOCK, data=b"first input", block_hash=OLD.hash(), since=1),
    MockCell(lock=THE_SCRIPT, type=TYPE, data=b"second", out_point=OutPoint(b"\xcc" * 32, 2), block_hash=NEW.hash()),
    MockCell(lock=THE_SCRIPT, capacity=(1 << 64) - 1, since=(1 << 64) - 1, block_hash=UNKNOWN),
    MockCell(lock=LOCK, data=b"made in a block that is not among the header deps", block_hash=UNNAMED.hash()),
    MockCell(lock=LOCK, data=b"made in no block"),
    MockCell(lock=THE_SCRIPT, type=THE_SCRIPT, data=b"without an input", in_transaction=False),
)
OUTPUTS = (
    MockCell(data=b"first output", capacity=7),
    MockCell(type=THE_SCRIPT, data=b"second output"),
    MockCell(lock=THE_SCRIPT, type=TYPE),
)
WITNESSES = (b"witness 0", b"", b"\x0c\0\0\0 looks like a table", bytes(range(77)))
SURROUNDINGS = Surroundings(
    tx_version=3,
    tx_cell_deps=(CellDep(OutPoint(b"\xaa" * 32, 1)), CellDep(OutPoint(b"\xbb" * 32, 0), 1)),
    header_deps=(OLD.hash(), UNKNOWN, NEW.hash()),
    headers=tuple((header.hash(), header) for header in (OLD, NEW, UNNAMED)),
    extensions=((OLD.hash(), b"extension of 77"), (UNNAMED.hash(), b"unnamed")),
)
DEP_CELL = MockCell(lock=LOCK, type=TYPE, capacity=12, data=b"a dep", block_hash=OLD.hash())
ENVIRONMENT: dict[str, Any] = {
    "deps": (DEP_CELL,),
    "inputs": INPUTS,
    "outputs": OUTPUTS,
    "witnesses": WITNESSES,
    "surroundings": SURROUNDINGS,
    "script_args": b"some args",
}
"""As the script of some inputs' locks: group inputs are 1, 2 and 5. The dep is the cell dep after the program."""
AS_TYPE: dict[str, Any] = ENVIRONMENT | {"group_type": "type"}
"""As a type script: group input 0 is input 5, group output 0 is output 1."""
