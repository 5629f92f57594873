"""The back end for A64; see :class:`..backend.Backend`."""

from __future__ import annotations

from collections.abc import Mapping

from ..region import Assembler, Exits
from .caches import clear as written
from .emit import template_of
from .features import has_carryless
from .glue import glue
from .region import A64Assembler

__all__ = ["assembler", "features", "glue", "template_of", "written"]


def assembler(start: int, exits: Exits, entries: Mapping[int, int], /, *, spares_last_byte: bool) -> Assembler:
    """What puts blocks together."""
    return A64Assembler(start, exits, entries, spares_last_byte=spares_last_byte)


def features() -> str:
    """Whether there are instructions for products without carries."""
    return "pmull" if has_carryless() else ""
