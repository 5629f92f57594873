"""A run as a timeline: a lane for each VM, and on it what the VM does; arrows for what goes from one to another."""

from __future__ import annotations

from ..scheduler.codes import spelled
from . import wording
from .arrows import BAR, DASHES, DOTS, Arrows
from .canvas import FONT, SMALL, TITLE, Canvas
from .fold import Loop, Omitted, Piece, fold
from .legend import Entry, Legend
from .measure import fitting, width
from .model import BLOCKED, Doing, Span, Story, Vm
from .scale import Mark, Scale, Stretch, scale_of

TURNS_MAX = 120
"""Turns that are shown at the most."""
_LANE = 54.0
_MARGIN = 24.0
_MARK_HEIGHT = 24.0
_AXIS = 40.0
_GAP = 6.0
_END = 170.0
"""Pixels behind the run's end, for how it ended, and who waits for ever for whom."""
_FOREVER = 124.0
_WIDTH_MIN = 720.0
_BARS = {
    Doing.RUNNING: Entry(text="runs", kind="bar", name="running"),
    Doing.RUNNABLE: Entry(text="can run", kind="thin", name="ready"),
    Doing.READ: Entry(text="waits to read", kind="bar", name="read"),
    Doing.WRITE: Entry(text="waits to write", kind="bar", name="write"),
    Doing.WAIT: Entry(text="waits for a VM's end", kind="bar", name="wait"),
    Doing.UNKNOWN: Entry(text="not told by the journal", kind="bar", name="unknown"),
}


def timeline(story: Story, *, axis: str = "log", turns_max: int | None = TURNS_MAX) -> str:
    """The picture as SVG. ``axis`` is one of :data:`~spawnlab.pictures.scale.AXES`.

    A run of more than ``turns_max`` turns is folded; ``None`` shows all of them.
    """
    pieces = fold(story, turns_max=turns_max)
    return _Timeline(story, pieces, scale_of(story, pieces, axis), axis).draw()


