"""From cycles to places along the picture: an axis that shows a turn of 500 cycles beside one of 60 million.

``log`` gives each stretch in which one thing happens (a VM runs, machines are swapped) the room of its logarithm;
``turns`` gives each turn the same room; ``cycles`` is true to scale, so that small turns vanish beside large ones.
What is folded or left out has a room of its own, whatever it took.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from .fold import Loop, Omitted, Piece, Single
from .model import Story

AXES = ("log", "turns", "cycles")
_TURN_WIDTH = 56.0
_WIDTH_TRUE = 1200.0
"""Of a whole picture that is true to scale."""
FOLDED_WIDTH = 150.0


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the axis: what is shown turn by turn, or a fold."""

    start: int
    end: int
    """Cycles."""
    left: float
    right: float
    """Pixels."""
    first: int
    turns: int
    """Turns in it, by index."""
    fold: Loop | Omitted | None
    """What it stands for, where turns are not shown."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Where a loop's first round begins and ends, which is shown before its fold."""

    loop: Loop
    left: float
    right: float
    depth: int


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """The axis of one picture; ``width`` in pixels."""

    knots: tuple[int, ...]
    places: tuple[float, ...]
    stretches: tuple[Stretch, ...]
    marks: tuple[Mark, ...]

    @property
    def width(self) -> float:
        """Of all of it."""
        return self.places[-1]

    def x(self, cycles: int) -> float:
        """Where some cycles lie; where time stands still, its last place."""
        index = bisect_right(self.knots, cycles) - 1
        if index < 0:
            return self.places[0]
        if index >= len(self.knots) - 1:
            return self.places[-1]
        start, end = self.knots[index], self.knots[index + 1]
        part = (cycles - start) / (end - start)
        return self.places[index] + part * (self.places[index + 1] - self.places[index])

    def shown(self) -> list[Stretch]:
        """The stretches whose turns are shown."""
        return [stretch for stretch in self.stretches if stretch.fold is None]


def scale_of(story: Story, pieces: Sequence[Piece], axis: str = "log") -> Scale:
    """Lay the axis out. ``axis`` is one of :data:`AXES`."""
    return _Layout(story, axis).scale(pieces)


class _Layout:
    def __init__(self, story: Story, axis: str) -> None:
        self.story = story
        self.axis = axis
        length = story.end - story.start
        self.per_cycle = _WIDTH_TRUE / length if length else 0.0
        self.knots = [story.start]
        self.places = [0.0]
        self.stretches: list[Stretch] = []
        self.marks: list[Mark] = []

    def scale(self, pieces: Sequence[Piece]) -> Scale:
        self._pieces(pieces, 0)
        self._go_on(self.story.end, self._room(self.story.end - self.knots[-1], runs=False))
        return Scale(
            knots=tuple(self.knots),
            places=tuple(self.places),
            stretches=tuple(self.stretches),
            marks=tuple(self.marks),
        )

    def _pieces(self, pieces: Sequence[Piece], depth: int) -> None:
        for piece in pieces:
            match piece:
                case Single(first=index):
                    self._turn(index)
                case Loop(body=body, first=first, period=period, rounds=rounds):
                    left = self.places[-1]
                    self._pieces(body, depth + 1)
                    self.marks.append(Mark(loop=piece, left=left, right=self.places[-1], depth=depth))
                    self._fold(piece, first + period, period * (rounds - 1))
                case Omitted(first=first, turns=turns):
                    self._fold(piece, first, turns)

    def _turn(self, index: int) -> None:
        turn, left, start = self.story.turns[index], self.places[-1], self.knots[-1]
        self._go_on(turn.start, self._room(turn.start - start, runs=False))
        parts = [
            (turn.run_start, self._room(turn.run_start - turn.start, runs=False)),
            (turn.run_end, self._room(turn.run_end - turn.run_start, runs=True)),
            (turn.end, self._room(turn.end - turn.run_end, runs=False)),
        ]
        total = sum(room for _, room in parts)
        shrink = _TURN_WIDTH / total if self.axis == "turns" and total else 1.0
        for end, room in parts:
            self._go_on(end, room * shrink)
        self._add(start, left, index, 1, None)

    def _fold(self, piece: Loop | Omitted, first: int, turns: int) -> None:
        left, start = self.places[-1], self.knots[-1]
        room = FOLDED_WIDTH
        end = self.story.turns[first + turns - 1].end
        if self.axis == "cycles":
            room = max(FOLDED_WIDTH, (end - start) * self.per_cycle)
        self._go_on(end, room)
        self._add(start, left, first, turns, piece)

    def _add(self, start: int, left: float, first: int, turns: int, fold: Loop | Omitted | None) -> None:
        last = self.stretches[-1] if self.stretches else None
        if fold is None and last is not None and last.fold is None:
            start, left, first, turns = last.start, last.left, last.first, last.turns + turns
            self.stretches.pop()
        self.stretches.append(
            Stretch(
                start=start,
                end=self.knots[-1],
                left=left,
                right=self.places[-1],
                first=first,
                turns=turns,
                fold=fold,
            )
        )

    def _room(self, cycles: int, *, runs: bool) -> float:
        """Pixels of a stretch in which one thing happens; none where time stands still."""
        if cycles <= 0:
            return 0.0
        if self.axis == "cycles":
            return cycles * self.per_cycle
        magnitude = math.log10(1 + cycles / 100)
        return 32 + 18 * magnitude if runs else 10 + 6 * magnitude

    def _go_on(self, cycles: int, room: float) -> None:
        if cycles > self.knots[-1]:
            self.knots.append(cycles)
            self.places.append(self.places[-1] + room)
