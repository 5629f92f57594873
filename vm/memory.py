"""The memory of one machine: 4 MiB in 1024 pages with flags (``vm-memory``)."""

from __future__ import annotations

from .errors import (
    MemOutOfBound,
    MemPageUnalignedAccess,
    MemWriteOnExecutablePage,
    MemWriteOnFreezedPage,
)
from .host_memory import (
    FLAGS_AT,
    GUEST_AT,
    MEMORY_SIZE,
    PAGE_SHIFT,
    PAGE_SIZE,
    PAGES,
    Block,
    SharedImage,
    leave_block,
    zero_block,
)

STACK_SIZE = MEMORY_SIZE // 4
"""Bytes at the memory's end that arguments may take."""

FREEZED = 0x01
"""The page may not be mapped again. It can be written all the same."""
EXECUTABLE = 0x02
"""The page can be fetched from, and not be written."""
DIRTY = 0x04
"""The page was written; a snapshot has to keep its bytes."""

MASK64 = (1 << 64) - 1
_NO_FLAGS = bytes(PAGES)
IS_EXECUTABLE = bytes(1 if flags & EXECUTABLE else 0 for flags in range(256))
"""For :meth:`bytes.translate`: flags of pages to whether each can be executed."""
_MADE_DIRTY = bytes(flags | DIRTY for flags in range(256))


def round_down_page(address: int) -> int:
    """The start of the page that holds ``address``."""
    return address & ~(PAGE_SIZE - 1)


def round_up_page(size: int) -> int:
    """``size`` as whole pages, wrapping at 2^64 as the reference does."""
    return (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1) & MASK64


