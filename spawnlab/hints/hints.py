"""Hints about a scenario, before it is run."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..scenarios.errors import ScenarioError
from ..scenarios.model import Scenario
from ..scenarios.names import nearest
from .deadlocks import deadlock_hint
from .ends import end_hints
from .ids import settle_ids
from .matching import match
from .model import DEADLOCK, LEVELS, NOTE, Hint
from .notes import notes
from .races import settle
from .reach import Passes, Reach
from .rings import rings_of
from .room import look_for_room
from .unfold import unfold
from .world import ROOT, World

ROUNDS_MAX = 3
"""How often what was found out may lead on to more."""
SPOTS_MAX = 20
"""VMs that a hint names."""


def hints_of(scenario: Scenario) -> tuple[Hint, ...]:
    """What can be said of a scenario's programs before they are run: the certain first, then by place.

    Nothing is played. Programs that are no lists of operations are opaque: what they might do is allowed for, and they
    are named once. Raises :class:`~spawnlab.scenarios.errors.ScenarioError` for a step that names what there is not.
    """
    if scenario.root not in scenario.programs:
        known = nearest(scenario.root, scenario.programs)
        raise ScenarioError(f"there is no program {scenario.root!r}{known}", path="$.root")
    world = unfold(scenario)
    match(world)
    passes = Passes(world)
    possible = settle(passes)
    for _ in range(ROUNDS_MAX):
        if possible is None or not (settle_ids(passes, possible) | look_for_room(passes, possible)):
            break
        passes.refresh()
        possible = settle(passes) or possible
    expected = passes.expected(possible)
    found = [*_deadlocks(world, expected, possible), *end_hints(passes.answers, possible)]
    found += notes(scenario, world, expected)
    return tuple(sorted(_once(found), key=lambda hint: LEVELS.index(hint.level)))


def kinds_of(hints: Iterable[Hint]) -> tuple[str, ...]:
    """The kinds of hints, each once, and then what they claim, such as ``deadlock``; notes are left out."""
    told = [hint for hint in hints if hint.level != NOTE]
    return tuple(dict.fromkeys([*(hint.kind for hint in told), *(hint.claim for hint in told if hint.claim)]))


def _deadlocks(world: World, expected: Reach, possible: Reach | None) -> Iterable[Hint]:
    """The rings of VMs that are stuck for sure, and of those that may be."""
    found: dict[object, Hint] = {}
    for ring in () if possible is None else rings_of(world, possible):
        is_certain = possible is not None and all(map(possible.never_ends, (ROOT, *ring.vms)))
        found[ring.calls] = deadlock_hint(world, ring, is_certain=is_certain)
    for ring in rings_of(world, expected):
        known = found.get(ring.calls)
        if known is None or (ring.holds_root and known.claim != DEADLOCK):
            found[ring.calls] = deadlock_hint(world, ring, is_certain=False)
    return found.values()


def _once(hints: Iterable[Hint]) -> list[Hint]:
    """Hints that say the same of the same place are one, of all the VMs."""
    found: dict[object, Hint] = {}
    for hint in hints:
        key = (hint.kind, hint.level, hint.claim, hint.exit_code, hint.path, hint.cause)
        before = found.get(key)
        if before is None:
            found[key] = hint
        elif hint.claim != DEADLOCK:
            found[key] = msgspec.structs.replace(before, spots=(*before.spots, *hint.spots)[:SPOTS_MAX])
    return list(found.values())
