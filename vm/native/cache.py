"""Machine code kept between processes, in the user's cache folder.

A file is named by what its code was made of: the guest's code, the version, the sources of the emitter, and what kind
of host it is for, since hosts may share the folder. It is used only if it is ours and private to us, and whole: its
seal is a checksum, which finds damage. It is no protection against somebody who can write the user's files, who has
better ways.

``SPAWNLAB_CODE_CACHE=off`` in the environment switches it off, and any other value names the folder.
"""

from __future__ import annotations

import hashlib
import os
import stat
from array import array
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..program import Key
from . import backend
from .names import NAMES
from .pages import PAGE

VARIABLE = "SPAWNLAB_CODE_CACHE"
FILES_MAX = 300
"""The oldest go when there are more."""
SIZE_MAX = 32 << 20
_MAGIC = b"spawnlab native code 1\n"
_DIGEST_SIZE = 32
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600
_NOT_PRIVATE = 0o077

Entries = list[tuple[int, int]]
"""Pairs of pc and offset."""


def folder() -> Path | None:
    """Where the files are; ``None`` when the cache is off."""
    wanted = os.environ.get(VARIABLE, "")
    if wanted == "off" or not hasattr(os, "getuid") or not _emitter():
        return None
    if wanted:
        return Path(wanted)
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "spawnlab" / "code"
    except RuntimeError:  # a user who has no home, as in some containers
        return None


@cache
def _emitter() -> bytes:
    """A digest of the sources that decide which machine code is made; empty where they can't be read.

    So it is in an archive, or where only compiled modules were installed: code of another release would be taken.
    """
    digest = hashlib.sha256()
    here = Path(__file__).parent
    own = [here / folder for folder in sorted({*NAMES.values()})]
    for part in (here, *own, here.parent / "translate", here.parent / "isa", here.parent):
        sources = sorted(part.glob("*.py"))
        if not sources:
            return b""
        for source in sources:
            digest.update(source.read_bytes())
    return digest.digest()


def name_of(key: Key) -> str:
    """The name of the file with a program's code."""
    isa, pages, content = key
    digest = hashlib.sha256(_emitter())
    made_for = backend.name(), backend.backend().features(), PAGE
    digest.update(repr((made_for, isa)).encode() + pages)
    digest.update(content)
    return digest.hexdigest()


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.getuid() and not status.st_mode & _NOT_PRIVATE


def read(name: str) -> tuple[bytes, Entries] | None:
    """The code of a program and its entries; ``None`` if there is none that can be trusted."""
    where = folder()
    if where is None:
        return None
    try:
        if not _is_ours(where.lstat()):
            return None
        handle = os.open(where / name, os.O_RDONLY | _FLAGS)
        with open(handle, "rb") as file:
            status = os.fstat(handle)
            if not (stat.S_ISREG(status.st_mode) and _is_ours(status) and status.st_size <= SIZE_MAX):
                return None
            content = file.read()
    except OSError:
        return None
    return _unpack(name, content)


def _seal(name: str, body: bytes) -> bytes:
    return hashlib.sha256(name.encode() + body).digest()


def _unpack(name: str, content: bytes) -> tuple[bytes, Entries] | None:
    start = len(_MAGIC) + _DIGEST_SIZE
    body = content[start:]
    if content[: len(_MAGIC)] != _MAGIC or content[len(_MAGIC) : start] != _seal(name, body) or len(body) < 4:
        return None
    count = int.from_bytes(body[:4], "little")
    numbers = array("I")
    numbers.frombytes(body[4 : 4 + 8 * count])
    return body[4 + 8 * count :], list(zip(numbers[::2], numbers[1::2], strict=True))


def write(name: str, code: bytes, entries: Entries) -> None:
    """Keep a program's code. Where that fails it is just not kept."""
    where = folder()
    if where is None:
        return
    body = len(entries).to_bytes(4, "little") + array("I", [n for entry in entries for n in entry]).tobytes() + code
    content = _MAGIC + _seal(name, body) + body
    if len(content) > SIZE_MAX:  # it would not be read
        return
    with suppress(OSError):
        where.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        if not _is_ours(where.lstat()):
            return
        draft = where / f".{name}.{os.getpid()}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, _PRIVATE_FILE)
        with open(handle, "wb") as file:
            file.write(content)
        draft.replace(where / name)
        _prune(where)


def kept_sizes() -> list[int]:
    """Bytes of each file that is kept."""
    where = folder()
    try:
        return [] if where is None else [file.stat(follow_symlinks=False).st_size for file in _files(where)]
    except OSError:
        return []


def _files(where: Path) -> list[os.DirEntry[str]]:
    return [entry for entry in os.scandir(where) if entry.is_file(follow_symlinks=False)]


def _prune(where: Path) -> None:
    files = _files(where)
    files.sort(key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)
    for entry in files[: max(len(files) - FILES_MAX, 0)]:
        os.unlink(entry.path)
