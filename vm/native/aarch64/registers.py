"""Which registers of the processor hold what, and where the rest lies."""

from __future__ import annotations

from ..layout import REGISTERS

TEMPORARIES = (0, 1, 2, 3, 4, 5, 6)

STATE = 28
"""The pointer that :mod:`..layout` counts from."""
COUNTER = 27
GUEST = 26
"""The address of the guest's memory."""
SIZE = 25
"""The size of the guest's memory, since no comparison can have such a number."""

_FREE = (*range(7, 18), *range(19, 25), 29, 30)
"""All but x18, which belongs to some systems."""
PINNED = dict(zip((*range(10, 18), 5, 6, 7, 2, 1, *range(8, 10), *range(18, 22)), _FREE, strict=True))
"""Guest registers that native code keeps in registers of the host: those that compilers use most."""


def slot(register: int) -> int:
    """Where a guest register lies, from the pointer on."""
    return REGISTERS + 8 * register
