"""Loading what there is one of: the transaction, the script and their hashes (``syscalls`` §3, ``transaction`` §4)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from spawnlab.scheduler.chain import Script

from .environment import AS_TYPE, ENVIRONMENT, OLD, OUTPUTS, SURROUNDINGS, UNKNOWN, WITNESSES
from .environment import NEW as NEW_HEADER
from .loads import BUFFER, LOAD_SCRIPT, LOAD_SCRIPT_HASH, LOAD_TRANSACTION, LOAD_TX_HASH, load
from .molecules import bytes_of, fields_of, items_of, u32_at
from .programs import leave, spawn, wait
from .runs import Played, play


def ckb_hash(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=32, person=b"ckb-default-hash").digest()


def played(number: int) -> Played:
    run = play(load(number) + leave("a0"), **ENVIRONMENT)
    assert run.exit_code == 0
    return run


def content(run: Played) -> bytes:
    return run.memory(0, BUFFER, run.word(0, "length"))


def test_load_transaction() -> None:
    """As it is sent, with the witnesses."""
    whole = content(played(LOAD_TRANSACTION))
    raw, witnesses = fields_of(whole)
    assert [bytes_of(witness) for witness in fields_of(witnesses)] == list(WITNESSES)
    version, cell_deps, header_deps, inputs, outputs, outputs_data = fields_of(raw)
    assert u32_at(version, 0) == SURROUNDINGS.tx_version
    assert items_of(cell_deps, 37) == [b"\xaa" * 32 + b"\1\0\0\0\0", b"\xbb" * 32 + b"\0\0\0\0\1"]
    assert items_of(header_deps, 32) == [OLD.hash(), UNKNOWN, NEW_HEADER.hash()]
    null = bytes(32) + b"\xff" * 4
    assert items_of(inputs, 44) == [
        b"\1" + bytes(7) + null,
        bytes(8) + b"\xcc" * 32 + b"\2\0\0\0",
        b"\xff" * 8 + null,
        bytes(8) + null,
        bytes(8) + null,
    ]  # the sixth cell has no input
    assert [bytes_of(data) for data in fields_of(outputs_data)] == [cell.data for cell in OUTPUTS]
    capacities = [int.from_bytes(fields_of(output)[0], "little") for output in fields_of(outputs)]
    assert capacities == [cell.capacity for cell in OUTPUTS]


def test_load_tx_hash_is_that_of_the_raw_transaction() -> None:
    """Without the witnesses. The program itself is in no hash but the script's, so each is asked for its own."""
    run = played(LOAD_TX_HASH)
    transaction = run.table.sg_data.resolved.transaction
    assert content(run) == ckb_hash(fields_of(transaction.encoded)[0])


@pytest.mark.parametrize("version", [0, 1, 2])
def test_load_script(version: int) -> None:
    """The full encoding, not only the args; its hash type is the version's."""
    run = play(load(LOAD_SCRIPT) + leave("a0"), **ENVIRONMENT, version=version)
    code_hash, hash_type, args = fields_of(content(run))
    program = run.table.sg_data.resolved.cell_deps[0].data
    assert (code_hash, hash_type, bytes_of(args)) == (ckb_hash(program), bytes([2 * version]), b"some args")


@pytest.mark.parametrize("environment", [ENVIRONMENT, AS_TYPE])
def test_load_script_hash(environment: dict[str, Any]) -> None:
    both = load(LOAD_SCRIPT_HASH) + load(LOAD_SCRIPT, buffer=BUFFER + 4096, length="length2")
    run = play(both + leave("a0"), **environment)
    script = run.memory(0, BUFFER + 4096, run.word(0, "length2"))
    assert content(run) == ckb_hash(script)


def test_each_script_has_its_own_args() -> None:
    """The same program as two scripts: the args are those of the group that runs."""
    for args in (b"", b"\0", b"x" * 100):
        run = play(load(LOAD_SCRIPT) + leave("a0"), script_args=args)
        assert bytes_of(fields_of(content(run))[2]) == args


def test_a_child_loads_the_same_script() -> None:
    """The script is the group's, whichever program a VM runs."""
    child = load(LOAD_SCRIPT) + "  la t0, length\n  lb a0, 0(t0)\n" + leave("a0")
    run = play(spawn(1) + wait(1) + "  la t0, code\n  lb a0, 0(t0)\n" + leave("a0"), child, script_args=b"12345")
    assert run.exit_code == len(Script(args=b"12345").encode()) == 58
