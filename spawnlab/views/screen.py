"""A timeline on a terminal: coloured, and readable on a narrow one. Elsewhere it is the plain lines, whole."""

from __future__ import annotations

from collections.abc import Iterator

from ..scheduler.events import AnyEvent
from .terminal import Terminal
from .text import wrapped
from .timeline import LEGEND, Row, Timeline, head, words

_WORDS_MIN = 40
"""Columns of words below which the cycles are left out and the marks stand close."""
_WORDS_BESIDE_MIN = 20
"""Columns of words below which they stand below the marks."""


class Screen:
    """Prints a timeline's events as lines."""

    def __init__(self, timeline: Timeline, terminal: Terminal) -> None:
        self._timeline = timeline
        self._terminal = terminal

    def heading(self) -> Iterator[str]:
        """The legend, and the line above the columns where they are wide."""
        terminal = self._terminal
        for line in terminal.wrap(LEGEND):
            yield terminal.style(line, "dim")
        if terminal.width is None or terminal.width >= len(self._timeline.heading()) + _WORDS_MIN:
            yield terminal.style(self._timeline.heading(), "dim")

    def lines(self, event: AnyEvent) -> list[str]:
        """The lines of an event; none for those that only change columns."""
        row = self._timeline.row(event)
        return [] if row is None else row_lines(row, self._terminal)


def row_lines(row: Row, terminal: Terminal) -> list[str]:
    """A row as lines that fit."""
    before, width = head(row), terminal.width
    if width is not None and len(before) + _WORDS_MIN > width:
        before = f"{row.turn:>4} {''.join(row.marks)}  "
        if len(before) + _WORDS_BESIDE_MIN > width:
            return [
                terminal.style(terminal.fit(before.rstrip()), "dim"),
                *(terminal.vm(row.vm, line) for line in wrapped(words(row), width, indent="  ", hanging="  ")),
            ]
    room = None if width is None else width - len(before)
    lines = wrapped(words(row), room, hanging="  ")
    first = terminal.style(before, "dim") + terminal.vm(row.vm, lines[0])
    return [first, *(" " * len(before) + terminal.vm(row.vm, line) for line in lines[1:])]
