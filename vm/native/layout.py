"""Where native code finds a machine: the block of memory that one of the host's registers points into.

The block is what :class:`~spawnlab.vm.memory.Memory` allocates: the state, a guard, the guest's memory, a guard. All
offsets here count from the pointer, which lies 128 bytes behind the block's start so that the guest's registers are
within reach of small signed offsets. Which registers of the host hold what is each back end's own.
"""

from __future__ import annotations

from ..host_memory import FLAGS_AT, GUEST_AT

POINTER_AT = 128
"""Offset of the pointer in the block."""

REGISTERS = -POINTER_AT
PC = 128
COUNTER_SAVED = 136
"""Cycles that are left << :data:`STEPS_BITS` | operations that are left; see :mod:`.region`."""
TABLE = 144
"""Address of the table of entries."""
CODE = 152
"""Address of the code that the table's offsets count from."""
RESERVATION = 160
SCRATCH = 168
FLAGS = FLAGS_AT - POINTER_AT
GUEST = GUEST_AT - POINTER_AT
