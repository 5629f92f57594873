"""Whether the host can run native code: its kind, its processor's features, and memory that can be executed."""

from __future__ import annotations

import platform
import sys
from ctypes import CFUNCTYPE, c_uint32
from functools import cache

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


@cache
def refusal() -> str | None:
    """Why there is no native code on this host; ``None`` if there is."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return f"there is no emitter for {platform.machine()} yet"
    if sys.maxsize < 1 << 32:  # also on a processor that could do more
        return "there is no emitter for processes of 32 bits"
    if sys.platform == "win32":
        return "there is no emitter for the calling convention of Windows yet"
    try:
        missing = _missing_features()
    except OSError as error:
        return f"the host refuses executable memory ({error.strerror})"
    return f"the processor lacks {', '.join(missing)}" if missing else None


def _missing_features() -> list[str]:
    from .pages import PAGE, Reservation

    code = Reservation(PAGE)
    code.write(0, _CPUID)
    cpuid = CFUNCTYPE(None, c_uint32, c_uint32 * 4)(code.address)
    found = (c_uint32 * 4)()
    missing: list[str] = []
    for leaf, register, bits in _NEEDED:
        cpuid(leaf, found)
        missing += [name for name, bit in bits.items() if not found[register] >> bit & 1]
    return missing
