"""Which version a script runs in, by its hash type and by the epoch (``transaction`` §9)."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..chain import DATA, DATA1, DATA2, TYPE, Script
from .errors import InvalidScriptHashType, InvalidVmVersion


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """A block's place in time: which epoch, and the block's ``index`` in it, of ``length`` blocks."""

    number: int
    index: int = 0
    length: int = 1800

    def number_after(self, blocks: int) -> int:
        """The least number of the epoch that it is after so many blocks."""
        return self.number + (self.index + blocks >= self.length)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Which versions are active. By default all are."""

    epoch: Epoch = Epoch(number=35)
    """Of the block that the transaction is committed in, or of the tip for one that is not yet."""
    phase: Literal["submitted", "proposed", "committed"] = "committed"
    version_1_from: int = 20
    """Epoch from which on version 1 is active; the numbers are ckb-debugger's."""
    version_2_from: int = 30

    @property
    def newest(self) -> int:
        """The newest version that is active."""
        return max(version for version in (0, 1, 2) if self.is_active(version))

    def is_active(self, version: int) -> bool:
        """Whether scripts may ask for a version."""
        epoch = self.epoch.number_after(0 if self.phase == "committed" else 1)
        return epoch >= (0, self.version_1_from, self.version_2_from)[version]

    def version_of(self, script: Script) -> int:
        """The version that a script runs in; raises :class:`~.errors.InvalidVmVersion` and
        :class:`~.errors.InvalidScriptHashType`."""
        if script.hash_type == TYPE:
            return self.newest
        if script.hash_type not in (DATA, DATA1, DATA2):
            raise InvalidScriptHashType(script.hash_type)
        version = script.hash_type // 2
        if not self.is_active(version):
            raise InvalidVmVersion(version)
        return version


def rules_up_to(version: int) -> Rules:
    """The rules when ``version``, 0 to 2, is the newest: what ckb-debugger's ``--script-version`` sets.

    Raises :class:`ValueError` for another.
    """
    if version not in (0, 1, 2):
        raise ValueError(f"script versions are 0, 1 and 2, not {version}")
    return Rules(epoch=Epoch(number=(15, 25, 35)[version]))