class _Timeline:
    def __init__(self, story: Story, pieces: tuple[Piece, ...], scale: Scale, axis: str) -> None:
        self.story = story
        self.scale = scale
        self.axis = axis
        self.shown = scale.shown()
        self.vms = [vm for vm in story.vms if self._is_shown(vm)]
        names = [wording.named(vm.vm, vm.programs) for vm in self.vms]
        self.gutter = max([width(name, FONT) for name in (*names, "cycles")]) + _GAP * 2
        self.left = _MARGIN + self.gutter
        self.words = [*wording.warnings(story), wording.ending(story), self._about_axis()]
        if len(self.vms) < len(story.vms):
            self.words.append(f"{wording.count(len(story.vms), 'VM')}, {len(self.vms)} in what is shown")
        self.depth = 1 + max((mark.depth for mark in scale.marks), default=-1)
        self.top = _MARGIN + TITLE + len(self.words) * (FONT + 6) + self.depth * _MARK_HEIGHT + _AXIS + 8
        self.bottom = self.top + max(1, len(self.vms)) * _LANE
        self.right = self.left + scale.width
        wide = max(_WIDTH_MIN, self.right + _END + _MARGIN, _MARGIN * 2 + self._widest())
        self.legend = Legend(self._entries(), _MARGIN, wide - _MARGIN)
        high = self.bottom + self.legend.height + _MARGIN + 8
        self.canvas = Canvas(wide, high, wording.title(story), self._about())
        self.lanes = {vm.vm: self.top + number * _LANE for number, vm in enumerate(self.vms)}

    def draw(self) -> str:
        """Draw all of it."""
        self._heading()
        for stretch in self.scale.stretches:
            if stretch.fold is not None:
                self._fold(stretch, stretch.fold)
        self._axis_line()
        arrows = Arrows(self.story, self.canvas, self._x, {vm: self._middle(vm) for vm in self.lanes}, self._is_visible)
        arrows.below_bars()
        for vm in self.vms:
            self._lane(vm)
        arrows.above_bars()
        arrows.waits(self.right + _FOREVER)
        self._ending()
        self.legend.draw(self.canvas, self.bottom + 26)
        return self.canvas.svg()

    # What is where

    def _is_shown(self, vm: Vm) -> bool:
        end = self.story.end if vm.ended is None else vm.ended
        return not self.story.turns or any(s.start <= end and vm.born <= s.end for s in self.shown)

    def _x(self, cycles: int) -> float:
        return self.left + self.scale.x(cycles)

    def _middle(self, vm: int) -> float:
        return self.lanes[vm] + _LANE / 2

    def _is_visible(self, turn: int) -> bool:
        return turn < 0 or any(s.first <= turn < s.first + s.turns for s in self.shown)

    def _widest(self) -> float:
        return max([width(wording.title(self.story), TITLE), *(width(word, FONT) for word in self.words)])

    def _about_axis(self) -> str:
        match self.axis:
            case "log":
                return "each turn is as wide as the logarithm of its cycles"
            case "turns":
                return "all turns are as wide as each other, whatever they cost"
            case _:
                return "cycles are true to scale"

    def _about(self) -> str:
        """For those who can't see it."""
        said = [*self.words]
        for vm in self.vms[:20]:
            ran = sum(s.end - s.start for s in self.story.spans_of(vm.vm) if s.doing is Doing.RUNNING)
            said.append(f"{wording.named(vm.vm, vm.programs)} runs for {ran:,} cycles")
        return "; ".join(said)

    # The parts

    def _heading(self) -> None:
        y = _MARGIN + TITLE * 0.8
        self.canvas.text(wording.title(self.story), _MARGIN, y, TITLE, bold=True)
        for number, word in enumerate(self.words):
            y += FONT + 6 + (4 if number == 0 else 0)
            warned = number < len(wording.warnings(self.story))
            self.canvas.text(word, _MARGIN, y, FONT, "stuck" if warned else "soft", bold=warned)

    def _axis_line(self) -> None:
        """Turns and the cycles that were consumed when they began, wherever there is room; a line down for each."""
        y = self.top - 8
        self.canvas.text("turn", self.left - _GAP * 2, y - 18, SMALL, "soft", anchor="end")
        self.canvas.text("cycles", self.left - _GAP * 2, y, SMALL, "soft", anchor="end")
        turn_free = cycles_free = self.left - 1
        for stretch in self.shown:
            for index in range(stretch.first, stretch.first + stretch.turns):
                turn = self.story.turns[index]
                x, end = self._x(turn.start), self._x(turn.end)
                self.canvas.path(f"M{x:.2f},{self.top - 4:.2f} V{self.bottom:.2f}", "faint", wide=0.75)
                number, cycles = f"{turn.number:,}", f"{turn.start:,}"
                middle, half = (x + end) / 2, width(number, SMALL) / 2
                if middle - half > turn_free:
                    self.canvas.text(number, middle, y - 18, SMALL, "soft", anchor="middle")
                    turn_free = middle + half + 4
                if x > cycles_free and x + width(cycles, SMALL) < self.right - width(f"{self.story.end:,}", SMALL):
                    self.canvas.text(cycles, x, y, SMALL, "soft")
                    cycles_free = x + width(cycles, SMALL) + 8
        self.canvas.path(f"M{self.right:.2f},{self.top - 4:.2f} V{self.bottom:.2f}", "soft", wide=1.5)
        self.canvas.text(f"{self.story.end:,}", self.right, y, SMALL, "soft", anchor="middle")
        for mark in self.scale.marks:
            self._mark(mark)

    def _mark(self, mark: Mark) -> None:
        """A bracket over the first round of a loop."""
        y = self.top - _AXIS - 8 - (self.depth - 1 - mark.depth) * _MARK_HEIGHT
        left, right = self.left + mark.left, self.left + mark.right
        self.canvas.path(f"M{left + 1:.2f},{y + 6:.2f} v-6 H{right - 1:.2f} v6", "soft", wide=1.5)
        text = f"1 of {wording.count(mark.loop.rounds, 'round')}"
        for choice in (text, text.rpartition(" ")[0]):
            if width(choice, SMALL) <= right - left:
                self.canvas.text(choice, (left + right) / 2, y - 4, SMALL, "ink", anchor="middle")
                break

    def _fold(self, stretch: Stretch, piece: Loop | Omitted) -> None:
        left, right = self.left + stretch.left, self.left + stretch.right
        if isinstance(piece, Loop):
            head = f"+ {wording.count(piece.rounds - 1, 'round')}"
            tip = wording.rounds(self.story, piece)
        else:
            head, tip = "left out", wording.omitted(self.story, piece)
        cycles = f"{stretch.end - stretch.start:,} cycles"
        lines = [head, wording.turns(self.story, stretch.first, stretch.turns), cycles]
        if isinstance(piece, Loop) and piece.varies:
            lines.append(f"other {', '.join(piece.varies)} in each")
        with self.canvas.group("folded", tip, turns=stretch.turns):
            self.canvas.rect(left, self.top, right - left, self.bottom - self.top, "fold")
            for number, line in enumerate(lines):
                y = self.top + 16 + number * (SMALL + 4)
                if y < self.bottom:
                    text = fitting(line, SMALL, right - left - 8)
                    self.canvas.text(text, (left + right) / 2, y, SMALL, "ink", anchor="middle", bold=number == 0)

    def _lane(self, vm: Vm) -> None:
        y = self._middle(vm.vm)
        self.canvas.text(wording.named(vm.vm, vm.programs), self.left - _GAP * 2, y + 5, FONT, "ink", anchor="end")
        with self.canvas.group("lane", vm=vm.vm):
            for span in self.story.spans_of(vm.vm):
                for stretch in self.shown:
                    start, end = max(span.start, stretch.start), min(span.end, stretch.end)
                    if start < end:
                        self._span(span, start, end, y)
            for away in self.story.away:
                for stretch in self.shown:
                    start, end = max(away.start, stretch.start), min(away.end, stretch.end)
                    if away.vm == vm.vm and start < end:
                        x = self._x(start)
                        tip = f"VM {vm.vm} is swapped out, from {away.start:,} to {away.end:,} cycles"
                        self.canvas.rect(x, y + BAR / 2 - 1, self._x(end) - x, 8, "away", tip)
        self._end_of(vm, y)

    def _span(self, span: Span, start: int, end: int, y: float) -> None:
        x, wide = self._x(start), self._x(end) - self._x(start)
        data: dict[str, int | str] = {"doing": span.doing.value, "start": span.start, "end": span.end}
        tip = f"VM {span.vm} {self._does(span)}, {span.end - span.start:,} cycles from {span.start:,} to {span.end:,}"
        match span.doing:
            case Doing.RUNNING:
                self.canvas.rect(x, y - BAR / 2, wide, BAR, "running", tip, data=data)
                self._inside(wording.said(self.story.turns[span.turn]), x, wide, y, "on-running")
            case Doing.RUNNABLE:
                self.canvas.rect(x, y - 3, wide, 6, "ready", tip, data=data)
            case _:
                self.canvas.rect(x, y - BAR / 2, wide, BAR, span.doing.value, tip, data=data)
                self._inside(wording.waits_for(span), x, wide, y, f"on-{span.doing.value}", wording.waits_shortly(span))

    def _does(self, span: Span) -> str:
        turn = self.story.turns[span.turn] if span.turn >= 0 else None
        match span.doing:
            case Doing.RUNNING if turn is not None:
                place = f" at {turn.call.place}" if turn.call is not None and turn.call.place else ""
                code = turn.call.code if turn.call is not None else None
                answered = f", answered {spelled(code)}" if code is not None else ""
                return f"runs, turn {turn.number:,}: {wording.said(turn) or 'no call'}{place}{answered}"
            case Doing.RUNNABLE:
                return "can run"
            case Doing.UNKNOWN:
                return "does what the journal does not tell"
            case _:
                return wording.waits(span)

    def _inside(self, text: str, x: float, wide: float, y: float, name: str, shorter: str = "") -> None:
        """A text in a bar, or a shorter one, or none: what fits."""
        for choice in (text, shorter):
            if choice and width(choice, SMALL) + 4 <= wide:
                self.canvas.text(choice, x + wide / 2, y + 4, SMALL, name, anchor="middle")
                return

    def _end_of(self, vm: Vm, y: float) -> None:
        """How a VM ended, behind its bar; or that it waits for ever."""
        if self._stuck_words(vm.vm):
            self._forever(vm.vm, y)
        elif vm.ended is not None and self._is_visible(vm.ended_turn or 0):
            x = self._x(vm.ended)
            tip = f"VM {vm.vm} ends with exit code {vm.exit_code}, at {vm.ended:,} cycles"
            with self.canvas.group("exit", tip, vm=vm.vm):
                self.canvas.path(f"M{x:.2f},{y - BAR / 2 - 4:.2f} v{BAR + 8}", "ink", wide=3)
                self.canvas.text(f"{vm.exit_code}", x + 5, y + 5, FONT, "ink", bold=True)

    def _forever(self, vm: int, y: float) -> None:
        """The wait of a deadlock, which goes on behind the run's end."""
        span = self.story.spans_of(vm)[-1]
        blocked = span.doing in BLOCKED
        with self.canvas.group("forever", f"VM {vm} {self._stuck_words(vm)}", vm=vm):
            self.canvas.rect(self.right, y - BAR / 2, _FOREVER, BAR, span.doing.value if blocked else "ready")
            box = f"M{self.right:.2f},{y - BAR / 2:.2f} h{_FOREVER} v{BAR} h-{_FOREVER} z"
            self.canvas.path(box, "stuck", wide=2)
            name = f"on-{span.doing.value}" if blocked else "ink"
            text, shorter = (wording.waits_for(span), wording.waits_shortly(span)) if blocked else ("for ever", "")
            self._inside(text, self.right, _FOREVER, y, name, shorter)

    def _stuck_words(self, vm: int) -> str:
        report = self.story.ending.deadlock
        return next((one.words for one in report.waiting if one.vm == vm), "") if report else ""

    def _ending(self) -> None:
        for fault in self.story.faults[-1:]:
            if fault.vm in self.lanes and self.story.ending.kind == "error":
                x, y = self._x(fault.at), self._middle(fault.vm)
                where = f" at {fault.place}" if fault.place else ""
                with self.canvas.group("fault", f"VM {fault.vm}: {wording.label(fault.error)}{where}"):
                    self.canvas.path(f"M{x - 7:.2f},{y - 7:.2f} l14,14 m0,-14 l-14,14", "stuck", wide=4)
                    text = fitting(wording.label(fault.error), FONT, _END - 16)
                    self.canvas.text(text, x + 12, y + 5, FONT, "stuck", bold=True)
        for cut in self.story.breaks:
            x = self._x(cut.at)
            tip = f"suspended{' and resumed' if cut.resumed else ''} at {cut.at:,} cycles"
            with self.canvas.group("break", tip):
                self.canvas.path(f"M{x - 2:.2f},{self.top:.2f} V{self.bottom:.2f}", "stuck", wide=1.5, dashes="8 4")
                self.canvas.path(f"M{x + 2:.2f},{self.top:.2f} V{self.bottom:.2f}", "stuck", wide=1.5, dashes="8 4")

    def _entries(self) -> list[Entry]:
        """What is in the picture, for the key."""
        story = self.story
        stuck = story.ending.deadlock is not None
        used = {s.doing for s in story.spans if s.end > s.start or (stuck and s.end == story.end)}
        more = [
            (story.away, Entry(text="swapped out", kind="band", name="away")),
            (story.transfers, Entry(text="bytes through a pipe", kind="arrow", name="bytes")),
            (story.spawns, Entry(text="spawns", kind="arrow", name="ink", dashes=DOTS)),
            (story.answers, Entry(text="exit code for who waits", kind="arrow", name="soft", dashes=DASHES)),
            (story.breaks, Entry(text="suspended and resumed", kind="cut", name="stuck", dashes="8 4")),
            (stuck, Entry(text="waits for, for ever", kind="arrow", name="stuck")),
        ]
        return [entry for doing, entry in _BARS.items() if doing in used] + [entry for there, entry in more if there]
