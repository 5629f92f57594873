"""Reading scenario files: TOML or JSON to a checked :class:`~spawnlab.scenarios.model.Scenario`."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from .errors import ScenarioError
from .model import Expectation, Limits, Program, Scenario
from .steps import AnyStep

SIZE_MAX = 16 << 20
"""Bytes of a scenario file."""


def load_scenario(file: Path) -> Scenario:
    """Read a ``.toml`` or ``.json`` file; raises :class:`ScenarioError`, which names the file and the place in it."""
    try:
        return parse_scenario(_text(file), file.suffix)
    except ScenarioError as error:
        raise error.in_file(str(file)) from None


def parse_scenario(text: str, suffix: str) -> Scenario:
    """A scenario from the text of a ``.toml`` or ``.json`` file; raises :class:`ScenarioError`."""
    if not text.strip():
        raise ScenarioError("the file is empty; a scenario has at least [programs.root]")
    if suffix not in (".toml", ".json"):
        raise ScenarioError(f"the suffix {suffix!r} is not known; use .toml or .json (or an ELF file)")
    try:
        values = tomllib.loads(text) if suffix == ".toml" else msgspec.json.decode(text)
    except (tomllib.TOMLDecodeError, msgspec.DecodeError, RecursionError) as error:
        raise ScenarioError(f"not {suffix[1:].upper()}: {error}") from None
    try:
        return msgspec.convert(values, Scenario)
    except msgspec.ValidationError as error:
        raise _scenario_error(error, values) from None
    except RecursionError:
        raise ScenarioError("nested too deeply") from None


def _text(file: Path) -> str:
    try:
        return read_file(file).decode()
    except UnicodeDecodeError as error:
        raise ScenarioError(f"not a text file: byte {error.start} is not UTF-8") from None


def read_file(file: Path, *, size_max: int = SIZE_MAX) -> bytes:
    """The bytes of a file; raises :class:`ScenarioError` when it can't be read or has more than ``size_max`` bytes."""
    try:
        size = file.stat().st_size
        if size > size_max:
            raise ScenarioError(f"{size} bytes; at most {size_max} are read", file=str(file))
        return file.read_bytes()
    except OSError as error:
        raise ScenarioError(error.strerror or "cannot be read", file=str(file)) from None


_IN_PROGRAM = "$.programs[...]"


def _scenario_error(error: msgspec.ValidationError, values: Any) -> ScenarioError:
    """The error with its place; msgspec names no keys of tables, so the program is looked for."""
    message, path = _split(error)
    if path.startswith(_IN_PROGRAM):
        programs = cast("Mapping[str, Any]", values["programs"])
        for name, program in programs.items():
            try:
                msgspec.convert(program, Program)
            except msgspec.ValidationError as inner:
                message, path = _split(inner)
                path = f"$.programs.{name}{path[1:]}"
                break
    return ScenarioError(message + _hint(message), path=path)


def _split(error: msgspec.ValidationError) -> tuple[str, str]:
    message, _, path = str(error).partition(" - at ")
    return message, path.replace("`", "") or "$"


def _hint(message: str) -> str:
    """The nearest right name, where a name is wrong."""
    found = re.search(r"unknown field `(\w+)`|Invalid value '(\w+)'", message)
    if found is None:
        return ""
    field, tag = found.groups()
    known = _operations() if tag else _field_names()
    near = difflib.get_close_matches(field or tag, known, 1)
    if tag and not near:
        return f"; the operations are {', '.join(known)}"
    return f"; did you mean {near[0]!r}?" if near else ""


def _operations() -> list[str]:
    return [str(step.__struct_config__.tag) for step in AnyStep.__args__]


def _field_names() -> list[str]:
    structs: tuple[type[msgspec.Struct], ...] = (Scenario, Program, Expectation, Limits, *AnyStep.__args__)
    return sorted({name for struct in structs for name in struct.__struct_encode_fields__})
