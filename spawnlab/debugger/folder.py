"""The one folder whose files a program may open, and how much it may write there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ..vm.errors import SpawnlabError

PATH_MAX = 4096
"""Bytes of a path."""
SPACE = 64 << 20
"""Bytes that one run may write, to files and to the standard output."""
FILE_SPACE = 4096
"""Bytes that a file counts for when it is opened for writing, however little is written: files take space too."""


class DebuggerCallsError(SpawnlabError):
    """A folder can't be given to a program; says why."""


class Space:
    """What is left of the bytes that a run may write."""

    def __init__(self, left: int = SPACE) -> None:
        self.left = left

    def take(self, size: int) -> None:
        """Raises :class:`OSError`, as a full disk does, where fewer than ``size`` bytes are left."""
        if size > self.left:
            raise OSError(errno.ENOSPC, "no space left for this run")
        self.left -= size


class Folder:
    """A folder of the host. Its files, and those in folders within it, can be opened, and nothing else can.

    Raises :class:`DebuggerCallsError` where there is no such folder, or where the host can't open a file without
    following links.
    """

    def __init__(self, path: str | os.PathLike[str], space: Space) -> None:
        self._path = Path(path).resolve()
        self._space = space
        if os.open not in os.supports_dir_fd or not hasattr(os, "O_NOFOLLOW"):
            raise DebuggerCallsError("this host can't open files without following links, so no program may have any")
        if not self._path.is_dir():
            raise DebuggerCallsError(f"{path}: there is no such folder")

    def open(self, path: bytes, flags: int, *, truncate: bool = False) -> int:
        """The host's descriptor of a plain file; ``path`` is relative to the folder.

        Each part is opened on its own and no link is followed, so that no path leads out, whatever it says and whoever
        changes the folder meanwhile. Raises :class:`OSError`.
        """
        *folders, name = _parts(path)
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        if writes:
            self._space.take(FILE_SPACE)
        at = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in folders:
                inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
                os.close(at)
                at = inner
            careful = flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
            found = os.open(name, careful, 0o666, dir_fd=at)
        finally:
            os.close(at)
        try:
            if not stat.S_ISREG(os.fstat(found).st_mode):
                raise PermissionError(errno.EACCES, "no plain file")
            if truncate:
                os.ftruncate(found, 0)
        except OSError:
            os.close(found)
            raise
        return found

    def write(self, path: bytes, data: bytes) -> None:
        """Make a file, or make it anew; raises :class:`OSError`."""
        self._space.take(len(data))
        found = self.open(path, os.O_WRONLY | os.O_CREAT, truncate=True)
        try:
            write_all(found, data, 0)
        finally:
            os.close(found)


def write_all(descriptor: int, data: bytes, place: int) -> None:
    """Write at a place of a file; raises :class:`OSError`."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, place)
        view, place = view[written:], place + written


def _parts(path: bytes) -> list[bytes]:
    if len(path) > PATH_MAX:
        raise OSError(errno.ENAMETOOLONG, "a path too long")
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    if path.startswith(b"/") or b".." in parts:
        raise PermissionError(errno.EACCES, "a path that leads out of the folder")
    if not parts or path.endswith((b"/", b"/.")):
        raise FileNotFoundError(errno.ENOENT, "no name of a file")
    return parts
