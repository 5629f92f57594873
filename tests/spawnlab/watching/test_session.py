"""Watching: wherever a session is sent, by whatever way, it is where a run is that was only played forward."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.actors.vm import Vm
from spawnlab.explore.player import build_of
from spawnlab.explore.topology import Topology
from spawnlab.saved import SavedRun
from spawnlab.scenarios.gallery import FOLDER
from spawnlab.scenarios.model import Program
from spawnlab.testing.strategies import topologies
from spawnlab.vm.assembler import assemble
from spawnlab.vm.machine import Machine
from spawnlab.watching.breakpoints import Breakpoint, breakpoint_of, is_hit
from spawnlab.watching.session import Session

from .fresh import Fresh, check, check_notes, finish, fresh

PIPELINE = spawnlab.load("gallery:pipeline")
GALLERY = sorted(FOLDER.glob("*.toml"))
BREAKPOINTS = st.sampled_from(
    ["turn 1", "turn 3", "turn 7", "vm 0", "vm 1", "vm 4", "call read", "call write 1", "call spawn", "call exit"]
).map(breakpoint_of)
ORDERS = st.lists(
    st.tuples(st.sampled_from(["step", "back", "run", "end"]), st.none())
    | st.tuples(st.just("go"), st.integers(0, 30))
    | st.tuples(st.sampled_from(["break", "delete"]), BREAKPOINTS),
    max_size=12,
)


def stop_of(run: Fresh, position: int, breakpoints: list[Breakpoint]) -> int:
    """Where a run that goes on from a position is to stop."""
    for place in range(position + 1, run.last + 1):
        new = run.events[place][len(run.events[place - 1]) :]
        if any(is_hit(one, event) for one in breakpoints for event in new):
            return place
    return run.last


def obey(session: Session, order: str, what: int | Breakpoint | None, run: Fresh) -> int:
    """Give an order and let it be carried out; gives the position where the session is to be then."""
    position = session.position
    match order, what:
        case "step", _:
            session.step()
            return min(position + 1, run.last)
        case "back", _:
            session.back()
            return max(position - 1, 0)
        case "run", _:
            session.run()
            return stop_of(run, position, session.breakpoints)
        case "end", _:
            session.run_to_end()
            return run.last
        case "go", int(turn):
            session.go_to_turn(turn)
            return min(turn, run.last)
        case "break", _:
            assert what is not None and not isinstance(what, int)  # noqa: PT018
            session.add_breakpoint(what)
        case _:
            session.breakpoints = [one for one in session.breakpoints if one != what]
    return position


@settings(max_examples=60)
@given(
    topologies("any", vms_max=7),
    ORDERS,
    st.sampled_from([0.0, math.inf]),
    st.sampled_from([None, "random:5", "pct:1:3"]),
)
def test_it_is_where_a_fresh_run_is(
    topology: Topology, orders: list[tuple[str, int | Breakpoint | None]], keep_seconds: float, policy: str | None
) -> None:
    build = build_of(topology)
    run = fresh(build, policy=policy)
    session = Session(build, policy=policy, keep_seconds=keep_seconds)
    check(session, run)
    for order, what in orders:
        wanted = obey(session, order, what, run)
        finish(session)
        assert session.position == wanted
        check(session, run)


@settings(max_examples=25)
@given(topologies("free"), st.data())
def test_within_a_limit(topology: Topology, data: st.DataObject) -> None:
    build = build_of(topology)
    cycles = spawnlab.run_synchronously(build).outcome.cycles
    limit = data.draw(st.integers(0, cycles))
    run = fresh(build, limit=limit)
    session = Session(build, limit=limit, keep_seconds=data.draw(st.sampled_from([0.0, math.inf])))
    for _ in range(2):
        session.run_to_end()
        finish(session)
        check(session, run)
        session.go_to_turn(data.draw(st.integers(0, run.last)))
        finish(session)
        check(session, run)


@pytest.mark.parametrize("keep_seconds", [0.0, math.inf])
@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_the_gallery_forward_and_back(file: Path, keep_seconds: float) -> None:
    """Suspend plans and Python functions among it: what was seen on the way forward is seen on the way back."""
    build = spawnlab.load(str(file))
    whole = spawnlab.run_synchronously(build)
    session = Session(build, keep_seconds=keep_seconds)
    seen = [tuple(session.player.events)]
    while not session.is_over:
        session.step()
        finish(session)
        seen.append(tuple(session.player.events))
    assert session.player.run is not None
    assert session.player.run.journal == whole.journal
    assert session.player.run.outcome == whole.outcome
    assert session.player.run.unmet == whole.unmet
    while session.position:
        session.back()
        finish(session)
        assert tuple(session.player.events) == seen[session.position]
    session.run()
    finish(session)
    assert session.player.run is not None
    assert session.player.run.journal == whole.journal


SPINNING = assemble(
    "li t0, 30000\nagain: addi t0, t0, -1\n bnez t0, again\n la a0, pair\n li a7, 2604\n ecall\n"
    " li t0, 30000\nmore: addi t0, t0, -1\n bnez t0, more\n li a7, 93\n ecall\n.data\npair: .dword 0, 0\n"
).elf()


@pytest.fixture
def spinning(monkeypatch: pytest.MonkeyPatch) -> spawnlab.Build:
    """A VM that computes for many slices, makes a pipe, and computes again."""

    def small_slice(machine: Machine) -> int | None:
        return machine.run(1000)  # so that any engine's run has many

    monkeypatch.setattr(Machine, "run_slice", small_slice)
    monkeypatch.setattr("spawnlab.watching.session.ADVANCE_SECONDS", 0)  # one slice a call
    return spawnlab.build(spawnlab.Scenario(programs={"root": Program(elf="spin")}), elves={"root": SPINNING})


@pytest.mark.parametrize("keep_seconds", [0.0, math.inf])
def test_a_pause_in_the_middle_of_a_turn(spinning: spawnlab.Build, keep_seconds: float) -> None:
    run = fresh(spinning)
    session = Session(spinning, keep_seconds=keep_seconds)
    for begin in (session.run, session.step, session.run_to_end, lambda: session.go_to_turn(2)):
        session.go_to_turn(0)
        finish(session)
        check(session, run)
        begin()
        for _ in range(5):
            assert session.advance()
        session.pause()
        assert not session.advance()
        assert session.in_turn
        assert session.position == 0
        cycles = session.player.staging.scheduler.table.instantiated[0].machine.cycles
        assert 0 < cycles < 60_000 + 90_000
        session.step()  # to its end
        finish(session)
        assert (session.position, session.in_turn) == (1, False)
        check(session, run)
        session.step()
        session.advance()
        session.pause()
        session.back()  # to its beginning
        finish(session)
        assert (session.position, session.in_turn) == (1, False)
        check(session, run)


def test_a_breakpoint_is_not_missed_by_a_pause(spinning: spawnlab.Build) -> None:
    """What had happened in the turn before the pause counts too."""
    session = Session(spinning, breakpoints=[breakpoint_of("call pipe")])
    session.run()
    assert session.advance()
    session.pause()
    session.run()
    finish(session)
    assert session.position == 1
    assert session.note == "breakpoint: call pipe"
    session.run()
    finish(session)
    assert session.is_over
    assert session.note == ""


def test_breakpoints_hold_a_run_and_nothing_else() -> None:
    session = Session("gallery:pipeline", breakpoints=[breakpoint_of("turn 4"), breakpoint_of("call spawn")])
    assert not session.add_breakpoint(breakpoint_of("turn 4"))
    session.run()
    finish(session)
    first = session.position
    assert session.note == "breakpoint: call spawn"
    session.go_to_turn(0)
    finish(session)
    session.go_to_turn(9)
    finish(session)
    assert (session.position, session.note) == (9, "")
    session.go_to_turn(0)
    finish(session)
    session.run()
    finish(session)
    assert session.position == first
    session.run_to_end()
    finish(session)
    assert session.is_over


def test_a_breakpoint_right_behind_a_place_that_was_gone_back_to_holds() -> None:
    session = Session(PIPELINE, keep_seconds=0.0, breakpoints=[breakpoint_of("turn 4")])
    session.run_to_end()
    finish(session)
    for _ in range(3):
        session.go_to_turn(3)
        finish(session)
        session.run()
        finish(session)
        assert session.position == 4
        check_notes(session)


def test_a_suspended_run_is_gone_on_with() -> None:
    saved = spawnlab.run_synchronously("gallery:pipeline", suspend_at=300_000).saved
    assert saved is not None
    saved = SavedRun.from_bytes(saved.to_bytes())
    whole = spawnlab.run_synchronously(saved)
    session = Session(saved, keep_seconds=0.0)
    assert session.turns_before == saved.iterations > 0
    assert session.player.events[: len(saved.events)] == list(saved.events)
    session.go_to_turn(saved.iterations + 3)
    finish(session)
    assert (session.position, session.player.staging.scheduler.iterations) == (3, saved.iterations + 3)
    session.go_to_turn(0)  # before the suspension there is nothing to go to
    finish(session)
    assert session.position == 0
    session.run()
    finish(session)
    assert session.player.run is not None
    assert session.player.run.journal == whole.journal


def test_what_the_run_can_t_do_is_an_error_at_once() -> None:
    with pytest.raises(spawnlab.ScenarioError):
        Session("gallery:nothing_like_it")
    with pytest.raises(spawnlab.SpawnlabError, match="policy"):
        Session("gallery:pipeline", policy="alphabetical")


@pytest.mark.parametrize("keep_seconds", [0.0, math.inf])
def test_a_function_that_fails_holds_the_run(keep_seconds: float) -> None:
    async def root(vm: Vm) -> None:
        await vm.pipe()
        raise ValueError("what it says")

    session = Session({"root": root}, keep_seconds=keep_seconds)
    session.run()
    finish(session)
    assert session.player.crash == "ValueError: what it says"
    assert session.player.run is None
    assert session.is_over
    session.step()
    finish(session)
    position = session.position
    session.back()
    finish(session)
    assert (session.position, session.player.crash, session.is_over) == (position - 1, None, False)


def test_a_function_that_does_not_repeat_itself_is_found_out() -> None:
    calls = [0]

    async def root(vm: Vm) -> None:
        calls[0] += 1
        await (vm.pipe() if calls[0] == 1 else vm.close(2))
        await vm.pipe()

    session = Session({"root": root}, keep_seconds=0.0)
    session.run_to_end()
    finish(session)
    assert session.player.run is not None
    session.back()
    finish(session)
    assert session.player.crash is not None
    assert session.player.crash.startswith("VM 0: its function asks for")


@given(st.lists(st.sampled_from(["step", "back"]), min_size=1, max_size=9), st.integers(0, 9))
def test_orders_that_are_given_quickly_add_up(orders: list[str], start: int) -> None:
    """As keys that are pressed faster than turns are played."""
    session = Session(PIPELINE)
    session.go_to_turn(start)
    finish(session)
    wanted = start
    for order in orders:
        wanted = wanted + 1 if order == "step" else max(0, wanted - 1)
        (session.step if order == "step" else session.back)()
    finish(session)
    assert session.position == wanted


def test_a_deadlock_is_seen_with_the_turn_that_leads_to_it() -> None:
    session = Session("gallery:deadlock")
    session.go_to_turn(6)
    finish(session)
    assert session.player.run is not None
    assert session.player.run.outcome.deadlock is not None
    session.back()
    finish(session)
    assert (session.position, session.is_over) == (5, False)


def test_going_back_plays_no_more_than_from_the_last_place_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session("gallery:pipeline", keep_seconds=0.0)
    session.run_to_end()
    finish(session)
    assert session.places.startswith(f"{session.position} places of ")  # the start, and after each turn but the last
    played: list[int] = []
    original = session.player.play
    monkeypatch.setattr(session.player, "play", lambda: played.append(session.position) or original())
    session.go_to_turn(20)
    finish(session)
    assert session.position == 20
    assert played == []
