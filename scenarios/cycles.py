"""Code that spends an exact number of cycles, the same in every script version."""

from __future__ import annotations

from collections.abc import Iterator

_LOOP = 4
"""Cycles of one round: addi 1, bnez 3."""
_SHORT_MAX = 2047
_LONG_STEP = 1 << 12
_LONG_MAX = 0x7FFFF


def spend(cycles: int, label: str) -> Iterator[str]:
    """Lines that spend ``cycles``; only t1 is used. Labels start with ``label``.

    A loop's count is set by one instruction, since a fused pair would cost less in some versions.
    """
    serial = 0
    while cycles > _LOOP:
        rounds = (cycles - 1) // _LOOP
        long = min(rounds // _LONG_STEP, _LONG_MAX)
        if long:
            rounds = long * _LONG_STEP
            yield f"  lui t1, {long}"
        else:
            rounds = min(rounds, _SHORT_MAX)
            yield f"  addi t1, x0, {rounds}"
        yield f"{label}_spin_{serial}:"
        yield "  addi t1, t1, -1"
        yield f"  bnez t1, {label}_spin_{serial}"
        cycles -= 1 + _LOOP * rounds
        serial += 1
    for _ in range(cycles):
        yield "  nop"
