"""The Linux calls on the standard input and the two outputs."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from spawnlab.debugger.calls import DebuggerCalls
from spawnlab.debugger.descriptors import CLOSE, FSTAT, LSEEK, READ, WRITE, WRITEV
from spawnlab.debugger.folder import SPACE
from spawnlab.vm.errors import MemOutOfBound, Unexpected

from .guest import BUFFER, Guest, guest


@pytest.mark.parametrize("fd", [1, 2, (1 << 32) + 1])
def test_what_is_written_is_printed(fd: int, tmp_path: Path) -> None:
    made = guest(tmp_path)
    assert made.call(WRITE, fd, made.put(b"text \xff"), 6) == 6
    assert made.call(WRITE, fd, BUFFER, 0) == 0
    assert made.printed == ["text \N{REPLACEMENT CHARACTER}"]


def test_pieces_are_written(tmp_path: Path) -> None:
    made = guest(tmp_path)
    made.put(b"abcdef")
    pieces = made.put(struct.pack("<6Q", BUFFER, 2, 0, 0, BUFFER + 2, 4), BUFFER + 4096)
    assert made.call(WRITEV, 1, pieces, 3) == 6
    assert made.printed == ["ab", "cdef"]
    assert made.call(WRITEV, 7, pieces, 3) == -1
    assert made.call(WRITEV, 1, pieces, 1025) == -1
    assert made.call(WRITEV, 1, pieces, 0) == 0
    with pytest.raises(MemOutOfBound):
        made.call(WRITEV, 1, (4 << 20) - 16, 2)


def test_the_input_is_at_its_end(tmp_path: Path) -> None:
    made = guest(tmp_path)
    assert made.call(READ, 0, BUFFER, 1 << 63) == 0
    assert made.call(READ, 1, BUFFER, 1) == -1
    assert made.call(READ, 9, BUFFER, 1) == -1


def test_there_are_no_others(tmp_path: Path) -> None:
    made = guest(tmp_path)
    for fd in (0, 3, -1, 1 << 31):
        assert made.call(WRITE, fd, BUFFER, 1) == -1
    assert made.call(FSTAT, 3, BUFFER) == -1
    assert made.call(CLOSE, 3) == -1
    assert made.printed == []


def test_a_closed_one_is_closed_for_all_vms(tmp_path: Path) -> None:
    calls = DebuggerCalls(tmp_path)
    one, other = Guest(calls, 0), Guest(calls, 1)
    assert one.call(CLOSE, 1) == 0
    assert other.call(CLOSE, 1) == -1
    assert other.call(WRITE, 1, BUFFER, 1) == -1
    assert other.call(WRITE, 2, BUFFER, 1) == 1


def test_they_have_no_places(tmp_path: Path) -> None:
    made = guest(tmp_path)
    for whence in (0, 1, 2, 1 << 32):
        assert made.call(LSEEK, 0, 0, whence) == -1
    with pytest.raises(Unexpected) as caught:
        made.call(LSEEK, 0, 0, 3)
    assert caught.value.debug == 'Unexpected("Unexpected whence")'


def test_what_is_told_of_them_says_nothing_of_the_host(tmp_path: Path) -> None:
    made = guest(tmp_path)
    made.put(b"\xee" * 129)
    assert made.call(FSTAT, 1, BUFFER) == 0
    mode, links = struct.unpack_from("<Ii", made.memory(128), 16)
    assert (mode & 0o170000, links) == (0o020000, 1)
    assert made.memory(1, BUFFER + 128) == b"\xee"


def test_only_so_much_is_printed(tmp_path: Path) -> None:
    made, piece = guest(tmp_path), 2 << 20
    for _ in range(SPACE // piece):
        assert made.call(WRITE, 1, BUFFER, piece) == piece
        made.printed.clear()
    assert made.call(WRITE, 1, BUFFER, 1) == -1
