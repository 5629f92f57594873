"""Every turn in words, for readers without a program and for print; what repeats is folded as it is in pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ..pictures import wording
from ..pictures.fold import Loop, Omitted, Piece, Single, fold
from ..pictures.model import Story
from .frames import Frame

TURNS_MAX = 200
"""A run of more turns is folded, and then told in so many at the most."""


class Told(msgspec.Struct, frozen=True):
    """A row: a turn with what happened in it, or (``turn`` is empty) a note on others."""

    turn: str
    cycles: int
    lines: tuple[str, ...]


def told(story: Story, frames: Sequence[Frame], texts: Sequence[str], *, turns_max: int = TURNS_MAX) -> Iterator[Told]:
    """The rows of a run; ``frames`` are its, and a turn of the story is one of them."""
    turns = [frame for frame in frames if frame.vm is not None]
    outside = [frame for frame in frames if frame.vm is None]

    def row(name: str, frame: Frame) -> Told:
        return Told(name, frame.cycles, tuple(texts[number] for number in frame.lines))

    def rows(pieces: Sequence[Piece]) -> Iterator[Told]:
        for piece in pieces:
            match piece:
                case Single(first=first):
                    yield row(f"{turns[first].turn:,}", turns[first])
                case Loop():
                    end = turns[piece.first + piece.turns - 1].cycles
                    yield from rows(piece.body)
                    yield Told("", end, (f"again and again: {wording.rounds(story, piece)}",))
                case Omitted():
                    end = turns[piece.first + piece.turns - 1].cycles
                    yield Told("", end, (wording.omitted(story, piece),))

    if frames and frames[0].vm is None:
        yield row("start", frames[0])
    yield from rows(fold(story, turns_max=turns_max))
    if len(outside) > 1:
        yield row("end", outside[-1])
