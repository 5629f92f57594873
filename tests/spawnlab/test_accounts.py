"""The books: whatever a run does, its cycles by VM and kind add up to its total."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.scenarios.build import build
from spawnlab.scheduler.events import AnyEvent, Booted, IterationEnded, SwappedIn, SwappedOut
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.scheduler import RunMode, Scheduler
from spawnlab.scheduler.transaction import DataLocation
from spawnlab.views.accounts import Accounts, Kind, accounts
from spawnlab.vm.engines import StepEngine
from spawnlab.vm.errors import CyclesExceeded, VmError
from spawnlab.vm.machine import EXIT, Machine, SystemCall
from spawnlab.vm.version import Isa

from ..agree.topologies import topology
from ..scheduler.programs import DEBUG, call, leave, pipe, read, spawn, spawn_with, wait, write
from ..scheduler.runs import play, sg_data_of

GALLERY = sorted((Path(__file__).resolve().parents[2] / "scenarios" / "gallery").glob("*.toml"))
LIMIT = 20_000_000


def checked(run: spawnlab.Run) -> Accounts:
    """The books of a run, which add up."""
    return check(run.journal.events, run.outcome.cycles)


def check(events: Sequence[AnyEvent], cycles: int) -> Accounts:
    books = accounts(events)
    assert books.total == cycles
    assert books.consumed.total() == cycles
    assert min(books.consumed.values(), default=0) >= 0
    assert min(books.unconsumed.values(), default=0) >= 0
    return books


def by_kind(books: Accounts, vm: int | None = None) -> dict[Kind, int]:
    sums: Counter[Kind] = Counter()
    for (owner, kind), cycles in books.consumed.items():
        if vm in (None, owner):
            sums[kind] += cycles
    return {kind: cycles for kind, cycles in sums.items() if cycles}


# The law


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_the_gallery_adds_up(file: Path) -> None:
    checked(spawnlab.run_synchronously(file))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1 << 32), st.floats(0, 1))
def test_any_run_adds_up_whole_cut_short_and_gone_on_with(seed: int, part: float) -> None:
    scenario = topology(seed)
    whole = spawnlab.run_synchronously(scenario, limit=LIMIT)
    checked(whole)
    limit = round(whole.outcome.cycles * part)
    checked(spawnlab.run_synchronously(scenario, limit=limit))
    first = spawnlab.run_synchronously(scenario, suspend_at=limit + 1, limit=LIMIT)
    checked(first)
    if first.saved is not None:
        checked(spawnlab.run_synchronously(first.saved, limit=LIMIT))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1 << 32), st.lists(st.integers(1, 30_000), min_size=1, max_size=5))
def test_a_scheduler_that_is_run_on_after_its_limit_adds_up(seed: int, limits: list[int]) -> None:
    """Whatever is counted twice then (``scheduler`` T9)."""
    journal = Journal("test")
    scheduler = Scheduler(build(topology(seed)).sg_data, observers=[journal])
    for limit in [*limits, LIMIT]:
        try:
            scheduler.run(RunMode(limit))
        except CyclesExceeded:
            continue
        except VmError:
            break
        break
    check(journal.events, scheduler.consumed_cycles())


class Noting(Machine):
    """A machine that adds up what its instructions cost, one by one, but for ecalls."""

    def __init__(self, isa: Isa, calls: Sequence[SystemCall], seen: Counter[int], vm: int) -> None:
        super().__init__(isa, system_calls=calls, engine=StepEngine())
        self.seen = seen
        self.vm = vm

    def step(self) -> None:
        operation = self.operation_at(self.this_pc)
        if operation.mnemonic != "ecall":
            cost = operation.definition.cycles
            if self.cycles + cost <= self.max_cycles:
                self.seen[self.vm] += cost
        super().step()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1 << 32), st.floats(0, 1))
def test_instructions_are_what_a_count_of_each_gives(seed: int, part: float) -> None:
    made = build(topology(seed))
    limit = round(spawnlab.run_synchronously(made, limit=3_000_000).outcome.cycles * part)
    seen: Counter[int] = Counter()

    def machines(vm: int, location: DataLocation | None, isa: Isa, calls: Sequence[SystemCall], /) -> Machine:
        return Noting(isa, calls, seen, vm)

    journal = Journal("test")
    scheduler = Scheduler(made.sg_data, machines=machines, observers=[journal])
    with contextlib.suppress(VmError):
        scheduler.run(RunMode(limit))
    books = check(journal.events, scheduler.consumed_cycles())
    found = {vm: cycles for (vm, kind), cycles in books.consumed.items() if kind is Kind.INSTRUCTIONS and cycles}
    assert found == {vm: cycles for vm, cycles in seen.items() if cycles}


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1 << 32))
def test_a_vms_sum_but_for_swaps_is_what_stood_in_its_counter(seed: int) -> None:
    run = spawnlab.run_synchronously(topology(seed), limit=LIMIT)
    used: Counter[int] = Counter()
    for event in run.journal:
        if isinstance(event, IterationEnded):
            used[event.vm] += event.used
    sums: Counter[int] = Counter()
    for (vm, kind), cycles in checked(run).consumed.items():
        sums[vm] += 0 if kind is Kind.SWAP else cycles
    assert +sums == +used


# Each kind


def test_calls_spawn_transfer_and_data() -> None:
    root = pipe() + spawn_with(1, 2) + write(3, 24) + wait(1) + leave()
    books = check(*_played(root, read(2, 4096) + call(DEBUG, "buffer") + leave()))
    kinds = by_kind(books)
    assert kinds[Kind.SPAWN] == 100_000
    assert kinds[Kind.CALLS] == 5 * 800
    assert kinds[Kind.ECALLS] == 8 * 500  # with a debug and two exits
    assert kinds[Kind.TRANSFER] == 2 * 6
    assert kinds[Kind.DATA] == 8  # the buffer, 32 bytes up to the NUL
    assert by_kind(books, 1)[Kind.TRANSFER] == 6
    assert Kind.SWAP not in kinds


def _played(*programs: str, version: int = 2) -> tuple[list[AnyEvent], int]:
    run = play(*programs, version=version, noted=False)
    return run.journal.events, run.outcome.cycles


def test_a_spawn_that_is_not_posted_costs_a_call_only() -> None:
    kinds = by_kind(check(*_played(spawn(99) + leave())))
    assert Kind.SPAWN not in kinds
    assert Kind.CALLS not in kinds
    assert kinds[Kind.ECALLS] == 1000


def test_exec_of_version_2_has_its_price_and_loads_twice() -> None:
    events, cycles = _played(call(2043, 1, 3, 0, 0, 0, 0), leave())
    kinds = by_kind(check(events, cycles))
    assert kinds[Kind.EXEC] == 75_000
    assert kinds[Kind.LOAD] > sum(event.load_cycles for event in events if isinstance(event, Booted))


def test_exec_of_version_1_loads_within_its_call() -> None:
    events, cycles = _played(call(2043, 1, 3, 0, 0, 0, 0), f"  li a7, {EXIT}\n  ecall\n", version=1)
    kinds = by_kind(check(events, cycles))
    assert Kind.EXEC not in kinds
    assert Kind.DATA not in kinds
    assert kinds[Kind.LOAD] > sum(event.load_cycles for event in events if isinstance(event, Booted))


def test_swaps_are_the_swapped_vms() -> None:
    """The fourth child makes the root's machine a snapshot, and the root takes that of VM 1 (``scheduler`` §17)."""
    events, cycles = _played(spawn(1) * 4 + leave(), wait(0))
    books = check(events, cycles)
    swaps = Counter(event.vm for event in events if isinstance(event, SwappedIn | SwappedOut))
    assert {vm: by_kind(books, vm)[Kind.SWAP] for vm in swaps} == {vm: 100_000 * n for vm, n in swaps.items()}
    assert sum(swaps.values()) == 3


