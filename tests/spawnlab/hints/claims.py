"""Whether a run bears out what a hint claims."""

from __future__ import annotations

from collections import Counter

import msgspec

from spawnlab.explore.results import places_of
from spawnlab.hints.model import DEADLOCK, ENDS, FAILS, STUCK, Hint, Spot
from spawnlab.scheduler.events import Ended, Posted, Refused
from spawnlab.staging import Run

TRUE, UNMET, FALSE = "true", "unmet", "false"
"""As claimed; the VM did not come so far, or the run was over before; otherwise than claimed."""


class Deeds(msgspec.Struct):
    """What the VMs of a run have done, by their places in the tree of spawns."""

    calls: Counter[str]
    exits: dict[str, int]
    deadlock: bool
    failed: bool
    waiting: set[str]


def deeds_of(run: Run) -> Deeds:
    """How many calls each VM has made, and how it has ended."""
    places = places_of(run.build, run.journal)
    report = run.outcome.deadlock
    deeds = Deeds(Counter(), {}, report is not None, run.outcome.failure is not None and report is None, set())
    for event in run.journal:
        match event:
            case Posted(vm=vm) | Refused(vm=vm):
                deeds.calls[places.vm(vm)] += 1
            case Ended(vm=vm, exit_code=code):
                deeds.exits[places.vm(vm)] = code
            case _:
                pass
    if report is not None:
        deeds.waiting = {places.vm(one.vm) for one in report.waiting}
    return deeds


def verdict(hint: Hint, deeds: Deeds) -> str:
    """What a run says of a hint's claim."""
    found = {_of_spot(hint, spot, deeds) for spot in hint.spots}
    if FALSE in found:
        return FALSE
    if hint.claim == DEADLOCK:
        return TRUE if deeds.deadlock else FALSE
    if hint.claim == FAILS:
        return TRUE if deeds.failed else UNMET
    return TRUE if TRUE in found else UNMET


def _of_spot(hint: Hint, spot: Spot, deeds: Deeds) -> str:
    made, number, exit_code = deeds.calls[spot.vm], spot.call or 0, deeds.exits.get(spot.vm)
    if hint.claim == FAILS:
        return UNMET
    if made > number:
        return FALSE
    if hint.claim in (DEADLOCK, STUCK):
        if exit_code is not None:
            return FALSE
        return TRUE if made == number else UNMET
    assert hint.claim == ENDS
    if made < number or exit_code is None:
        return UNMET
    return TRUE if hint.exit_code in (None, exit_code) else FALSE
