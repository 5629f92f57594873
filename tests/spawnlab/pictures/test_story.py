"""The story is what the journal says, to the cycle, whatever the run: whole, cut short, gone on with, hypothetical."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.explore.topology import Topology, scenario_of
from spawnlab.pictures.model import Away, Break, Doing, Holding, Program
from spawnlab.pictures.story import story_of
from spawnlab.scenarios.build import build
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.scheduler import RunMode, Scheduler
from spawnlab.testing.strategies import suspend_plans, topologies
from spawnlab.vm.errors import CyclesExceeded, VmError

from ...agree.topologies import topology
from ...scheduler.programs import leave, pipe
from ...scheduler.runs import sg_data_of
from .stories import check, check_spans

GALLERY = sorted((Path(__file__).resolve().parents[3] / "scenarios" / "gallery").glob("*.toml"))
LIMIT = 20_000_000


def gallery(name: str) -> spawnlab.Run:
    return spawnlab.run_synchronously(next(file for file in GALLERY if file.stem == name))


@pytest.mark.parametrize("file", GALLERY, ids=lambda file: file.stem)
def test_the_gallery(file: Path) -> None:
    run = spawnlab.run_synchronously(file)
    story = check(story_of(run.journal, run.build), run.journal)
    assert story.title == run.build.scenario.title
    assert (story.start, story.end) == (0, run.outcome.cycles)
    assert len(story.turns) == run.outcome.iterations
    assert story.hypothetical is None
    ending = story.ending
    assert (ending.kind == "exit", ending.exit_code) == (run.outcome.status == "exit", run.outcome.exit_code)
    assert (ending.kind == "deadlock") == (run.outcome.deadlock is not None)
    assert ending.deadlock == run.outcome.deadlock
    assert ending.error == (run.outcome.failure.debug if run.outcome.failure else None)


@settings(deadline=None, max_examples=60)
@given(topologies("any"), st.floats(0, 1))
def test_any_topology_whole_and_cut_short(made: Topology, part: float) -> None:
    scenario = scenario_of(made)
    whole = spawnlab.run_synchronously(scenario, limit=LIMIT)
    story = check(story_of(whole.journal, whole.build), whole.journal)
    assert story.ending.deadlock == whole.outcome.deadlock
    cut = spawnlab.run_synchronously(scenario, limit=round(whole.outcome.cycles * part))
    check(story_of(cut.journal), cut.journal)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1 << 32), st.data())
def test_programs_suspended_and_gone_on_with(seed: int, data: st.DataObject) -> None:
    scenario = topology(seed)
    plan = data.draw(suspend_plans(spawnlab.Scenario(programs=scenario.programs, root=scenario.root)))
    planned = spawnlab.Scenario(programs=scenario.programs, root=scenario.root, suspend=plan)
    run = spawnlab.run_synchronously(planned, limit=LIMIT)
    story = check(story_of(run.journal, run.build), run.journal)
    assert story.end == run.outcome.cycles
    assert story.ending.deadlock == run.outcome.deadlock
    assert all(cut.resumed for cut in story.breaks)


@settings(deadline=None, max_examples=20)
@given(topologies("any"), st.integers(0, 100))
def test_hypothetical_orders_are_told(made: Topology, seed: int) -> None:
    run = spawnlab.run_synchronously(scenario_of(made), policy=f"random:{seed}", limit=LIMIT)
    assert check(story_of(run.journal), run.journal).hypothetical == f"random:{seed}"


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1 << 32), st.lists(st.integers(1, 30_000), min_size=1, max_size=5))
def test_a_scheduler_that_is_run_on_after_its_limit(seed: int, limits: list[int]) -> None:
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
    check(story_of(journal), journal)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1 << 32), st.integers(0, 40))
def test_a_journal_that_begins_with_a_resumed_scheduler(seed: int, iterations: int) -> None:
    group = build(topology(seed)).sg_data
    scheduler = Scheduler(group)
    try:
        for _ in range(iterations):
            scheduler.iterate()
    except VmError:
        return
    state = scheduler.suspend()
    journal = Journal("test")
    resumed = Scheduler.resume(group, state, observers=[journal])
    with contextlib.suppress(VmError):
        resumed.run(RunMode(LIMIT))
    story = story_of(journal)
    check(story, journal)
    assert story.start == state.total_cycles
    assert story.ending.deadlock is None


@settings(deadline=None, max_examples=20)
@given(topologies("any"), st.floats(0, 1))
def test_a_journal_that_is_cut_off(made: Topology, part: float) -> None:
    journal = spawnlab.run_synchronously(scenario_of(made), limit=LIMIT).journal
    cut = Journal(journal.policy)
    cut.events += journal.events[: round(len(journal) * part)]
    story = story_of(cut)
    check_spans(story)
    whole = story_of(journal)
    assert len(story.event_cycles) == len(cut)
    assert story.end <= whole.end


# Examples


def test_an_empty_journal() -> None:
    story = story_of(Journal("largest"))
    assert (story.start, story.end, story.vms, story.turns, story.ending.kind) == (0, 0, (), (), "unfinished")


def test_a_root_that_cannot_be_loaded() -> None:
    """Nobody ever had a turn, and there is no VM."""
    group = sg_data_of("  ebreak\n")
    cell = group.resolved.cell_deps[0]
    broken = msgspec.structs.replace(cell, data=b"\x7fELF nothing more")
    resolved = msgspec.structs.replace(group.resolved, cell_deps=(broken, *group.resolved.cell_deps[1:]))
    journal = Journal("largest")
    with pytest.raises(VmError):
        Scheduler(msgspec.structs.replace(group, resolved=resolved), observers=[journal]).run()
    story = check(story_of(journal), journal)
    assert (story.vms, story.turns, story.ending.kind) == ((), (), "error")


def test_what_a_parent_and_its_child_do() -> None:
    run = gallery("parent_child")
    story = story_of(run.journal, run.build)
    root, child = story.vms
    assert (root.program, root.parent, root.ended, root.exit_code) == ("root", None, story.end, 0)
    assert (child.program, child.parent, child.born_turn, child.ended) == ("child", 0, 1, story.exits[0].at)
    doing = [span.doing for span in story.spans_of(1)]
    assert doing[:4] == [Doing.RUNNING, Doing.RUNNING, Doing.READ, Doing.RUNNING]
    (transfer,) = story.transfers
    read = next(span for span in story.spans_of(1) if span.doing is Doing.READ)
    assert (transfer.reader_since, transfer.at) == (read.start, read.end)
    assert transfer.writer_since == transfer.at == story.turns[transfer.turn].end
    assert transfer.left == 0
    (pipe_made,) = story.pipes
    assert pipe_made.read.holders[0] == Holding(0, pipe_made.made, story.spawns[0].at)
    assert pipe_made.read.holders[1].vm == 1
    assert pipe_made.size == transfer.size
    assert story.answers[-1].target == 1
    assert story.turns[0].call is not None
    assert story.turns[0].call.place == "steps[0]"


def test_swaps_of_an_io_pass_lie_where_they_are_paid() -> None:
    """At the beginning of the next turn, before its VM runs (the quirk that the scenario shows)."""
    run = gallery("meepo_quirk")
    story = story_of(run.journal, run.build)
    turn = next(turn for turn in story.turns if turn.vm == 1 and turn.run_start > turn.start)
    assert turn.run_start - turn.start == 200_000
    swaps = [swap for swap in story.swaps if turn.start <= swap.start < turn.end]
    assert [(swap.out, swap.start, swap.end) for swap in swaps] == [
        (True, turn.start, turn.start + 100_000),
        (False, turn.start + 100_000, turn.run_start),
    ]
    (moved,) = story.transfers
    assert moved.at == turn.run_start
    assert any(away == Away(1, away.start, turn.run_start) for away in story.away)


def test_swaps_that_nobody_pays_take_no_room() -> None:
    """A suspension drops the charges of the I/O pass before it."""
    run = gallery("suspended_badly")
    story = story_of(run.journal, run.build)
    assert [swap.end - swap.start for swap in story.swaps][-2:] == [0, 0]
    assert story.breaks == (Break(723_796, 16, True),)
    assert [fault.error for fault in story.faults] == [story.ending.error]


def test_a_suspended_run_says_so(tmp_path: Path) -> None:
    run = spawnlab.run_synchronously(GALLERY[0], suspend_at=110_000)
    story = check(story_of(run.journal, run.build), run.journal)
    assert story.ending.kind == "suspended"
    assert not story.breaks[-1].resumed
    assert story.faults == ()


def test_an_exec_changes_the_program() -> None:
    run = gallery("exec")
    story = story_of(run.journal, run.build)
    changed = next(vm for vm in story.vms if len(vm.programs) > 1)
    (done,) = [x for x in story.execs if x.vm == changed.vm]
    assert changed.programs[1] == Program(done.at, done.program, changed.programs[1].arguments)


def test_a_write_that_is_taken_in_pieces() -> None:
    run = gallery("stream")
    story = story_of(run.journal, run.build)
    first = [transfer for transfer in story.transfers if transfer.writer == 0]
    assert [transfer.left for transfer in first] == [32, 24, 16, 8, 0]
    assert len({transfer.writer_since for transfer in first}) == 1
    assert {gone.size for gone in story.gone} == {0}


def test_refusals_and_logs_are_told() -> None:
    run = gallery("invalid_fd")
    story = story_of(run.journal, run.build)
    assert {refusal.code for refusal in story.refusals} == {6}
    assert any(turn.call is not None and turn.call.code == 6 for turn in story.turns)


def test_a_turn_beyond_its_limit_is_placed_once_more() -> None:
    """``scheduler`` T9: what is counted again takes room, and nobody runs in it."""
    journal = Journal("test")
    scheduler = Scheduler(sg_data_of(pipe() + leave()), observers=[journal])
    with pytest.raises(CyclesExceeded):
        scheduler.run(RunMode(600))
    first = scheduler.consumed_cycles()
    scheduler.run()
    story = check(story_of(journal), journal)
    assert story.turns[1].run_start - story.turns[1].start == first
