"""The host's memory under the guests': blocks that are made, mapped from an image that is shared, and used again.

A block holds a page that belongs to the engine, the flags of the guest's pages, and the guest's memory between two
guards. Pages that were never touched take no room, and cost nothing.
"""

from __future__ import annotations

import os
from mmap import ACCESS_COPY, ACCESS_READ, mmap
from sys import getrefcount
from typing import BinaryIO

MEMORY_SIZE = 4 << 20
"""Bytes."""
PAGE_SIZE = 4096
PAGE_SHIFT = 12
PAGES = MEMORY_SIZE // PAGE_SIZE

FLAGS_AT = PAGE_SIZE
"""Offset of the page flags in a memory's block."""
GUARD_SIZE = 16 * PAGE_SIZE
GUEST_AT = 2 * PAGE_SIZE + GUARD_SIZE
"""Offset of the guest's address 0 in the block. Guards lie before and behind the guest's bytes."""
BLOCK_SIZE = GUEST_AT + MEMORY_SIZE + GUARD_SIZE

BLOCKS_MAX = 4
"""Blocks that are kept to be used again: as many as the scheduler has machines."""

_HAS_FLAGS = bytes([0]) + bytes([1]) * 255
_ZEROS = memoryview(mmap(-1, MEMORY_SIZE, access=ACCESS_READ))
"""Zeros that take no room."""


class Block(mmap):
    """A memory's block."""

    guarded = False
    """Whether its guards were made inaccessible, which they stay for whoever has it next."""


_blocks: list[Block] = []
"""Blocks of zeros whose pages the host need not find again."""


def zero_block() -> Block:
    """A block of zeros that nobody else has."""
    try:
        return _blocks.pop()
    except IndexError:
        return Block(-1, BLOCK_SIZE, access=ACCESS_COPY)


def leave_block(block: Block, touched: bytearray) -> None:
    """Keep a block for others, with zeros in the pages of the guest that are not 0 in ``touched``.

    Done only if the caller, who has it in one variable, is the only one who can see it.
    """
    if len(_blocks) < BLOCKS_MAX and _references(block) == _REFERENCES_OF_ONE:
        _clear(block, touched)
        _blocks.append(block)


def _references(block: mmap) -> int:
    return getrefcount(block)


def _references_of_one() -> int:
    """What :func:`_references` gives below a function whose argument is its caller's only variable."""

    def callee(block: mmap) -> int:
        return _references(block)

    block = mmap(-1, PAGE_SIZE)
    return callee(block)


_REFERENCES_OF_ONE = _references_of_one()


def _clear(block: mmap, touched: bytearray) -> None:
    block[: FLAGS_AT + PAGES] = bytes(FLAGS_AT + PAGES)
    for start, end in page_runs(bytes(touched).translate(_HAS_FLAGS)):
        first, last = (start << PAGE_SHIFT) + GUEST_AT, (end << PAGE_SHIFT) + GUEST_AT
        block[first:last] = _ZEROS[: last - first]


def page_runs(pages: bytes) -> list[tuple[int, int]]:
    """First page, and page behind the last, of all runs of ones in zeros."""
    runs: list[tuple[int, int]] = []
    start = pages.find(1)
    while start >= 0:
        end = pages.find(0, start)
        end = len(pages) if end < 0 else end
        runs.append((start, end))
        start = pages.find(1, end)
    return runs


class SharedImage:
    """What a block holds, for other blocks: each has it without copying it, and copies the pages that it changes.

    It takes no more room than the pages that have flags, in a file that has no name.
    """

    def __init__(self, block: mmap) -> None:
        self._file = _nameless_file()
        self._file.truncate(BLOCK_SIZE)
        descriptor = self._file.fileno()
        flags = block[FLAGS_AT : FLAGS_AT + PAGES]
        os.pwrite(descriptor, flags, FLAGS_AT)
        for start, end in page_runs(flags.translate(_HAS_FLAGS)):
            first, last = (start << PAGE_SHIFT) + GUEST_AT, (end << PAGE_SHIFT) + GUEST_AT
            os.pwrite(descriptor, block[first:last], first)

    def __del__(self) -> None:
        self._file.close()

    def block(self) -> Block:
        """A block with the image; the image is not changed through it."""
        return Block(self._file.fileno(), BLOCK_SIZE, access=ACCESS_COPY)


def _nameless_file() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("spawnlab"), "r+b", buffering=0)
    from tempfile import TemporaryFile  # it loads much, and is needed by few hosts

    return TemporaryFile(buffering=0)
