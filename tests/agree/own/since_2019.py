"""The transactions of ``features_since_v2019.rs``: signatures (of a kind), type ids, the usual payment, loaded code."""

from __future__ import annotations

import struct

from spawnlab.scheduler.chain import DATA, TYPE, Script
from spawnlab.scheduler.hashing import ckb_hash, data_hash
from spawnlab.scheduler.molecule import u64
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH, TYPE_ID_CYCLES

from ..asking import Values
from .case import Case, Pieces, everywhere
from .crates import program, two_in_two_out
from .draft import Draft, by_data, plain

ALWAYS_SUCCESS_CYCLES = 537
TWO_IN_TWO_OUT_CYCLES = 3_500_000
"""The limit of the tests."""
PAYMENT_CYCLES = {0: 3_352_333, 1: 3_334_802, 2: 3_225_879}
SIGNED = b"foobar" + b"p" * 66 + b"s" * 140
"""Stands for a text with a key and a signature, which these programs do not look at."""
CODE_TYPE = Script(bytes.fromhex("123456abcd90").rjust(32, b"\0"), DATA)
"""The type script of a cell that is code."""
ONE_TYPE_ID = b"\x11\x11".rjust(32, b"\0")


def _lock(name: str, args: bytes = b"") -> Values:
    code = program(name)
    return Draft().dep(code).input(plain(code, args)).values()


def _by_type(deps: int) -> Values:
    draft = Draft()
    for _ in range(deps):
        draft.dep(program("always_success"), type=CODE_TYPE)
    return draft.input(Script(CODE_TYPE.hash(), TYPE, SIGNED)).values()


def signature_by_type_hash(_: int) -> Values:
    """The lock is found by the type script of its code."""
    return _by_type(1)


def two_matches(_: int) -> Values:
    """Two cells have that type script, with the same data."""
    return _by_type(2)


def _no_dep(_: int) -> Values:
    return Draft().input(plain(program("always_success"), SIGNED)).values()


def _output_type(name: str, args: bytes = SIGNED) -> Values:
    code, lock = program(name), program("always_success")
    return Draft().dep(code, lock).input(plain(lock)).output(type=plain(code, args)).values()


def _lock_and_type(_: int) -> Values:
    code = program("always_success")
    script = plain(code, SIGNED)
    return Draft().dep(code).input(script, type=script).values()


def type_id(before: bytes | None, *after: bytes | None) -> Values:
    """A cell that may have a type id is spent, and others are made; these are the args."""
    code = program("always_success")
    draft = Draft().dep(code)
    draft.input(plain(code), type=_type_id(before))
    for args in after:
        draft.output(plain(code), type=_type_id(args))
    return draft.values()


def _type_id(args: bytes | None) -> Script | None:
    return None if args is None else Script(TYPE_ID_CODE_HASH, TYPE, args)


def _created(more: bytes, *, since: bool, after: bytes = b"") -> Values:
    """Args of a hash of the input, all of it or its out point only, the number of the output, and more."""
    previous = type_id(None, b"")["tx"]["inputs"][0]["previous_output"]
    out_point = bytes.fromhex(previous["tx_hash"][2:]) + int(previous["index"], 16).to_bytes(4, "little")
    return type_id(None, ckb_hash((u64(0) if since else b"") + out_point + u64(0) + more) + after)


def _loaded_to_stack(flag: int, size: int, version: int) -> Values:
    code, library = program("load_code_to_stack_then_reuse"), program("is_even.lib")
    args = struct.pack("<BQ", flag, size) + data_hash(library)
    return Draft().dep(code, library).input(by_data(code, version, args)).values()


def payment(_: int) -> Values:
    """Two signed inputs."""
    return two_in_two_out()


