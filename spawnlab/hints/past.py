"""What has happened for sure when a VM makes a call, in the chain's order.

No order is followed for that. Before a VM goes on, all that must come first has happened: what it was answered came
from somebody. And nobody with a larger id can run then, since that VM would have had the turn: so these have come as
far as that lets them.
"""

from __future__ import annotations

from collections.abc import Iterator

from .early import Early
from .reach import NOT_SPAWNED, UNLIMITED, Passes, Reach, stage
from .world import ROOT, Call, World


class Past:
    """Knows what must have happened; ``reach`` is how far VMs may come."""

    def __init__(self, passes: Passes, reach: Reach) -> None:
        self.passes = passes
        self.world = passes.world
        self._reach = reach
        self._known: dict[tuple[int, int], Reach] = {}
        self._simply_known: dict[tuple[int, int], Reach] = {}

    def before(self, vm: int, index: int) -> Reach:
        """How far all have come at least, or have ended before, when a VM makes its call ``index``, or ends there."""
        if (vm, index) not in self._known:
            self._known[vm, index] = self._before(vm, index, stage(index))
        return self._known[vm, index]

    def ended_at(self, vm: int, index: int) -> Reach:
        """The same, when a VM ends since its call ``index`` was answered otherwise than expected."""
        return self._before(vm, index + 1, stage(index, started=True))

    def _before(self, vm: int, index: int, own: int) -> Reach:
        limits = self._required(vm, index)
        for other, limit in enumerate(limits):
            if other != vm and limit:  # and what must have happened when that one made its last call of these
                then = _limits_of(self._alone(other, (limit - 1) // 2))
                limits = list(map(max, limits, then))
        for other in range(len(limits)):
            if self._was_spawned_later(other, vm):
                limits[other] = UNLIMITED
        return self._sure(vm, own, limits)

    def _was_spawned_later(self, one: int, other: int) -> bool:
        """Whether a VM is surely spawned after another, and so has the larger id, or is not spawned."""
        call, before = self.world.vms[one].spawned, self.world.vms[other].spawned
        if call is None or before is None or one == other:
            return False
        return self._alone(call.vm, call.index).at[before.vm] > before.index

    def _alone(self, vm: int, index: int) -> Reach:
        """The same, without looking at what other VMs' calls tell of the order, but for those that have spawned it."""
        if (vm, index) not in self._simply_known:
            limits = self._required(vm, index)
            spawned = self.world.vms[vm].spawned
            if spawned is not None:
                then = _limits_of(self._alone(spawned.vm, spawned.index))
                limits = list(map(max, limits, then))
            self._simply_known[vm, index] = self._sure(vm, stage(index), limits)
        return self._simply_known[vm, index]

    def _sure(self, vm: int, own: int, limits: list[int]) -> Reach:
        for other in range(len(limits)):
            if is_larger(self.world, other, vm):
                limits[other] = UNLIMITED
        limits[vm] = own
        return self.passes.sure(limits, self._reach.early.loose)

    def comes_first(self, call: Call, other: Call) -> bool:
        """Whether a call is surely over before another is made, or its VM has ended without making it."""
        return self.before(other.vm, other.index).at[call.vm] > call.index

    def is_sure(self, vm: int, reach: Reach) -> bool:
        """Whether a VM is spawned unless the run is over before: none that it descends from may end before that."""
        call = self.world.vms[vm].spawned
        while call is not None:
            if call.vm != ROOT and reach.early.may_end_by(call):
                return False
            call = self.world.vms[call.vm].spawned
        return True

    def _required(self, vm: int, index: int) -> list[int]:
        """What must come before: of each VM as a limit."""
        world = self.world
        limits = [-1] * len(world.vms)
        looked_at = [0] * len(world.vms)
        todo = [(vm, stage(index))]
        while todo:
            number, limit = todo.pop()
            if limit <= limits[number]:
                continue
            limits[number] = limit
            one = world.vms[number]
            if one.spawned is not None:
                todo.append((one.spawned.vm, stage(one.spawned.index + 1)))
            done = limit // 2
            for call in one.calls[looked_at[number] : done]:
                todo += self._causes(call)
            looked_at[number] = max(done, looked_at[number])
        return [max(0, limit) for limit in limits]

    def _causes(self, call: Call) -> Iterator[tuple[int, int]]:
        """What must have come before a call was answered as it is expected."""
        world, early = self.world, self._reach.early
        if call.kind == "wait" and call.target > ROOT and call.target not in early.short:
            target = world.vms[call.target]
            if not target.opaque and not call.late and not call.again and call.expected == 0:
                yield target.number, stage(len(target.calls), started=True)
        elif call.kind in ("read", "write") and call.end is not None:
            partner = call.partner if call.served == "matched" else None
            if early.is_loose(call) or early.may_cut(world, call.end.other, partner, call.vm):
                return
            if partner is not None:
                yield partner.vm, stage(partner.index, started=True)
            elif call.served == "none":
                closers = list(closers_of(world, early, call))
                if len(closers) == 1 and not world.vms[closers[0][0]].opaque:
                    vm, index, _ = closers[0]
                    yield vm, stage(index + 1)


def closers_of(world: World, early: Early, call: Call) -> Iterator[tuple[int, int, bool]]:
    """Where a call's other end may be closed by others, or the VM end that it waits for.

    Of each VM the first such call, beyond its last its end, and whether it is an early end.
    """
    if call.end is None:
        target = world.vms[call.target]
        first = early.short.get(target.number)
        yield target.number, len(target.calls) if first is None else first, first is not None
        return
    cuts = {vm: index for _, vm, index in early.cuts.get(call.end.other, ())}
    for holding in world.holders(call.end.other):
        if holding.vm == call.vm:
            continue  # what it has done itself was before
        if holding.vm in cuts:
            yield holding.vm, cuts[holding.vm], True
        elif holding.closed and holding.stop is not None:
            yield holding.vm, holding.stop, False
        elif holding.stop is None and (holding.vm != ROOT or world.vms[ROOT].opaque):
            yield holding.vm, len(world.vms[holding.vm].calls), False


def _limits_of(reach: Reach) -> list[int]:
    """As far as VMs have come, as limits."""
    return [
        0 if at == NOT_SPAWNED else stage(at + 1) if over else min(stage(at, started=True), limit)
        for at, over, limit in zip(reach.at, reach.over, reach.limits, strict=True)
    ]


def is_larger(world: World, one: int, other: int) -> bool:
    """Whether a VM's id is surely larger than another's: it descends from that, or from one that was spawned later."""
    if one == other:
        return False
    parent = world.vms[other].parent
    line = one
    while True:
        if line == other:
            return True
        above = world.vms[line].parent
        if above is None:
            return False
        if above == parent:
            first, second = world.vms[other].spawned, world.vms[line].spawned
            return first is not None and second is not None and first.index < second.index
        line = above
