"""Cases as groups: what is said of headers and deps, and what is refused (``reference/README.md``)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from spawnlab.conform.cases import Blobs, Case, group_of
from spawnlab.conform.tally import RecordError
from spawnlab.scheduler.chain import CellDep, CellInput, CellOutput, Header, OutPoint, Script
from spawnlab.scheduler.transaction import ScriptGroupData

ONES = "11" * 32


def group(**fields: Any) -> ScriptGroupData:
    case = msgspec.convert({"program": {"hex": "00"}, "version": 2, **fields}, Case)
    return group_of(case, Blobs((), ()))


def test_what_a_transaction_names() -> None:
    out_point = {"tx_hash": ONES, "index": 3}
    made = group(
        tx_version=5,
        tx_cell_deps=[{"out_point": out_point}, {"out_point": out_point, "dep_type": 1}],
        header_deps=[ONES],
        inputs=[{"since": 7, "out_point": out_point, "block_hash": ONES}],
    ).resolved
    point = OutPoint(b"\x11" * 32, 3)
    assert made.transaction.version == 5
    assert made.transaction.cell_deps == (CellDep(point), CellDep(point, 1))
    assert made.transaction.header_deps == (b"\x11" * 32,)
    assert made.transaction.inputs == (CellInput(point, 7),)
    assert (made.inputs[0].out_point, made.inputs[0].block_hash) == (point, b"\x11" * 32)


def test_what_is_known_of_blocks() -> None:
    header = Header(number=7)
    made = group(
        headers=[{"hash": ONES, "header": header.encode().hex()}], extensions=[{"hash": ONES, "data": "0102"}]
    ).resolved
    assert made.headers == {b"\x11" * 32: header}
    assert made.extensions == {b"\x11" * 32: b"\1\2"}


def test_cells_of_deps() -> None:
    cells: list[Any] = [None, {"type": "self", "block_hash": ONES}, {"capacity": 5}]
    made = group(cell_deps=[{"hex": "0102"}, {"hex": "03"}, {"hex": ""}], dep_cells=cells)
    deps = made.resolved.cell_deps
    assert [dep.output for dep in deps] == [
        CellOutput(100_000_000),
        CellOutput(200_000_000, type=made.script),
        CellOutput(5),
        CellOutput(0),
    ]
    assert [dep.block_hash for dep in deps] == [None, b"\x11" * 32, None, None]


def test_a_script_by_type() -> None:
    kind = {"code_hash": ONES, "hash_type": 1}
    by_type = Script(b"\x11" * 32, 1).hash()
    made = group(dep_cells=[{"type": kind}], script={"code_hash": by_type.hex(), "hash_type": 1, "args": "05"})
    assert made.script == Script(by_type, 1, b"\5")
    assert made.input_indices == (0,)


@pytest.mark.parametrize("script", [{"code_hash": ONES, "hash_type": 1}, {"code_hash": ONES, "hash_type": 2}])
def test_a_script_that_no_dep_is_the_code_of(script: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match="no cell dep is the code of"):
        group(script=script)


def test_a_header_of_another_size() -> None:
    with pytest.raises(RecordError, match="a header has 208 bytes, not 1"):
        group(headers=[{"hash": ONES, "header": "00"}])


def test_more_cells_than_deps() -> None:
    with pytest.raises(RecordError, match="more dep_cells than cell deps"):
        group(dep_cells=[None, None])
