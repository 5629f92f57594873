"""The transactions of ``features_since_v2021.rs`` but for exec's: new instructions, pauses, and verifying in pieces."""

from __future__ import annotations

import struct

from spawnlab.scheduler.hashing import data_hash
from spawnlab.scheduler.limits import U64_MAX
from spawnlab.scheduler.verify.type_id import TYPE_ID_CYCLES

from ..asking import Values
from .case import Case, Expected, Pieces, everywhere, only, since
from .crates import program
from .draft import Draft, by_data
from .since_2019 import (
    ALWAYS_SUCCESS_CYCLES,
    ONE_TYPE_ID,
    PAYMENT_CYCLES,
    TWO_IN_TWO_OUT_CYCLES,
    payment,
    two_matches,
    type_id,
)

NUMBER = 0x0102030405060708
LIBRARIES = ("add1", "sub1", "mul2", "div2")
ARITHMETIC = "add1 mul2 add1 mul2 mul2 add1 add1 div2 sub1 div2 sub1 div2"
"""What the program loads and calls, one after the other."""
_SIZE_MAX = ALWAYS_SUCCESS_CYCLES + TYPE_ID_CYCLES
STEPS = (ALWAYS_SUCCESS_CYCLES, 540, 4_097, 250_000, 500_300, TYPE_ID_CYCLES - 1, TYPE_ID_CYCLES, _SIZE_MAX - 1)
"""From the range from which the tests take theirs."""


def alone(name: str, version: int, args: bytes = b"", *others: bytes) -> Values:
    """A program as the lock of the only input; other cell deps follow its own."""
    code = program(name)
    return Draft().dep(code, *others).input(by_data(code, version, args)).values()


def _case(test: str, name: str, expected: Expected, args: bytes = b"", *, pauses: bool = False) -> Case:
    return Case(test=test, make=lambda version: alone(name, version, args), expected=expected, raises_pauses=pauses)


def _is_even(name: str, version: int) -> Values:
    library = program("is_even.lib")
    return alone(name, version, struct.pack("<Q", 1) + data_hash(library), library)


def _arithmetic(version: int) -> Values:
    libraries = {name: program(f"{name}.lib") for name in LIBRARIES}
    hashes = {name: data_hash(library) for name, library in libraries.items()}
    code = program("load_arithmetic")
    args = struct.pack("<QQ", 0, 1) + b"".join(hashes[step] for step in ARITHMETIC.split())
    return Draft().dep(*libraries.values(), code).input(by_data(code, version, args)).values()


def _one_in_one_out(_: int) -> Values:
    return type_id(ONE_TYPE_ID, ONE_TYPE_ID)


def _payment(test: str, *pieces: Pieces, completed: tuple[int, ...] = (), long: bool = False) -> Case:
    return Case(
        test=f"check_typical_secp256k1_blake160_2_in_2_out_tx_{test}",
        make=payment,
        max_cycles=TWO_IN_TWO_OUT_CYCLES,
        expected=PAYMENT_CYCLES,
        pieces=pieces,
        completed=completed,
        long=long,
    )


_TENTH = TWO_IN_TWO_OUT_CYCLES // 10
CASES = (
    _case(
        "test_hint_instructions", "cadd_hint_lock",
        {0: "InvalidInstruction { pc: 65656, instruction: 36906 }", 1: 540, 2: 540},
    ),
    _case(
        "test_b_extension", "cpop_lock",
        {0: f"InvalidInstruction {{ pc: 65866, instruction: {0x60291913} }}", 1: 1876, 2: 1875},
        struct.pack("<QQ", NUMBER, NUMBER.bit_count()),
    ),
    _case("test_cycles_difference", "mop_adc_lock", {0: 696, 1: 686, 2: 686}),
    _case("check_current_cycles", "current_cycles", since(1)),
    _case("check_current_cycles_with_snapshot", "current_cycles_with_snapshot", since(1), pauses=True),
    _case("check_vm_version", "vm_version", only(1)),
    _case("check_vm_version_with_snapshot", "vm_version_with_snapshot", only(1), pauses=True),
    Case(
        test="check_type_id_one_in_one_out_resume1", make=_one_in_one_out, expected=everywhere(_SIZE_MAX),
        # The type id script takes all of its cycles in one piece.
        pieces=tuple(
            Pieces(step, (step, 2 * step, 2 * TYPE_ID_CYCLES)) for step in (40, 300, ALWAYS_SUCCESS_CYCLES - 1)
        ),
    ),
    Case(
        test="check_type_id_one_in_one_out_resume2", make=_one_in_one_out, expected=everywhere(_SIZE_MAX),
        pieces=tuple(Pieces(step, "next") for step in STEPS[2:]), max_cycles=2_000_000,
    ),
    Case(
        test="check_type_id_one_in_one_out_resume_with_state", make=_one_in_one_out, expected=everywhere(_SIZE_MAX),
        pieces=tuple(Pieces(step, tuple(step << double for double in range(1, 13))) for step in STEPS),
    ),
    _payment("with_chunk", *(Pieces(step, (TWO_IN_TWO_OUT_CYCLES,) * 3) for step in (77, 1_500_000)), long=True),
    _payment("with_state", Pieces(97, "next"), Pieces(123_456, "next"), long=True),
    _payment("with_snap", Pieces(_TENTH, "next"), Pieces(2_345_678, "next"), long=True),
    _payment("with_complete", completed=(_TENTH, 2 * _TENTH, 3 * _TENTH)),
    Case(
        test="load_code_into_global", make=lambda version: _is_even("load_is_even_into_global", version),
        expected={0: False, 1: 10_529, 2: 10_525},
    ),
    Case(
        test="load_code_with_snapshot", make=lambda version: _is_even("load_is_even_with_snapshot", version),
        expected={0: 11_062, 1: 11_064, 2: 11_060}, raises_pauses=True, chunks=dict.fromkeys((0, 1, 2), 2),
    ),
    Case(
        test="load_code_with_snapshot_more_times", make=_arithmetic, expected={0: 45_740, 1: 45_742, 2: 45_729},
        raises_pauses=True,
    ),
    Case(
        test="check_signature_referenced_via_type_hash_ok_with_multiple_matches", make=two_matches,
        expected={1: 539, 2: 539}, pieces=(Pieces(U64_MAX),),
    ),
)  # fmt: skip
