"""Who waits for whom where VMs are stuck, and the rings among them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .reach import NOT_SPAWNED, Reach
from .world import ROOT, Call, World


class Ring(msgspec.Struct, frozen=True):
    """Calls of VMs of which each waits for the next, and the last for the first; the smallest VM first."""

    calls: tuple[Call, ...]
    holds_root: bool
    """Whether the root is in it, or waits for one of it."""

    @property
    def vms(self) -> tuple[int, ...]:
        """The VMs."""
        return tuple(call.vm for call in self.calls)


def rings_of(world: World, reach: Reach) -> list[Ring]:
    """The rings of VMs that are stuck. Who waits for the root's end, though the root ends, is in none."""
    stuck = {vm.number: _call(world, reach, vm.number) for vm in world.vms if reach.is_stuck(vm.number)}
    to = {vm: waits_for(world, reach, call) for vm, call in stuck.items() if call is not None}
    roots = set(_line(to, ROOT))
    found: list[Ring] = []
    seen: set[int] = set()
    for start in sorted(to):
        line = list(_line(to, start))
        last = to[line[-1]]
        if last in line and last not in seen:
            members = line[line.index(last) :]
            first = members.index(min(members))
            calls = tuple(stuck[vm] for vm in (*members[first:], *members[:first]))
            found.append(Ring(tuple(call for call in calls if call is not None), bool(roots & set(members))))
        seen.update(line)
    return found


def _call(world: World, reach: Reach, vm: int) -> Call | None:
    """The call at which a VM is stuck; a fault is none."""
    calls, at = world.vms[vm].calls, reach.at[vm]
    return calls[at] if at < len(calls) and calls[at].kind in ("read", "write", "wait") else None


def _line(to: dict[int, int], start: int) -> Iterator[int]:
    """From a VM to whom it waits for, and so on; each once, and only those that are stuck."""
    seen: set[int] = set()
    while start in to and start not in seen:
        seen.add(start)
        yield start
        start = to[start]


def waits_for(world: World, reach: Reach, call: Call) -> int:
    """The VM that could let a stuck one go on: who holds the other end, or whose end it waits for."""
    if call.end is None:
        found = call.target
    else:
        found = next(
            holding.vm
            for holding in world.holders(call.end.other)
            if holding.stop is None or reach.at[holding.vm] <= holding.stop
        )
    while found > ROOT and reach.at[found] == NOT_SPAWNED:  # who would spawn it
        found = world.vms[found].parent or ROOT
    return found
