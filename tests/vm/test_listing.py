"""Listing a program: what is fused is one place, and listing goes on behind what is no instruction."""

from __future__ import annotations

import pytest

from spawnlab.vm.errors import ElfParseError
from spawnlab.vm.listing import listed

from .support import CODE, R, Segment, W, elf_of, fails, words

LUI, ADDIW = words(0x123452B7), words(0x6782829B)  # lui t0, 0x12345; addiw t0, t0, 0x678
C_NOP = words(0x0001)

Place = tuple[int, bytes, str | None]


def places(*segments: Segment, version: int = 2) -> list[Place]:
    return [
        (place.address, place.bytes, place.operation and place.operation.mnemonic)
        for place in listed(elf_of(*segments), version)
    ]


def test_one_operation_after_the_other() -> None:
    code = Segment(CODE, C_NOP + LUI + ADDIW + C_NOP)
    end = (CODE + 10, C_NOP, "addi")
    assert places(code) == [(CODE, C_NOP, "addi"), (CODE + 2, LUI + ADDIW, "load.imm"), end]
    assert places(code, version=0) == [(CODE, C_NOP, "addi"), (CODE + 2, LUI, "lui"), (CODE + 6, ADDIW, "addiw"), end]


def test_what_is_no_instruction_is_two_bytes() -> None:
    assert places(Segment(CODE, words(0xFFFFFFFF) + C_NOP)) == [
        (CODE, b"\xff\xff", None),
        (CODE + 2, b"\xff\xff", None),
        (CODE + 4, C_NOP, "addi"),
    ]


def test_an_instruction_that_the_code_ends_in() -> None:
    """The page after the code is not executable, so the last word is only half there."""
    *_, before, last = places(Segment(CODE, C_NOP * 2047 + LUI[:2]))
    assert before == (CODE + 4092, C_NOP, "addi")
    assert last == (CODE + 4094, LUI[:2], None)


def test_an_odd_byte_at_the_end() -> None:
    assert places(Segment(CODE, C_NOP + b"\xff")) == [(CODE, C_NOP, "addi"), (CODE + 2, b"\xff", None)]


def test_only_code_is_listed_and_in_the_order_of_the_headers() -> None:
    found = places(
        Segment(0x30000, C_NOP), Segment(0x20000, C_NOP, flags=R | W), Segment(0x12345, C_NOP), Segment(0x40000)
    )
    assert [address for address, _, _ in found] == [0x30000, 0x12345]


def test_what_is_no_program_is_refused() -> None:
    with fails(ElfParseError):
        list(listed(b"\x7fELF", 2))


@pytest.mark.parametrize("memsz", [2, 4097])
def test_zeros_behind_the_file_bytes_are_not_listed(memsz: int) -> None:
    assert len(places(Segment(CODE, C_NOP, memsz=memsz))) == 1
