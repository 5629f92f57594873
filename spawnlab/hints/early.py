"""Where VMs may end early, and what that keeps from coming."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import groupby

import msgspec

from .world import ROOT, Call, End, World


class Early(msgspec.Struct):
    """Who may end before its last step, and what that does to pipes."""

    short: dict[int, int] = msgspec.field(default_factory=dict[int, int])
    """VMs that may, and the first call at which they may."""
    cuts: dict[End, list[tuple[int, int, int]]] = msgspec.field(default_factory=dict[End, list[tuple[int, int, int]]])
    """Of each end the first call of each holder at which it may be closed so: rank among the holders, VM, and call."""
    loose: dict[int, int] = msgspec.field(default_factory=dict[int, int])
    """Pipes with writes of what an earlier read has got, where that may be cut short: the first such write.

    From there on it is not known which read gets what.
    """

    def may_end_by(self, call: Call) -> bool:
        """Whether its VM may end at a call or before."""
        return self.short.get(call.vm, call.index + 1) <= call.index

    def may_cut(self, world: World, end: End, call: Call | None, by: int) -> bool:
        """Whether an end may be closed before a call on it, or at all, since a holder other than ``by`` ends early."""
        cuts = self.cuts.get(end)
        if not cuts:
            return False
        if call is None:
            return any(vm != by for _, vm, _ in cuts)
        rank = next(holding.rank for holding in world.holders(end) if holding.vm == call.vm)
        return any(vm != by and (order, index) < (rank, call.index) for order, vm, index in cuts)

    def is_loose(self, call: Call) -> bool:
        """Whether it is not known who serves a read or write."""
        if call.end is None or call.end.pipe not in self.loose:
            return False
        first = self.loose[call.end.pipe]
        if call.kind == "write":
            return call.position >= first
        return call.served != "matched" or call.partner is None or call.partner.position >= first


def early_of(world: World, ends: Iterable[tuple[int, int]]) -> Early:
    """What comes of it if VMs may end at such calls, by VM and index, ascending."""
    early = Early()
    for vm, group in groupby(ends, key=lambda place: place[0]):
        places = [index for _, index in group]
        early.short[vm] = places[0]
        for holding in () if vm == ROOT else world.vms[vm].holdings:  # nobody learns of the root's end
            first = bisect_left(places, holding.start)
            if first < len(places) and holding.is_at(places[first]):
                early.cuts.setdefault(holding.end, []).append((holding.rank, vm, places[first]))
    if early.cuts:
        _loosen(world, early)
    return early


def _loosen(world: World, early: Early) -> None:
    handed_on = [[call for call in pipe.calls[True] if call.source is not None] for pipe in world.pipes]
    changed = True
    while changed:
        changed = False
        for pipe, writes in enumerate(handed_on):
            first = next((write for write in writes if _may_be_short(world, early, write.source)), None)
            if first is not None and early.loose.get(pipe) != first.position:
                early.loose[pipe] = first.position
                changed = True


def _may_be_short(world: World, early: Early, read: Call | None) -> bool:
    """Whether a read may get other bytes than those of its partner."""
    if read is None or read.end is None or read.served != "matched":
        return False
    return early.is_loose(read) or early.may_cut(world, read.end.other, read.partner, read.vm)
