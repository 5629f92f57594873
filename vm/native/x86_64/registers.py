"""Which registers of the processor hold what, and where the rest lies."""

from __future__ import annotations

from ..layout import REGISTERS, SCRATCH
from .x86 import R8, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, Mem

STATE = R15
"""The pointer that :mod:`..layout` counts from."""
COUNTER = R14
TEMPORARIES = (RAX, RCX, RDX)

PINNED = {10: RBX, 11: RBP, 12: RSI, 13: RDI, 14: R8, 15: R9, 16: R10, 17: R11, 2: R12, 8: R13}
"""Guest registers that native code keeps in registers of the host: those that compilers use most."""


def slot(register: int) -> Mem:
    """Where a guest register lies."""
    return Mem(STATE, REGISTERS + 8 * register)


def scratch(number: int) -> Mem:
    """A place for a value that finds no free register, 0 to 15."""
    return Mem(STATE, SCRATCH + 8 * number)
