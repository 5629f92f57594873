"""Programs have the files of one folder, whatever they call them, and only so much room."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.debugger.calls import FOPEN, FWRITE, WRITE_FILE, DebuggerCalls
from spawnlab.debugger.folder import FILE_SPACE, SPACE, DebuggerCallsError, Folder, Space

from .guest import BUFFER, guest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no program may have files there")
SECRET = b"not for programs"
INSIDE = {b"inside", b"folder/inner", b"folder//inner", b"./inside", b"folder/./inner", b"out/../inside"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file and a folder in it, and all kinds of ways out of it."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_bytes(SECRET)
    folder = outside / "given"
    (folder / "folder").mkdir(parents=True)
    (folder / "inside").write_bytes(b"inside")
    (folder / "folder" / "inner").write_bytes(b"inner")
    (folder / "link").symlink_to(outside / "secret")
    (folder / "near").symlink_to("inside")
    (folder / "out").symlink_to(outside)
    (folder / "folder" / "up").symlink_to("../..")
    (folder / "nothing").symlink_to(outside / "made by a program")
    os.mkfifo(folder / "fifo")
    return folder


def paths(folder: Path) -> list[bytes]:
    """Ways to what is outside, or to what is no plain file."""
    outside = bytes(folder.parent)
    return [
        b"../secret",
        b"folder/../../secret",
        b"folder/../inside",
        b"link",
        b"near",
        b"out/secret",
        b"folder/up/secret",
        b"nothing",
        b"fifo",
        b"folder",
        b".",
        b"",
        b"/",
        b"inside/",
        b"inside/.",
        b"inside/more",
        outside + b"/secret",
        bytes(folder) + b"/inside",
        b"/proc/self/environ",
        b"x" * 300,
        b"./" * 3000 + b"inside",
    ]


def test_no_path_leads_out(world: Path) -> None:
    made = guest(world)
    before = sorted(world.rglob("*"))
    for path in paths(world):
        for mode in (b"r", b"r+", b"w", b"a+"):
            assert made.call(FOPEN, path, mode) == 0, path
        assert made.call(WRITE_FILE, path, BUFFER, 8) == -1, path
    assert sorted(world.rglob("*")) == before
    assert (world.parent / "secret").read_bytes() == SECRET
    assert (world / "inside").read_bytes() == b"inside"
    assert not (world.parent / "made by a program").exists()


PART = st.sampled_from([b"inside", b"folder", b"inner", b"out", b"up", b"secret", b"given", b"..", b".", b"", b"link"])


@given(st.lists(PART, max_size=6))
def test_what_is_opened_is_inside(world: Path, parts: list[bytes]) -> None:
    path = b"/".join(parts)
    folder = Folder(world, Space())
    try:
        found = folder.open(path, os.O_RDONLY)
    except OSError:
        return
    with open(found, "rb") as file:
        assert file.read() == {b"inside": b"inside", b"inner": b"inner"}[parts[-1]]
    assert not {b"..", b"out", b"up", b"link"} & set(parts)


def test_files_of_the_folder_are_opened(world: Path) -> None:
    made = guest(world)
    for path in INSIDE - {b"out/../inside"}:
        assert made.call(FOPEN, path, b"r") != 0, path


def test_a_file_is_written(tmp_path: Path) -> None:
    made = guest(tmp_path)
    made.put(b"Hello World!")
    assert made.call(WRITE_FILE, b"made", BUFFER, 12) == 0
    assert made.call(WRITE_FILE, b"made", BUFFER, 5) == 0
    assert (tmp_path / "made").read_bytes() == b"Hello"
    assert made.call(WRITE_FILE, b"no/such/folder", BUFFER, 5) == -1
    assert made.call(WRITE_FILE, b"\xff", BUFFER, 0) == 0
    assert (tmp_path / "\N{REPLACEMENT CHARACTER}").read_bytes() == b""


def test_only_so_much_is_written(tmp_path: Path) -> None:
    made = guest(tmp_path)
    file, written, piece = made.call(FOPEN, b"file", b"w+"), 0, 3 << 20
    while made.call(FWRITE, BUFFER - (1 << 20), piece, 1, file):
        written += piece
    assert SPACE - piece - FILE_SPACE < written <= SPACE - FILE_SPACE
    assert (tmp_path / "file").stat().st_size == written


def test_only_so_many_files_are_made(tmp_path: Path) -> None:
    folder = Folder(tmp_path, Space(3 * FILE_SPACE))
    for name in (b"a", b"b", b"c"):
        folder.write(name, b"")
    with pytest.raises(OSError, match="no space left"):
        folder.write(b"d", b"")
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for name in ("nothing", "file"):
        with pytest.raises(DebuggerCallsError, match=f"{name}: there is no such folder"):
            DebuggerCalls(tmp_path / name)


def test_a_host_that_can_not_keep_it_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "supports_dir_fd", set[object]())
    with pytest.raises(DebuggerCallsError, match="without following links"):
        DebuggerCalls(tmp_path)


def test_the_folder_is_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is that of the folder in which the run was begun."""
    (tmp_path / "given").mkdir()
    monkeypatch.chdir(tmp_path)
    made = guest(Path("given"))
    monkeypatch.chdir("/")
    assert made.call(WRITE_FILE, b"made", BUFFER, 1) == 0
    assert (tmp_path / "given" / "made").exists()
