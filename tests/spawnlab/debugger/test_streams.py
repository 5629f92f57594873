"""Files of programs against the host's own C library: the same calls come to the same answers."""

from __future__ import annotations

import ctypes
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spawnlab.debugger.calls import (
    FCLOSE,
    FEOF,
    FERROR,
    FGETC,
    FOPEN,
    FREAD,
    FREOPEN,
    FSEEK,
    FTELL,
    FWRITE,
    TRANSFER_MAX,
)
from spawnlab.debugger.streams import FILE_MAX, STREAMS_MAX
from spawnlab.vm.errors import External, MemOutOfBound

from .guest import BUFFER, Guest, guest

CONTENT = b"0123456789abcdefghijk"
SIZES = st.integers(0, 30)
READING = st.one_of(st.tuples(st.just("read"), SIZES, SIZES), st.just(("getc",)))
WRITING = st.tuples(st.just("write"), SIZES, st.integers(0, 4))
LOOKING = st.sampled_from([("tell",), ("eof",), ("error",)])
GOING = st.tuples(st.just("seek"), st.integers(-25, 40), st.integers(-1, 4))
AGAIN = st.tuples(st.just("reopen"), st.sampled_from(["r", "r+", "a+", "w+", "w", "a"]))
STEPS = st.one_of(READING, WRITING, LOOKING, GOING, AGAIN)
Step = tuple[Any, ...]


def parted(steps: Sequence[Step]) -> list[Step]:
    """The same with a seek between a read and a write: without it C leaves open what happens."""
    made: list[Step] = []
    last = ""
    for step in steps:
        kind = step[0]
        if {kind, last} in ({"read", "write"}, {"getc", "write"}):
            made.append(("seek", 0, 1))
        made.append(step)
        last = kind if kind in ("read", "getc", "write") else "" if kind in ("seek", "reopen") else last
    return made


class Ours:
    """The steps as system calls."""

    def __init__(self, folder: Path) -> None:
        self._guest = guest(folder)
        self._file = 0

    def open(self, mode: str) -> bool:
        self._file = self._guest.call(FOPEN, b"file", mode.encode())
        return self._file != 0

    def step(self, kind: str, *numbers: Any) -> object:
        call, file = self._guest.call, self._file
        match kind:
            case "read":
                count = call(FREAD, BUFFER, numbers[0], numbers[1], file)
                return count, self._guest.memory(count * numbers[0])
            case "write":
                return call(FWRITE, self._guest.put(CONTENT * 8), numbers[0], numbers[1], file)
            case "getc":
                return call(FGETC, file)
            case "seek":
                return call(FSEEK, file, *numbers)
            case "reopen":
                return call(FREOPEN, b"file", numbers[0].encode(), file) == file
            case _:
                return call({"tell": FTELL, "eof": FEOF, "error": FERROR}[kind], file)

    def close(self) -> object:
        return self._guest.call(FCLOSE, self._file)


class Theirs:
    """The steps as calls of the C library."""

    def __init__(self, folder: Path) -> None:
        self._path = bytes(folder / "file")
        c: Any = ctypes.CDLL(None)
        c.fopen.restype = c.freopen.restype = ctypes.c_void_p
        c.fread.restype = c.fwrite.restype = c.ftell.restype = ctypes.c_long
        self._c = c

    def open(self, mode: str) -> bool:
        self._file = ctypes.c_void_p(self._c.fopen(self._path, mode.encode()))
        return bool(self._file)

    def step(self, kind: str, *numbers: Any) -> object:
        c, file = self._c, self._file
        match kind:
            case "read":
                buffer = ctypes.create_string_buffer(1000)
                count = c.fread(buffer, ctypes.c_size_t(numbers[0]), ctypes.c_size_t(numbers[1]), file)
                return count, buffer.raw[: count * numbers[0]]
            case "write":
                return c.fwrite(CONTENT * 8, ctypes.c_size_t(numbers[0]), ctypes.c_size_t(numbers[1]), file)
            case "getc":
                return c.fgetc(file)
            case "seek":
                return c.fseek(file, ctypes.c_long(numbers[0]), numbers[1])
            case "reopen":
                return c.freopen(self._path, numbers[0].encode(), file) == file.value
            case _:
                return {"tell": c.ftell, "eof": c.feof, "error": c.ferror}[kind](file)

    def close(self) -> object:
        return self._c.fclose(self._file)


