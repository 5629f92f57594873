"""What there is to see of a session as lines that fit a width, for a screen's panels. Nothing here draws anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ..explain.model import Explanation
from ..explain.text import text_of
from ..scheduler.hypothetical import hypothetical_order
from ..views.ending import ending
from ..views.hypotheticals import hypothetical_lines
from ..views.terminal import Terminal
from ..views.text import cells, cut, harmless, padded, wrapped
from . import shown
from .breakpoints import text_of as breakpoint_text
from .session import Session
from .source import Source

PROGRAM_WIDTH_MAX, PLACE_WIDTH_MAX = 14, 18
STATE_WIDTH_MIN = 35
"""Columns for what a VM does, below which others are left out."""
REGISTER_WIDTH = 24
SOURCE_LINES_MAX = 500
"""Lines of a program before the place where it is, and behind it."""
CURRENT = "> "
"""Before the line where something is."""


class Line(msgspec.Struct, frozen=True):
    """One line: its text, a style (``bold``, ``dim``, ``red``, ``green``, ``yellow``), and the VM it is about."""

    text: str
    style: str = ""
    vm: int | None = None


class Page(msgspec.Struct, frozen=True):
    """The lines of a panel, and the number of the one that has to be in sight."""

    title: str
    lines: tuple[Line, ...]
    focus: int | None = None


def status(session: Session, title: str, width: int) -> list[Line]:
    """What is played, what it is doing, and the totals; and that an order is hypothetical."""
    doing, totals = shown.doing(session), shown.totals(session)
    room = width - cells(doing) - 3
    name = cut(harmless(title), room) if room >= 8 else ""
    lines = [Line(f"{name} - {doing}" if name else cut(doing, width), "bold"), *_lines(totals, width)]
    order = hypothetical_order(session.player.staging.journal.policy)
    if order is not None:
        for text in hypothetical_lines(order):
            short = text if cells(text) <= width else text.partition(";")[0]
            lines.append(Line(cut(harmless(short), width), "bold yellow"))
    return lines


def _lines(text: str, width: int, style: str = "", vm: int | None = None, hanging: str = "") -> list[Line]:
    return [Line(part, style, vm) for part in wrapped(harmless(text), width, hanging=hanging)]


# The table of VMs

Column = tuple[str, list[str], bool]
"""Heading, cells, and whether they are numbers."""


def vms(session: Session, width: int) -> Page:
    """The table of VMs: a heading, then a line each. Columns are left out where there is no room for them."""
    rows = shown.vm_rows(session)
    marks = [CURRENT if row.has_turn else "  " for row in rows]
    names = [harmless(row.program) for row in rows]
    columns: list[Column] = [
        ("VM", [str(row.vm) for row in rows], True),
        ("program", [cut(name, PROGRAM_WIDTH_MAX) for name in names], False),
        ("state", [row.state + (", swapped" if row.swapped else "") for row in rows], False),
        ("turns", [f"{row.turns:,}" for row in rows], True),
        ("cycles", [f"{row.cycles:,}" for row in rows], True),
        ("place", [cut(harmless(row.place), PLACE_WIDTH_MAX) for row in rows], False),
    ]
    for dropped in ("turns", "cycles", "place", "program"):
        if _room(columns, width) >= STATE_WIDTH_MIN:
            break
        columns = [column for column in columns if column[0] != dropped]
    state_width = max(_room(columns, width), 8)
    texts = list(_table(columns, state_width))
    lines = [Line("  " + texts[0], "dim")]
    lines += [Line(cut(mark + text, width), vm=row.vm) for mark, text, row in zip(marks, texts[1:], rows, strict=True)]
    return Page("VMs", (*lines, *_left_out(shown.left_out(session)[0], "VMs that have ended", width)))


def _left_out(count: int, what: str, width: int) -> tuple[Line, ...]:
    return _nothing(f"{count:,} older {what} are left out", width) if count else ()


def _widths(columns: Sequence[Column]) -> list[int]:
    return [max(map(cells, (heading, *texts))) for heading, texts, _ in columns]


def _room(columns: Sequence[Column], width: int) -> int:
    """What is left for the column of states."""
    others = [w for (heading, _, _), w in zip(columns, _widths(columns), strict=True) if heading != "state"]
    return width - len(CURRENT) - sum(others) - 2 * len(others)


def _table(columns: Sequence[Column], state_width: int) -> Iterator[str]:
    widths = [
        state_width if heading == "state" else width
        for (heading, _, _), width in zip(columns, _widths(columns), strict=True)
    ]
    for texts in zip(*([heading, *texts] for heading, texts, _ in columns), strict=True):
        parts = [
            " " * (width - cells(text)) + text if is_number else padded(text, width)
            for text, width, (_, _, is_number) in zip(texts, widths, columns, strict=True)
        ]
        yield "  ".join(parts).rstrip()


# The other panels


def program(source: Source, vm: int, width: int) -> Page:
    """The program of a VM, with the line where it is marked."""
    label_width = max((cells(label) for label, _ in source.lines), default=0)
    lines: list[Line] = []
    focus = None
    first = max(0, (source.current or 0) - SOURCE_LINES_MAX)
    for index, (label, text) in enumerate(source.lines[first : first + 2 * SOURCE_LINES_MAX], first):
        here = index == source.current
        if here:
            focus = len(lines)
        before = f"{CURRENT if here else '  '}{padded(harmless(label), label_width)}  "
        parts = wrapped(harmless(text), max(width - cells(before), 8), hanging="  ")
        style, whose = ("bold", vm) if here else ("", None)
        lines += [
            Line(cut((before if not number else " " * cells(before)) + part, width).rstrip(), style, whose)
            for number, part in enumerate(parts)
        ]
    title = f"program {harmless(source.title)} (VM {vm})" if source.title else "program"
    return Page(title, tuple(lines) or _nothing("nothing is known of it", width), focus)


def pipes(session: Session, width: int) -> Page:
    """All pipes: holders, ends, bytes that went through, what waits."""
    lines: list[Line] = []
    for row in shown.pipe_rows(session):
        closed = row.writer == row.reader == "closed"
        words = f"{row.writer} fd {row.write_fd} -> fd {row.read_fd} {row.reader}: {row.bytes:,} bytes"
        words += f", {row.waiting}" if row.waiting else ""
        lines += _lines(words, width, "dim" if closed else "", hanging="    ")
    lines += _left_out(shown.left_out(session)[1], "pipes that are closed", width)
    return Page("pipes", tuple(lines) or _nothing("no pipe yet", width))


def tree(session: Session, width: int) -> Page:
    """Who spawned whom."""
    lines = [
        Line(cut(f"{'  ' * depth}VM {row.vm} {harmless(row.program)}: {row.state}", width), vm=row.vm)
        for depth, row in shown.tree_rows(session)
    ]
    return Page("tree of spawns", tuple(lines) or _nothing("no VM yet", width))


def registers(session: Session, vm: int, width: int) -> Page:
    """The registers of a VM, in columns."""
    texts = [f"{name:<4} 0x{value:x}" for name, value in shown.registers(session, vm)]
    count = max(1, width // REGISTER_WIDTH)
    rows = -(-len(texts) // count)
    lines = [
        Line(cut("".join(f"{text:<{REGISTER_WIDTH}}" for text in texts[row::rows]).rstrip(), width))
        for row in range(rows)
    ]
    return Page(f"registers of VM {vm}", tuple(lines) or _nothing("it has none any more", width))


def breakpoints(session: Session, width: int) -> Page:
    """The breakpoints with their numbers."""
    lines = [Line(cut(f"{i}  {breakpoint_text(one)}", width)) for i, one in enumerate(session.breakpoints, 1)]
    return Page("breakpoints", tuple(lines) or _nothing("none; `:` sets one, such as :call read", width))


def why(session: Session, explanation: Explanation | None, width: int, *, trying: bool = False) -> Page:
    """How the run has ended, and why."""
    run, crash = session.player.run, session.player.crash
    lines: list[Line] = []
    if crash is not None:
        lines += _lines(f"the run can't go on: {crash}", width, "bold red", hanging="  ")
    elif run is None:
        lines += _nothing("the run is not over", width)
    else:
        good = run.as_expected and run.outcome.failure is None
        for number, text in enumerate(ending(run)):
            style = "bold" if not number and good else "bold red" if not number else ""
            lines += _lines(text, width, style, hanging="    ")
    if explanation is not None:
        lines += (Line(text, _why_style(text)) for text in text_of(explanation, Terminal(width=width), brief=True))
    if trying:
        lines += _lines("trying edits that would help ...", width, "dim")
    return Page("why it ended so", tuple(lines))


def _why_style(text: str) -> str:
    if text.startswith("  "):
        return {"  - ": "red", "  + ": "green"}.get(text[:4], "")
    return "bold"


def _nothing(words: str, width: int) -> tuple[Line, ...]:
    return tuple(_lines(words, width, "dim"))


def texts(lines: Iterable[Line]) -> str:
    """Lines as one text."""
    return "\n".join(line.text for line in lines)
