"""The way into A64 code and the ways out."""

from __future__ import annotations

from ...memory import MEMORY_SIZE
from ...tiers import BUDGET, MISS, STEP
from ..layout import COUNTER_SAVED, PC
from ..layout import GUEST as GUEST_OFFSET
from ..region import Exits
from . import a64
from .registers import COUNTER, GUEST, PINNED, SIZE, STATE, slot

_SAVED = ((19, 20), (21, 22), (23, 24), (25, 26), (27, 28), (29, 30))
_FRAME = 16 * len(_SAVED)


def glue() -> tuple[bytes, Exits, int]:
    """The way in and the ways out, for the start of the code; and the offset of the way in."""
    out = (
        a64.store(0, STATE, PC)
        + a64.store(COUNTER, STATE, COUNTER_SAVED)
        + b"".join(a64.store(host, STATE, slot(guest)) for guest, host in PINNED.items())
        + a64.mov(0, 1)
        + b"".join(a64.load_pair(*pair, a64.SP, 16 * index) for index, pair in enumerate(_SAVED))
        + a64.add_number(a64.SP, a64.SP, _FRAME)
        + a64.RET
    )
    budget = a64.mov_number(1, BUDGET)
    step = a64.mov_number(1, STEP) + a64.b(4 + len(budget))
    miss = a64.mov_number(1, MISS) + a64.b(4 + len(step) + len(budget))
    enter = (
        a64.add_number(a64.SP, a64.SP, -_FRAME)
        + b"".join(a64.store_pair(*pair, a64.SP, 16 * index) for index, pair in enumerate(_SAVED))
        + a64.mov(STATE, 0)
        + a64.load(COUNTER, STATE, COUNTER_SAVED)
        + a64.mov_number(GUEST, GUEST_OFFSET)
        + a64.three(a64.ADD, GUEST, GUEST, STATE)
        + a64.mov_number(SIZE, MEMORY_SIZE)
        + b"".join(a64.load(host, STATE, slot(guest)) for guest, host in PINNED.items())
        + a64.br(1)
    )
    leaving = miss + step + budget + out
    return leaving + enter, Exits(0, len(miss), len(miss) + len(step)), len(leaving)