def played(kind: type[Ours] | type[Theirs], mode: str, steps: Sequence[Step], *, there: bool) -> list[object]:
    """All answers, and what the file holds in the end."""
    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / "file"
        if there:
            file.write_bytes(CONTENT)
        side = kind(Path(made))
        said: list[object] = [side.open(mode)]
        for step in steps if said[0] else ():
            said.append((step, side.step(*step)))
            if said[-1] == (("reopen", step[-1]), False):  # then it is closed, and C knows of no answers
                break
        else:
            if said[0]:
                said.append(side.close())
        return [*said, file.read_bytes() if file.exists() else None]


@pytest.mark.skipif(sys.platform != "linux", reason="held against glibc, whose answers ckb-debugger gives on Linux")
@given(
    st.sampled_from(["r", "r+", "w", "w+", "a", "a+", "rb", "wx", "w+x", "rw", "", "q", "rb+", "ab"]),
    st.lists(STEPS, max_size=12),
    st.booleans(),
)
@example("r", [("read", 1, 30), ("eof",), ("reopen", "r"), ("getc",), ("tell",), ("seek", 0, 0)], True)
@example("r", [("read", 7, 30), ("tell",), ("read", 1, 1), ("seek", -3, 2), ("read", 2, 2)], True)
@example("r", [("write", 1, 1), ("error",), ("seek", 0, 0), ("error",)], True)
@example("w", [("read", 1, 1), ("error",), ("eof",)], True)
@example("a", [("tell",), ("write", 3, 2), ("tell",)], True)
@example("a+", [("tell",), ("read", 1, 4), ("seek", 0, 1), ("write", 3, 2), ("tell",)], True)
@example("r+", [("seek", 30, 0), ("write", 1, 1), ("tell",)], True)
def test_answers_are_the_c_librarys(mode: str, steps: list[Step], there: bool) -> None:
    calls = parted(steps)
    assert played(Ours, mode, calls, there=there) == played(Theirs, mode, calls, there=there)


@pytest.fixture
def opened(tmp_path: Path) -> tuple[Guest, int]:
    """A VM, and the number of a file that it may write."""
    made = guest(tmp_path)
    return made, made.call(FOPEN, b"file", b"w+")


@pytest.mark.parametrize("number", [FEOF, FERROR, FGETC, FCLOSE, FTELL, FSEEK])
def test_a_file_that_is_not_open_ends_the_run(number: int, opened: tuple[Guest, int]) -> None:
    made, file = opened
    assert made.call(FCLOSE, file) == 0
    for wrong in (0, file, 1 << 63):
        with pytest.raises(External, match=f"no file is open as 0x{wrong:x}"):
            made.call(number, wrong)


@pytest.mark.parametrize(("number", "what"), [(FREAD, "read"), (FWRITE, "write")])
def test_what_one_call_moves_has_a_limit(number: int, what: str, opened: tuple[Guest, int]) -> None:
    made, file = opened
    made.put(b"x")
    assert made.call(number, BUFFER - (1 << 20), TRANSFER_MAX, 1, file) == (what == "write")
    for size, count in ((TRANSFER_MAX, 2), (1 << 63, 2), (1, TRANSFER_MAX + 1)):
        with pytest.raises(External, match=f"Too much memory to {what}"):
            made.call(number, BUFFER, size, count, file)


def test_what_lies_beyond_memory_is_not_written(opened: tuple[Guest, int]) -> None:
    made, file = opened
    with pytest.raises(MemOutOfBound):
        made.call(FWRITE, (4 << 20) - 1, 1, 2, file)
    assert made.call(FTELL, file) == 0


def test_a_file_has_an_end(opened: tuple[Guest, int]) -> None:
    made, file = opened
    assert made.call(FSEEK, file, FILE_MAX - 1, 0) == 0
    assert made.call(FWRITE, BUFFER, 1, 2, file) == 0
    assert made.call(FERROR, file) == 1
    assert made.call(FWRITE, BUFFER, 1, 1, file) == 1


def test_so_many_files_are_open_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    made = guest(tmp_path)
    numbers = [made.call(FOPEN, b"file", b"r") for _ in range(STREAMS_MAX + 1)]
    assert numbers[-1] == 0
    assert len(set(numbers)) == STREAMS_MAX + 1
    assert made.call(FCLOSE, numbers[0]) == 0
    assert made.call(FOPEN, b"file", b"r") not in {0, *numbers}
