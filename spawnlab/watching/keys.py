"""The keys of the live view, in one table: what is bound, what the help shows, and what ``docs/watch.md`` lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ..views.text import wrapped
from .orders import MORE_FORMS


class Key(msgspec.Struct, frozen=True):
    """Keys that do the same, how they are called, and what they do."""

    keys: str
    """As Textual names them, with commas between."""
    names: str
    action: str
    words: str
    short: str = ""
    """For the line at the bottom; empty for what is not in it."""


PANELS = ("program", "pipes", "tree", "registers", "breakpoints", "why")
"""Those that a small terminal shows one at a time, by their numbers."""

KEYS = (
    Key("s,space,right", "s, space, right", "step", "play one turn; if one is under way, to its end", "s step"),
    Key("b,left", "b, left", "go_back", "go back to before the last turn", "b back"),
    Key("r,c", "r, c", "run", "run to the next breakpoint, or to the end", "r run"),
    Key("p", "p", "pause", "pause, in the middle of a turn too", "p pause"),
    Key("e,end", "e, end", "run_to_end", "run to the end, past all breakpoints", "e end"),
    Key("g,home", "g, home", "restart", "go back to the start"),
    Key("colon", ":", "prompt", "set a breakpoint, or go to a turn: see below", ": break"),
    Key("d", "d", "delete", "delete a breakpoint: asks for its number"),
    Key("down,j", "down, j", "select(1)", "select the next VM: its program and registers are shown"),
    Key("up,k", "up, k", "select(-1)", "select the VM before"),
    Key("f", "f", "follow", "let the selection follow the turns again"),
    Key("1", "1 to 6", "", f"show a panel: {', '.join(PANELS)}", "1-6 panels"),
    Key("tab", "tab", "", "go to the next panel; there up, down, page up and page down scroll"),
    Key("question_mark,h", "?, h", "help", "show this", "? help"),
    Key("q,ctrl+c,ctrl+q", "q, ctrl+c", "quit", "quit", "q quit"),
)

TYPED = (
    ("turn N", "stop when turn N has been played"),
    ("vm N", "stop after each turn of VM N"),
    ("call NAME", "stop after each turn in which a system call is made: read, write, spawn, ..."),
    ("call NAME N", "the same, by VM N only"),
    (MORE_FORMS[0], "go to where turn N has been played, forward or back"),
    (MORE_FORMS[1], "delete breakpoint number N"),
    (MORE_FORMS[2], "delete all breakpoints"),
)
"""What can be typed behind ``:``, and what it does."""


_WORDS_WIDTH_MIN = 24
"""Columns for words, below which they stand below the keys."""
PANEL_KEYS = tuple(Key(str(number), "", f"panel('{name}')", "") for number, name in enumerate(PANELS, 1))
"""What is bound for ``1 to 6``."""


def hint(width: int) -> str:
    """The most important keys, as many as fit."""
    text = ""
    for key in (KEYS[-2], KEYS[-1], *KEYS[:-2]):
        longer = f"{text}  {key.short}" if text else key.short
        if key.short and len(longer) <= width:
            text = longer
    return text


def help_lines(width: int) -> list[str]:
    """The help, in lines that fit."""
    listed = [*_listed([(key.names, key.words) for key in KEYS], width)]
    last = wrapped("Any other key goes back to the run.", width)
    return [*listed, "", "typed behind `:`", *_listed(TYPED, width), "", *last]


def _listed(rows: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    room = max(len(name) for name, _ in rows) + 2
    for name, words in rows:
        if width >= room + _WORDS_WIDTH_MIN:
            yield from wrapped(f"{name:<{room}}{words}", width, hanging=" " * room)
        else:
            yield from (name, *wrapped(words, width, indent="  ", hanging="  "))
