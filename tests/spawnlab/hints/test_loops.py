"""Loops are unrolled, to a bound; what comes behind it is opaque."""

from __future__ import annotations

import pytest

from spawnlab.hints import unfold as unfolding
from spawnlab.hints.hints import hints_of
from spawnlab.hints.model import CERTAIN, NOTE
from spawnlab.hints.rounds import items_of, walk
from spawnlab.hints.unfold import STEPS_MAX, VMS_MAX, unfold
from spawnlab.scenarios import steps as s
from spawnlab.scenarios.model import Program, Scenario

from .writing import kinds

ENDLESS = 1 << 31


def _talk(rounds: int, *, child_rounds: int | None = None) -> Scenario:
    """Root and child speak in turns, so many times."""
    root = (
        s.Pipe(ends=("r1", "w1")),
        s.Pipe(ends=("r2", "w2")),
        s.Spawn(program="child", fds=("r1", "w2"), name="child"),
        s.Repeat(times=rounds, steps=(s.Write(fd="w1", size=5), s.Read(fd="r2", size=5))),
        s.Wait(vm="child"),
    )
    child = (
        s.InheritedFds(names=("in", "out")),
        s.Repeat(
            times=child_rounds or rounds,
            steps=(s.Read(fd="in", size=5, name="bytes"), s.Write(fd="out", data="bytes")),
        ),
    )
    return Scenario(programs={"root": Program(steps=root), "child": Program(steps=child)})


@pytest.mark.parametrize("rounds", [1, 2, 7, 500])
def test_loops_that_fit_have_no_hint_and_others_have(rounds: int) -> None:
    assert kinds(_talk(rounds)) == []
    assert kinds(_talk(rounds, child_rounds=rounds + 1), CERTAIN) == ["open-write-end"]
    (hint,) = (hint for hint in hints_of(_talk(rounds + 1, child_rounds=rounds)) if hint.level != NOTE)
    assert (hint.kind, hint.path) == ("end-closed", "programs.root.steps[3].steps[0]")


def test_a_place_within_loops() -> None:
    inner = s.Repeat(times=2, steps=(s.Log(text="again"), s.Read(fd="r", size=1)))
    root = (s.Pipe(ends=("r", "w")), s.Repeat(times=3, steps=(inner,)))
    (hint,) = hints_of(Scenario(programs={"root": Program(steps=root)}))
    assert hint.path == "programs.root.steps[1].steps[0].steps[1]"
    assert hint.spots[0].call == 2


def test_ten_thousand_steps_are_followed_whole() -> None:
    flat = [step for _ in range(4_999) for step in (s.Pipe(ends=("r", "w")), s.Close(fd="r"))]
    closed = [step for pipe in range(0, len(flat), 2) for step in (*flat[pipe : pipe + 2], s.Close(fd="w"))]
    scenario = Scenario(programs={"root": Program(steps=(*closed[:9_999], s.Close(fd="w")))})
    (hint,) = hints_of(scenario)
    assert (hint.kind, hint.path) == ("closed-fd", "programs.root.steps[9999]")


def test_what_is_too_long_is_followed_to_a_bound() -> None:
    scenario = _talk(ENDLESS)
    world = unfold(scenario)
    assert sum(len(vm.calls) for vm in world.vms) <= STEPS_MAX
    assert kinds(scenario) == ["not-followed"]


def test_deep_loops_of_nothing_are_done_once() -> None:
    loop = s.Repeat(times=ENDLESS, steps=(s.Compute(cycles=1), s.Log(text="on")))
    for _ in range(31):
        loop = s.Repeat(times=ENDLESS, steps=(loop, s.Log(text="on")))
    assert items_of((loop,)) == ()
    asked = s.Repeat(times=ENDLESS, steps=(loop, s.ProcessId(name="own")))
    assert [one.path for one in walk(items_of((asked,)))] == [(0, 1)]
    assert kinds(Scenario(programs={"root": Program(steps=(loop, asked))})) == []


def test_deep_loops_of_calls_are_followed_to_a_bound() -> None:
    loop = s.Repeat(times=2, steps=(s.Pipe(ends=("r", "w")), s.Close(fd="r"), s.Close(fd="w")))
    for _ in range(31):
        loop = s.Repeat(times=2, steps=(s.Log(text="on"), loop))
    scenario = Scenario(programs={"root": Program(steps=(loop,))})
    assert sum(len(vm.calls) for vm in unfold(scenario).vms) <= STEPS_MAX
    assert kinds(scenario) == ["not-followed"]


def test_so_many_vms_are_followed() -> None:
    spawning = (s.Spawn(program="child", name="child"), s.Wait(vm="child"))
    child = Program(steps=())
    few = Scenario(programs={"root": Program(steps=(s.Repeat(times=40, steps=spawning),)), "child": child})
    assert kinds(few) == []
    many = Scenario(programs={"root": Program(steps=(s.Repeat(times=ENDLESS, steps=spawning),)), "child": child})
    assert len(unfold(many).vms) == VMS_MAX
    assert kinds(many) == ["not-followed"]


def test_programs_that_spawn_or_become_themselves_come_to_an_end_here() -> None:
    assert kinds(Scenario(programs={"root": Program(steps=(s.Spawn(program="root"),))}), CERTAIN) == []
    assert kinds(Scenario(programs={"root": Program(steps=(s.Exec(program="root"),))})) == ["not-followed"]


def test_a_world_that_takes_too_many_passes_has_no_certain_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is not known how far VMs may come; what a VM does to itself is still certain."""
    from spawnlab.hints import reach

    scenario = _talk(3, child_rounds=4)
    assert kinds(scenario, CERTAIN) == ["open-write-end"]
    monkeypatch.setattr(reach, "WORK_MAX", -1)
    (hint,) = (hint for hint in hints_of(scenario) if hint.level != NOTE)
    assert (hint.level, hint.kind, hint.claim) == ("possible", "open-write-end", "deadlock")
    closed = Scenario(programs={"root": Program(steps=(s.Close(fd=2),))})
    assert kinds(closed, CERTAIN) == ["no-such-fd"]


def test_the_bound_on_steps_holds_for_all_vms_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfolding, "STEPS_MAX", 50)
    world = unfold(_talk(40))
    assert sum(len(vm.calls) for vm in world.vms) <= 50
    assert world.cut is not None
