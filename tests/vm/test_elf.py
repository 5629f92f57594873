"""Reading ELF files as the reference does (``vm-elf``): what is refused with which words, and what is accepted."""

from __future__ import annotations

import struct

import pytest

from spawnlab.vm import elf
from spawnlab.vm.errors import VmError
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED
from spawnlab.vm.version import VERSIONS

R, W, X = 4, 2, 1
EXIT = bytes.fromhex("130500009308d00573000000")  # li a0, 0; li a7, 93; ecall
Segment = tuple[int, int, int, int, int]
"""Flags, offset, address, bytes in the file, bytes in memory."""


def file(*segments: Segment, entry: int = 0x10000, order: str = "<", content: bytes = EXIT, **fields: int) -> bytes:
    """An ELF file with ``content`` at offset 0x400."""
    ident = b"\x7fELF\x02" + (b"\1" if order == "<" else b"\2") + b"\1".ljust(10, b"\0")
    header = {"type": 2, "machine": 243, "version": 1, "phoff": 64, "phentsize": 56, "phnum": len(segments)} | fields
    made = ident + struct.pack(
        f"{order}HHIQQQIHHHHHH", header["type"], header["machine"], header["version"], entry, header["phoff"],
        0, 0, 64, header["phentsize"], header["phnum"], 64, 0, 0,
    )  # fmt: skip
    for flags, offset, address, size, memory_size in segments:
        made += struct.pack(f"{order}IIQQQQQQ", 1, flags, offset, address, address, size, memory_size, 4096)
    return made.ljust(0x400, b"\0") + content


CODE: Segment = (R | X, 0x400, 0x10000, 12, 12)
GOOD = file(CODE)


def error_of(content: bytes, version: int = 2) -> str:
    with pytest.raises(VmError) as caught:
        Machine(VERSIONS[version]).load_elf(content)
    return caught.value.debug


def run(content: bytes, version: int = 2) -> int | None:
    machine = Machine(VERSIONS[version])
    machine.load_program(content)
    return machine.run()


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_good_file(version: int) -> None:
    machine = Machine(VERSIONS[version])
    assert machine.load_elf(GOOD) == 12
    assert machine.this_pc == 0x10000
    assert machine.memory.flags[16] == EXECUTABLE | FREEZED | DIRTY
    assert run(GOOD, version) == 0


@pytest.mark.parametrize(
    ("content", "debug"),
    [
        (b"", 'ElfParseError("bad offset 0")'),
        (GOOD[:15], 'ElfParseError("Malformed entity: Too small")'),
        (b"0123456789abcdef", 'ElfParseError("Invalid magic number: 0x3736353433323130")'),
        (GOOD[:4] + b"\3" + GOOD[5:], 'ElfParseError("Malformed entity: invalid ELF class 3")'),
        (GOOD[:5] + b"\0" + GOOD[6:], 'ElfParseError("Malformed entity: invalid ELF endianness DATA type 0")'),
        (GOOD[:16], 'ElfParseError("bad offset 16")'),
        (GOOD[:56], 'ElfParseError("bad offset 56")'),
        (GOOD[:4] + b"\1" + GOOD[5:], "ElfBits"),
        (GOOD[:64], 'ElfParseError("bad offset 64")'),
        (file(CODE, phnum=60), 'ElfParseError("Malformed entity: Buffer is too short for 60 program headers")'),
        (file(CODE, phoff=0x40C), 'ElfParseError("bad offset 1036")'),
        (file((R | X, 0x400, 0x10000, 13, 13)), "ElfSegmentAddrOrSizeError"),
        (file((R | X, 0x401, 0x10000, 2**64 - 1, 12)), "ElfSegmentAddrOrSizeError"),
        (file((X, 0x400, 0x10000, 12, 12)), "ElfSegmentUnreadable"),
        (file((W | X, 0x400, 0x10000, 12, 12)), "ElfSegmentUnreadable"),
        (file((R | W | X, 0x400, 0x10000, 12, 12)), "ElfSegmentWritableAndExecutable"),
        (file((0, 0x400, 0x10000, 13, 13)), "ElfSegmentAddrOrSizeError"),
        (file((R | X, 0x400, 0x400000, 12, 12)), "MemOutOfBound"),
        (file((R | X, 0x400, 0x10000, 12, 4 << 20)), "MemOutOfBound"),
        (file((R, 0x400, 0x10001, 12, 2**64 - 1)), "MemOutOfBound"),
        (file(CODE, CODE), "MemWriteOnFreezedPage"),
    ],
)
def test_what_is_refused(content: bytes, debug: str) -> None:
    for version in (0, 1, 2):
        assert error_of(content, version) == debug


