"""Script versions and what each of them switches on (``vm`` §1, ``vm-isa`` §1)."""

from __future__ import annotations

import msgspec


class Isa(msgspec.Struct, frozen=True):
    """What a machine decodes: the version (0, 1 or 2) and the extensions beyond IMC."""

    version: int
    b: bool = False
    mop: bool = False
    a: bool = False


VERSIONS: tuple[Isa, Isa, Isa] = (Isa(0), Isa(1, b=True, mop=True), Isa(2, b=True, mop=True))
"""The machines of the chain, by script version (``data``, ``data1``, ``data2``). None of them has A."""