class Memory:
    """Bytes and page flags. Addresses are 0 to 2^64 - 1; all but the lowest 4 MiB are out of bounds.

    Both lie in one block, with a page before them that belongs to whatever engine runs the machine.
    """

    __slots__ = ("_is_its_own", "block", "data", "flags", "image", "reusable", "tracked")

    def __init__(self) -> None:
        self._have(zero_block())
        self._is_its_own = False
        """Whether no other memory may have the block: flags don't tell where it holds other than zeros."""
        self.image: bytes | None = None
        """The file that all executable pages came from, if it is known to be one."""
        self.tracked: set[int] = set()
        """Pages that may have lost their flags but not their bytes; see :mod:`.snapshot`."""
        self.reusable = False
        """Set by who knows that the machine is done with it, and that all that was written has its mark in flags."""

    def _have(self, block: Block) -> None:
        self.block = block
        whole = memoryview(block)
        self.data = whole[GUEST_AT : GUEST_AT + MEMORY_SIZE]
        self.flags = whole[FLAGS_AT : FLAGS_AT + PAGES]

    def __del__(self) -> None:
        """Leave the block to another memory, if that was allowed and nobody else can see it."""
        if getattr(self, "reusable", False) and not self._is_its_own:
            self._leave()

    def _leave(self) -> None:
        touched = bytearray(self.flags)
        for page in self.tracked:
            touched[page] = 1
        self.data.release()
        self.flags.release()
        block = self.block
        del self.block
        leave_block(block, touched)

    def share(self) -> SharedImage:
        """What it holds now, for other memories."""
        return SharedImage(self.block)

    def take_over(self, image: SharedImage) -> None:
        """Hold what the image does; nothing may have been mapped or written before. Raises :class:`OSError`."""
        block = image.block()
        self._leave()
        self._have(block)
        self._is_its_own = True

    def fill(self, pattern: bytes, size: int) -> None:
        """Hold a pattern over and over in the first ``size`` bytes, in place of zeros, as if nothing were written.

        Nothing may have been mapped or written before.
        """
        self._is_its_own = True
        for start in range(0, size, len(pattern)):
            end = min(start + len(pattern), size)
            self.block[start + GUEST_AT : end + GUEST_AT] = pattern[: end - start]

    def load(self, address: int, width: int) -> int:
        """``width`` bytes as a little-endian number; raises :class:`MemOutOfBound`."""
        end = address + width
        if end > MEMORY_SIZE:
            raise _out_of_bound("read", address, width)
        return int.from_bytes(self.block[address + GUEST_AT : end + GUEST_AT], "little")

    def store(self, address: int, width: int, value: int) -> None:
        """Store the low ``width`` (1 to 8) bytes of ``value``.

        Raises :class:`MemOutOfBound` or :class:`MemWriteOnExecutablePage`; then nothing was written.
        """
        end = address + width
        if end > MEMORY_SIZE:
            raise _out_of_bound("write", address, width)
        flags = self.flags
        first, last = address >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT
        if flags[first] != DIRTY or flags[last] != DIRTY:
            if (flags[first] | flags[last]) & EXECUTABLE:
                raise _write_on_executable(address, width)
            flags[first] |= DIRTY
            flags[last] |= DIRTY
        self.block[address + GUEST_AT : end + GUEST_AT] = (value & ((1 << (width * 8)) - 1)).to_bytes(width, "little")

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes. Nothing is checked for a size of 0. Raises :class:`MemOutOfBound`."""
        if size == 0:
            return b""
        if address + size > MEMORY_SIZE:
            raise _out_of_bound("read", address, size)
        return self.block[address + GUEST_AT : address + size + GUEST_AT]

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Store bytes, all of them or none. Nothing is checked for no bytes.

        Raises :class:`MemOutOfBound` or :class:`MemWriteOnExecutablePage`.
        """
        size = len(data)
        if size == 0:
            return
        end = address + size
        if end > MEMORY_SIZE:
            raise _out_of_bound("write", address, size)
        first, last = address >> PAGE_SHIFT, ((end - 1) >> PAGE_SHIFT) + 1
        flags = bytes(self.flags[first:last])
        if flags.translate(IS_EXECUTABLE).find(1) >= 0:
            raise _write_on_executable(address, size)
        self.flags[first:last] = flags.translate(_MADE_DIRTY)
        self.block[address + GUEST_AT : end + GUEST_AT] = data

    def fetch(self, pc: int) -> int:
        """The instruction word at ``pc``: 4 bytes, or 2 where the low two bits are not 11 (``vm-isa`` §2).

        Raises :class:`MemOutOfBound`, or :class:`MemWriteOnExecutablePage` where a page is not executable.
        """
        if pc & (PAGE_SIZE - 1) < PAGE_SIZE - 2:
            word = self._execute_load(pc, 4)
            return word if word & 3 == 3 else word & 0xFFFF
        word = self._execute_load(pc, 2)
        return word | self._execute_load(pc + 2, 2) << 16 if word & 3 == 3 else word

    def _execute_load(self, address: int, width: int) -> int:
        end = address + width
        if end > MEMORY_SIZE:
            raise MemOutOfBound(f"pc 0x{address:x} is beyond the memory's end")
        if not self.flags[address >> PAGE_SHIFT] & self.flags[(end - 1) >> PAGE_SHIFT] & EXECUTABLE:
            raise MemWriteOnExecutablePage(f"the page at pc 0x{address:x} is not executable")
        return int.from_bytes(self.block[address + GUEST_AT : end + GUEST_AT], "little")

    def init_pages(self, address: int, size: int, flags: int, source: bytes | memoryview, offset: int = 0) -> None:
        """Map pages: zeros, and ``source`` from ``offset`` bytes after ``address`` on (``vm-memory`` §4).

        Raises :class:`MemPageUnalignedAccess`, :class:`MemOutOfBound` or :class:`MemWriteOnFreezedPage`. In the last
        case the pages before the frozen one keep the new flags, which a program can meet after exec of version 1.
        """
        if address % PAGE_SIZE or round_up_page(size) != size:
            raise MemPageUnalignedAccess(f"mapping 0x{size:x} bytes at 0x{address:x}")
        if address > MEMORY_SIZE or size > MEMORY_SIZE or address + size > MEMORY_SIZE or offset > size:
            raise MemOutOfBound(f"mapping 0x{size:x} bytes at 0x{address:x}")
        pages = range(address >> PAGE_SHIFT, (address + size) >> PAGE_SHIFT)
        self.image = None  # also if it fails: pages that hold anything may have become executable
        for page in pages:
            if self.flags[page] & FREEZED:
                raise MemWriteOnFreezedPage(f"mapping the page at 0x{page << PAGE_SHIFT:x} again")
            self.flags[page] |= flags
        content = source[: size - offset]
        start, end = address + offset, address + size
        filled = start + len(content)
        self.data[address:start] = bytes(offset)
        self.data[start:filled] = content
        self.data[filled:end] = bytes(end - filled)
        for page in pages:
            self.flags[page] |= DIRTY

    def is_untouched(self) -> bool:
        """Whether no page has a flag: nothing was mapped or written."""
        return bytes(self.flags) == _NO_FLAGS

    def is_zero(self) -> bool:
        """Whether it is untouched, and holds zeros."""
        return not self._is_its_own and self.is_untouched()

    def read_c_string(self, address: int) -> bytes:
        """The bytes from ``address`` to before the next NUL; raises :class:`MemOutOfBound` where there is none."""
        if address >= MEMORY_SIZE:
            raise _out_of_bound("read", address, 1)
        end = self.block.find(b"\0", address + GUEST_AT, GUEST_AT + MEMORY_SIZE)
        if end < 0:
            raise _out_of_bound("read", MEMORY_SIZE, 1)
        return self.block[address + GUEST_AT : end]


def _out_of_bound(verb: str, address: int, size: int) -> MemOutOfBound:
    return MemOutOfBound(f"{verb} of {size} bytes at 0x{address:x}")


def _write_on_executable(address: int, size: int) -> MemWriteOnExecutablePage:
    return MemWriteOnExecutablePage(f"write of {size} bytes at 0x{address:x}")
