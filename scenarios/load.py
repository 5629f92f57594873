"""Reading scenario files: TOML or JSON to a checked :class:`~spawnlab.scenarios.model.Scenario`."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec

from .errors import ScenarioError
from .model import Expectation, Limits, Program, Scenario
from .steps import AnyStep

SIZE_MAX = 16 << 20
"""Bytes of a scenario file."""


def load_scenario(file: Path) -> Scenario:
    """Read a ``.toml`` or ``.json`` file; raises :class:`ScenarioError`, which names the file and the place in it."""
    name = str(file)
    content = read_file(file)
    if not content.strip():
        raise ScenarioError("the file is empty; a scenario has at least [programs.root]", file=name)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ScenarioError(f"not a text file: byte {error.start} is not UTF-8", file=name) from None
    if file.suffix == ".json":
        return _checked(lambda: msgspec.json.decode(text, type=Scenario), name)
    if file.suffix != ".toml":
        raise ScenarioError(f"the suffix {file.suffix!r} is not known; use .toml or .json (or an ELF file)", file=name)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"not TOML: {error}", file=name) from None
    return _checked(lambda: msgspec.convert(values, Scenario), name)


def read_file(file: Path) -> bytes:
    """The bytes of a file; raises :class:`ScenarioError` when it can't be read or is too large."""
    try:
        size = file.stat().st_size
        if size > SIZE_MAX:
            raise ScenarioError(f"{size} bytes; at most {SIZE_MAX} are read", file=str(file))
        return file.read_bytes()
    except OSError as error:
        raise ScenarioError(error.strerror or "cannot be read", file=str(file)) from None


def _checked(decode: Callable[[], Scenario], file: str) -> Scenario:
    try:
        return decode()
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise ScenarioError(message + _hint(message), path=path.strip("`") or "$", file=file) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise ScenarioError(f"not JSON: {error}", file=file) from None


def _hint(message: str) -> str:
    """The nearest right name, where a name is wrong."""
    found = re.search(r"unknown field `(\w+)`|Invalid value '(\w+)'", message)
    if found is None:
        return ""
    field, tag = found.groups()
    known = _operations() if tag else _field_names()
    near = difflib.get_close_matches(field or tag, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _operations() -> list[str]:
    return [str(step.__struct_config__.tag) for step in AnyStep.__args__]


def _field_names() -> list[str]:
    structs: tuple[type[msgspec.Struct], ...] = (Scenario, Program, Expectation, Limits, *AnyStep.__args__)
    return sorted({name for struct in structs for name in struct.__struct_encode_fields__})
