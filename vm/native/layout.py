"""Where native code finds a machine: registers of the host, and the block of memory that one of them points into.

The block is what :class:`~spawnlab.vm.memory.Memory` allocates: the state, a guard, the guest's memory, a guard. All
offsets here count from the pointer, which lies 128 bytes behind the block's start so that the guest's registers are
within reach of one-byte offsets.
"""

from __future__ import annotations

from ..host_memory import FLAGS_AT, GUEST_AT
from .x86 import R8, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, Mem

POINTER_AT = 128
"""Offset of the pointer in the block."""

STATE = R15
COUNTER = R14
"""Cycles that are left << :data:`STEPS_BITS` | operations that are left; see :mod:`.region`."""
TEMPORARIES = (RAX, RCX, RDX)

PINNED = {10: RBX, 11: RBP, 12: RSI, 13: RDI, 14: R8, 15: R9, 16: R10, 17: R11, 2: R12, 8: R13}
"""Guest registers that native code keeps in registers of the host: those that compilers use most."""


REGISTERS = -POINTER_AT
PC = 128
COUNTER_SAVED = 136
TABLE = 144
"""Address of the table of entries."""
CODE = 152
"""Address of the code that the table's offsets count from."""
RESERVATION = 160
SCRATCH = 168
FLAGS = FLAGS_AT - POINTER_AT
GUEST = GUEST_AT - POINTER_AT


def slot(register: int) -> Mem:
    """Where a guest register lies."""
    return Mem(STATE, REGISTERS + 8 * register)


def scratch(number: int) -> Mem:
    """A place for a value that finds no free register, 0 to 15."""
    return Mem(STATE, SCRATCH + 8 * number)
