"""Bytes and hashes of a transaction and its parts (``transaction`` §2, §3 and the worked example in §13)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.chain import (
    DATA2,
    Cell,
    CellDep,
    CellInput,
    CellOutput,
    Header,
    OutPoint,
    Script,
    Transaction,
)
from spawnlab.scheduler.hashing import ckb_hash, data_hash
from spawnlab.scheduler.mockup import MockCell, Surroundings
from spawnlab.scheduler.molecule import byte_string, dynvec, fixvec, table

from .molecules import bytes_of, fields_of, items_of, u32_at
from .programs import SMALLEST
from .runs import play

HASHES = st.binary(min_size=32, max_size=32)
U32S, U64S = st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 64) - 1)
BYTES = st.binary(max_size=12)
SCRIPTS = st.builds(Script, HASHES, st.integers(0, 255), BYTES)
OUT_POINTS = st.builds(OutPoint, HASHES, U32S)
DEPS = st.builds(CellDep, OUT_POINTS, st.integers(0, 1))
INPUTS = st.builds(CellInput, OUT_POINTS, U64S)
OUTPUTS = st.builds(CellOutput, U64S, SCRIPTS, st.none() | SCRIPTS)


def tuples(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=3).map(tuple)


TRANSACTIONS = st.builds(
    Transaction,
    version=U32S,
    cell_deps=tuples(DEPS),
    header_deps=tuples(HASHES),
    inputs=tuples(INPUTS),
    outputs=tuples(OUTPUTS),
    outputs_data=tuples(BYTES),
    witnesses=tuples(BYTES),
)


def u64_of(content: bytes) -> int:
    assert len(content) == 8
    return int.from_bytes(content, "little")


# The worked example

SCRIPT = Script(bytes.fromhex("7bd1f52e140a425693be3f1915ecea4b8d4620407c9eae6cd77c948df1fe26ed"), DATA2, b"\1\2")
INPUT = CellInput(OutPoint(b"\xbb" * 32, 0))
WORKED = Transaction(
    cell_deps=(CellDep(OutPoint(b"\xaa" * 32, 0)),),
    inputs=(INPUT,),
    outputs=(CellOutput(1000),),
    outputs_data=(b"",),
    witnesses=(b"\x11\x22\x33\x44",),
)
HEX_OF_SCRIPT = "37000000100000003000000031000000" + SCRIPT.code_hash.hex() + "04020000000102"


def test_the_programs_hash() -> None:
    assert len(SMALLEST) == 132
    assert data_hash(SMALLEST) == SCRIPT.code_hash


def test_the_script() -> None:
    assert SCRIPT.encode().hex() == HEX_OF_SCRIPT
    assert len(SCRIPT.encode()) == 55
    assert SCRIPT.hash().hex() == "e861bf617645438da76a09966481f4e718a27f168395b34c6c6ccc572f787236"


def test_the_cell() -> None:
    cell = CellOutput(0x17_4876_E800, SCRIPT)
    assert cell.encode().hex() == "4f00000010000000180000004f00000000e8764817000000" + HEX_OF_SCRIPT
    assert cell.occupied_capacity(0).to_bytes(8, "little").hex() == "00cb4c0001000000"
    assert cell.occupied_capacity(0) == (8 + 0 + 35) * 10**8


def test_the_input() -> None:
    assert INPUT.encode().hex() == "00" * 8 + "bb" * 32 + "00000000"


def test_the_transaction() -> None:
    raw, encoded = WORKED.raw, WORKED.encoded
    assert len(raw) == u32_at(raw, 0) == 222
    assert [u32_at(raw, at) for at in range(4, 28, 4)] == [28, 32, 73, 77, 125, 210]
    assert len(encoded) == u32_at(encoded, 0) == 250
    assert [u32_at(encoded, at) for at in (4, 8)] == [12, 234]
    assert encoded[12:234] == raw
    assert encoded[-4:].hex() == "11223344"
    assert WORKED.hash.hex() == "0f470d0d246e634c50fc4ccd69f9bdd5e6ed5d55c30398393eb13aefc1831aa6"


def test_the_type_id_that_it_could_make() -> None:
    """Hash of the first input and the output's index: 44 and 8 bytes."""
    found = ckb_hash(INPUT.encode() + bytes(8))
    assert found.hex() == "9e3afaee35c3ee2c8a48b7c28b62ef51fc4185dd787c2383ddb22aaa358cb397"


def test_the_run() -> None:
    """The reference makes this run too, and compares its transaction's hash."""
    surroundings = Surroundings(tx_cell_deps=WORKED.cell_deps)
    cells: dict[str, Any] = {
        "inputs": (MockCell(capacity=0x17_4876_E800, out_point=INPUT.previous_output),),
        "outputs": (MockCell(capacity=1000),),
    }
    run = play(SMALLEST, script_args=b"\1\2", witnesses=WORKED.witnesses, surroundings=surroundings, **cells)
    assert run.scheduler.table.sg_data.resolved.transaction == WORKED
    assert run.scheduler.table.sg_data.script == SCRIPT
    assert (run.exit_code, run.outcome.cycles) == (0, 539)


# Hashes


def test_the_hash_of_nothing() -> None:
    assert ckb_hash(b"").hex() == "44f4c69744d5f8c55d642062949dcae49bc4e7ef43d388c5a12f42b5633d163e"


def test_the_data_hash_of_nothing_is_zeros() -> None:
    assert data_hash(b"") == bytes(32)
    assert Cell(CellOutput(0)).data_hash == bytes(32)


