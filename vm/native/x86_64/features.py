"""What x86-64 code needs of the processor."""

from __future__ import annotations

from ctypes import CFUNCTYPE, c_uint32

from ..pages import PAGE, Reservation

_CPUID = bytes.fromhex(
    "53 89f8 31c9 49 89f0 0fa2"  # push rbx; mov eax, edi; xor ecx, ecx; mov r8, rsi; cpuid
    "41 8900 41 895804 41 894808 41 89500c 5b c3"  # eax, ebx, ecx, edx to [r8]; pop rbx; ret
)
_NEEDED = (
    # leaf, register (0 for eax), bits by name
    (1, 2, {"pclmulqdq": 1, "sse4.1": 19, "popcnt": 23}),
    (7, 1, {"bmi1": 3, "bmi2": 8}),
    (0x8000_0001, 2, {"lzcnt": 5}),
)


def missing() -> list[str]:
    """What it lacks; raises :class:`OSError` where there is no executable memory."""
    code = Reservation(PAGE)
    code.write(0, _CPUID)
    cpuid = CFUNCTYPE(None, c_uint32, c_uint32 * 4)(code.address)
    found = (c_uint32 * 4)()
    lacking: list[str] = []
    for leaf, register, bits in _NEEDED:
        cpuid(leaf, found)
        lacking += [name for name, bit in bits.items() if not found[register] >> bit & 1]
    return lacking
