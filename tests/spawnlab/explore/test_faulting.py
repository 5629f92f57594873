"""Random faults: of what there is in a run; and that runs with them are the same whoever plays them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.explore.faulting import Chances, Holding, Read, random_faults
from spawnlab.explore.player import build_of
from spawnlab.explore.topology import Topology
from spawnlab.scenarios.as_actor import actors_of
from spawnlab.scenarios.build import Build
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scheduler.events import FaultInjected
from spawnlab.scheduler.faults import (
    KINDS,
    Close,
    Exit,
    Fault,
    FilledMemory,
    ShortRead,
    ShortReads,
    fault_of,
    faults_of,
)
from spawnlab.staging import Run
from spawnlab.testing.strategies import topologies
from spawnlab.views.accounts import accounts
from spawnlab.views.hypotheticals import fault_notes
from spawnlab.vm.engines import NAMES, default_engine, use_engine

from ...actors.test_twins import essence
from ...agree.topologies import topology

LIMIT = 20_000_000
SEEDS = st.integers(0, 10**6)


def on_every_engine(made: Build, faults: Sequence[str]) -> Run:
    """The run, which is the same on every engine and by both drivers."""
    before = default_engine().name
    run = spawnlab.run(made, limit=LIMIT, faults=faults)
    try:
        for name in NAMES:
            use_engine(name)
            assert spawnlab.run_synchronously(made, limit=LIMIT, faults=faults).journal == run.journal
    finally:
        use_engine(before)
    return run


def checked(made: Build, seed: int) -> tuple[tuple[str, ...], Run, Run]:
    """Random faults, the run without them, and the run with them, whose books add up."""
    plain = spawnlab.run_synchronously(made, limit=LIMIT)
    faults = random_faults(Random(seed), plain)
    assert 1 <= len(faults) <= 3
    assert [fault.text for fault in faults_of(faults)] == [*faults]
    assert random_faults(Random(seed), plain) == faults
    run = on_every_engine(made, faults)
    books = accounts(run.journal)
    assert books.total == run.outcome.cycles
    assert min(books.consumed.values(), default=0) >= 0
    return faults, plain, run


@settings(max_examples=25)
@given(SEEDS)
def test_programs_that_do_anything(seed: int) -> None:
    checked(spawnlab.build(topology(seed)), seed)


@settings(max_examples=25)
@given(topologies("any"), SEEDS)
def test_generated_topologies(shape: Topology, seed: int) -> None:
    """Up to the first fault that takes effect the run is the one without; where none does, to its end."""
    faults, plain, run = checked(build_of(shape), seed)
    first = next((i for i, event in enumerate(run.journal) if isinstance(event, FaultInjected)), len(run.journal))
    if not any(isinstance(fault, FilledMemory) for fault in faults_of(faults)):
        assert run.journal.events[:first] == plain.journal.events[:first]
        if first == len(run.journal):
            assert run.journal.events == plain.journal.events
    assert run.journal.fingerprint() != plain.journal.fingerprint()


@settings(max_examples=25)
@given(SEEDS, st.sampled_from(["smallest", "round-robin", "random:5"]))
def test_in_another_order_too(seed: int, policy: str) -> None:
    made = spawnlab.build(topology(seed))
    faults = random_faults(Random(seed), spawnlab.run_synchronously(made, limit=LIMIT, policy=policy))
    run = spawnlab.run_synchronously(made, limit=LIMIT, policy=policy, faults=faults)
    assert spawnlab.run(made, limit=LIMIT, policy=policy, faults=faults).journal == run.journal
    assert run.hypothetical == " + ".join([policy, *faults])


@settings(max_examples=25)
@given(SEEDS)
def test_functions_have_the_same_faults_as_programs(seed: int) -> None:
    """Functions make the calls of the compiled program, so that a fault comes at the same moment."""
    made = spawnlab.build(topology(seed))
    plain = spawnlab.run_synchronously(made, limit=LIMIT)
    faults = random_faults(Random(seed), plain)
    run = spawnlab.run_synchronously(made, limit=LIMIT, faults=faults)
    for one in (plain, run):
        if one.outcome.failure is not None and one.outcome.deadlock is None:
            return  # out of cycles, which functions need fewer of
    played = made.with_actors(actors_of(made.scenario))
    for driver in (spawnlab.run, spawnlab.run_synchronously):
        other = driver(played, limit=LIMIT, faults=faults)
        assert [essence(e, cycles=False) for e in other.journal] == [essence(e, cycles=False) for e in run.journal]
        assert other.outcome.exit_code == run.outcome.exit_code


@settings(max_examples=25)
@given(SEEDS)
def test_faults_whose_moment_never_comes_change_nothing_but_the_name(seed: int) -> None:
    made = spawnlab.build(topology(seed))
    plain = spawnlab.run_synchronously(made, limit=LIMIT)
    calls = Chances(plain.journal).calls
    late = [f"{vm}:{count + 1}" for vm, count in calls.items()] + [f"{len(calls) + 20}:1"]
    faults = [f"{kind}:{at}:{number}" for at in late for kind, number in (("exit", 1), ("close", 2), ("short", 1))]
    run = spawnlab.run_synchronously(made, limit=LIMIT, faults=faults)
    assert run.journal.events == plain.journal.events
    assert run.outcome == plain.outcome
    assert run.journal.policy == "hypothetical:" + " + ".join(["largest", *faults])


TALK = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "pipe", as = ["r2", "w2"] },
  { op = "spawn", program = "child", fds = ["w", "r2"], as = "child" },
  { op = "read", fd = "r", size = 8 },
  { op = "close", fd = "r" },
  { op = "write", fd = "w2", size = 1 },
  { op = "wait", vm = "child" },
]
[programs.child]
steps = [
  { op = "inherited_fds", as = ["out", "in"] },
  { op = "write", fd = "out", size = 6 },
  { op = "read", fd = "in", size = 1 },
]
"""


