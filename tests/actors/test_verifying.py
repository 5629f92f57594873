"""Verifying under Trio: synchronous results, and what suspending, resuming and stopping do (``transaction`` §10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from spawnlab.actors.verifying import Signal, SignalError, play_steps
from spawnlab.scheduler.chain import TYPE, CellOutput, Script
from spawnlab.scheduler.events import AnyEvent, IterationEnded, Posted
from spawnlab.scheduler.limits import U64_MAX
from spawnlab.scheduler.processes import Observer
from spawnlab.scheduler.verify.errors import (
    ExceededMaximumCycles,
    Interrupts,
    TransactionScriptError,
    VerificationInterrupted,
)
from spawnlab.scheduler.verify.groups import ScriptGroup
from spawnlab.scheduler.verify.legs import Steps, drive
from spawnlab.scheduler.verify.type_id import TYPE_ID_CODE_HASH
from spawnlab.scheduler.verify.verifier import TransactionState, Verifier
from spawnlab.vm.engines import default_engine, use_engine

from ..scheduler.programs import SMALLEST, assembled, leave, spawn, wait
from ..scheduler.verify.worlds import World, by_data, exits, transaction

COUNT = assembled("  li t0, 30000\nl:\n  addi t0, t0, -1\n  bnez t0, l\n" + leave()).elf()
ENDLESS = assembled("l:\n  j l\n").elf()
PARENT = assembled(spawn(1) + wait(1) + leave("[code]")).elf()


def verifier_of(*locks: bytes, programs: tuple[bytes, ...] = (), types: tuple[Script, ...] = ()) -> Verifier:
    world = World()
    deps = [world.add(program) for program in (*dict.fromkeys(locks), *programs)]
    inputs = [world.add(lock=by_data(program)) for program in locks]
    return world.verifier(transaction(world, deps, inputs, [CellOutput(1, type=script) for script in types]))


def watching(verifier: Verifier, seen: Callable[[AnyEvent], None]) -> Verifier:
    """The same, with somebody who sees all events."""

    def watch(group: ScriptGroup) -> Iterable[Observer]:
        return [seen]

    return verifier.watched(watch)


@pytest.fixture
def step_by_step() -> Iterator[None]:
    """The engine whose slices are the smallest."""
    before = default_engine().name
    use_engine("step")
    yield
    use_engine(before)


FAMILY = verifier_of(PARENT, COUNT, programs=(SMALLEST,))
WHOLE = FAMILY.verify(U64_MAX)


def said(ask: Callable[[], int]) -> int | str:
    """A result or the text of an error."""
    try:
        return ask()
    except TransactionScriptError as error:
        return str(error)


@given(limit=st.one_of(st.integers(0, WHOLE + 10), st.sampled_from((WHOLE - 1, WHOLE, U64_MAX))))
@settings(max_examples=40)
def test_drivers_agree(limit: int) -> None:
    assert said(lambda: trio.run(play_steps, FAMILY.verifying(limit))) == said(lambda: FAMILY.verify(limit))


@given(step=st.integers(1000, WHOLE))
@settings(max_examples=20)
def test_drivers_agree_piece_by_piece(step: int) -> None:
    def pieces(play: Callable[[Steps[int | TransactionState]], int | TransactionState]) -> list[object]:
        made: list[object] = []
        result = play(FAMILY.verifying_resumably(step))
        while isinstance(result, TransactionState) and len(made) < 20:
            made.append((result.current, result.current_cycles, result.limit_cycles))
            result = play(FAMILY.resuming(result, step))
        if isinstance(result, TransactionState):
            return [*made, trio.run(play_steps, FAMILY.completing(result, U64_MAX))]
        return [*made, result]

    assert pieces(lambda steps: trio.run(play_steps, steps)) == pieces(drive)


async def test_suspending_changes_no_cycles() -> None:
    """At every call a suspension, that lasts until nothing else is going on."""
    signal, times = Signal(), 0

    def suspend(event: AnyEvent) -> None:
        nonlocal times
        if isinstance(event, Posted):
            times += 1
            signal.suspend()

    async def resume() -> None:
        while True:
            await trio.testing.wait_all_tasks_blocked()
            signal.resume()
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(resume)
        assert await play_steps(watching(FAMILY, suspend).verifying(U64_MAX), signal) == WHOLE
        nursery.cancel_scope.cancel()
    assert times > 1


async def test_suspended_nothing_moves() -> None:
    signal = Signal()
    events: list[AnyEvent] = []
    signal.suspend()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(play_steps, watching(FAMILY, events.append).verifying(U64_MAX), signal)
        await trio.testing.wait_all_tasks_blocked()
        assert not any(isinstance(event, IterationEnded) for event in events)
        signal.resume()
    assert any(isinstance(event, IterationEnded) for event in events)


@pytest.mark.usefixtures("step_by_step")
async def test_a_suspension_in_the_middle_of_a_turn() -> None:
    """A loop without calls: it stops between two instructions."""
    signal = Signal()
    ended: list[AnyEvent] = []
    verifier = verifier_of(COUNT)
    whole = verifier.verify(U64_MAX)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(play_steps, watching(verifier, ended.append).verifying(U64_MAX), signal)
        for _ in range(5):
            await trio.lowlevel.checkpoint()
        signal.suspend()
        await trio.testing.wait_all_tasks_blocked()
        [paused] = [event for event in ended if isinstance(event, IterationEnded)]
        assert 0 < paused.total < whole
        signal.resume()
    assert [event.total for event in ended if isinstance(event, IterationEnded)][-1] == whole


@pytest.mark.usefixtures("step_by_step")
async def test_going_on_has_the_whole_limit_again() -> None:
    """X9's like: what was spent before the suspension does not count."""
    verifier = verifier_of(COUNT)
    whole = verifier.verify(U64_MAX)
    with pytest.raises(TransactionScriptError) as caught:
        await play_steps(verifier.verifying(whole - 1))
    assert isinstance(caught.value.cause, ExceededMaximumCycles)
    signal, results = Signal(), list[int]()

    async def verify() -> None:
        results.append(await play_steps(verifier.verifying(whole - 1), signal))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(verify)
        for _ in range(5):
            await trio.lowlevel.checkpoint()
        signal.suspend()
        await trio.testing.wait_all_tasks_blocked()
        signal.resume()
    assert results == [whole]


