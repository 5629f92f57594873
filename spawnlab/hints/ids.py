"""Which VM an id is, where several VMs spawn: an id is how many were spawned before."""

from __future__ import annotations

from .past import Past
from .reach import NOT_SPAWNED, Passes, Reach
from .world import ANYBODY, NOBODY, ROOT, Vm, World


def settle_ids(passes: Passes, reach: Reach) -> bool:
    """Find the VMs that are waited for by their ids; gives whether anything was found out."""
    world = passes.world
    waits = [call for vm in world.vms for call in vm.calls if call.target == ANYBODY and call.id is not None]
    if not waits or not world.closed:
        return False
    past = Past(passes, reach)
    known = sum(vm.id is not None for vm in world.vms)
    for vm in world.vms:
        if vm.id is None:
            vm.id = _id_of(past, vm)
    unknown = any(vm.id is None for vm in world.vms)
    for call in waits:
        assert call.id is not None
        call.target = _whose(past, reach, call.id, unknown)
        call.late = call.target > ROOT and not _comes_before(world, call.target, call.vm)
        before = [other for other in world.vms[call.vm].calls[: call.index] if other.target == call.target]
        before = [other for other in before if other.kind == "wait"]
        call.again, call.before = len(before), before[-1] if before else None
    return sum(vm.id is not None for vm in world.vms) > known or any(call.target != ANYBODY for call in waits)


def _whose(past: Past, reach: Reach, number: int, unknown: bool) -> int:
    """The VM with an id. What is known of a VM is its id if it is spawned: else another one may get that."""
    vm = next((vm for vm in past.world.vms if vm.id == number), None)
    if unknown and (vm is None or not past.is_sure(vm.number, reach)):
        return ANYBODY
    return NOBODY if vm is None else vm.number


def _id_of(past: Past, vm: Vm) -> int | None:
    """How many were surely spawned before it, if no more may have been."""
    call = vm.spawned
    assert call is not None
    then = past.passes.possible(before=call)
    if then is None:
        return None
    before = past.before(call.vm, call.index)
    may = [other for other, at in enumerate(then.at) if at != NOT_SPAWNED and not _comes_after(past, other, vm)]
    surely = [other for other in may if before.at[other] != NOT_SPAWNED and past.is_sure(other, then)]
    return len(may) if len(surely) == len(may) else None


def _comes_after(past: Past, other: int, vm: Vm) -> bool:
    """Whether a VM is surely spawned after another, or is that one."""
    call, own = past.world.vms[other].spawned, vm.spawned
    if call is None or own is None or other == vm.number:
        return other == vm.number
    return past.comes_first(own, call)


def _comes_before(world: World, target: int, vm: int) -> bool:
    """Whether a VM is there for sure when another one acts: it is that one, or that one comes from it."""
    line: int | None = vm
    while line is not None:
        if line == target:
            return True
        line = world.vms[line].parent
    return False
