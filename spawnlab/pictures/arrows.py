"""What goes from one lane of a timeline to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import wording
from .canvas import Canvas
from .model import Story

BAR = 24.0
"""Height of a bar, in pixels: an arrow ends at its edge."""
DOTS, DASHES = "2 3", "6 3"
"""Of spawns, and of exit codes."""


class Arrows:
    """Draws arrows between lanes, whose middles are given by VM; ``x`` is where cycles lie.

    Only what ``is_visible`` in its turn is drawn, between VMs that have lanes.
    """

    def __init__(
        self,
        story: Story,
        canvas: Canvas,
        x: Callable[[int], float],
        middles: Mapping[int, float],
        is_visible: Callable[[int], bool],
    ) -> None:
        self._story = story
        self._canvas = canvas
        self._x = x
        self._middles = middles
        self._is_visible = is_visible

    def below_bars(self) -> None:
        """Spawns and exit codes, which may cross lanes that have nothing to do with them."""
        for spawn in self._story.spawns:
            if self._is_visible(spawn.turn):
                handed = f", hands on {wording.fds(spawn.fds)}" if spawn.fds else ""
                tip = f"VM {spawn.parent} spawns VM {spawn.child}{handed}, at {spawn.at:,} cycles"
                self._arrow(spawn.parent, spawn.child, self._x(spawn.at), "ink", tip, dashes=DOTS, kind="spawn")
        for answer in self._story.answers:
            if self._is_visible(answer.turn):
                learned = f"learns that VM {answer.target} ended with {answer.exit_code}"
                tip = f"VM {answer.vm} {learned}, at {answer.at:,} cycles"
                self._arrow(answer.target, answer.vm, self._x(answer.at), "soft", tip, dashes=DASHES, kind="answer")

    def above_bars(self) -> None:
        """Bytes. Arrows that lie at the same place are drawn side by side."""
        seen: dict[float, int] = {}
        for transfer in self._story.transfers:
            if self._is_visible(transfer.turn):
                x = self._x(transfer.at)
                number = seen[x] = seen.get(x, -1) + 1
                moved = f"hands VM {transfer.reader} {wording.moved(transfer)}"
                tip = f"VM {transfer.writer} {moved}, at {transfer.at:,} cycles"
                self._arrow(transfer.writer, transfer.reader, x - 7 * number, "bytes", tip, wide=2.5, kind="transfer")

    def waits(self, x: float) -> None:
        """Who waits for whom in a deadlock, to the right of ``x``, where the waits that are for ever end."""
        report = self._story.ending.deadlock
        pairs = [(one.vm, target) for one in (report.waiting if report else ()) for target in one.waits_for]
        for number, (vm, target) in enumerate(pairs):
            if vm in self._middles and target in self._middles:
                start, end = self._middles[vm], self._middles[target]
                out = x + 10 + 8 * (number % 4)
                shift = 5 if end > start else -5
                points = [(x + 1, start + shift), (out, start + shift), (out, end - shift), (x + 1, end - shift)]
                tip = f"VM {vm} waits for {'itself' if vm == target else f'VM {target}'}"
                self._canvas.arrow(points, "stuck", tip, kind="waits")

    def _arrow(
        self,
        source: int,
        target: int,
        x: float,
        name: str,
        tip: str,
        *,
        kind: str,
        wide: float = 1.75,
        dashes: str = "",
    ) -> None:
        """From one lane to another, or a loop on one lane."""
        if source not in self._middles or target not in self._middles:
            return
        start, end = self._middles[source], self._middles[target]
        if source == target:
            points = [(x - 10, start - BAR / 2), (x - 10, start - BAR), (x, start - BAR), (x, start - BAR / 2)]
        else:
            down = 1 if end > start else -1
            points = [(x, start + down * BAR / 2), (x, end - down * BAR / 2)]
        self._canvas.arrow(points, name, tip, wide=wide, dashes=dashes, kind=kind)
