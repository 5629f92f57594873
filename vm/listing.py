"""Instructions of a program one after the other, as they would be decoded and fused."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from . import elf
from .decoder import decode
from .errors import VmError
from .isa.definition import Operation
from .memory import EXECUTABLE, Memory
from .version import VERSIONS


class Listed(msgspec.Struct, frozen=True):
    """One place in the code: an operation (a fused one whole), or 2 bytes that are no instruction."""

    address: int
    bytes: bytes
    operation: Operation | None


def listed(file: bytes, version: int) -> Iterator[Listed]:
    """The code of all executable segments in the order of the program headers; raises what parsing and loading raise.

    Decoding starts at each segment's first byte. Where the bytes are no instruction it goes on 2 bytes later.
    """
    image = elf.parse(file, version)
    memory = Memory()
    elf.place(memory, file, image, version)
    for action in image.actions:
        if action.flags & EXECUTABLE:
            start = action.address + action.padding
            size = min(action.end - action.start, action.size - action.padding)
            yield from _segment(memory, start, start + size, version)


def _segment(memory: Memory, address: int, end: int, version: int) -> Iterator[Listed]:
    while address < end:
        operation: Operation | None
        try:
            operation = decode(address, memory.fetch, VERSIONS[version])
        except VmError:  # no instruction, or one that is cut by the end of the executable pages
            operation = None
        length = operation.length if operation else 2
        yield Listed(address, memory.read(address, min(length, end - address)), operation)
        address += length
