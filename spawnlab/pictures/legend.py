"""The key below a picture: what its bars and arrows mean."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .canvas import SMALL, Canvas
from .measure import width

ROW = 26.0
_SWATCH, _GAP = 28.0, 8.0


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A sample and what it means."""

    text: str
    kind: str
    """``bar``, ``thin``, ``band``, ``arrow`` or ``cut``."""
    name: str
    """The class that it is drawn in."""
    dashes: str = ""


class Legend:
    """Entries in rows, as many as fit between ``left`` and ``right``."""

    def __init__(self, entries: Sequence[Entry], left: float, right: float) -> None:
        self._placed: list[tuple[Entry, float, int]] = []
        x, row = left, 0
        for entry in entries:
            room = _SWATCH + _GAP + width(entry.text, SMALL) + 18
            if x + room > right and x > left:
                x, row = left, row + 1
            self._placed.append((entry, x, row))
            x += room
        self.height = (row + 1) * ROW

    def draw(self, canvas: Canvas, top: float) -> None:
        """Draw it below ``top``."""
        for entry, x, row in self._placed:
            y = top + row * ROW
            with canvas.group("key"):
                _sample(canvas, entry, x, y)
                canvas.text(entry.text, x + _SWATCH + _GAP, y + 4, SMALL, "ink")


def _sample(canvas: Canvas, entry: Entry, x: float, y: float) -> None:
    match entry.kind:
        case "arrow":
            canvas.arrow([(x, y), (x + _SWATCH, y)], entry.name, dashes=entry.dashes)
        case "cut":
            canvas.path(f"M{x + 12:.2f},{y - 9:.2f} v18 m4,-18 v18", entry.name, dashes=entry.dashes)
        case "thin":
            canvas.rect(x, y - 3, _SWATCH, 6, entry.name)
        case "band":
            canvas.rect(x, y - 4, _SWATCH, 8, entry.name)
        case _:
            canvas.rect(x, y - 8, _SWATCH, 16, entry.name)
