"""The transactions of ``features_since_v2021.rs`` with exec: from each place, once and a hundred times."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

import msgspec

from spawnlab.scheduler.hashing import data_hash

from ..asking import Values
from .case import Case, Expected, everywhere, since
from .crates import program
from .draft import Draft, by_data
from .places import CELL, CELLS, GROUP, INPUT, WITNESS, WITNESSES, Place, transaction
from .since_2021 import alone

CALLEE = "exec_configurable_callee"
WRONG = bytes((0, 1, 2, 3))
"""No program."""
RUNS = (
    ("no_load", 0b0000, 2, 1, 101, 1, 1),
    ("and_load_before", 0b0001, 1, 1, 51, 2, 4),
    ("and_load_after", 0b0100, 2, 2, 101, 2, 3),
    ("and_load_both_and_write", 0b0111, 1, 2, 51, 4, 6),
)
"""Name; flags; number at the start and at the end for one exec, then for a hundred; pieces besides one an exec."""


def _args(place: Place, flag: int, times: int, number: int, expected: int) -> bytes:
    numbers = struct.pack("<BQQQ4Q", flag, times, number, expected, *place.numbers)
    return numbers + data_hash(program("mul2.lib"))


def _from(place: Place, args: bytes, other: bytes, version: int) -> Values:
    caller = program("exec_configurable_caller")
    deps = (caller, program(CALLEE), program("mul2.lib"))
    return transaction(place, by_data(caller, version, args), deps, other, program("always_success"))


def _once(
    test: str, place: Place, expected: Expected, *, in_front: int = 0, chunks: Mapping[int, int] | None = None
) -> Case:
    """One exec and no loading; the witness may have some bytes before the program."""
    args = _args(place, 0b0000, 1, 2, 1)
    return Case(
        test=test,
        note=place.name,
        make=lambda version: _from(place, args, bytes(in_front) + program(CALLEE), version),
        expected=expected,
        raises_pauses=True,
        chunks=chunks or {},
    )


def _from_everywhere() -> Iterator[Case]:
    for kind, places in (("cell_data", CELLS), ("witness", WITNESSES)):
        for name, flag, first, last, first_of_many, last_of_many, more in RUNS:
            for times, number, expected in ((1, first, last), (100, first_of_many, last_of_many)):
                for place in places:
                    yield Case(
                        test=f"exec_from_{kind}_{times}times_{name}",
                        note=place.name,
                        make=lambda version, made=(place, flag, times, number, expected): _from(
                            made[0], _args(*made), program(CALLEE), version
                        ),
                        expected=since(1),
                        raises_pauses=True,
                        chunks=dict.fromkeys((1, 2), times + more),
                        long=times > 1 and (place is not places[0] or (kind == "witness" and flag != 0)),
                    )


def _out_of_bound() -> Iterator[Case]:
    for test, index, place, sources in (
        ("exec_from_witness_source_out_bound", 0, WITNESS, (3, 4)),
        ("exec_from_witness_source_out_bound", 0, CELL, (GROUP | 3, GROUP | 4)),
        ("exec_from_cell_data_source_out_bound", 1, CELL, (4, GROUP | 3, GROUP | 4)),
    ):
        for source in sources:
            where = Place(f"{index} of source {source:#x}", index, source, place)
            yield _once(test, where, {0: False, 1: "see error code 1 ", 2: "see error code 1 "})
    nowhere = Place("place 3", 0, INPUT, 3)
    expected: Expected = {0: False, 1: "Place parse_from_u64", 2: "see error code 1 "}
    yield _once("exec_from_witness_place_error", nowhere, expected)


def _slices() -> Iterator[Case]:
    size = len(program(CALLEE))
    late = ((size - 1) << 32) | 1
    for name, bounds, in_front, expected in (
        ("all of it", size, 0, since(1)),
        ("one byte too many", size + 1, 0, {0: False, 1: "see error code 3 ", 2: True}),
        ("the last byte", late, 0, {0: False, 1: "MemWriteOnExecutablePage", 2: "Malformed entity: Too small"}),
        ("all but what is in front", (10 << 32) | size, 10, since(1)),
    ):
        place = Place(name, 0, INPUT, WITNESS, bounds)
        chunks = {version: 2 for version, passes in expected.items() if passes is True}
        yield _once("exec_slice", place, expected, in_front=in_front, chunks=chunks)


def _witness(version: int) -> Values:
    caller = program("exec_caller_from_witness")
    return Draft().dep(caller).input(by_data(caller, version)).witness(program("exec_callee")).values()


def _calls(test: str, caller: str, other: bytes, expected: Expected) -> Case:
    return Case(test=test, make=lambda version: alone(caller, version, b"", other), expected=expected)


def cases() -> Iterator[Case]:
    """All of them."""
    caller, big = "exec_caller_from_cell_data", "exec_caller_big_offset_length"
    yield _calls("check_exec_from_cell_data", caller, program("exec_callee"), since(1))
    yield Case(test="check_exec_from_witness", make=_witness, expected={0: False, 1: 1200, 2: 76198})
    wrong = _calls("check_exec_wrong_callee_format", caller, WRONG, everywhere(False))
    yield wrong
    asynchronous = f"async_{wrong.test}"
    yield msgspec.structs.replace(wrong, test=asynchronous, signals=("suspend", 500, "resume"))
    expected: Expected = {0: False, 1: "see error code 3 ", 2: "VM Internal Error: ElfParseError"}
    yield _calls("check_exec_big_offset_length", big, WRONG, expected)
    yield from _from_everywhere()
    yield from _out_of_bound()
    yield from _slices()
    pausing = _calls("check_exec_callee_pause", caller, program("exec_callee_pause"), since(1))
    yield msgspec.structs.replace(pausing, raises_pauses=True, chunks={1: 6, 2: 6})