def test_what_is_never_consumed_is_told() -> None:
    """The spawn goes beyond the limit, so that the child never runs and its loading is never charged."""
    run = play(spawn(1) + leave(), leave(), limit=50_000, noted=False)
    books = check(run.journal.events, run.outcome.cycles)
    (booted,) = (event for event in run.events(Booted) if event.vm == 1)
    assert books.unconsumed == {(1, Kind.LOAD): booted.load_cycles}


def test_an_iteration_that_overshot_is_counted_again() -> None:
    """``scheduler`` T9: the pipe's call goes beyond the limit, and the same scheduler is run on."""
    journal = Journal("test")
    scheduler = Scheduler(sg_data_of(pipe() + leave()), observers=[journal])
    with pytest.raises(CyclesExceeded):
        scheduler.run(RunMode(600))
    first = scheduler.consumed_cycles()
    assert first > 600
    result = scheduler.run()
    assert by_kind(check(journal.events, result.consumed_cycles))[Kind.AGAIN] == first


def test_a_journal_that_begins_in_the_middle_says_so() -> None:
    group = sg_data_of(pipe() + leave())
    scheduler = Scheduler(group)
    scheduler.iterate()
    state = scheduler.suspend()
    journal = Journal("test")
    resumed = Scheduler.resume(group, state, observers=[journal])
    total = resumed.run().consumed_cycles
    assert by_kind(check(journal.events, total))[Kind.BEFORE] == state.total_cycles


def test_actors_are_accounted_for() -> None:
    async def root(vm: Vm) -> int:
        await vm.spend(1000)
        return 0

    books = checked(spawnlab.run({"root": root}))
    kinds = by_kind(books)
    assert kinds[Kind.INSTRUCTIONS] == 1000
    assert kinds[Kind.ECALLS] == 500
