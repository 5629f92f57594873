"""Reading an ELF file (``vm-elf`` §1 and §2): each refusal with its words, and what is accepted though it is odd."""

from __future__ import annotations

import struct

import pytest

from spawnlab.vm import elf
from spawnlab.vm.errors import (
    ElfBits,
    ElfParseError,
    ElfSegmentAddrOrSizeError,
    ElfSegmentUnreadable,
    ElfSegmentWritableAndExecutable,
)

from .support import ALL_VERSIONS, CODE, EXIT_0, TOP, R, Segment, W, X, elf_of, fails

GOOD = elf_of(Segment(CODE, EXIT_0))
"""64 bytes of header, 56 of program header, 12 of code."""
every_version = pytest.mark.parametrize("version", ALL_VERSIONS)


def patched(at: int, content: bytes, file: bytes = GOOD) -> bytes:
    return file[:at] + content + file[at + len(content) :]


def refusal(file: bytes, version: int = 2) -> str:
    with pytest.raises(ElfParseError) as caught:
        elf.parse(file, version)
    assert caught.value.debug == f'ElfParseError("{caught.value.message}")'
    return caught.value.display.removeprefix("elf error: ")


REFUSED = {
    "nothing": (b"", "bad offset 0"),
    "one byte": (b"\x7f", "Malformed entity: Too small"),
    "15 bytes": (GOOD[:15], "Malformed entity: Too small"),
    "no magic": (b"MZ" + GOOD[2:], "Invalid magic number: 0x10102464c5a4d"),
    "class 0": (patched(4, b"\0"), "Malformed entity: invalid ELF class 0"),
    "class 255": (patched(4, b"\xff"), "Malformed entity: invalid ELF class ff"),
    "data 0": (patched(5, b"\0"), "Malformed entity: invalid ELF endianness DATA type 0"),
    "data 16": (patched(5, b"\x10"), "Malformed entity: invalid ELF endianness DATA type 10"),
    "class before data": (patched(4, b"\x09\x09"), "Malformed entity: invalid ELF class 9"),
    "cut before e_type": (GOOD[:16], "bad offset 16"),
    "cut in e_type": (GOOD[:17], "type is too big (2) for 1"),
    "cut before e_machine": (GOOD[:18], "bad offset 18"),
    "cut in e_version": (GOOD[:21], "type is too big (4) for 1"),
    "cut in e_entry": (GOOD[:31], "type is too big (8) for 7"),
    "cut before e_phoff": (GOOD[:32], "bad offset 32"),
    "cut in e_shstrndx": (GOOD[:63], "type is too big (2) for 1"),
    "32 bits, cut in its shorter header": (patched(4, b"\1")[:51], "type is too big (2) for 1"),
    "2 program headers in 132 bytes": (elf_of(Segment(CODE, EXIT_0), phnum=2), "type is too big (8) for 4"),
    "3 program headers in 132 bytes": (
        elf_of(Segment(CODE, EXIT_0), phnum=3),
        "Malformed entity: Buffer is too short for 3 program headers",
    ),
    "program header at the end": (patched(32, struct.pack("<Q", len(GOOD))), f"bad offset {len(GOOD)}"),
    "program header far out": (patched(32, struct.pack("<Q", TOP - 56)), f"bad offset {TOP - 56}"),
    "cut in p_type": (patched(32, struct.pack("<Q", len(GOOD) - 3)), "type is too big (4) for 3"),
    "cut before p_flags": (patched(32, struct.pack("<Q", len(GOOD) - 4)), f"bad offset {len(GOOD)}"),
    "cut in p_align": (patched(32, struct.pack("<Q", len(GOOD) - 55)), "type is too big (8) for 7"),
}


@every_version
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_elf_file_is_refused_in_the_references_words(name: str, version: int) -> None:
    file, text = REFUSED[name]
    assert refusal(file, version) == text


@every_version
def test_a_32_bit_file_is_refused_once_its_header_is_whole(version: int) -> None:
    file = patched(4, b"\1")
    with fails(ElfBits):
        elf.parse(file, version)
    with fails(ElfBits):
        elf.parse(file[:52], version)


def test_a_good_file() -> None:
    image = elf.parse(GOOD, 2)
    assert image.entry == CODE
    (action,) = image.actions
    assert action == elf.LoadingAction(CODE, 0x1000, 0x02 | 0x01, 120, 132, 0)
    assert image.file_bytes == 12


ACCEPTED = {
    "ABI version and operating system": patched(6, b"\xff" * 10),
    "type": patched(16, b"\xff\xff"),
    "machine": patched(18, b"\x3e\0"),
    "version": patched(20, b"\xff" * 4),
    "section headers": patched(40, b"\xff" * 8),
    "flags": patched(48, b"\xff" * 4),
    "header size": patched(52, b"\0\0"),
    "program header size": patched(54, b"\x40\0"),
    "counts of sections": patched(58, b"\xff" * 6),
    "physical address": patched(64 + 24, b"\xff" * 8),
    "alignment": patched(64 + 48, b"\xff" * 8),
}


@every_version
@pytest.mark.parametrize("name", ACCEPTED)
def test_fields_that_nobody_looks_at(name: str, version: int) -> None:
    assert ACCEPTED[name] != GOOD
    assert elf.parse(ACCEPTED[name], version) == elf.parse(GOOD, version)


