"""Rings in words: what is wrong, where, and what to do."""

from __future__ import annotations

from ..explain.causes import ring_name
from .model import CERTAIN, DEADLOCK, POSSIBLE, STUCK, Hint
from .phrases import at, bytes_of, does, end_of, hint_at, spot, vm_of
from .rings import Ring
from .world import ROOT, Call, Holding, World


def deadlock_hint(world: World, ring: Ring, *, is_certain: bool) -> Hint:
    """The hint about a ring; ``is_certain`` is whether nothing can keep its VMs, and the root, from being stuck."""
    kind, index = kind_of(world, ring)
    blamed, following = ring.calls[index], ring.calls[(index + 1) % len(ring.calls)]
    to_root = any(call.kind == "wait" and call.target == ROOT for call in ring.calls)
    return hint_at(
        blamed,
        kind=kind,
        level=CERTAIN if is_certain else POSSIBLE,
        claim=DEADLOCK if is_certain or ring.holds_root else STUCK,
        cause=ring_name([call.kind for call in ring.calls], to_root=to_root),
        words=_words(world, kind, ring, blamed, following),
        advice=_remedy(world, blamed, following),
        spots=tuple(
            spot(world, call, _waits(world, call, ring.calls[(place + 1) % len(ring.calls)]))
            for place, call in enumerate(ring.calls)
        ),
    )


def kind_of(world: World, ring: Ring) -> tuple[str, int]:
    """The kind of hint, and which of the ring's calls is to blame."""
    calls = ring.calls
    if len(calls) == 1:
        return ("self-wait" if calls[0].kind == "wait" else "own-pipe"), 0
    for index, call in enumerate(calls):
        if call.kind == "wait" and call.target == ROOT:
            return "wait-for-root", index
    for index, call in enumerate(calls):
        if call.kind == "write" and call.served == "none":
            return "write-without-reader", index
    for index, call in enumerate(calls):
        if call.kind == "read" and call.served == "none" and call.end is not None:
            return "open-write-end" if world.calls(call.end.other) else "read-without-writer", index
    return "ring", min(range(len(calls)), key=lambda index: ("read", "write", "wait").index(calls[index].kind))


def _words(world: World, kind: str, ring: Ring, blamed: Call, following: Call) -> str:
    who, holder, what = vm_of(world, blamed.vm), vm_of(world, following.vm), does(world, blamed)
    match kind:
        case "self-wait":
            return f"{who} waits for its own end"
        case "own-pipe":
            never = "write to it or close it" if blamed.kind == "read" else "read from it or close it"
            return f"{who} {what} and holds the other end itself, so that nobody else can {never}"
        case "wait-for-root":
            return f"{who} waits for VM 0, of whose end nobody ever learns, since the run is over then"
        case "write-without-reader":
            them = "that" if not blamed.taken else f"the last {bytes_of(blamed.size - blamed.taken)} of that"
            return f"{who} {what}, and nobody ever reads {them}: {holder} has the read end, and waits"
        case "read-without-writer":
            return f"{who} {what}, where nobody ever writes: {holder} has the write end, and waits"
        case "open-write-end":
            return f"{who} {what} when all is read that is ever written: {holder} has the write end still, and waits"
        case _:
            return f"{_listed([vm_of(world, vm) for vm in ring.vms])} wait for each other in a ring"


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _waits(world: World, call: Call, following: Call) -> str:
    """What a VM of a ring waits for; ``following`` is where the next one is stuck."""
    what = does(world, call)
    if call.end is None or following.vm == call.vm:
        return what
    holder, partner = vm_of(world, following.vm), call.partner
    if partner is not None and partner.vm == following.vm:
        return f"{what}, which {holder} {'writes' if call.kind == 'read' else 'reads'} only at {at(partner)}"
    holding = _holding(world, call, following.vm)
    if holding.stop is not None:
        return f"{what}; {holder} has {end_of(world, call.end.other)} until {at(_stop(world, holding))}"
    if call.kind == "write":
        read = f"all but {bytes_of(call.size - call.taken)} of that" if call.taken else "none of that"
        return f"{what}; {holder} has {end_of(world, call.end.other)} and reads {read}"
    return f"{what}; {holder} has {end_of(world, call.end.other)} and writes no more"


def _holding(world: World, call: Call, vm: int) -> Holding:
    """A VM's time with the other end."""
    assert call.end is not None
    return next(holding for holding in world.holders(call.end.other) if holding.vm == vm)


def _stop(world: World, holding: Holding) -> Call:
    return world.vms[holding.vm].calls[holding.stop or 0]


def _remedy(world: World, call: Call, following: Call) -> str:
    """What would help; ``following`` is where the VM is stuck that could let this one go on."""
    holder, there = vm_of(world, following.vm), at(following)
    if call.end is None:
        return _without(world, call)
    other, partner, holding = end_of(world, call.end.other), call.partner, _holding(world, call, following.vm)
    if holding.stop is not None and (partner is None or partner.vm != following.vm or following.vm == call.vm):
        earlier = _stop(world, holding)
        return f"let {holder} do {at(earlier)} ({does(world, earlier)}) before {there} ({does(world, following)})"
    if following.vm == call.vm:
        whom = "write" if call.kind == "read" else "read"
        closing = f", or close it before {there}" if call.kind == "read" else ""
        return f"hand {other} over to the VM that is to {whom}, when it is spawned{closing}"
    if partner is not None and partner.vm == following.vm:
        return f"let {holder} do {at(partner)} ({does(world, partner)}) before {there} ({does(world, following)})"
    if call.kind == "read":
        return f"close {other} in {holder} before {there}, or write there what is still read"
    return f"let {holder} read it, or close {other}, before {there}; or write less"


def _without(world: World, call: Call) -> str:
    if call.target == ROOT and call.vm != ROOT:
        return f"leave the wait out: by a pipe {vm_of(world, call.vm)} can learn what it waits for"
    return f"leave out the wait of {vm_of(world, call.vm)} at {at(call)}"
