"""What A64 code needs of the processor, and what it uses if it is there. Linux tells."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

from ..pages import PAGE, Reservation

_HWCAP = 16
_NEEDED = {"asimd": 1}
_PMULL = 4


@cache
def _capabilities() -> int:
    """The kernel's word of what user programs may execute; 0 on systems that have none."""
    if sys.platform != "linux":
        return 0
    tell = ctypes.CDLL(None).getauxval
    tell.restype, tell.argtypes = ctypes.c_ulong, [ctypes.c_ulong]
    return int(tell(_HWCAP))


def has_carryless() -> bool:
    """Whether it multiplies without carries."""
    return bool(_capabilities() >> _PMULL & 1)


def missing() -> list[str]:
    """What it lacks; raises :class:`OSError` where there is no executable memory."""
    from .caches import clear  # the first code that is executed

    probe = Reservation(PAGE)
    probe.write(0, bytes(4))
    clear(probe.address, 4)
    return [name for name, bit in _NEEDED.items() if not _capabilities() >> bit & 1]
