"""Settings and names that records of the reference use."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from ..scenarios.load import read_file
from ..vm.isa.definition import Definition
from ..vm.version import VERSIONS, Isa
from .tally import RecordError

SETTINGS: dict[str, Isa] = {
    "0": VERSIONS[0],
    "1": VERSIONS[1],
    "2": VERSIONS[2],
    "0ab": Isa(0, b=True, a=True),
    "1a": Isa(1, b=True, mop=True, a=True),
    "2a": Isa(2, b=True, mop=True, a=True),
}
"""Machines by the name that records give them: those of the chain, and those with A (and B) switched on."""

_VERSIONED = {"lb", "lbu", "lh", "lhu", "lw", "lwu", "ld", "jalr"}
_RENAMED = {"load.imm": "CUSTOM_LOAD_IMM", "fence.i": "FENCEI"}
_JOINED = {"add.uw", "sh1add.uw", "sh2add.uw", "sh3add.uw", "slli.uw", "sext.b", "sext.h", "zext.h", "orc.b"}


def reference_name(definition: Definition, version: int) -> str:
    """The reference's name of an operation, in which loads and jalr of version 0 are operations of their own."""
    mnemonic = definition.mnemonic
    if mnemonic in _RENAMED:
        return _RENAMED[mnemonic]
    name = mnemonic.replace(".", "" if mnemonic in _JOINED else "_").upper()
    return f"{name}_VERSION{min(version, 1)}" if mnemonic in _VERSIONED else name


def read_packed(file: Path) -> bytes:
    """The bytes of a file, unpacked where its name ends in ``.gz`` or ``.z``.

    Raises :class:`RecordError`, or ScenarioError where the file can't be read.
    """
    content = read_file(file)
    try:
        if file.suffix == ".gz":
            return gzip.decompress(content)
        if file.suffix == ".z":
            return zlib.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordError(f"{file}: cannot be unpacked: {error}") from None
    return content
