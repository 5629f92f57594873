"""``spawnlab list``: the scenarios of the gallery, or of a folder, by lesson."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .common import AS_EXPECTED, BAD_INPUT, add_color_option, terminal_for

if TYPE_CHECKING:
    from ..scenarios.gallery import Entry
    from ..views.terminal import Terminal
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "list",
        help="list the gallery, by lesson",
        description="List the scenarios that come with Spawnlab, or those of a folder, by lesson. Each can be played "
        "as gallery:NAME, read by `spawnlab show NAME`, and copied by `spawnlab new FILE --from NAME`.",
        epilog="Exit status: 0, or 2 when a file of the folder can't be read.",
    )
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, help="a folder, instead of the gallery")
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    add_color_option(parser)
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """List; returns the exit status."""
    from ..scenarios.gallery import FOLDER, entries

    found = entries(options.folder or FOLDER)
    if options.json:
        from ..views.jsontext import json_text

        print(json_text({"format": 1, "scenarios": found}))
    else:
        for line in _lines(found, terminal_for(options)):
            print(line)
    return BAD_INPUT if any(entry.error for entry in found) else AS_EXPECTED


def _lines(found: list[Entry], terminal: Terminal) -> Iterator[str]:
    from ..views.text import harmless

    room = max((len(entry.name) for entry in found), default=0)
    lesson = None
    for entry in found:
        if entry.lesson != lesson:
            lesson = entry.lesson
            if lesson:
                yield terminal.style(terminal.fit(harmless(lesson)), "bold")
        words = entry.title if entry.error is None else f"can't be read: {entry.error}"
        yield terminal.fit(f"  {entry.name:<{room}}  {harmless(words)}")
