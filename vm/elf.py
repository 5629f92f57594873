"""Reading an ELF file as the reference does, which accepts more than a strict parser would (``vm-elf``)."""

from __future__ import annotations

import struct
from functools import lru_cache

import msgspec

from .errors import (
    ElfBits,
    ElfParseError,
    ElfSegmentAddrOrSizeError,
    ElfSegmentUnreadable,
    ElfSegmentWritableAndExecutable,
    VmError,
)
from .host_memory import SharedImage
from .memory import EXECUTABLE, FREEZED, MASK64, Memory, round_down_page, round_up_page

SHARED_MIN = 256 << 10
"""File bytes from which on machines share an image, and copy what they change. To copy less is faster."""
PT_LOAD = 1
PF_X, PF_W, PF_R = 1, 2, 4
_HEADER64 = "HHIQQQIHHHHHH"
_HEADER32 = "HHIIIIIHHHHHH"
_PROGRAM_HEADER = "IIQQQQQQ"
_IDENT_SIZE = 16
_PROGRAM_HEADER_SIZE = 56
_CLASS64 = 2
_CUT = "type is too big ({}) for {}"


class LoadingAction(msgspec.Struct, frozen=True):
    """One loadable segment as pages: ``size`` bytes at ``address``, the file's ``start`` to ``end`` at ``padding``."""

    address: int
    size: int
    flags: int
    start: int
    end: int
    padding: int


class Image(msgspec.Struct, frozen=True):
    """What loading an ELF file does: where execution starts, and the segments in the order of their headers."""

    entry: int
    actions: tuple[LoadingAction, ...]

    @property
    def file_bytes(self) -> int:
        """Bytes that loading is charged for: the file sizes of all segments, copied or not."""
        return sum(action.end - action.start for action in self.actions)


@lru_cache(maxsize=1024)
def parse(file: bytes, version: int) -> Image:
    """Read the header and program headers; nothing else is looked at. What was read of the last files is kept.

    Raises :class:`ElfParseError`, :class:`ElfBits`, :class:`ElfSegmentAddrOrSizeError`,
    :class:`ElfSegmentUnreadable`, :class:`ElfSegmentWritableAndExecutable`.
    """
    order, is_64 = _ident(file)
    header = _fields(file, order, _HEADER64 if is_64 else _HEADER32, _IDENT_SIZE)
    if not is_64:
        raise ElfBits("a 32-bit file; build for 64 bits")
    entry, table, count = header[3], header[4], header[9]
    if count > len(file) // _PROGRAM_HEADER_SIZE:
        raise ElfParseError(f"Malformed entity: Buffer is too short for {count} program headers")
    offsets = [(table + index * _PROGRAM_HEADER_SIZE) & MASK64 for index in range(count)]
    # all are read before any is looked at: where the file ends too early, that is the error
    program_headers = [_fields(file, order, _PROGRAM_HEADER, offset) for offset in offsets]
    loadable = [(index, fields) for index, fields in enumerate(program_headers) if fields[0] == PT_LOAD]
    return Image(entry, tuple(_action(fields, index, len(file), version) for index, fields in loadable))


def _ident(file: bytes) -> tuple[str, bool]:
    """Byte order for struct, and whether the file is a 64-bit one."""
    if not file:
        raise ElfParseError("bad offset 0", "the file is empty")
    if len(file) < _IDENT_SIZE:
        raise ElfParseError("Malformed entity: Too small", f"{len(file)} bytes")
    if file[:4] != b"\x7fELF":
        magic = int.from_bytes(file[:8], "little")
        raise ElfParseError(f"Invalid magic number: 0x{magic:x}", "not an ELF file")
    if file[4] not in (1, 2):
        raise ElfParseError(f"Malformed entity: invalid ELF class {file[4]:x}")
    if file[5] not in (1, 2):
        raise ElfParseError(f"Malformed entity: invalid ELF endianness DATA type {file[5]:x}")
    return "<" if file[5] == 1 else ">", file[4] == _CLASS64


def _fields(file: bytes, order: str, codes: str, offset: int) -> tuple[int, ...]:
    """Unpack, naming the place as the reference's parser does when the file ends too early."""
    size = struct.calcsize(order + codes)
    if offset + size <= len(file):
        return struct.unpack_from(order + codes, file, offset)
    at, widths = offset, (struct.calcsize(order + code) for code in codes)
    while at + (width := next(widths)) <= len(file):
        at += width
    words = f"bad offset {at}" if at >= len(file) else _CUT.format(width, len(file) - at)
    raise ElfParseError(words, "the file ends before its headers do")


def _action(program_header: tuple[int, ...], index: int, file_size: int, version: int) -> LoadingAction:
    _, flags, offset, vaddr, _, filesz, memsz, _ = program_header
    where = f"program header {index}"
    start = round_down_page(vaddr)
    padding = vaddr - start
    size = round_up_page((memsz + padding) & MASK64)
    end = (offset + filesz) & MASK64
    if offset > end or end > file_size:
        raise ElfSegmentAddrOrSizeError(f"{where}: bytes {offset} to {end} of a file of {file_size}")
    if not flags & PF_R:
        raise ElfSegmentUnreadable(where)
    if flags & PF_W and flags & PF_X:
        raise ElfSegmentWritableAndExecutable(where)
    if flags & PF_X:
        page_flags = EXECUTABLE | FREEZED
    elif flags & PF_W:
        page_flags = FREEZED if version == 0 else 0
    else:
        page_flags = FREEZED
    return LoadingAction(start, size, page_flags, offset, end, padding)


def place(memory: Memory, file: bytes, image: Image, version: int) -> int:
    """Map an image's segments (``vm-elf`` §3); returns the file bytes that loading is charged for.

    Raises what :meth:`Memory.init_pages` raises, and in version 0 :class:`MemWriteOnExecutablePage` for an executable
    segment that does not start on a page.
    """
    fresh = memory.is_untouched()
    if not (image.file_bytes >= SHARED_MIN and memory.is_zero() and _take_over(memory, file, version)):
        _map(memory, file, image, version)
    memory.image = file if fresh else None
    return image.file_bytes


def _map(memory: Memory, file: bytes, image: Image, version: int) -> None:
    for action in image.actions:
        memory.init_pages(
            action.address, action.size, action.flags, memoryview(file)[action.start : action.end], action.padding
        )
        if version == 0:
            memory.write(action.address, bytes(action.padding))


def _take_over(memory: Memory, file: bytes, version: int) -> bool:
    """Have what other machines have mapped of this file; says whether that is possible."""
    try:
        memory.take_over(_shared_image(file, version))
    except (VmError, OSError):  # what can't be mapped fails where others see it; and the host may be out of files
        return False
    return True


@lru_cache(maxsize=16)
def _shared_image(file: bytes, version: int) -> SharedImage:
    memory = Memory()
    _map(memory, file, parse(file, version), version)
    return memory.share()
