"""Folding: whatever is folded or left out is told, and unfolded it is the run again; long runs give small pictures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.explore.topology import Topology, scenario_of
from spawnlab.pictures.drawing import FORMATS, Wish, picture
from spawnlab.pictures.fold import Keys, Loop, Omitted, Piece, Single, bounded, fold, shown, unfolded
from spawnlab.pictures.model import Story
from spawnlab.pictures.scale import AXES, scale_of
from spawnlab.pictures.slots import Slots
from spawnlab.pictures.story import story_of
from spawnlab.testing.strategies import topologies

from .long_runs import irregular, ping_pong, spawning

LIMIT = 20_000_000
LONG: dict[str, Callable[[], spawnlab.Run]] = {
    "ping_pong": lambda: ping_pong(2_500),
    "nested": lambda: ping_pong(1_500, inner=3),
    "spawning": lambda: spawning(1_250),
    "irregular": lambda: irregular(10_000),
}
PICTURES = [
    pytest.param(form, what, id=f"{form}-{what}")
    for form, subjects in FORMATS.items()
    for what in subjects
    if form != "png"
]


@cache
def long_story(name: str) -> Story:
    run = LONG[name]()
    assert run.outcome.status == "exit", run.outcome
    assert run.outcome.iterations >= 10_000
    return story_of(run.journal, run.build)


def loops(pieces: Sequence[Piece]) -> Iterator[Loop]:
    for piece in pieces:
        if isinstance(piece, Loop):
            yield piece
            yield from loops(piece.body)


def check(story: Story, pieces: Sequence[Piece]) -> None:
    """Unfolded it is the whole run, and the rounds of each loop are what they are said to be."""
    assert list(unfolded(pieces)) == list(range(len(story.turns)))
    keys = Keys(story, Slots(story))
    moved = Counter[int]()
    sizes = Counter[int]()
    for transfer in story.transfers:
        moved[transfer.turn] += 1
        sizes[transfer.turn] += transfer.size
    for loop in loops(pieces):
        assert list(unfolded(loop.body)) == list(range(loop.first, loop.first + loop.period))
        first, everything = range(loop.first, loop.first + loop.period), range(loop.first, loop.first + loop.turns)
        assert sum(moved[turn] for turn in everything) == loop.rounds * sum(moved[turn] for turn in first)
        if "sizes" not in loop.varies:
            assert sum(sizes[turn] for turn in everything) == loop.rounds * sum(sizes[turn] for turn in first)
        for turn in everything:
            again = loop.first + (turn - loop.first) % loop.period
            assert keys.same[turn] == keys.same[again]
            if "ids" not in loop.varies:
                assert story.turns[turn].vm == story.turns[again].vm
                assert keys.others["ids"].get(turn) == keys.others["ids"].get(again)


# Laws


@settings(deadline=None, max_examples=60)
@given(topologies("any"), st.integers(1, 12), st.sampled_from(AXES))
def test_unfolded_it_is_the_run(made: Topology, turns_max: int, axis: str) -> None:
    run = spawnlab.run_synchronously(scenario_of(made), limit=LIMIT)
    story = story_of(run.journal, run.build)
    pieces = fold(story, turns_max=turns_max)
    check(story, pieces)
    scale = scale_of(story, pieces, axis)
    assert list(scale.knots) == sorted(set(scale.knots))
    assert list(scale.places) == sorted(scale.places)
    assert [turn for s in scale.stretches for turn in range(s.first, s.first + s.turns)] == [*range(len(story.turns))]
    assert sum(s.turns for s in scale.shown()) == sum(1 for _ in shown(pieces))


@settings(deadline=None, max_examples=200)
@given(st.integers(3, 40), st.data())
def test_so_many_turns_are_shown_at_the_most(turns_max: int, data: st.DataObject) -> None:
    pieces = data.draw(_pieces(0))
    cut = bounded(pieces, turns_max)
    assert sum(1 for _ in shown(cut)) <= turns_max
    assert list(unfolded(cut)) == list(unfolded(pieces))
    if sum(1 for _ in shown(pieces)) <= turns_max // 2:
        assert cut == pieces


@st.composite
def _pieces(draw: st.DrawFn, first: int) -> tuple[Piece, ...]:
    made: list[Piece] = []
    for kind in draw(st.lists(st.integers(0, 3), min_size=1, max_size=60)):
        if kind < 3:
            made.append(Single(first))
        else:
            period, rounds = draw(st.integers(1, 30)), draw(st.integers(3, 5))
            body = tuple(Single(first + number) for number in range(period))
            made.append(Loop(first=first, period=period, rounds=rounds, body=body))
        first += made[-1].turns
    return tuple(made)


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 9), st.integers(1, 5))
def test_any_loop_is_found(rounds: int, inner: int) -> None:
    run = ping_pong(rounds, inner=inner)
    story = story_of(run.journal, run.build)
    pieces = fold(story, turns_max=len(story.turns) - 1)
    check(story, pieces)
    assert max(loop.rounds for loop in loops(pieces)) >= rounds - 1  # the first may not be like the others


# Long runs


def test_a_loop_is_one_piece() -> None:
    pieces = fold(long_story("ping_pong"), turns_max=100)
    (loop,) = loops(pieces)
    assert (loop.rounds, loop.period, loop.varies) == (2_500, 4, ())
    assert sum(1 for _ in shown(pieces)) < 20


def test_a_loop_in_a_loop() -> None:
    outer, inner = loops(fold(long_story("nested"), turns_max=100))
    assert (outer.rounds, outer.period, inner.rounds, inner.period) == (1_500, 7, 3, 1)


def test_children_of_a_loop_take_the_same_place() -> None:
    story = long_story("spawning")
    (loop,) = loops(fold(story, turns_max=100))
    assert (loop.rounds, loop.varies) == (1_250, ("ids",))
    assert set(Slots(story).vms.values()) == {0, 1}


def test_what_does_not_repeat_is_left_out_in_the_middle() -> None:
    story = long_story("irregular")
    pieces = fold(story, turns_max=100)
    (omitted,) = (piece for piece in pieces if isinstance(piece, Omitted))
    assert not list(loops(pieces))
    assert sum(1 for _ in shown(pieces)) == 100
    assert omitted.turns == len(story.turns) - 100


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize(("form", "what"), PICTURES)
def test_pictures_of_long_runs_are_small_and_say_what_they_fold(name: str, form: str, what: str) -> None:
    story = long_story(name)
    drawn = picture(story, form, what=what)
    assert isinstance(drawn, str)
    assert len(drawn) < 500_000
    if form == "mermaid":
        assert len(drawn) < 50_000  # more is refused, unless Mermaid is told otherwise
    plain = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), drawn)
    assert f"{len(story.turns):,} turns" in plain
    assert f"{story.end:,} cycles" in plain
    if what != "topology":
        assert re.search("left out" if name == "irregular" else "rounds", plain)


@pytest.mark.parametrize("axis", AXES)
def test_whole_pictures_fold_nothing(axis: str) -> None:
    run = ping_pong(100)
    story = story_of(run.journal, run.build)
    drawn = picture(story, "svg", wish=Wish(axis=axis, whole=True))
    assert isinstance(drawn, str)
    assert "rounds" not in drawn
    assert drawn.count('data-kind="transfer"') == 200
    assert str(picture(story, "mermaid", wish=Wish(whole=True))).count("4 bytes b'ping'") == 200
    assert str(picture(story, "perfetto", wish=Wish(whole=True))).count('"ph":"s"') == 200 + 2
