"""Whatever a program asks for, it gets an answer or its run ends; nothing of the host is hurt."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.debugger.calls import FOPEN, DebuggerCalls
from spawnlab.debugger.folder import PATH_MAX
from spawnlab.debugger.numbers import OWN
from spawnlab.vm.errors import VmError

from .guest import BUFFER, Guest

SECRET = b"not for programs"
PATHS = (
    b"file",
    b"made",
    b"folder/inner",
    b"../secret",
    b"link",
    b"/etc/passwd",
    b"r+",
    b"w",
    b"a+",
    b"x" * PATH_MAX,
    b"",
)
WILD = st.one_of(
    st.sampled_from([0, 1, 2, 3, 4096, BUFFER, (4 << 20) - 1, 4 << 20, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]),
    st.sampled_from([0x1000_0000 + 0x100 * index for index in range(4)]),
    st.sampled_from(PATHS),
    st.integers(0, (1 << 64) - 1),
)
CALL = st.tuples(st.sampled_from(sorted(OWN)), st.lists(WILD, min_size=4, max_size=4))


def descriptors() -> int | None:
    """How many files this process has open, where the host says."""
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.exists() else None


@settings(max_examples=100)
@given(st.lists(CALL, max_size=12))
def test_any_calls(calls: Sequence[tuple[int, list[int | bytes]]]) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder, secret = Path(made) / "given", Path(made) / "secret"
        (folder / "folder").mkdir(parents=True)
        (folder / "file").write_bytes(b"content")
        secret.write_bytes(SECRET)
        (folder / "link").symlink_to(secret)
        before = descriptors()
        with DebuggerCalls(folder, content=b"given") as given:
            guest = Guest(given)
            for mode in (b"r", b"w+", b"a+"):
                guest.call(FOPEN, b"file" if mode == b"r" else b"made", mode)
            for number, arguments in calls:
                with suppress(VmError):
                    guest.call(number, *arguments)
            assert SECRET not in guest.memory(4 << 20, 0)
        assert descriptors() == before
        assert secret.read_bytes() == SECRET
        assert sorted(os.listdir(made)) == ["given", "secret"]