_SUCCESS, _FAILURE = "always_success", "always_failure"
_WITH_TYPE_ID = ALWAYS_SUCCESS_CYCLES + TYPE_ID_CYCLES
_STACK = "load_code_to_stack_then_reuse_case"
CASES = (
    Case(test="check_always_success_hash", make=lambda _: _lock(_SUCCESS), expected=everywhere(537)),
    Case(test="check_signature", make=lambda _: _lock(_SUCCESS, SIGNED), expected=everywhere(537)),
    Case(
        test="check_signature", note="not enough cycles", make=lambda _: _lock(_SUCCESS, SIGNED), max_cycles=536,
        expected=everywhere("Inputs[0].Lock, cause: ExceededMaximumCycles: expect cycles <= 536"),
    ),
    Case(
        test="check_signature_referenced_via_type_hash", make=signature_by_type_hash, expected={0: 537, 1: 539, 2: 539}
    ),
    Case(
        test="check_invalid_signature", make=lambda _: _lock(_FAILURE, SIGNED),
        expected=everywhere("Inputs[0].Lock, cause: ValidationFailure: see error code -1 "),
    ),
    Case(
        test="check_invalid_dep_reference", make=_no_dep, expected=everywhere("Inputs[0].Lock, cause: ScriptNotFound")
    ),
    Case(test="check_output_contract", make=lambda _: _output_type(_SUCCESS), expected=everywhere(1074)),
    Case(
        test="check_invalid_output_contract", make=lambda _: _output_type(_FAILURE),
        expected=everywhere("Outputs[0].Type, cause: ValidationFailure: see error code -1 "),
    ),
    Case(
        test="check_same_lock_and_type_script_are_executed_twice", make=_lock_and_type, expected=everywhere(2 * 537)
    ),
    Case(
        test="check_type_id_one_in_one_out", make=lambda _: type_id(ONE_TYPE_ID, ONE_TYPE_ID),
        max_cycles=2 * TYPE_ID_CYCLES, expected=everywhere(_WITH_TYPE_ID),
    ),
    Case(
        test="check_type_id_one_in_one_out_not_enough_cycles", make=lambda _: type_id(ONE_TYPE_ID, ONE_TYPE_ID),
        max_cycles=TYPE_ID_CYCLES - 1,
        expected=everywhere("Inputs[0].Type, cause: ExceededMaximumCycles: expect cycles <= 999462"),
    ),
    Case(
        test="check_type_id_creation", make=lambda _: _created(b"", since=True), expected=everywhere(_WITH_TYPE_ID)
    ),
    Case(
        test="check_type_id_termination", make=lambda _: type_id(ONE_TYPE_ID, None),
        expected=everywhere(_WITH_TYPE_ID),
    ),
    Case(
        test="check_type_id_invalid_creation", make=lambda _: _created(b"unnecessary data", since=False),
        expected=everywhere("Outputs[0].Type, cause: ValidationFailure: see error code -3 "),
    ),
    Case(
        test="check_type_id_invalid_creation_length", make=lambda _: _created(b"", since=False, after=b"abc"),
        expected=everywhere("Outputs[0].Type, cause: ValidationFailure: see error code -1 "),
    ),
    Case(
        test="check_type_id_one_in_two_out", make=lambda _: type_id(ONE_TYPE_ID, ONE_TYPE_ID, ONE_TYPE_ID),
        max_cycles=2 * TYPE_ID_CYCLES,
        expected=everywhere("Inputs[0].Type, cause: ValidationFailure: see error code -2 "),
    ),
    Case(
        test="check_typical_secp256k1_blake160_2_in_2_out_tx", make=payment, max_cycles=TWO_IN_TWO_OUT_CYCLES,
        expected=PAYMENT_CYCLES,
    ),
    Case(
        test=_STACK + "1_load_and_write", make=lambda version: _loaded_to_stack(0b111, 40960, version),
        expected=everywhere("Inputs[0].Lock, cause: VM Internal Error: MemWriteOnExecutablePage"),
    ),
    Case(
        test=_STACK + "2_but_not_overlap", make=lambda version: _loaded_to_stack(0b111, 4, version),
        expected=everywhere(True),
    ),
    Case(
        test=_STACK + "3_init_but_not_load", make=lambda version: _loaded_to_stack(0b101, 40960, version),
        expected=everywhere(True),
    ),
    Case(
        test=_STACK + "4_load_but_not_write", make=lambda version: _loaded_to_stack(0x011, 40960, version),
        expected=everywhere(True),
    ),
    Case(test="check_debugger", make=lambda _: _output_type("debugger", b""), expected=everywhere(True)),
    Case(
        test="check_typical_secp256k1_blake160_2_in_2_out_resume_load_cycles", make=payment,
        max_cycles=TWO_IN_TWO_OUT_CYCLES, expected=PAYMENT_CYCLES, long=True,
        pieces=tuple(Pieces(step, "next") for step in (23, 34, 44)),
    ),
)  # fmt: skip
