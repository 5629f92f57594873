"""Templates in a mock transaction's text, which are replaced before it is read (``transaction`` §12).

``{{ data FILE }}`` is a file's content and ``{{ hash FILE }}`` its hash, ``{{ def_type NAME }}`` a whole script that is
a type id, and ``{{ ref_type NAME }}`` that script's hash; all as hexadecimal digits without 0x. They are replaced kind
by kind, in this order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec

from ...scheduler.chain import TYPE, Script
from ...scheduler.hashing import ckb_hash
from ...scheduler.verify.type_id import TYPE_ID_CODE_HASH
from ..errors import ScenarioError
from ..load import read_file
from ..names import nearest

_ANY = re.compile(r"\{\{ ?(\w+) (.+?) ?\}\}")
MARK = "{{"
"""What each of them begins with."""
KINDS = ("data", "hash", "def_type", "ref_type")
EXPANDED_MAX = 24 << 20
"""Characters that templates may put into a text: a small file can name a large one often."""


def replaced(text: str, folder: Path) -> str:
    """The text without templates. Paths are from ``folder`` on.

    Raises :class:`ScenarioError`, which names the line, for a file that can't be read, a name that is defined twice, or
    not at all, and a template of no known kind.
    """
    if MARK not in text:
        return text
    for found in _ANY.finditer(text):
        if found[1] not in KINDS:
            raise _error(text, found, f"there is no template {found[1]!r}{nearest(found[1], KINDS)}")

    @cache  # a file may be named often
    def data(name: str) -> str:
        return _content(folder / name).hex()

    @cache
    def data_hash(name: str) -> str:
        return ckb_hash(_content(folder / name)).hex()

    text = _each(_each(text, "data", data), "hash", data_hash)
    types = _defined(text)
    text = _each(text, "def_type", lambda name: _json_of(types[name]), quoted=True)
    return _each(text, "ref_type", lambda name: _type_of(name, types).hash().hex())


def _each(text: str, kind: str, value_of: Callable[[str], str], *, quoted: bool = False) -> str:
    quote = '"?' if quoted else ""
    left = EXPANDED_MAX

    def value(found: re.Match[str]) -> str:
        nonlocal left
        try:
            made = value_of(found[1])
        except ScenarioError as error:
            raise _error(text, found, error.message) from None
        left -= len(made)
        if left < 0:
            raise _error(text, found, f"templates up to here make more than {EXPANDED_MAX:,} characters")
        return made

    return re.sub(rf"{quote}\{{\{{ ?{kind} (.+?) ?\}}\}}{quote}", value, text)


def _content(file: Path) -> bytes:
    try:
        if file.exists() and not file.is_file():
            raise ScenarioError("no plain file")
        return read_file(file)
    except ValueError as error:  # a name with a NUL in it
        raise ScenarioError(f"no name of a file: {error}") from None
    except ScenarioError as error:
        raise ScenarioError(f"{file}: {error.message}") from None


def _defined(text: str) -> dict[str, Script]:
    types: dict[str, Script] = {}
    for found in _ANY.finditer(text):
        if found[1] == "def_type":
            if found[2] in types:
                raise _error(text, found, f"the type {found[2]!r} is defined twice")
            types[found[2]] = Script(TYPE_ID_CODE_HASH, TYPE, found[2].encode())
    return types


def _type_of(name: str, types: dict[str, Script]) -> Script:
    if name not in types:
        raise ScenarioError(f"no def_type defines the type {name!r}{nearest(name, types)}")
    return types[name]


def _json_of(script: Script) -> str:
    values = {"code_hash": f"0x{script.code_hash.hex()}", "hash_type": "type", "args": f"0x{script.args.hex()}"}
    return msgspec.json.encode(values).decode()


def _error(text: str, found: re.Match[str], message: str) -> ScenarioError:
    line = text.count("\n", 0, found.start()) + 1
    return ScenarioError(f"{found[0]}: {message}").at_line(line, text.splitlines()[line - 1])
