"""One script of a mock transaction made ready to run: its cell deps are the programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any, cast

from ...scheduler.transaction import ScriptGroupData
from ...scheduler.verify.errors import ScriptError
from ...scheduler.verify.type_id import is_type_id
from ...scheduler.verify.verifier import Verifier
from ..errors import ScenarioError
from .read import MockTransaction
from .scripts import address_of, find_script
from .templates import MARK

_DATA = re.compile(r"0x\{\{ ?data (.+?) ?\}\}")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")


def script_data(verifier: Verifier, address: str | None) -> tuple[str, ScriptGroupData]:
    """A script's address, and what a scheduler runs for it; raises :class:`ScenarioError`."""
    group = find_script(verifier, address)
    if is_type_id(group.script):
        raise ScenarioError(
            f"{address_of(group)} is the type id script, which is built in: `spawnlab verify` runs it, and there is "
            "no program to look at"
        )
    try:
        return address_of(group), verifier.sg_data(group)
    except ScriptError as error:
        raise ScenarioError(f"{address_of(group)}: {error}") from None


def names_of(mock: MockTransaction, text: str) -> tuple[str, ...]:
    """A name for each cell dep: that of the file that a template takes its data from, or ``depN``."""
    files = _files(text)
    given: dict[object, str] = {}
    for index, dep in enumerate(mock.file.mock_info.cell_deps):
        if index in files:
            given[bytes(dep.cell_dep.out_point.tx_hash), int(dep.cell_dep.out_point.index)] = files[index]
    wanted = [given.get((c.out_point.tx_hash, c.out_point.index)) for c in mock.resolved.cell_deps]
    return tuple(_once(wanted))


def _once(wanted: Sequence[str | None]) -> Iterator[str]:
    seen: set[str] = set()
    for index, name in enumerate(wanted):
        chosen = name if name is not None and name not in seen else f"{name or 'dep'}{'-' if name else ''}{index}"
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
    stems = {index: _NO_NAME.sub("_", PurePath(match[1]).stem) for index, match in found.items() if match}
    return {index: stem[:48] for index, stem in stems.items() if stem[:1].isalpha() and stem.isascii()}
