"""Reading scenario files: TOML, JSON or YAML to a checked :class:`~spawnlab.scenarios.model.Scenario`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import IO

import msgspec

from .errors import ScenarioError
from .formats import SUFFIXES, parse
from .model import Scenario
from .places import line_of

_BEGINS_TEXT = re.compile(r"\'{3}|\"{3}|: *[|>][+-]?\s*$")
_BEGINS_BELOW = re.compile(r"(\'{3}|\"{3}|[|>][+-]?)\s*$")
"""A value of several lines: in TOML it may begin beside its name, in YAML below it."""
SIZE_MAX = 16 << 20
"""Bytes of a scenario file."""
_PART = 1 << 20
"""Bytes that are read at once: room for them is made before it is known how many there are."""


def load_scenario(file: Path) -> Scenario:
    """Read a ``.toml``, ``.json``, ``.yaml`` or ``.yml`` file.

    Raises :class:`ScenarioError`, which names the file, the line and the place in it.
    """
    text = read_text(file)
    try:
        return parse_scenario(text, file.suffix)
    except ScenarioError as error:
        raise error.in_file(str(file)) from None


def parse_scenario(text: str, suffix: str = ".toml") -> Scenario:
    """A scenario from the text of a file with such a suffix: ``.toml``, ``.json``, ``.yaml`` or ``.yml``.

    Raises :class:`ScenarioError`.
    """
    if suffix not in SUFFIXES:
        raise ScenarioError(f"the suffix {suffix!r} is not known; use {', '.join(SUFFIXES)} (or an ELF file)")
    if not text.strip():
        raise ScenarioError("the file is empty; a scenario has at least [programs.root]")
    values = parse(text, suffix)
    try:
        return msgspec.convert(values, Scenario)
    except msgspec.ValidationError as error:
        from .hints import scenario_error  # looks into the model, which takes longer than most files do

        raise located(scenario_error(error, values), text, suffix) from None
    except RecursionError:
        raise ScenarioError("nested too deeply") from None


def located(error: ScenarioError, text: str, suffix: str) -> ScenarioError:
    """The error with the line that its path is in."""
    if error.line is not None or error.path == "$":
        return error
    line = line_of(error.path, text, suffix)
    if line is None:
        return error
    lines = text.splitlines()
    if error.within is not None and _BEGINS_TEXT.search(lines[line - 1]):
        line += error.within - (not _BEGINS_BELOW.search(lines[line - 1]))
    line = min(line, len(lines))
    return error.at_line(line, lines[line - 1])


def read_text(file: Path, *, size_max: int = SIZE_MAX) -> str:
    """The text of a file of at most ``size_max`` bytes; raises :class:`ScenarioError`, which names it."""
    try:
        return text_of(read_file(file, size_max=size_max))
    except ScenarioError as error:
        raise error.in_file(str(file)) from None


def text_of(content: bytes) -> str:
    """The text of a file, without the mark that some editors begin UTF-8 with; raises :class:`ScenarioError`."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ScenarioError("the text is UTF-16: save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"not a text file: byte {error.start} is not UTF-8") from None


def read_file(file: Path, *, size_max: int = SIZE_MAX) -> bytes:
    """The bytes of a file; raises :class:`ScenarioError` when it can't be read or has more than ``size_max`` bytes.

    Not more than that are read, of a device that has no end either.
    """
    try:
        with file.open("rb") as opened:
            return read_all(opened, size_max)
    except ScenarioError as error:
        raise error.in_file(str(file)) from None
    except OSError as error:
        raise ScenarioError(error.strerror or "cannot be read", file=str(file)) from None
    except ValueError as error:  # a name with a NUL in it
        raise ScenarioError(f"no name of a file: {error}", file=repr(str(file))) from None


def standard_input(size_max: int = SIZE_MAX) -> bytes:
    """All of the standard input; raises :class:`ScenarioError` where there is none, or more than ``size_max`` bytes."""
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] # it is where it was closed
        raise ScenarioError("there is no standard input", file="-")
    try:
        return read_all(sys.stdin.buffer, size_max)
    except ScenarioError as error:
        raise error.in_file("-") from None


def read_all(opened: IO[bytes], size_max: int) -> bytes:
    """All of a stream; raises :class:`ScenarioError` where that is more than ``size_max`` bytes."""
    parts: list[bytes] = []
    left = size_max
    while part := opened.read(_PART):
        left -= len(part)
        if left < 0:
            raise ScenarioError(f"more than {size_max:,} bytes, which is the most that is read")
        parts.append(part)
    return b"".join(parts)
