"""The way into x86-64 code and the ways out."""

from __future__ import annotations

from ...tiers import BUDGET, MISS, STEP
from ..layout import COUNTER_SAVED, PC
from ..region import Exits
from . import x86
from .registers import COUNTER, PINNED, STATE, slot
from .x86 import R12, R13, R14, R15, RAX, RBP, RBX, RDI, RDX, RSI, Mem

_SAVED = (RBX, RBP, R12, R13, R14, R15)


def glue() -> tuple[bytes, Exits, int]:
    """The way in and the ways out, for the start of the code; and the offset of the way in."""
    out = (
        x86.store(Mem(STATE, PC), RAX, 8)
        + x86.store(Mem(STATE, COUNTER_SAVED), COUNTER, 8)
        + b"".join(x86.store(slot(guest), host, 8) for guest, host in PINNED.items())
        + x86.mov32(RAX, RDX)
        + b"".join(x86.pop(register) for register in reversed(_SAVED))
        + x86.RET
    )
    budget = x86.mov_imm(RDX, BUDGET)
    step = x86.mov_imm(RDX, STEP) + x86.jmp(len(budget))
    miss = x86.mov_imm(RDX, MISS) + x86.jmp(len(step) + len(budget))
    enter = (
        b"".join(x86.push(register) for register in _SAVED)
        + x86.mov(STATE, RDI)
        + x86.mov(COUNTER, Mem(STATE, COUNTER_SAVED))
        + b"".join(x86.mov(host, slot(guest)) for guest, host in PINNED.items() if host != RSI)
        + x86.mov(RAX, RSI)
        + b"".join(x86.mov(host, slot(guest)) for guest, host in PINNED.items() if host == RSI)
        + x86.jmp_to(RAX)
    )
    leaving = miss + step + budget + out
    return leaving + enter, Exits(0, len(miss), len(miss) + len(step)), len(leaving)
