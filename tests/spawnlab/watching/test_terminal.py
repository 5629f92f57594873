"""The command in a real pseudo terminal, seen by a terminal emulator; and where there is no terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pyte
import pytest

import spawnlab
from spawnlab.scenarios.extras import install_words
from spawnlab.watching.breakpoints import until

SECONDS_MAX = 60
"""How long something may take to be seen; a busy machine is no failure."""
OF_ANOTHER_TERMINAL = ("NO_COLOR", "COLUMNS", "LINES")
"""What surrounds the tests says of its own terminal; readline, for one, puts its size into the environment."""
LEAVES_THE_SCREEN = b"\x1b[?1049l"


class Terminal:
    """A process in a terminal: what it has printed, and what is seen of it."""

    def __init__(self, command: list[str], columns: int, lines: int, **environ: str) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.printed = b""
        kept = {name: value for name, value in os.environ.items() if name not in OF_ANOTHER_TERMINAL}
        self._end, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._process = subprocess.Popen(
            command,
            stdin=other,
            stdout=other,
            stderr=other,
            env=kept | {"TERM": "xterm-256color"} | environ,
            start_new_session=True,
        )
        os.close(other)

    def press(self, keys: str) -> None:
        os.write(self._end, keys.encode())

    def _read(self, seconds: float) -> bool:
        """Take what comes; says whether more may come."""
        if not select.select([self._end], [], [], seconds)[0]:
            return True
        try:
            content = os.read(self._end, 1 << 16)
        except OSError:  # Linux' way of saying that nobody is left at the other end
            return False
        self.printed += content
        self._stream.feed(content)
        return bool(content)

    def shows(self, text: str) -> str:
        """Wait until a text is to be seen; gives the line that it is in."""
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            for line in self.screen.display:
                if text in line:
                    return line
            if not self._read(0.1):
                break
        raise AssertionError(f"{text!r} is not to be seen:\n" + "\n".join(self.screen.display))

    def status(self) -> int:
        """Wait for its end; gives the exit status."""
        end = time.monotonic() + SECONDS_MAX
        while self._read(0.1):
            assert time.monotonic() < end, "\n".join(self.screen.display)
        return self._process.wait(SECONDS_MAX)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._end)


@contextmanager
def watching(*arguments: str, columns: int = 80, lines: int = 24, **environ: str) -> Generator[Terminal]:
    terminal = Terminal([sys.executable, "-m", "spawnlab", "watch", *arguments], columns, lines, **environ)
    try:
        yield terminal
    finally:
        terminal.close()


def turn_of(what: str, breakpoint_: str) -> int:
    """The first turn after which a breakpoint holds a run."""
    hit: Callable[..., bool] = until(breakpoint_)
    turns = 1
    for event in spawnlab.run_synchronously(what).journal:
        if hit(event):
            return turns
        turns += type(event).__name__ == "IterationEnded"
    raise AssertionError(breakpoint_)


def test_a_whole_session() -> None:
    with watching("gallery:pipeline", "--break", "call spawn 1") as terminal:
        terminal.shows("A pipeline of five - paused")
        terminal.shows("after turn 0, 0 of 70,000,000 cycles")
        terminal.press("ss")
        terminal.shows("after turn 2, ")
        terminal.press("r")
        terminal.shows("breakpoint: call spawn 1")
        terminal.shows(f"after turn {turn_of('gallery:pipeline', 'call spawn 1')}, ")
        terminal.press(":call write\r")
        terminal.shows("breakpoint 2: call write")
        terminal.press("r")
        terminal.shows("breakpoint: call write")
        turn = turn_of("gallery:pipeline", "call write")
        terminal.shows(f"after turn {turn}, ")
        terminal.press(":delete 1\r")
        terminal.shows("deleted: call spawn 1")
        terminal.press("\x1b[D")  # left
        terminal.shows(f"after turn {turn - 1}, ")
        terminal.press("e")
        terminal.shows("over: exit code 0")
        terminal.press("q")
        assert terminal.status() == 0
        assert LEAVES_THE_SCREEN in terminal.printed


def test_a_deadlock_in_forty_columns_and_without_colours() -> None:
    with watching("gallery:deadlock", columns=40, NO_COLOR="1") as terminal:
        terminal.shows("paused")
        terminal.press("e")
        terminal.shows("over: deadlock")
        terminal.shows("VM 0 (root, steps[3]) waits to read")
        cells = [cell for line in terminal.screen.buffer.values() for cell in line.values()]
        assert {(cell.fg, cell.bg) for cell in cells} == {("default", "default")}
        assert any(cell.bold for cell in cells)
        assert any(cell.reverse for cell in cells)
        assert not re.search(rb"\x1b\[[0-9;]*(?:[34][0-7]|[34]8;)[0-9;]*m", terminal.printed)
        terminal.press("\x03")  # Ctrl-C
        assert terminal.status() == 0


def test_a_suspended_run_is_gone_on_with(tmp_path: Path) -> None:
    saved = spawnlab.run_synchronously("gallery:pipeline", suspend_at=300_000).saved
    assert saved is not None
    (tmp_path / "a.state").write_bytes(saved.to_bytes())
    with watching(str(tmp_path / "a.state")) as terminal:
        terminal.shows(f"after turn {saved.iterations}, ")
        terminal.shows("VM 0 and all others go on from where they")
        terminal.press("s")
        terminal.shows(f"after turn {saved.iterations + 1}, ")
        terminal.press("q")
        assert terminal.status() == 0


def test_there_are_colours_otherwise() -> None:
    with watching("gallery:deadlock") as terminal:
        terminal.press("e")
        terminal.shows("deadlock: no VM can run")
        cells = [cell for line in terminal.screen.buffer.values() for cell in line.values()]
        assert {"cyan", "brown", "red"} <= {cell.fg for cell in cells}
        terminal.press("q")
        assert terminal.status() == 0


def refused(command: list[str], stdin: int | None = None) -> str:
    """What a command prints that is refused; only its input is a terminal, if it is given one."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def test_without_a_terminal_it_says_what_to_do() -> None:
    command = [sys.executable, "-m", "spawnlab", "watch", "gallery:pipeline"]
    error = refused(command)
    assert error == (
        "spawnlab: watching needs a terminal, and standard input is none: "
        "`spawnlab run gallery:pipeline` prints the whole run\n"
    )
    main, other = pty.openpty()
    error = refused(command, other)
    assert "standard output is none: `spawnlab run gallery:pipeline`" in error
    os.close(main)
    os.close(other)


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_is_too_simple(term: str) -> None:
    with watching("gallery:pipeline", TERM=term) as terminal:
        assert terminal.status() == 2
        assert b"`spawnlab run gallery:pipeline` prints the whole run" in terminal.printed.replace(b"\r\n", b"")


def test_without_the_extra_it_says_what_to_install() -> None:
    hidden = (
        "import sys; sys.modules['textual'] = None\nfrom spawnlab.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    error = refused([sys.executable, "-c", hidden, "watch", "gallery:pipeline"])
    assert f"watching needs Textual: {install_words('tui')}" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gallery:pipeline", "--break", "call fork"), "there is no call 'fork'"),
        (("gallery:nothing_like_it",), "the gallery has no 'nothing_like_it'"),
        (("nowhere.toml",), "nowhere.toml"),
        (("gallery:pipeline", "--policy", "alphabetical"), "there is no such policy"),
    ],
)
def test_bad_input_is_an_error_before_anything_is_shown(arguments: tuple[str, ...], words: str) -> None:
    with watching(*arguments, columns=200) as terminal:
        assert terminal.status() == 2
        assert words in "\n".join(terminal.screen.display)
        assert b"\x1b[?1049h" not in terminal.printed
        assert b"Traceback" not in terminal.printed