def test_all_headers_are_read_before_anything_is_written() -> None:
    machine = Machine(VERSIONS[2])
    with pytest.raises(VmError):
        machine.load_elf(file((R | W, 0x400, 0x20000, 12, 12), (X, 0x400, 0x10000, 12, 12)))
    assert not any(machine.memory.flags)


@pytest.mark.parametrize("fields", [{"type": 77}, {"machine": 62}, {"version": 9}, {"phentsize": 1}])
def test_what_a_strict_parser_would_refuse(fields: dict[str, int]) -> None:
    assert run(file(CODE, entry=0x10000, order="<", content=EXIT, **fields)) == 0


def test_big_endian_headers() -> None:
    assert run(file(CODE, order=">")) == 0


def test_other_kinds_of_segments_are_ignored() -> None:
    note = bytearray(GOOD)
    struct.pack_into("<I", note, 64, 4)
    assert error_of_run(bytes(note)) == "MemWriteOnExecutablePage"


def error_of_run(content: bytes, version: int = 2) -> str:
    with pytest.raises(VmError) as caught:
        run(content, version)
    return caught.value.debug


def test_no_program_headers_load_nothing() -> None:
    assert error_of_run(file(phnum=0)) == "MemWriteOnExecutablePage"


def test_a_bad_entry_fails_at_the_first_fetch() -> None:
    assert error_of_run(file(CODE, entry=0x400000)) == "MemOutOfBound"
    assert error_of_run(file(CODE, entry=0x20000)) == "MemWriteOnExecutablePage"


def test_sizes_that_wrap_load_nothing_and_are_charged() -> None:
    machine = Machine(VERSIONS[2])
    assert machine.load_elf(file((R | X, 0x400, 0x10000, 12, 2**64 - 1))) == 12
    assert machine.memory.flags[16] == 0
    assert machine.load_elf(file((R | X, 0x400, 4 << 20, 12, 0))) == 12


def test_file_bytes_beyond_the_memory_size_appear_up_to_the_page() -> None:
    machine = Machine(VERSIONS[2])
    machine.load_elf(file((R, 0x400, 0x20000, 12, 1)))
    assert machine.memory.read(0x20000, 12) == EXIT


def test_a_segment_within_its_page() -> None:
    unaligned = file((R | X, 0x400, 0x10010, 12, 12), entry=0x10010)
    assert run(unaligned, 1) == run(unaligned, 2) == 0
    assert error_of(unaligned, 0) == "MemWriteOnExecutablePage"  # version 0 stores zeros before the segment again


@pytest.mark.parametrize(("flags", "expected"), [(R | W, 0), (R, FREEZED), (R | X, EXECUTABLE | FREEZED)])
def test_page_flags(flags: int, expected: int) -> None:
    for version in (0, 1, 2):
        image = elf.parse(file((flags, 0x400, 0x20000, 12, 12)), version)
        frozen = FREEZED if version == 0 else 0
        assert image.actions[0].flags == expected | frozen


def test_writable_segments_that_share_a_page() -> None:
    """From version 1 on the second wipes what the first put there."""
    shared = file((R | W, 0x400, 0x20000, 4, 4), (R | W, 0x404, 0x20800, 4, 4))
    assert error_of(shared, 0) == "MemWriteOnFreezedPage"
    machine = Machine(VERSIONS[1])
    assert machine.load_elf(shared) == 8
    assert machine.memory.read(0x20000, 4) == bytes(4)
    assert machine.memory.read(0x20800, 4) == EXIT[4:8]