async def test_a_request_that_is_taken_back_in_time_is_none() -> None:
    signal, turns = Signal(), 0

    def seen(event: AnyEvent) -> None:
        nonlocal turns
        turns += isinstance(event, IterationEnded)
        signal.suspend()
        signal.resume()

    verifier = verifier_of(COUNT)
    whole = verifier.verify(U64_MAX)
    assert await play_steps(watching(verifier, seen).verifying(U64_MAX), signal) == whole
    assert turns == 1


@pytest.mark.parametrize("suspended", [False, True])
async def test_stopping(suspended: bool) -> None:
    signal = Signal()
    verifier = verifier_of(ENDLESS)

    async def stop() -> None:
        await trio.lowlevel.checkpoint()
        if suspended:
            signal.suspend()
            await trio.testing.wait_all_tasks_blocked()
        signal.stop()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop)
        with pytest.raises(VerificationInterrupted) as caught:
            await play_steps(verifier.verifying(U64_MAX), signal)
    assert str(caught.value) == "Internal(Interrupts(VM Interrupts))"
    assert isinstance(caught.value.cause, Interrupts)
    assert caught.value.group == verifier.groups[0]


async def test_a_deadline_stops_it() -> None:
    signal = Signal()
    signal.cancel_scope.deadline = trio.current_time() + 0.01
    with pytest.raises(VerificationInterrupted):
        await play_steps(verifier_of(ENDLESS).verifying(U64_MAX), signal)


async def test_a_scope_round_it_cancels_as_ever() -> None:
    """And leaves no task behind: the nursery's end would wait for it."""
    with trio.move_on_after(0.01) as scope:
        await play_steps(verifier_of(ENDLESS).verifying(U64_MAX), Signal())
    assert scope.cancelled_caught


async def test_the_type_id_script_listens_to_nobody() -> None:
    """It is built in: there is nothing to stop."""
    signal = Signal()
    signal.stop()
    type_id = Script(TYPE_ID_CODE_HASH, TYPE, b"")
    with pytest.raises(TransactionScriptError) as caught:
        await play_steps(verifier_of(types=(type_id,)).verifying(U64_MAX), signal)
    assert not isinstance(caught.value, VerificationInterrupted)


async def test_groups_have_a_pause_each() -> None:
    """Suspended in one script, which ends before it looks: the next one waits before its first instruction."""
    signal, seen = Signal(), list[AnyEvent]()
    verifier = verifier_of(exits(0, work=1), exits(0, work=2))
    whole = verifier.verify(U64_MAX)
    results: list[int] = []

    def suspend(event: AnyEvent) -> None:
        seen.append(event)
        if isinstance(event, IterationEnded) and len(seen) < 10:
            signal.suspend()

    async def verify() -> None:
        results.append(await play_steps(watching(verifier, suspend).verifying(U64_MAX), signal))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(verify)
        await trio.testing.wait_all_tasks_blocked()
        assert sum(isinstance(event, IterationEnded) for event in seen) == 1
        signal.resume()
    assert results == [whole]


async def test_suspended_twice_it_is_resumed_once() -> None:
    signal, results = Signal(), list[int]()
    verifier = verifier_of(SMALLEST)

    async def verify() -> None:
        results.append(await play_steps(verifier.verifying(U64_MAX), signal))

    signal.suspend()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(verify)
        await trio.testing.wait_all_tasks_blocked()
        signal.suspend()
        signal.resume()
    assert results == [verifier.verify(U64_MAX)]


async def test_a_signal_is_for_one_verification() -> None:
    signal = Signal()
    verifier = verifier_of(SMALLEST)
    await play_steps(verifier.verifying(U64_MAX), signal)
    with pytest.raises(SignalError, match="make a new one"):
        await play_steps(verifier.verifying(U64_MAX), signal)
