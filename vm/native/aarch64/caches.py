"""Letting the processor execute what was written: its instruction caches don't follow the data caches by themselves.

The function that does it is code that was written as well. Linux sees to that itself for pages that become executable
for the first time, as all of ours do; but its manual promises nothing of the kind, so that all else goes through here.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CFUNCTYPE, c_uint64
from functools import cache

from ..pages import PAGE, Reservation
from . import a64


def code() -> bytes:
    """A function of an address and the one behind the last.

    Lines of the data cache first, then those of the instruction caches, each as long as the processor says.
    """
    return (
        _each_line(a64.clean_data, shift=16)
        + a64.DATA_BARRIER
        + _each_line(a64.forget_instructions, shift=0)
        + a64.DATA_BARRIER
        + a64.INSTRUCTION_BARRIER
        + a64.RET
    )


def _each_line(operation: Callable[[int], bytes], *, shift: int) -> bytes:
    """The operation on each line of x0 to x1, of 4 bytes << 4 bits of the register for the type of caches."""
    size, at, number = 2, 3, 4
    loop = operation(at) + a64.three(a64.ADD, at, at, size) + a64.three(a64.SUBS, a64.ZERO, at, 1)
    return (
        a64.read_cache_type(number)
        + a64.shift_number(a64.LSR, number, number, shift)
        + a64.logical(a64.AND_NUMBER, number, number, 0xF)
        + a64.mov_number(size, 4)
        + a64.three(a64.LSL, size, size, number)
        + a64.three(a64.SUB, at, a64.ZERO, size)
        + a64.three(a64.AND, at, 0, at)
        + loop
        + a64.b_if(a64.LO, -len(loop))
    )


@cache
def _function() -> tuple[Callable[[int, int], None], Reservation]:
    memory = Reservation(PAGE)
    memory.write(0, code())
    return CFUNCTYPE(None, c_uint64, c_uint64)(memory.address), memory


def clear(address: int, size: int) -> None:
    """Let the processor see code that was written; raises :class:`OSError` where there is no executable memory."""
    _function()[0](address, address + size)
