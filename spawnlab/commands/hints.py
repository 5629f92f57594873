"""``spawnlab hints FILE``: what can be said of a scenario before it is run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import AS_EXPECTED, NOT_AS_EXPECTED, add_color_option, add_version_option, terminal_for

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "hints",
        help="look at a scenario's operations without running them",
        description="Look at the programs of a scenario that are lists of operations, without running anything: ends "
        "that are never handed over, reads and writes that nobody meets, VMs that wait for each other in a ring, calls "
        "that are answered with an error. What is certain is proved; docs/hints.md says how often the rest is wrong.",
        epilog="Exit status: 0 when there is no hint but notes, 1 when there are some, 2 for bad input.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario file")
    add_version_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    add_color_option(parser)
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Look and print; returns the exit status."""
    from ..hints.files import hints_of_file
    from ..hints.model import NOTE, Hints
    from ..hints.text import text_of
    from ..views.jsontext import json_text

    found = hints_of_file(options.file, version=options.script_version)
    if options.json:
        print(json_text(Hints(file=options.file, hints=found)))
    else:
        for line in text_of(found, terminal_for(options), file=options.file):
            print(line)
    return NOT_AS_EXPECTED if any(hint.level != NOTE for hint in found) else AS_EXPECTED