def test_chances_are_what_there_is() -> None:
    """Calls of the root: two pipes, spawn, read, close, write, wait, exit."""
    run = spawnlab.run_synchronously(parse_scenario(TALK, ".toml"))
    chances = Chances(run.journal)
    assert chances.calls == {0: 8, 1: 4}
    assert chances.reads == [Read(0, 4, 8), Read(1, 3, 1)]
    assert chances.short_reads == [Read(0, 4, 8)]
    assert sorted(chances.holdings, key=lambda one: (one.vm, one.fd)) == [
        Holding(0, 2, 2, 5), Holding(0, 3, 2, 3), Holding(0, 4, 3, 3), Holding(0, 5, 3, 8),
        Holding(1, 3, 1, 4), Holding(1, 4, 1, 4),
    ]  # fmt: skip


def test_all_of_what_there_is_is_drawn_and_takes_effect() -> None:
    made = spawnlab.build(parse_scenario(TALK, ".toml"))
    plain = spawnlab.run_synchronously(made)
    seen: set[Fault] = set()
    for seed in range(300):
        faults = random_faults(Random(seed), plain)
        seen.update(map(fault_of, faults))
        run = spawnlab.run_synchronously(made, faults=faults[:1])
        (note,) = fault_notes(run.journal)
        assert note.times or isinstance(fault_of(faults[0]), ShortReads)  # a seed may leave the only read whole
    exits = {(fault.vm, fault.call) for fault in seen if isinstance(fault, Exit)}
    closes = {(fault.vm, fault.call, fault.fd) for fault in seen if isinstance(fault, Close)}
    assert exits == {(1, call) for call in range(1, 5)}
    held = {
        (one.vm, call, one.fd) for one in Chances(plain.journal).holdings for call in range(one.first, one.last + 1)
    }
    assert closes == held
    assert {(fault.vm, fault.call, fault.size) for fault in seen if isinstance(fault, ShortRead)} == {
        (0, 4, size) for size in range(1, 8)
    }
    assert {type(fault) for fault in seen} == set(KINDS)


def test_the_root_exits_early_where_it_is_alone() -> None:
    plain = spawnlab.run_synchronously(parse_scenario('[programs.root]\nsteps = [{ op = "exit", code = 3 }]', ".toml"))
    drawn = {fault for seed in range(60) for fault in random_faults(Random(seed), plain)}
    exits = {fault for fault in map(fault_of, drawn) if isinstance(fault, Exit)}
    assert {(fault.vm, fault.call) for fault in exits} == {(0, 1)}
    assert {type(fault) for fault in map(fault_of, drawn)} == {Exit, FilledMemory}


def test_a_run_without_a_call_has_its_memory_filled() -> None:
    run = spawnlab.run_synchronously("gallery:version_0", limit=0)
    assert not Chances(run.journal).calls.total()
    assert all(isinstance(fault_of(fault), FilledMemory) for fault in random_faults(Random(1), run))
