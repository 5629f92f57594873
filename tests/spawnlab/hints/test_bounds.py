"""The two bounds on how far VMs come, what has happened before a call, and who reads what: laws, held against runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, settings

from spawnlab.explore.player import build_of
from spawnlab.explore.results import Places, places_of
from spawnlab.explore.topology import Topology, scenario_of
from spawnlab.hints.matching import bytes_of_read, match
from spawnlab.hints.past import Past
from spawnlab.hints.races import settle
from spawnlab.hints.reach import NOT_SPAWNED, Passes, Reach
from spawnlab.hints.unfold import unfold
from spawnlab.hints.world import Vm, World
from spawnlab.play import run_synchronously
from spawnlab.scenarios.build import build
from spawnlab.scenarios.model import Scenario
from spawnlab.scheduler.events import AnyEvent, Ended, Posted, Refused, Transferred
from spawnlab.scheduler.fds import other_end
from spawnlab.staging import Run
from spawnlab.testing.strategies import topologies

from .varied import varied


class _Counted:
    """How many calls each VM has made, by its place, and who has ended, as events come."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.ended: set[str] = set()

    def follow(self, event: AnyEvent, places: Places) -> None:
        match event:
            case Posted(vm=vm) | Refused(vm=vm):
                self.calls[places.vm(vm)] += 1
            case Ended(vm=vm):
                self.ended.add(places.vm(vm))
            case _:
                pass


def _made_at_most(world: World, vm: int, at: int) -> int:
    """The calls that a VM has made when it has come to one, or to its end."""
    calls = world.vms[vm].calls
    return 0 if not calls else calls[min(at, len(calls) - 1)].number


def _settled(scenario: Scenario) -> tuple[World, Passes, Reach | None]:
    world = unfold(scenario)
    match(world)
    passes = Passes(world)
    return world, passes, settle(passes)


def _check_bounds(scenario: Scenario, run: Run) -> None:
    world, passes, possible = _settled(scenario)
    assert possible is not None
    expected = passes.expected(possible)
    places, counted = places_of(run.build, run.journal), _Counted()
    for event in run.journal:
        counted.follow(event, places)
    there = set(places.paths.values())
    root_ended = "0" in counted.ended
    for vm in world.vms:
        made, most = counted.calls[vm.place], possible.at[vm.number]
        if most == NOT_SPAWNED:
            assert vm.place not in there, vm.name
        elif not vm.opaque:
            assert made <= _made_at_most(world, vm.number, most), vm.name
        least = expected.at[vm.number]
        if world.closed and not root_ended and least != NOT_SPAWNED and vm.place in there - counted.ended:
            assert made >= _made_at_most(world, vm.number, least), vm.name


@settings(max_examples=60)
@given(topologies("any"))
def test_no_vm_comes_beyond_one_bound_or_stays_behind_the_other(topology: Topology) -> None:
    _check_bounds(scenario_of(topology), run_synchronously(build_of(topology)))


@pytest.mark.parametrize("part", range(4))
def test_the_bounds_hold_of_varied_scenarios(part: int) -> None:
    for seed in range(100_000 + part, 100_160, 4):
        scenario = varied(Random(seed))
        _check_bounds(scenario, run_synchronously(build(scenario), limit=1 << 40))


def _check_past(scenario: Scenario, run: Run) -> None:
    """When a VM makes a call, all have come as far as is said, or have ended."""
    world, passes, possible = _settled(scenario)
    assert possible is not None
    past = Past(passes, possible)
    by_place = {vm.place: vm for vm in world.vms}
    places, counted = Places(run.build), _Counted()
    for event in run.journal:
        places.follow(event)
        if isinstance(event, Posted | Refused):
            vm = by_place.get(places.vm(event.vm))
            number = counted.calls[places.vm(event.vm)] + 1
            call = next((call for call in vm.calls if call.number == number), None) if vm else None
            if vm is not None and call is not None:
                _check_others(world, past.before(vm.number, call.index), counted)
        counted.follow(event, places)


def _check_others(world: World, before: Reach, counted: _Counted) -> None:
    for other in world.vms:
        at, is_over = before.at[other.number], before.over[other.number]
        if other.place in counted.ended or at == NOT_SPAWNED:
            continue
        if any(above.place in counted.ended for above in _above(world, other.number)):
            continue  # who has ended early has not spawned it
        assert not is_over, other.name
        has_come = at < len(other.calls) and before.has_started(other.calls[at])
        assert counted.calls[other.place] >= (_made_at_most(world, other.number, at) if has_come else 0), other.name


def _above(world: World, vm: int) -> Iterable[Vm]:
    parent = world.vms[vm].parent
    while parent is not None:
        yield world.vms[parent]
        parent = world.vms[parent].parent


@settings(max_examples=40)
@given(topologies("free"))
def test_what_is_sure_has_happened_before_a_call(topology: Topology) -> None:
    _check_past(scenario_of(topology), run_synchronously(build_of(topology)))


@settings(max_examples=40)
@given(topologies("acyclic"))
def test_reads_get_the_bytes_that_they_are_matched_with(topology: Topology) -> None:
    scenario = scenario_of(topology)
    world, _, _ = _settled(scenario)
    run = run_synchronously(build_of(topology))
    places = places_of(run.build, run.journal)
    got: dict[str, list[int]] = {}
    for event in run.journal:
        if isinstance(event, Transferred):
            got.setdefault(places.pipes[other_end(event.fd)], []).append(event.size)
    made: Counter[int] = Counter()
    for pipe in world.pipes:
        maker = pipe.made.vm
        made[maker] += 1
        name = f"{world.vms[maker].place}#{made[maker]}"
        reads = [call for call in pipe.calls[False] if call.served == "matched"]
        assert [call.taken for call in reads] == got.get(name, [])
        assert all(len(bytes_of_read(call) or b"") == call.taken for call in reads)
