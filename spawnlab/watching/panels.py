"""Panels: lines that are scrolled, as Textual widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..views.screen import row_lines
from ..views.terminal import VM_STYLES, Terminal
from ..views.timeline import Row
from .pages import Line, Page

ROWS_MAX = 5_000
"""Of the timeline, that the log can be scrolled back, about."""


class Panel(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines with a title. Up and down scroll; left and right are the app's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", show=False),
        Binding("down,j", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
    ]

    class Resized(Message):
        """A panel has another width, so that its lines are to be made anew."""

    def __init__(self, name: str, *, common: bool = False) -> None:
        super().__init__(id=name, classes="panel common" if common else "panel")
        self.lines: Sequence[Line] = ()
        self._width = 0
        self._heading = ""

    @property
    def room(self) -> int:
        """Columns for text; 0 while it is not shown."""
        return max(self.size.width - 1, 0) if self.display else 0  # less a scrollbar, there or not: or it would flicker

    def on_resize(self, event: Resize) -> None:
        """Have the lines made anew if they have another width now."""
        if self.room != self._width:
            self._width = self.room
            self.post_message(self.Resized())

    def show(self, page: Page) -> None:
        """Show other lines; where one has to be in sight, scroll there if it is not."""
        self._heading = page.title
        if tuple(self.lines) != page.lines:
            self.set_lines(page.lines)
        if page.focus is not None:
            self.bring_in_sight(page.focus)
        self.call_after_refresh(self._label)

    def _label(self) -> None:
        """The title, and how much there is below what is in sight."""
        below = len(self.lines) - round(self.scroll_y) - self.scrollable_content_region.height
        self.border_title = f"{self._heading}, {below:,} more below" if below > 0 and self.room else self._heading

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say what is below now."""
        super().watch_scroll_y(old_value, new_value)
        self._label()

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Have these lines."""
        self.lines = lines
        self.virtual_size = Size(self.room, len(lines))
        self.refresh()

    def bring_in_sight(self, number: int) -> None:
        """Scroll so that a line is in the middle, unless it is in sight: once it is known how much room there is."""
        self.call_after_refresh(self._bring_in_sight, number)

    def _bring_in_sight(self, number: int) -> None:
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if height and not top <= number < top + height:
            self.scroll_to(y=max(0, number - height // 2), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """One line of what is in sight."""
        number = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        base = self.rich_style
        if not 0 <= number < len(self.lines):
            return Strip.blank(width, base)
        style = base + self.style_of(number)
        return Strip([Segment(self.lines[number].text, style)]).adjust_cell_length(width, style)

    def style_of(self, number: int) -> Style:
        """The style of a line."""
        line = self.lines[number]
        style = Style.parse(line.style) if line.style else Style.null()
        return style if line.vm is None else style + Style(color=VM_STYLES[line.vm % len(VM_STYLES)])


class VmPanel(Panel, inherit_bindings=False):
    """The table of VMs, of which one is selected."""

    class Picked(Message):
        """A VM was clicked at."""

        def __init__(self, vm: int) -> None:
            super().__init__()
            self.vm = vm

    selected = 0

    def select(self, vm: int) -> None:
        """Mark a VM's line, and have it in sight."""
        self.selected = vm
        self.refresh()
        number = next((i for i, line in enumerate(self.lines) if line.vm == vm), None)
        if number is not None:
            self.bring_in_sight(number)

    def style_of(self, number: int) -> Style:
        """As any, and the selected one reversed."""
        style = super().style_of(number)
        return style + Style(reverse=True) if self.lines[number].vm == self.selected else style

    def on_click(self, event: Click) -> None:
        """Select the VM that is clicked at."""
        number = event.y - self.gutter.top + self.scroll_offset.y
        vm = self.lines[number].vm if 0 <= number < len(self.lines) else None
        if vm is not None:
            self.post_message(self.Picked(vm))


class LogPanel(Panel):
    """The timeline. It stays at its end, unless it was scrolled up."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._starts: list[int] = []
        """For each row, its first line."""
        self._first = 0
        """The first row that is there."""
        self._made_for = 0
        """Width that the lines were made for."""
        self._made: list[Line] = []
        self._follows = True
        self._moves_itself = False

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show the rows of a timeline, which has grown or shrunk since the last time, or is the same."""
        width = self.room
        if not width:
            return
        count = self._first + len(self._starts)
        too_few = len(rows) - self._first < min(ROWS_MAX // 2, len(rows))
        if width != self._made_for or too_few or len(rows) > count + ROWS_MAX:
            self._made, self._starts = [], []
            self._first = max(0, len(rows) - ROWS_MAX)
            self._made_for = width
        elif len(rows) < count:
            del self._made[self._starts[len(rows) - self._first] :]
            del self._starts[len(rows) - self._first :]
        terminal = Terminal(width=width)
        for row in rows[self._first + len(self._starts) :]:
            self._starts.append(len(self._made))
            self._made += (Line(text, vm=row.vm) for text in row_lines(row, terminal))
        self._drop()
        self._heading = "log"
        self.set_lines(self._made)
        if self._follows:
            self.call_after_refresh(self._to_end)

    def _to_end(self) -> None:
        self._moves_itself = True
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        self._moves_itself = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Whoever scrolls up stays there; whoever scrolls to the end stays at the end."""
        super().watch_scroll_y(old_value, new_value)
        if not self._moves_itself:
            self._follows = round(new_value) >= self.max_scroll_y

    def _drop(self) -> None:
        """Drop the oldest rows, when there are twice as many as there may be."""
        if len(self._starts) <= 2 * ROWS_MAX:
            return
        dropped = len(self._starts) - ROWS_MAX
        lines = self._starts[dropped]
        del self._made[:lines]
        self._starts = [start - lines for start in self._starts[dropped:]]
        self._first += dropped