@given(st.binary(min_size=1, max_size=200))
def test_the_hash_is_blake2b_with_a_personalisation(content: bytes) -> None:
    expected = hashlib.blake2b(content, digest_size=32, person=b"ckb-default-hash").digest()
    assert ckb_hash(content) == data_hash(content) == expected


def test_the_transactions_hash_is_without_witnesses() -> None:
    other = Transaction(inputs=(INPUT,), witnesses=(b"other",))
    assert other.hash == Transaction(inputs=(INPUT,)).hash == ckb_hash(other.raw)
    assert other.encoded != Transaction(inputs=(INPUT,)).encoded


def test_the_scripts_hash_covers_hash_type_and_args() -> None:
    scripts = [Script(), Script(hash_type=1), Script(args=b"\0"), Script(code_hash=b"\1" * 32)]
    assert len({script.hash() for script in scripts}) == 4


# Molecule


def test_what_is_empty() -> None:
    assert dynvec(()).hex() == table(()).hex() == "04000000"
    assert fixvec(()).hex() == byte_string(b"").hex() == "00000000"


@given(st.lists(BYTES))
def test_dynvec(items: list[bytes]) -> None:
    assert fields_of(dynvec(items)) == items


@given(st.integers(1, 5).flatmap(lambda size: st.lists(st.binary(min_size=size, max_size=size), min_size=1)))
def test_fixvec(items: list[bytes]) -> None:
    assert items_of(fixvec(items), len(items[0])) == items


@given(st.binary())
def test_byte_string(content: bytes) -> None:
    assert bytes_of(byte_string(content)) == content


# Structures


@given(SCRIPTS)
def test_script(script: Script) -> None:
    encoded = script.encode()
    code_hash, hash_type, args = fields_of(encoded)
    assert (code_hash, hash_type, bytes_of(args)) == (script.code_hash, bytes([script.hash_type]), script.args)
    assert len(encoded) == 53 + len(script.args)
    assert script.hash() == ckb_hash(encoded)


@given(INPUTS)
def test_input(given: CellInput) -> None:
    encoded = given.encode()
    assert len(encoded) == 44
    assert u64_of(encoded[:8]) == given.since
    assert encoded[8:40] == given.previous_output.tx_hash
    assert u32_at(encoded, 40) == given.previous_output.index


@given(DEPS)
def test_cell_dep(dep: CellDep) -> None:
    assert dep.encode() == dep.out_point.encode() + bytes([dep.dep_type])
    assert len(dep.encode()) == 37
    assert len(dep.out_point.encode()) == 36


@given(OUTPUTS, st.integers(0, 1000))
def test_output(output: CellOutput, data_size: int) -> None:
    """An absent type is no bytes; an occupied capacity counts 33 bytes for a script beside its args."""
    encoded = output.encode()
    capacity, lock, type_ = fields_of(encoded)
    assert (u64_of(capacity), lock) == (output.capacity, output.lock.encode())
    assert type_ == (b"" if output.type is None else output.type.encode())
    assert len(encoded) == 24 + len(lock) + len(type_)
    scripts = [output.lock] if output.type is None else [output.lock, output.type]
    occupied = 8 + data_size + sum(33 + len(script.args) for script in scripts)
    assert output.occupied_capacity(data_size) == occupied * 100_000_000


@given(TRANSACTIONS)
def test_transaction(transaction: Transaction) -> None:
    raw, witnesses = fields_of(transaction.encoded)
    assert raw == transaction.raw
    assert [bytes_of(witness) for witness in fields_of(witnesses)] == list(transaction.witnesses)
    version, cell_deps, header_deps, inputs, outputs, outputs_data = fields_of(raw)
    assert (len(version), u32_at(version, 0)) == (4, transaction.version)
    assert items_of(cell_deps, 37) == [dep.encode() for dep in transaction.cell_deps]
    assert items_of(header_deps, 32) == list(transaction.header_deps)
    assert items_of(inputs, 44) == [spent.encode() for spent in transaction.inputs]
    assert fields_of(outputs) == [output.encode() for output in transaction.outputs]
    assert [bytes_of(data) for data in fields_of(outputs_data)] == list(transaction.outputs_data)
    assert transaction.hash == ckb_hash(raw)


# Headers

OFFSETS = {
    # first byte, size
    "version": (0, 4), "compact_target": (4, 4), "timestamp": (8, 8), "number": (16, 8), "epoch": (24, 8),
    "parent_hash": (32, 32), "transactions_root": (64, 32), "proposals_hash": (96, 32), "extra_hash": (128, 32),
    "dao": (160, 32), "nonce": (192, 16),
}  # fmt: skip


@given(st.binary(min_size=208, max_size=208))
def test_header(content: bytes) -> None:
    header = Header.decode(content)
    assert header.encode() == content
    assert header.hash() == ckb_hash(content)
    for name, (start, size) in OFFSETS.items():
        value, part = getattr(header, name), content[start : start + size]
        assert value == (part if isinstance(value, bytes) else int.from_bytes(part, "little")), name


@given(st.integers(0, (1 << 24) - 1), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 255))
def test_an_epochs_parts(number: int, index: int, length: int, rest: int) -> None:
    header = Header(epoch=rest << 56 | length << 40 | index << 24 | number)
    assert (header.epoch_number, header.epoch_index, header.epoch_length) == (number, index, length)


@pytest.mark.parametrize("size", [0, 207, 209])
def test_a_header_of_another_size_is_none(size: int) -> None:
    with pytest.raises(ValueError, match=f"a header has 208 bytes, not {size}"):
        Header.decode(bytes(size))
