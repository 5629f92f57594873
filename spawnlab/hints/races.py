"""Whether a VM waits at a call, or comes too late, where the chain's order decides that.

Who reads or writes when the other end is closed is told OTHER_END_CLOSED, and who waits already, SUCCESS. Who waits
for a VM that has ended collects its exit code, and who has waited for the end leaves it to another wait. Programs go on
after one answer and not after the other, so it matters which comes first.
"""

from __future__ import annotations

from collections.abc import Iterator

from .past import Past, closers_of
from .reach import NOT_SPAWNED, Passes, Reach
from .world import NOBODY, ROOT, Call

ROUNDS_MAX = 4


def settle(passes: Passes) -> Reach | None:
    """Mark calls that surely wait, or surely do not; gives how far VMs may come then, if that can be found out."""
    found = reach = passes.possible()
    for _ in range(ROUNDS_MAX):
        if found is None:
            return reach
        reach = found
        past = Past(passes, reach)
        changed = False
        for call in list(_open_calls(passes, reach)):
            if not passes.has_time:
                return reach
            changed |= _settle(past, reach, call)
        if not changed:
            return reach
        found = passes.possible()
    return found or reach


def _open_calls(passes: Passes, reach: Reach) -> Iterator[Call]:
    """Calls that VMs may come to, and that may be answered in two ways."""
    world = passes.world
    for vm in world.vms:
        waited_again = {id(call.before) for call in vm.calls}
        for call in vm.calls[: reach.at[vm.number] + 1]:
            if call.always_waits or call.never_waits:
                continue
            if call.kind in ("read", "write") and call.end is not None:
                end = call.end.other
                if call.served == "none" or reach.early.may_cut(world, end, call.partner, vm.number):
                    yield call
            elif call.kind == "wait" and call.target > ROOT and (call.late or id(call) in waited_again):
                yield call


def _settle(past: Past, reach: Reach, call: Call) -> bool:
    call.looked_at = True
    if _comes_after_the_end(past, reach, call):
        call.never_waits = True
        return True
    before = past.before(call.vm, call.index)
    if call.late:
        return _is_in_time(past, reach, before, call)
    if call.end is None:
        call.never_waits = before.over[call.target]
    else:
        call.never_waits = call.end.other in before.shut
    if call.never_waits:
        return True
    closers = list(closers_of(past.world, reach.early, call))
    call.always_waits = bool(closers) and all(
        (past.ended_at if is_early else past.before)(vm, index).has_started(call) for vm, index, is_early in closers
    )
    return call.always_waits


def _comes_after_the_end(past: Past, reach: Reach, call: Call) -> bool:
    """Whether there was a read or write before it that only the other end's closing can have ended."""
    if call.end is None or call.served != "none" or not call.position or reach.early.is_loose(call):
        return False
    return past.world.calls(call.end)[call.position - 1].served == "none"


def _is_in_time(past: Past, reach: Reach, before: Reach, call: Call) -> bool:
    """Whether the VM that is waited for has surely been spawned by then, or surely not."""
    if before.at[call.target] != NOT_SPAWNED and past.is_sure(call.target, reach):
        call.late = False
        return True
    spawned = past.world.vms[call.target].spawned
    assert spawned is not None
    if past.before(spawned.vm, spawned.index).has_started(call):
        call.target = NOBODY
        return True
    return False
