"""One script of a mock transaction made ready to run: its cell deps are the programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any, cast

import msgspec

from ...scheduler.transaction import ScriptGroupData
from ...scheduler.verify.errors import ScriptError
from ...scheduler.verify.groups import ScriptGroup
from ...scheduler.verify.type_id import is_type_id
from ...scheduler.verify.verifier import Verifier
from ..errors import ScenarioError
from .model import MockCellDep
from .read import MockTransaction
from .scripts import address_of
from .templates import MARK

_DATA = re.compile(r"0x\{\{ ?data (.+?) ?\}\}")
_NAME_MAX = 48
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")


def script_data(verifier: Verifier, group: ScriptGroup) -> ScriptGroupData:
    """What a scheduler runs for a script; raises :class:`ScenarioError`."""
    if is_type_id(group.script):
        raise ScenarioError(
            f"{address_of(group)} is the type id script, which is built in: `spawnlab verify` runs it, and there is "
            "no program to look at"
        )
    try:
        return verifier.sg_data(group)
    except ScriptError as error:
        raise ScenarioError(f"{address_of(group)}: {error}") from None


def names_of(mock: MockTransaction, text: str) -> tuple[str, ...]:
    """A name for each cell dep: its member ``name``, or else that of the file that a template takes its data from, or
    ``depN``."""
    files = _files(text)
    given: dict[object, str] = {}
    for index, dep in enumerate(mock.file.mock_info.cell_deps):
        name = _program_name(dep.name) or files.get(index)
        if name is not None:
            given[_place(dep)] = name
    wanted = [given.get((c.out_point.tx_hash, c.out_point.index)) for c in mock.resolved.cell_deps]
    return tuple(_once(wanted))


def with_names(mock: MockTransaction, names: Sequence[str]) -> MockTransaction:
    """The same with these names, which templates may have given, as members of its cell deps."""
    given: dict[object, str] = {}
    for cell, name in zip(mock.resolved.cell_deps, names, strict=True):
        given.setdefault((cell.out_point.tx_hash, cell.out_point.index), name)
    info = mock.file.mock_info
    deps = tuple(msgspec.structs.replace(dep, name=given.get(_place(dep), dep.name)) for dep in info.cell_deps)
    info = msgspec.structs.replace(info, cell_deps=deps)
    return MockTransaction(msgspec.structs.replace(mock.file, mock_info=info))


def _place(dep: MockCellDep) -> tuple[bytes, int]:
    return bytes(dep.cell_dep.out_point.tx_hash), int(dep.cell_dep.out_point.index)


def _once(wanted: Sequence[str | None]) -> Iterator[str]:
    seen: set[str] = set()
    for index, name in enumerate(wanted):
        chosen = f"dep{index}" if name is None else name
        while chosen in seen:
            chosen += f"-{index}"
        seen.add(chosen)
        yield chosen


def _files(text: str) -> dict[int, str]:
    """Names by the number of the dep in ``mock_info``; none where the text is JSON only without its templates."""
    if MARK not in text:
        return {}
    try:
        values: Any = json.loads(text)
        deps = cast("list[Any]", values["mock_info"]["cell_deps"])
        found = {index: _DATA.fullmatch(str(dep["data"])) for index, dep in enumerate(deps)}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    names = {index: _program_name(PurePath(match[1]).stem) for index, match in found.items() if match}
    return {index: name for index, name in names.items() if name is not None}


def _program_name(text: object) -> str | None:
    """A text as the name of a program; ``None`` where it can't be one."""
    name = _NO_NAME.sub("_", text)[:_NAME_MAX] if isinstance(text, str) else ""
    return name if name[:1].isalpha() and name.isascii() else None