@every_version
def test_no_program_headers_and_other_kinds_load_nothing(version: int) -> None:
    assert elf.parse(patched(32, b"\xff" * 8, elf_of(phnum=0)), version) == elf.Image(CODE, ())
    other = elf_of(
        Segment(CODE, EXIT_0, type=0), Segment(CODE, EXIT_0, type=3, flags=W | X), Segment(0, type=2, flags=0)
    )
    assert elf.parse(other, version).actions == ()


def test_a_big_endian_file_is_read_as_one() -> None:
    file = elf_of(Segment(0x12345678, EXIT_0, memsz=0x2345), entry=0x11223344, order=">")
    (action,) = elf.parse(file, 2).actions
    assert elf.parse(file, 2).entry == 0x11223344
    assert (action.address, action.size, action.padding) == (0x12345000, 0x3000, 0x678)
    assert file[action.start : action.end] == EXIT_0
    assert "Buffer is too short for 256 program headers" in refusal(patched(5, b"\2"))


FLAGS = {  # version 0, then versions 1 and 2; 1 is frozen, 2 is executable
    R | X: (3, 3),
    R | W: (1, 0),
    R: (1, 1),
    R | X | 0xFFFFFFF8: (3, 3),
}


@pytest.mark.parametrize("flags", FLAGS)
def test_permissions_become_page_flags(flags: int) -> None:
    old, new = FLAGS[flags]
    file = elf_of(Segment(CODE, EXIT_0, flags=flags))
    assert [elf.parse(file, version).actions[0].flags for version in ALL_VERSIONS] == [old, new, new]


@every_version
@pytest.mark.parametrize("flags", [0, W, X, W | X])
def test_a_segment_must_be_readable(flags: int, version: int) -> None:
    with fails(ElfSegmentUnreadable):
        elf.parse(elf_of(Segment(CODE, flags=flags)), version)


@every_version
def test_a_segment_is_not_both_writable_and_executable(version: int) -> None:
    with fails(ElfSegmentWritableAndExecutable):
        elf.parse(elf_of(Segment(CODE, flags=R | W | X)), version)


@every_version
@pytest.mark.parametrize(
    ("offset", "filesz"), [(132, 1), (0, 133), (133, 0), (TOP - 1, 0), (0, TOP - 1), (TOP - 1, 2), (8, TOP - 4)]
)
def test_a_segments_bytes_must_be_in_the_file(offset: int, filesz: int, version: int) -> None:
    file = elf_of(Segment(CODE, EXIT_0, offset=offset, filesz=filesz))
    assert len(file) == 132
    with fails(ElfSegmentAddrOrSizeError):
        elf.parse(file, version)


@pytest.mark.parametrize(("offset", "filesz"), [(132, 0), (0, 132), (131, 1)])
def test_bytes_up_to_the_end_are_in_the_file(offset: int, filesz: int) -> None:
    image = elf.parse(elf_of(Segment(CODE, EXIT_0, offset=offset, filesz=filesz)), 2)
    assert image.file_bytes == filesz


@every_version
def test_of_two_errors_in_a_header_the_place_comes_first_and_of_two_headers_the_earlier(version: int) -> None:
    outside = Segment(CODE, offset=1000, flags=W | X)
    with fails(ElfSegmentAddrOrSizeError):
        elf.parse(elf_of(outside), version)
    with fails(ElfSegmentUnreadable):
        elf.parse(elf_of(Segment(CODE, flags=W), outside), version)


@every_version
def test_all_program_headers_are_read_before_any_is_looked_at(version: int) -> None:
    """The first segment is not in the file, and the file ends within the second header."""
    file = elf_of(Segment(CODE, offset=1000), Segment(CODE))
    with pytest.raises(ElfParseError, match=r"type is too big \(8\) for 4"):
        elf.parse(file[: 64 + 56 + 12], version)


SIZES = {  # vaddr, memsz: address, size, padding
    "one byte": (0x10000, 1, 0x10000, 0x1000, 0),
    "one page": (0x10000, 0x1000, 0x10000, 0x1000, 0),
    "just more": (0x10000, 0x1001, 0x10000, 0x2000, 0),
    "not on a page": (0x10FFF, 2, 0x10000, 0x2000, 0xFFF),
    "nothing": (0x10000, 0, 0x10000, 0, 0),
    "nothing, not on a page": (0x10001, 0, 0x10000, 0x1000, 1),
    "rounding wraps": (0x10000, TOP - 1, 0x10000, 0, 0),
    "the sum wraps": (0x10010, TOP - 0x10, 0x10000, 0, 0x10),
    "just below wrapping": (0x10000, TOP - 0x1000, 0x10000, TOP - 0x1000, 0),
    "the last page": (TOP - 1, 1, TOP - 0x1000, 0x1000, 0xFFF),
}


@pytest.mark.parametrize("name", SIZES)
def test_segments_become_whole_pages(name: str) -> None:
    vaddr, memsz, *expected = SIZES[name]
    (action,) = elf.parse(elf_of(Segment(vaddr, memsz=memsz)), 2).actions
    assert [action.address, action.size, action.padding] == expected
