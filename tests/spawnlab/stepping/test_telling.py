"""The run in words: all turns of a short one, a fold of what repeats in a long one."""

from __future__ import annotations

import pytest

from spawnlab.pictures.story import story_of
from spawnlab.play import run_synchronously
from spawnlab.scenarios.gallery import entries
from spawnlab.staging import Playable
from spawnlab.stepping.frames import Framing
from spawnlab.stepping.telling import TURNS_MAX, Told, told
from spawnlab.stepping.texts import Texts

from .reading import exchanges


def rows(what: Playable) -> tuple[list[Told], int, int]:
    run = run_synchronously(what)
    texts = Texts()
    story = story_of(run.journal, run.build)
    frames = list(Framing(run.build, texts).frames(run.journal, story.ending))
    return list(told(story, frames, texts.all)), run.outcome.iterations, run.outcome.cycles


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_every_turn_of_a_short_run_is_told(name: str) -> None:
    found, turns, cycles = rows(f"gallery:{name}")
    assert turns <= TURNS_MAX
    assert [row.turn for row in found if row.turn.isdigit()] == [str(turn) for turn in range(1, turns + 1)]
    assert found[-1].cycles == cycles


def test_a_long_run_is_folded() -> None:
    found, turns, cycles = rows(exchanges(500))
    assert turns > 2000
    assert len(found) < 30
    notes = [row for row in found if not row.turn]
    assert any("again and again: " in row.lines[0] and " rounds, turns " in row.lines[0] for row in notes)
    assert found[-1].cycles == cycles
    assert [row.cycles for row in found] == sorted(row.cycles for row in found)
