"""How a run ended, and why, for the page: of a run that was played, and of a kept journal."""

from __future__ import annotations

import msgspec

from ..explain.explain import explain
from ..explain.text import text_of
from ..pictures.model import Story
from ..staging import Run
from ..views.cast import Cast
from ..views.ending import deadlock_lines, ending, totals
from ..views.text import harmless
from .sources import place_shown

_HEADLINE = "why: "


class End(msgspec.Struct, frozen=True, kw_only=True):
    """The end: lines that say it, lines that explain it, and what is drawn of it."""

    lines: tuple[str, ...]
    why: tuple[str, ...] = ()
    deadlock: bool = False
    rings: tuple[tuple[int, ...], ...] = ()


def end_of(run: Run) -> End:
    """The end of a run that was played; what ended with an exit code as is expected needs no explanation."""
    places = {vm: place_shown(place) for vm, place in run.places.items()}
    run = msgspec.structs.replace(run, places=places)
    report = run.outcome.deadlock
    first, *others = map(harmless, ending(run, unit="turn"))
    expected = run.build.scenario.expect.exit_code is not None and run.as_expected
    if expected and run.outcome.status == "exit":
        first += ", as the scenario expects"
    return End(
        lines=(first, *others),
        why=() if run.as_expected and run.outcome.status == "exit" else _why(run),
        deadlock=report is not None,
        rings=() if report is None else report.rings,
    )


def _why(run: Run) -> tuple[str, ...]:
    """The explanation, under a heading that says what it is."""
    return tuple(line.removeprefix(_HEADLINE) for line in text_of(explain(run)))


def end_of_journal(story: Story) -> End:
    """The end of a kept journal, as the pictures of it have it."""
    report = story.ending.deadlock
    lines = [story.ending.words]
    if report is not None:
        lines += deadlock_lines(report, Cast(None))
    lines.append(totals(story.end, len(story.turns), "turn"))
    return End(
        lines=tuple(map(harmless, lines)),
        deadlock=story.ending.kind == "deadlock",
        rings=() if report is None else report.rings,
    )
