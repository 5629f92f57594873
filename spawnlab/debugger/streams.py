"""Open files as C's standard library has them: a place, an end-of-file mark, an error mark."""

from __future__ import annotations

import os

from ..vm.errors import External
from .folder import Folder, Space, write_all

STREAMS_MAX = 256
"""Files open at a time."""
FILE_MAX = 64 << 20
"""Bytes of a file up to which it can be written."""
EOF = -1
_FIRST, _STEP = 0x1000_0000, 0x100
_I64_MAX = (1 << 63) - 1


class Stream:
    """One open file. ``mode`` is C's: ``r``, ``w``, ``a``, with ``+`` and ``x``; raises :class:`OSError`."""

    def __init__(self, folder: Folder, space: Space, path: bytes, mode: bytes) -> None:
        flags = {b"r": 0, b"w": os.O_CREAT, b"a": os.O_CREAT | os.O_APPEND}.get(mode[:1])
        if flags is None:
            raise OSError(f"no mode of a file: {mode!r}")
        both = b"+" in mode
        self._readable = mode[:1] == b"r" or both
        self._writable = mode[:1] != b"r" or both
        flags |= os.O_RDWR if both else os.O_WRONLY if self._writable else os.O_RDONLY
        if b"x" in mode and flags & os.O_CREAT:
            flags |= os.O_EXCL
        self._space = space
        self._descriptor = folder.open(path, flags, truncate=mode[:1] == b"w")
        self._appends = mode[:1] == b"a"
        self.place = self._size() if self._appends and not both else 0
        self.ended = False
        """Whether a read has come to the end of the file."""
        self.failed = False
        """Whether a read or a write has failed."""

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read(self, size: int) -> bytes:
        """At most so many bytes, from where it is."""
        if not self._readable:
            self.failed = True
            return b""
        if size == 0 or self.ended:
            return b""
        parts: list[bytes] = []
        try:
            while size and (part := os.pread(self._descriptor, size, self.place)):
                parts.append(part)
                self.place += len(part)
                size -= len(part)
            self.ended = size > 0
        except OSError:
            self.failed = True
        return b"".join(parts)

    def write(self, data: bytes) -> bool:
        """Write all, or nothing; whether it is written."""
        if not data:
            return True
        try:
            place = self._size() if self._appends else self.place
            if not self._writable or place + len(data) > FILE_MAX:
                raise OSError("can't be written")
            self._space.take(len(data))
            write_all(self._descriptor, data, place)
        except OSError:
            self.failed = True
            return False
        self.place = place + len(data)
        return True

    def seek(self, offset: int, whence: int) -> bool:
        """Go to a place, from the start (0), from here (1) or from the end (2); whether there is such a place."""
        if whence not in (0, 1, 2):
            return False
        place = offset + (0, self.place, self._size())[whence]
        if not 0 <= place <= _I64_MAX:
            return False
        self.place, self.ended = place, False
        return True

    def close(self) -> None:
        """Give the file back."""
        os.close(self._descriptor)


class Streams:
    """The open files of a run, by the numbers that programs know them by: those of all VMs, as a process has them."""

    def __init__(self, folder: Folder, space: Space) -> None:
        self._folder, self._space = folder, space
        self._open: dict[int, Stream] = {}
        self._next = _FIRST

    def open(self, path: bytes, mode: bytes, number: int | None = None) -> int:
        """Open a file; gives its number, the one given if there is one, and 0 where it can't be opened."""
        if len(self._open) >= STREAMS_MAX:
            return 0
        try:
            stream = Stream(self._folder, self._space, path, mode)
        except OSError:
            return 0
        if number is None:
            number = self._next
            self._next += _STEP
        self._open[number] = stream
        return number

    def reopen(self, path: bytes, mode: bytes, number: int) -> int:
        """Close a file, and open another under its number; raises as :meth:`at`."""
        self.close(number)
        return self.open(path, mode, number)

    def at(self, number: int) -> Stream:
        """An open file; raises :class:`External` for a number that is none: ckb-debugger would crash."""
        stream = self._open.get(number)
        if stream is None:
            raise External(f"no file is open as 0x{number:x}")
        return stream

    def close(self, number: int) -> None:
        """Close a file; raises as :meth:`at`."""
        self.at(number).close()
        del self._open[number]

    def close_all(self) -> None:
        """Close what a program has left open."""
        for number in list(self._open):
            self.close(number)
