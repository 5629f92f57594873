"""Hints about a scenario file, with their lines."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..scenarios.build import is_mock
from ..scenarios.compiler import compile_steps
from ..scenarios.errors import ScenarioError
from ..scenarios.formats import SUFFIXES
from ..scenarios.gallery import resolve
from ..scenarios.load import SIZE_MAX, located, parse_scenario, read_text
from ..scenarios.mock.kinds import RAW, kind_of
from ..scenarios.mock.read import SIZE_MAX as TRANSACTION_MAX
from ..scenarios.model import Scenario
from ..scenarios.places import line_of
from ..staging import load
from .hints import hints_of
from .model import Hint

_READ_MAX = 300_000
"""Characters of files that are read again to find lines, which takes the longer the larger the file is."""


def hints_of_file(file: str, *, version: int | None = None) -> tuple[Hint, ...]:
    """The hints about a scenario file, ``gallery:NAME``, or an ELF file of script version ``version``.

    Programs in C are not compiled, and functions are not imported. Raises
    :class:`~spawnlab.scenarios.errors.ScenarioError`, which names the line.
    """
    path = resolve(file)
    if path.suffix not in SUFFIXES:
        return hints_of(load(file, version=version).scenario)
    text = read_text(path, size_max=TRANSACTION_MAX if path.suffix == ".json" else SIZE_MAX)
    if is_mock(text):
        return hints_of(load(file, version=version).scenario)
    try:
        scenario = parse_scenario(text, path.suffix)
        try:
            _check(scenario)
            hints = hints_of(scenario)
        except ScenarioError as error:
            raise located(error, text, path.suffix) from None
    except ScenarioError as error:
        if path.suffix == ".json" and kind_of(text.encode()) == RAW:
            raise ScenarioError(RAW, file=str(path)) from None
        raise error.in_file(str(path)) from None
    return with_lines(hints, text, path.suffix)


def _check(scenario: Scenario) -> None:
    """Raise :class:`ScenarioError` for a list of operations that can't be compiled."""
    deps = {name: index for index, name in enumerate(scenario.programs)}
    for name, program in scenario.programs.items():
        if program.steps is not None:
            compile_steps(program.steps, deps, f"$.programs.{name}")


def with_lines(hints: Sequence[Hint], text: str, suffix: str) -> tuple[Hint, ...]:
    """The hints with the lines of their places in a file's text; of a large file those of the first few."""
    known: dict[str, int | None] = {}
    left = _READ_MAX
    for hint in hints:
        if hint.path not in known and left >= len(text):
            left -= len(text)
            known[hint.path] = line_of(f"$.{hint.path}", text, suffix)
    return tuple(msgspec.structs.replace(hint, line=known.get(hint.path)) for hint in hints)
