"""An operation's machine code as each back end makes it."""

from __future__ import annotations

import msgspec

from ..translate.record import Access


class Template(msgspec.Struct, frozen=True):
    """An operation's code, for every address that it may stand at.

    ``length`` in bytes and ``charge`` are the operation's; see :class:`..translate.blocks.Made`.
    ``hole`` is where the code takes the operation's address + ``hole_offset`` (-1: nowhere). ``ending`` is as in
    :class:`..translate.record.Record`, with ``"never"`` for nothing to do and ``"indirect"`` for a jump to what is in
    the first of the temporaries; a branch is taken on the processor's condition code ``condition``.
    """

    code: bytes
    length: int
    charge: int
    accesses: tuple[Access, ...]
    writes: frozenset[int]
    hole: int = -1
    hole_offset: int = 0
    ending: str = ""
    condition: int = 0
    target: int = 0
    relative: bool = False
