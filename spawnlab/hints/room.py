"""Whether the limits are in the way of a spawn or a pipe: 17 VMs that live, 64 fds that are open."""

from __future__ import annotations

from ..scheduler.limits import MAX_FDS, MAX_VMS_COUNT
from .codes import MAX_FDS_CREATED, MAX_VMS_SPAWNED
from .past import Past
from .reach import NOT_SPAWNED, Passes, Reach
from .world import ROOT, Call, End


def look_for_room(passes: Passes, reach: Reach) -> bool:
    """Mark spawns and pipes that no limit is in the way of, or surely is; gives whether there are any.

    A VM goes no further than to the first that fails.
    """
    world = passes.world
    past = Past(passes, reach)
    changed = False
    if not world.closed:
        return False
    for vm in world.vms:
        for call in vm.calls[: reach.at[vm.number] + 1]:
            if call.fails is not None or not passes.answers.limits_of(call):
                continue
            frozen = passes.possible(before=call)
            if frozen is None:
                return changed
            call.looked_at = True
            _look(past, call, past.before(call.vm, call.index), frozen)
            changed |= call.has_room or call.fails is not None
            if call.fails is not None:
                break
    return changed


def _look(past: Past, call: Call, before: Reach, frozen: Reach) -> None:
    """``before`` is what has happened for sure by then, ``frozen`` what may have."""
    if call.kind == "spawn":
        least, most, limit, code = *_vms(past, call, before, frozen), MAX_VMS_COUNT + 1, MAX_VMS_SPAWNED
    else:
        least, most, limit, code = *_fds(past, call, before, frozen), MAX_FDS, MAX_FDS_CREATED
    if least >= limit:
        call.fails = code
    elif most < limit:
        call.has_room = True


def _vms(past: Past, call: Call, before: Reach, frozen: Reach) -> tuple[int, int]:
    """How many live then, at the least and at the most."""
    least = most = 0
    for vm in range(len(past.world.vms)):
        spawned = past.world.vms[vm].spawned
        if frozen.at[vm] == NOT_SPAWNED or before.over[vm] or spawned is call:
            continue
        if spawned is not None and past.comes_first(call, spawned):
            continue
        most += 1
        lives = before.at[vm] != NOT_SPAWNED and not frozen.over[vm] and vm not in frozen.early.short
        least += vm in (ROOT, call.vm) or (lives and past.is_sure(vm, frozen))
    return least, most


def _fds(past: Past, call: Call, before: Reach, frozen: Reach) -> tuple[int, int]:
    """How many are open then, at the least and at the most."""
    least = most = 0
    for number, pipe in enumerate(past.world.pipes):
        maker, index = pipe.made.vm, pipe.made.index
        if frozen.at[maker] <= index or pipe.made is call or past.comes_first(call, pipe.made):
            continue
        made = before.at[maker] > index and past.is_sure(maker, frozen)
        made = made and (maker == ROOT or not frozen.early.may_end_by(pipe.made))
        for end in (End(number, writes=False), End(number, writes=True)):
            most += end not in before.shut
            least += made and end not in frozen.shut and end not in frozen.early.cuts
    return least, most
