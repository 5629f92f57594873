"""What several test files of the machine share: small machines and ELF files made by hand."""

from __future__ import annotations

import struct
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from spawnlab.vm.assembler import assemble
from spawnlab.vm.errors import VmError
from spawnlab.vm.machine import Machine, SystemCall
from spawnlab.vm.memory import EXECUTABLE, FREEZED, PAGE_SIZE
from spawnlab.vm.version import VERSIONS

CODE = 0x10000
"""Where the small programs of these tests lie."""
SIZE = 0x400000
"""Bytes of memory, by the specification."""
TOP = 2**64
ALL_VERSIONS = (0, 1, 2)

R, W, X = 4, 2, 1
"""Permissions of ELF segments."""


def words(*numbers: int) -> bytes:
    """Instruction words as bytes: two bytes for those whose low two bits are not 11, else four."""
    return b"".join(n.to_bytes(4 if n & 3 == 3 else 2, "little") for n in numbers)


def code_of(text: str) -> bytes:
    """Assembly text as machine code for :data:`CODE`."""
    return assemble(text).text


def machine_of(
    code: bytes | str,
    version: int = 2,
    *,
    at: int = CODE,
    registers: Mapping[int, int] | None = None,
    system_calls: Sequence[SystemCall] = (),
    max_cycles: int = TOP - 1,
) -> Machine:
    """A machine with ``code`` (bytes, or text to assemble) on frozen executable pages and pc at its start."""
    content = code_of(code) if isinstance(code, str) else code
    machine = Machine(VERSIONS[version], system_calls=system_calls, max_cycles=max_cycles)
    start = at - at % PAGE_SIZE
    size = -(-(at + len(content) - start) // PAGE_SIZE) * PAGE_SIZE
    machine.memory.init_pages(start, size, EXECUTABLE | FREEZED, content, at - start)
    for register, value in (registers or {}).items():
        machine.registers[register] = value % TOP
    machine.set_pc(at)
    return machine


def steps(machine: Machine, count: int) -> Machine:
    """``machine`` after ``count`` steps."""
    for _ in range(count):
        machine.step()
    return machine


@contextmanager
def fails(variant: type[VmError]) -> Generator[None]:
    """The block ends with exactly this error, not with one derived from it."""
    with pytest.raises(variant) as caught:
        yield
    assert type(caught.value) is variant


@dataclass(frozen=True)
class Segment:
    """One program header. ``offset``, ``filesz`` and ``memsz`` follow from the content unless given."""

    vaddr: int
    content: bytes = b""
    flags: int = R | X
    memsz: int | None = None
    filesz: int | None = None
    offset: int | None = None
    type: int = 1
    align: int = 1


def elf_of(*segments: Segment, entry: int = CODE, order: str = "<", phnum: int | None = None) -> bytes:
    """A 64-bit ELF file: header, program headers, and the segments' contents one after the other."""
    body = 64 + 56 * len(segments)
    headers = b""
    contents = b""
    for s in segments:
        filesz = len(s.content) if s.filesz is None else s.filesz
        memsz = filesz if s.memsz is None else s.memsz
        offset = body + len(contents) if s.offset is None else s.offset
        headers += struct.pack(order + "IIQQQQQQ", s.type, s.flags, offset, s.vaddr, 0, filesz, memsz, s.align)
        contents += s.content
    ident = b"\x7fELF\x02" + (b"\x01" if order == "<" else b"\x02") + b"\x01"
    count = len(segments) if phnum is None else phnum
    rest = struct.pack(order + "HHIQQQIHHHHHH", 2, 243, 1, entry, 64, 0, 0, 64, 56, count, 64, 0, 0)
    return ident.ljust(16, b"\0") + rest + headers + contents


EXIT_0 = words(0x00000513, 0x05D00893, 0x00000073)
"""addi a0, x0, 0; addi a7, x0, 93; ecall"""
