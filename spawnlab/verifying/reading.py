"""What is to be verified: a transaction from a file or the standard input, and which of its scripts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..scenarios.build import WholeTransaction, read_transaction, split_script
from ..scenarios.code import check_elf
from ..scenarios.errors import ScenarioError
from ..scenarios.gallery import resolve
from ..scenarios.load import read_file, standard_input, text_of
from ..scenarios.mock.kinds import kind_of
from ..scenarios.mock.read import SIZE_MAX
from ..scenarios.mock.scripts import address_of, find_script
from ..scheduler.verify.errors import ScriptError
from ..scheduler.verify.groups import ScriptGroup


def wanted(
    file: str | os.PathLike[str], script: str | None, version: int, program: bytes | str | os.PathLike[str] | None
) -> tuple[WholeTransaction, Sequence[ScriptGroup]]:
    """The transaction of a file (``-`` is the standard input), and the scripts that are wanted: all, or ``script``,
    with ``program`` in the place of its code.

    ``version`` is the newest that is active. Raises :class:`~spawnlab.scenarios.errors.ScenarioError`, and
    :class:`ValueError` for a version that there is not.
    """
    whole, named = _read(os.fspath(file), version)
    if script is not None and named is not None and script != named:
        raise ScenarioError(f"two scripts are named, {named} and {script}", file=str(whole.file))
    script = script or named
    verifier = whole.verifier
    if script is None and program is None:
        return whole, verifier.groups
    try:
        chosen = find_script(verifier, script)
    except ScenarioError as wrong:
        raise wrong.in_file(str(whole.file)) from None
    if program is not None:
        content = program if isinstance(program, bytes) else _program(Path(program), version)
        check_elf(content, version, "$")
        try:
            verifier = verifier.with_program(chosen.script, content)
        except ScriptError as wrong:
            said = f"{address_of(chosen)} has no program whose place another could take: {wrong}"
            raise ScenarioError(said).in_file(str(whole.file)) from None
        whole = msgspec.structs.replace(whole, verifier=verifier)
    return whole, [chosen]


def _read(name: str, version: int) -> tuple[WholeTransaction, str | None]:
    """The transaction of a file, and the script that is named behind a ``#``."""
    if name == "-":
        content = standard_input(SIZE_MAX)
        try:
            return read_transaction(Path("-"), version=version, text=text_of(content)), None
        except ScenarioError as wrong:
            raise _named(wrong, content, Path("-")) from None
    file, script = split_script(resolve(name))
    content = read_file(file, size_max=SIZE_MAX)
    try:
        return read_transaction(file, version=version, text=text_of(content)), script
    except ScenarioError as wrong:
        raise _named(wrong, content, file) from None


def _named(wrong: ScenarioError, content: bytes, file: Path) -> ScenarioError:
    """The error, or what the file is that was taken for a transaction."""
    from ..saved import is_saved  # loads what plays functions, and all of Trio

    said = kind_of(content, file.suffix)
    if said is None and is_saved(file):
        said = "this is a suspended run: `spawnlab resume` goes on with it"
    return wrong.in_file(str(file)) if said is None else ScenarioError(said, file=str(file))


def _program(file: Path, version: int) -> bytes:
    content = read_file(file)
    try:
        check_elf(content, version, "$")
    except ScenarioError as wrong:
        raise wrong.in_file(str(file)) from None
    return content
