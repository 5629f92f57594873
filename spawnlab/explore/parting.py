"""Where two runs of one scenario take different ways, and what that changes first for one of their VMs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import msgspec

from ..scenarios.build import Build
from ..scheduler.events import AnyEvent, IterationStarted, SwappedIn, SwappedOut, Transferred
from ..views.cast import Cast
from ..views.timeline import Timeline
from .replays import Played
from .results import Places

_CALLS = "calls "


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """What a VM does in one of the runs: its id there, the turn, and the words of a timeline. Of none, ``None``."""

    vm: int | None
    turn: int | None
    words: str | None


class Parting(msgspec.Struct, frozen=True, kw_only=True):
    """The first turn that is another VM's, and the first thing that is otherwise for a VM. A is the first run."""

    turn: int
    """From 1 on."""
    vm_a: int | None
    """Whose turn it is; ``None`` where the run is over."""
    program_a: str | None
    vm_b: int | None
    program_b: str | None
    place: str | None
    """The VM for which something is otherwise, by its path in the tree of spawns; ``None`` where nothing is."""
    program: str | None
    call: str | None
    """What it asked for last, before that."""
    a: Doing | None
    b: Doing | None


class _Entry(msgspec.Struct, frozen=True):
    turn: int
    words: str


class _Told(msgspec.Struct):
    """A run by VMs: what each does and gets, by its path."""

    places: Places
    ids: dict[str, int]
    entries: dict[str, list[_Entry]]


def parting_of(build: Build, a: Played, b: Played) -> Parting:
    """Compare two runs that came to different ends."""
    one, other = _told(build, a.events), _told(build, b.events)
    turn = next(turn for turn, (x, y) in enumerate(zip_longest(a.order, b.order), 1) if x != y)
    vm_a, vm_b = (order[turn - 1] if turn <= len(order) else None for order in (a.order, b.order))
    found = _first_change(one, other)
    path, number = found if found else (None, 0)
    return Parting(
        turn=turn,
        vm_a=vm_a,
        program_a=None if vm_a is None else one.places.programs[vm_a],
        vm_b=vm_b,
        program_b=None if vm_b is None else other.places.programs[vm_b],
        place=path,
        program=None if path is None else _program(path, one, other),
        call=None if path is None else _call(one.entries[path][:number]),
        a=None if path is None else _doing(one, path, number),
        b=None if path is None else _doing(other, path, number),
    )


def _told(build: Build, events: Sequence[AnyEvent]) -> _Told:
    places, timeline = Places(build), Timeline(Cast(build), 0)
    told = _Told(places, {}, defaultdict(list))
    turn = 0
    for event in events:
        places.follow(event)
        row = timeline.row(event)
        if isinstance(event, IterationStarted):
            turn = event.iteration
        if isinstance(event, Transferred):
            head = event.head[:16]
            words = f"gets {event.size} bytes: {head!r}{' ...' if event.size > len(head) else ''}"
            told.entries[places.vm(event.reader)].append(_Entry(turn, words))
        if row is not None and not isinstance(event, SwappedIn | SwappedOut):
            told.entries[places.vm(event.vm)].append(_Entry(turn, row.words))
    told.ids = {path: vm for vm, path in places.paths.items()}
    return told


def _program(path: str, one: _Told, other: _Told) -> str:
    told = one if path in one.ids else other
    return told.places.programs[told.ids[path]]


def _first_change(one: _Told, other: _Told) -> tuple[str, int] | None:
    """The VM, and the number among what it does: the first that is otherwise, else the first that only one run has."""
    changes = [*_changes(one, other)]
    both = [change for change in changes if change[2]]
    found = min(both or changes, default=None)
    return None if found is None else (found[1], found[3])


def _changes(one: _Told, other: _Told) -> Iterator[tuple[int, str, bool, int]]:
    """For each VM: the turn, its path, whether both runs have something there, and the number."""
    for path in sorted({*one.entries, *other.entries}):
        pairs = zip_longest(one.entries[path], other.entries[path])
        for number, (x, y) in enumerate(pairs):
            if x is None or y is None or x.words != y.words:
                yield min(entry.turn for entry in (x, y) if entry is not None), path, bool(x and y), number
                break


def _call(before: Sequence[_Entry]) -> str | None:
    return next((entry.words for entry in reversed(before) if entry.words.startswith(_CALLS)), None)


def _doing(told: _Told, path: str, number: int) -> Doing:
    entries = told.entries[path]
    entry = entries[number] if number < len(entries) else None
    turn, words = (None, None) if entry is None else (entry.turn, entry.words)
    return Doing(vm=told.ids.get(path), turn=turn, words=words)
