"""At which cycle limits a run ends otherwise, as text."""

from __future__ import annotations

from collections.abc import Iterator

from ..limits import Ending, LimitRange, LimitRanges
from .terminal import Terminal
from .text import cells, harmless, wrapped


def limit_lines(found: LimitRanges, terminal: Terminal) -> Iterator[str]:
    """A row a range; on narrow terminals the ending stands below its limits."""
    if found.title:
        yield from terminal.wrap(harmless(found.title))
    rows = [("limits from", "to", "the run ends with")]
    rows += [(f"{r.first:,}", _to(r, found.highest), _words(r.ending)) for r in found.ranges]
    widths = [max(cells(row[column]) for row in rows) for column in (0, 1)]
    for index, (first, last, words) in enumerate(rows):
        head = f"{first:>{widths[0]}}  {last:>{widths[1]}}"
        style = _style(found.ranges[index - 1].ending) if index else "bold"
        if terminal.width is None or cells(head) + 2 + cells(words) <= terminal.width:
            yield f"{head}  {terminal.style(words, style)}"
        else:
            yield terminal.fit(head)
            yield from wrapped(words, terminal.width, indent="    ", hanging="    ")


def _to(found: LimitRange, highest: int) -> str:
    if found.last is None:
        return "any"
    return f"{found.last:,}" if found.last < highest else f"{highest:,} (the highest tried)"


def _words(ending: Ending) -> str:
    if ending.deadlock is not None:
        return f"a deadlock of VMs {', '.join(map(str, ending.deadlock))}"
    if ending.error is not None:
        where = "" if ending.turn is None else f" in turn {ending.turn:,}, which is VM {ending.vm}'s"
        return f"{ending.error}{where}"
    return f"exit code {ending.exit_code}"


def _style(ending: Ending) -> str:
    return "green" if ending.exit_code == 0 else "red"
