"""A run as a timeline: a lane for each VM, and on it what the VM does; arrows for what goes from one to another."""

from __future__ import annotations

from . import wording
from .canvas import FONT, SMALL, TITLE, Canvas
from .fold import Loop, Omitted, Piece, fold
from .measure import fitting, width
from .model import BLOCKED, Doing, Span, Story, Turn, Vm
from .scale import Mark, Scale, Stretch, scale_of

TURNS_MAX = 120
"""Turns that are shown at the most."""
_LANE, _BAR = 54.0, 24.0
_MARGIN = 24.0
_MARK_HEIGHT = 24.0
_AXIS = 40.0
_GAP = 6.0
_END = 170.0
"""Pixels behind the run's end, for how it ended, and who waits for ever for whom."""
_FOREVER = 124.0
_WIDTH_MIN = 720.0
_KEY = (
    ("running", "runs"),
    ("ready", "can run"),
    ("read", "waits to read"),
    ("write", "waits to write"),
    ("wait", "waits for a VM's end"),
    ("away", "swapped out"),
)


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
        high = self.bottom + self._key_rows(wide) * 26 + _MARGIN + 8
        self.canvas = Canvas(wide, high, wording.title(story), self._about())
        self.lanes = {vm.vm: self.top + number * _LANE for number, vm in enumerate(self.vms)}

    def draw(self) -> str:
        """Draw all of it."""
        self._heading()
        for stretch in self.scale.stretches:
            if stretch.fold is not None:
                self._fold(stretch, stretch.fold)
        self._axis_line()
        self._spawns()
        self._answers()
        for vm in self.vms:
            self._lane(vm)
        self._transfers()
        self._rings()
        self._ending()
        self._key()
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
                        self.canvas.rect(x, y + _BAR / 2 - 1, self._x(end) - x, 8, "away", tip)
        self._end_of(vm, y)

    def _span(self, span: Span, start: int, end: int, y: float) -> None:
        x, wide = self._x(start), self._x(end) - self._x(start)
        data: dict[str, int | str] = {"doing": span.doing.value, "start": span.start, "end": span.end}
        tip = f"VM {span.vm} {self._does(span)}, {span.end - span.start:,} cycles from {span.start:,} to {span.end:,}"
        match span.doing:
            case Doing.RUNNING:
                self.canvas.rect(x, y - _BAR / 2, wide, _BAR, "running", tip, data=data)
                self._inside(_said(self.story.turns[span.turn]), x, wide, y, "on-running")
            case Doing.RUNNABLE:
                self.canvas.rect(x, y - 3, wide, 6, "ready", tip, data=data)
            case _:
                self.canvas.rect(x, y - _BAR / 2, wide, _BAR, span.doing.value, tip, data=data)
                self._inside(_waits(span, whole=True), x, wide, y, f"on-{span.doing.value}", _waits(span))

    def _does(self, span: Span) -> str:
        turn = self.story.turns[span.turn] if span.turn >= 0 else None
        match span.doing:
            case Doing.RUNNING if turn is not None:
                place = f" at {turn.call.place}" if turn.call is not None and turn.call.place else ""
                return f"runs, turn {turn.number:,}: {_said(turn) or 'no call'}{place}"
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
                self.canvas.path(f"M{x:.2f},{y - _BAR / 2 - 4:.2f} v{_BAR + 8}", "ink", wide=3)
                self.canvas.text(f"{vm.exit_code}", x + 5, y + 5, FONT, "ink", bold=True)

    def _forever(self, vm: int, y: float) -> None:
        """The wait of a deadlock, which goes on behind the run's end."""
        span = self.story.spans_of(vm)[-1]
        blocked = span.doing in BLOCKED
        with self.canvas.group("forever", f"VM {vm} {self._stuck_words(vm)}", vm=vm):
            self.canvas.rect(self.right, y - _BAR / 2, _FOREVER, _BAR, span.doing.value if blocked else "ready")
            box = f"M{self.right:.2f},{y - _BAR / 2:.2f} h{_FOREVER} v{_BAR} h-{_FOREVER} z"
            self.canvas.path(box, "stuck", wide=2)
            name = f"on-{span.doing.value}" if blocked else "ink"
            text, shorter = (_waits(span, whole=True), _waits(span)) if blocked else ("for ever", "")
            self._inside(text, self.right, _FOREVER, y, name, shorter)

    def _stuck_words(self, vm: int) -> str:
        report = self.story.ending.deadlock
        return next((one.words for one in report.waiting if one.vm == vm), "") if report else ""

    def _spawns(self) -> None:
        for spawn in self.story.spawns:
            if not self._is_visible(spawn.turn) or spawn.parent not in self.lanes or spawn.child not in self.lanes:
                continue
            handed = f", hands on {wording.fds(spawn.fds)}" if spawn.fds else ""
            tip = f"VM {spawn.parent} spawns VM {spawn.child}{handed}, at {spawn.at:,} cycles"
            self._arrow(spawn.parent, spawn.child, self._x(spawn.at), "ink", tip, dashes="2 3", kind="spawn")

    def _answers(self) -> None:
        for answer in self.story.answers:
            if not self._is_visible(answer.turn) or answer.vm not in self.lanes or answer.target not in self.lanes:
                continue
            tip = (
                f"VM {answer.vm} learns that VM {answer.target} ended with {answer.exit_code}, at {answer.at:,} cycles"
            )
            self._arrow(answer.target, answer.vm, self._x(answer.at), "soft", tip, dashes="6 3", kind="answer")

    def _transfers(self) -> None:
        """Arrows that lie at the same place are drawn side by side."""
        seen: dict[float, int] = {}
        for transfer in self.story.transfers:
            if not self._is_visible(transfer.turn):
                continue
            x = self._x(transfer.at)
            number = seen[x] = seen.get(x, -1) + 1
            tip = (
                f"VM {transfer.writer} hands VM {transfer.reader} {wording.moved(transfer)}, at {transfer.at:,} cycles"
            )
            self._arrow(transfer.writer, transfer.reader, x - 7 * number, "bytes", tip, wide=2.5, kind="transfer")

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
        start, end = self._middle(source), self._middle(target)
        if source == target:
            points = [(x - 10, start - _BAR / 2), (x - 10, start - _BAR), (x, start - _BAR), (x, start - _BAR / 2)]
        else:
            down = 1 if end > start else -1
            points = [(x, start + down * _BAR / 2), (x, end - down * _BAR / 2)]
        self.canvas.arrow(points, name, tip, wide=wide, dashes=dashes, kind=kind)

    def _rings(self) -> None:
        """Who waits for whom in a deadlock, beside the waits that are for ever."""
        report = self.story.ending.deadlock
        pairs = [(one.vm, target) for one in (report.waiting if report else ()) for target in one.waits_for]
        x = self.right + _FOREVER
        for number, (vm, target) in enumerate(pairs):
            if vm not in self.lanes or target not in self.lanes:
                continue
            start, end = self._middle(vm), self._middle(target)
            out = x + 10 + 8 * (number % 4)
            shift = 5 if end > start else -5
            points = [(x + 1, start + shift), (out, start + shift), (out, end - shift), (x + 1, end - shift)]
            tip = f"VM {vm} waits for {'itself' if vm == target else f'VM {target}'}"
            self.canvas.arrow(points, "stuck", tip, kind="waits")

    def _ending(self) -> None:
        for fault in self.story.faults:
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

    def _key_entries(self) -> list[tuple[str, str]]:
        stuck = self.story.ending.deadlock is not None
        used = {s.doing.value for s in self.story.spans if s.end > s.start or (stuck and s.end == self.story.end)}
        if Doing.RUNNABLE.value in used:
            used.add("ready")
        if self.story.away:
            used.add("away")
        return [(name, text) for name, text in _KEY if name in used]

    def _key_rows(self, wide: float) -> int:
        self._places: list[tuple[str, str, float, int]] = []
        x, row = _MARGIN, 0
        arrows = [
            ("transfer", "bytes through a pipe", bool(self.story.transfers)),
            ("spawn", "spawns", bool(self.story.spawns)),
            ("answer", "exit code for who waits", bool(self.story.answers)),
            ("break", "suspended and resumed", bool(self.story.breaks)),
            ("waits", "waits for, for ever", self.story.ending.deadlock is not None),
        ]
        for name, text in [*self._key_entries(), *((name, text) for name, text, used in arrows if used)]:
            room = 36 + width(text, SMALL) + 18
            if x + room > wide - _MARGIN:
                x, row = _MARGIN, row + 1
            self._places.append((name, text, x, row))
            x += room
        return row + 1

    def _key(self) -> None:
        for name, text, x, row in self._places:
            y = self.bottom + 26 + row * 26
            with self.canvas.group("key"):
                match name:
                    case "transfer":
                        self.canvas.arrow([(x, y), (x + 28, y)], "bytes", wide=2.5)
                    case "spawn":
                        self.canvas.arrow([(x, y), (x + 28, y)], "ink", dashes="2 3", wide=1.75)
                    case "answer":
                        self.canvas.arrow([(x, y), (x + 28, y)], "soft", dashes="6 3", wide=1.75)
                    case "waits":
                        self.canvas.arrow([(x, y), (x + 28, y)], "stuck")
                    case "break":
                        self.canvas.path(f"M{x + 12:.2f},{y - 9:.2f} v18 m4,-18 v18", "stuck", dashes="8 4")
                    case "ready":
                        self.canvas.rect(x, y - 3, 28, 6, name)
                    case "away":
                        self.canvas.rect(x, y - 4, 28, 8, name)
                    case _:
                        self.canvas.rect(x, y - 8, 28, 16, name)
                self.canvas.text(text, x + 36, y + 4, SMALL, "ink")


def _said(turn: Turn) -> str:
    """A turn's call, as short as can be."""
    call = turn.call
    if turn.exit_code is not None:
        return "exit"
    if call is None:
        return ""
    match call.kind:
        case "read" | "write" | "close":
            return f"{call.kind} {call.fd}"
        case "wait":
            return f"wait {call.target}"
        case "inherited_fd":
            return "fds"
        case kind:
            return kind


def _waits(span: Span, *, whole: bool = False) -> str:
    """What a blocked VM waits for, in one or two words."""
    match span.doing:
        case Doing.READ:
            return f"waits to read fd {span.fd}" if whole else f"read {span.fd}"
        case Doing.WRITE:
            return f"waits to write fd {span.fd}" if whole else f"write {span.fd}"
        case Doing.WAIT:
            return f"waits for VM {span.target}" if whole else f"VM {span.target}"
        case _:
            return ""
