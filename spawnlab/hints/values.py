"""The numbers that values may be."""

from __future__ import annotations

from typing import Protocol

from ..scheduler.fds import other_end
from .world import Call, Count, End, ExitOf, Number, Value, Vm, VmRef, World

_DEPTH_MAX = 50
"""Exit codes that are those of others, and so on."""


class Ends(Protocol):
    """Knows who may be ended early."""

    def may_be_cut(self, end: End, call: Call | None, by: int) -> bool:
        """Whether an end may be closed before a call on it, since a holder other than ``by`` ends early."""
        ...

    def is_loose(self, call: Call) -> bool:
        """Whether it is not known who serves a read or write."""
        ...

    def is_short(self, vm: int) -> bool:
        """Whether a VM may have ended before its last step."""
        ...


def number_of(world: World, value: Value) -> int | None:
    """The number that a value is, modulo 2^64, where that does not depend on the run."""
    match value:
        case Number(number=number):
            return number % (1 << 64)
        case VmRef(vm=vm):
            return world.vms[vm].id
        case End(pipe=pipe, writes=writes):
            read = world.pipes[pipe].number
            return None if read is None else other_end(read) if writes else read
        case _:
            return None


def numbers_of(world: World, value: Value, ends: Ends, depth: int = 0) -> set[int] | None:
    """The numbers that a value may be, modulo 2^64; ``None`` where that is not known."""
    match value:
        case Count(call=call):
            return _counts(call, ends)
        case ExitOf(call=call):
            codes = None if call.target < 0 else exits_of(world, world.vms[call.target], ends, depth + 1)
            return None if codes is None else {code % (1 << 64) for code in codes}
        case _:
            number = number_of(world, value)
            return None if number is None else {number}


def _counts(call: Call, ends: Ends) -> set[int] | None:
    """The bytes that a read or write may have moved, where it was answered with SUCCESS."""
    if call.end is None or call.served not in ("matched", "none") or ends.is_loose(call):
        return None
    partner = call.partner if call.served == "matched" else None
    if ends.may_be_cut(call.end.other, partner, call.vm):
        return {call.taken, 0} if call.kind == "read" else None
    return {call.taken}


def exits_of(world: World, vm: Vm, ends: Ends, depth: int = 0) -> set[int] | None:
    """The exit codes that a VM may end with, -128 to 127; ``None`` where they are not known."""
    if vm.opaque or ends.is_short(vm.number) or depth > _DEPTH_MAX:
        return None
    numbers = numbers_of(world, vm.exit, ends, depth)
    return None if numbers is None else {(number + 128) % 256 - 128 for number in numbers}
