"""The conductor: the same run as the synchronous driver's, whatever Trio does; nothing left when it is cancelled."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

import spawnlab
from spawnlab.actors.conductor import Conductor
from spawnlab.actors.conductor import perform as perform_scheduler
from spawnlab.scheduler.events import AnyEvent, Blocked, Booted
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.mockup import mock_group
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.states import WaitForRead
from spawnlab.vm.assembler import assemble
from spawnlab.vm.machine import Machine, SystemCall

ROOT = Path(__file__).resolve().parents[2]
GALLERY = sorted((ROOT / "scenarios" / "gallery").glob("*.toml"))
ENDLESS = mock_group([assemble("again: j again").elf()])


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_both_drivers_give_equal_journals(file: Path) -> None:
    synchronous = spawnlab.run_synchronously(file)
    with_trio = spawnlab.run(file)
    assert with_trio.journal == synchronous.journal
    assert with_trio.outcome == synchronous.outcome
    assert len(synchronous.journal) >= 4


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_the_fingerprint_does_not_depend_on_trios_order(file: Path) -> None:
    """Trio shuffles each batch of tasks with a generator of its own; 20 seeds give 20 different shufflings."""
    shuffler: random.Random = trio._core._run._r  # pyright: ignore
    expected = spawnlab.run_synchronously(file).journal.fingerprint()
    for seed in range(20):
        shuffler.seed(seed)
        assert spawnlab.run(file).journal.fingerprint() == expected


def test_a_failing_root_is_an_outcome() -> None:
    made = mock_group([assemble("li t0, -1\n jr t0").elf()])
    outcome = trio.run(perform_scheduler, Scheduler(made))
    assert outcome.failure is not None
    assert outcome.failure.variant == "MemOutOfBound"


def test_a_program_that_cannot_be_loaded_is_an_outcome() -> None:
    outcome = trio.run(perform_scheduler, Scheduler(mock_group([b""])))
    assert outcome.failure is not None
    assert outcome.failure.debug == 'ElfParseError("bad offset 0")'
    assert outcome.iterations == 0


async def test_the_limit_holds() -> None:
    outcome = await perform_scheduler(Scheduler(ENDLESS), limit=30_000)
    assert outcome.failure is not None
    assert outcome.failure.variant == "CyclesExceeded"
    assert outcome.cycles <= 30_000


async def test_each_vm_is_a_task() -> None:
    names: set[str] = set()

    def look(event: AnyEvent) -> None:
        if isinstance(event, Blocked) and event.vm == 1:
            nursery = trio.lowlevel.current_task().parent_nursery  # VM 1 itself tells of it
            assert nursery is not None
            names.update(task.name for task in nursery.child_tasks)

    file = ROOT / "scenarios" / "gallery" / "parent_child.toml"
    await spawnlab.perform(file, observers=[look])
    assert names == {"VM 0", "VM 1"}


async def test_a_blocked_vm_waits_at_its_pipe_end() -> None:
    made = spawnlab.load(ROOT / "scenarios" / "gallery" / "deadlock.toml")
    scheduler = Scheduler(made.sg_data)
    seen: list[tuple[int, int, bool]] = []
    async with trio.open_nursery() as nursery:
        conductor = Conductor(scheduler, nursery)

        def look(event: AnyEvent) -> None:
            if isinstance(event, Blocked) and isinstance(event.state, WaitForRead):
                end = conductor.pipe_ends[event.state.fd]
                seen.append((end.owner, end.peer_fd, end.readable))

        scheduler.table.observers += [conductor, look]
        with pytest.raises(spawnlab.Deadlock):
            await conductor.conduct(10**9)
        await trio.testing.wait_all_tasks_blocked()
        assert {fd for fd, end in conductor.pipe_ends.items() if end.blocked} == {2, 4}
        nursery.cancel_scope.cancel()
    assert seen == [(1, 5, True), (0, 3, True)]


async def test_other_tasks_run_while_a_vm_computes() -> None:
    """Whatever the engine: another task has turn after turn, and then stops a run that has no end."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        for _ in range(10):
            await trio.lowlevel.checkpoint()
            ticks += 1
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        await perform_scheduler(Scheduler(ENDLESS))
    assert ticks == 10


async def test_cancelling_leaves_no_task_behind() -> None:
    before = trio.lowlevel.current_statistics().tasks_living
    scheduler = Scheduler(ENDLESS)
    with trio.move_on_after(0.05) as scope:
        await perform_scheduler(scheduler)
    assert scope.cancelled_caught
    assert trio.lowlevel.current_statistics().tasks_living == before
    assert scheduler.table.observers == []


async def test_cancelling_at_any_moment_leaves_no_task_behind() -> None:
    made = spawnlab.load(ROOT / "scenarios" / "gallery" / "pipeline.toml")
    events = len(spawnlab.run_synchronously(made).journal)
    before = trio.lowlevel.current_statistics().tasks_living
    for moment in range(0, events, 7):
        with trio.CancelScope() as scope:
            count = 0

            def look(event: AnyEvent, moment: int = moment, scope: trio.CancelScope = scope) -> None:
                nonlocal count
                if count == moment:
                    scope.cancel()
                count += 1

            await spawnlab.perform(made, observers=[look])
        assert trio.lowlevel.current_statistics().tasks_living == before


async def test_runs_side_by_side_do_not_meddle() -> None:
    expected = [spawnlab.run_synchronously(file).journal.fingerprint() for file in GALLERY]
    found: dict[Path, str] = {}

    async def play(file: Path) -> None:
        found[file] = (await spawnlab.perform(file)).journal.fingerprint()

    async with trio.open_nursery() as nursery:
        for file in GALLERY:
            nursery.start_soon(play, file)
    assert [found[file] for file in GALLERY] == expected


def test_an_observers_error_comes_out_unchanged() -> None:
    def fail(event: AnyEvent) -> None:
        if isinstance(event, Booted):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trio.run(perform_scheduler, Scheduler(ENDLESS, observers=[fail]))


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_system_calls_error_comes_out_unchanged(error: type[BaseException]) -> None:
    def generator(*_: object) -> tuple[SystemCall, ...]:
        def fail(machine: Machine) -> bool:
            raise error

        return (fail,)

    made = mock_group([assemble("ecall").elf()])
    with pytest.raises(error):
        trio.run(perform_scheduler, Scheduler(made, generator=generator))


def test_a_journal_observes_a_conducted_run() -> None:
    made = spawnlab.load(GALLERY[0])
    journal = Journal("largest-id-first/1")
    limit = made.scenario.limits.cycles
    trio.run(partial(perform_scheduler, limit=limit), Scheduler(made.sg_data, observers=[journal]))
    assert journal == spawnlab.run_synchronously(made).journal
