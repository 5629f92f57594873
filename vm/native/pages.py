"""Memory of the host that can be executed: written first, then made executable, never both."""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import sys
from functools import cache

PAGE = mmap.PAGESIZE
_NONE, _READ_WRITE, _READ_EXECUTE = 0, mmap.PROT_READ | mmap.PROT_WRITE, mmap.PROT_READ | mmap.PROT_EXEC
_FAILED = ctypes.c_void_p(-1).value


class ExecutableMemoryRefused(OSError):
    """The host does not let us have memory that can be executed."""


@cache
def _libc() -> ctypes.CDLL:
    if sys.platform == "win32" or platform.python_implementation() != "CPython":
        raise ExecutableMemoryRefused(0, "this platform's memory is not known")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return libc


def _refused(call: str) -> ExecutableMemoryRefused:
    number = ctypes.get_errno()
    return ExecutableMemoryRefused(number, f"{call}: {os.strerror(number)}")


def protect_none(address: int, size: int) -> None:
    """Make pages inaccessible; raises :class:`ExecutableMemoryRefused` (an :class:`OSError`) where that fails."""
    _protect(address, size, _NONE)


def _protect(address: int, size: int, protection: int) -> None:
    if _libc().mprotect(address, size, protection):
        raise _refused("mprotect")


class Reservation:
    """A range of addresses. Nothing is there until it is written, once."""

    def __init__(self, size: int) -> None:
        self.size = size
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        address = _libc().mmap(None, size, _NONE, flags, -1, 0)
        if address in (None, _FAILED):
            raise _refused("mmap")
        self.address: int = address
        self._munmap = _libc().munmap

    def write(self, offset: int, code: bytes) -> None:
        """Put code at a page's start, on pages that have not been written; it can be executed then."""
        size = -(-len(code) // PAGE) * PAGE
        if offset % PAGE or offset + size > self.size:
            raise ValueError(f"{len(code)} bytes at {offset} of {self.size}")
        _protect(self.address + offset, size, _READ_WRITE)
        ctypes.memmove(self.address + offset, code, len(code))
        _protect(self.address + offset, size, _READ_EXECUTE)

    def __del__(self) -> None:
        if hasattr(self, "address"):
            self._munmap(self.address, self.size)
