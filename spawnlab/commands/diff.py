"""``spawnlab diff A B``: where two runs part."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import (
    AS_EXPECTED,
    NOT_AS_EXPECTED,
    add_color_option,
    add_engine_option,
    add_version_option,
    cycles,
    terminal_for,
    use_engine,
)

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "diff",
        help="where two runs part",
        description="Align two runs to their first difference: what both do before it, what differs, what each does "
        "next, and how they end. A and B are scenarios, ELF files, suspended runs or journals.",
        epilog="Exit status: 0 when nothing differs of what is compared, 1 when something does, 2 for bad input.",
    )
    parser.add_argument("a", metavar="A", help="a scenario, an ELF file, a suspended run, or a journal")
    parser.add_argument("b", metavar="B", help="another one")
    add_version_option(parser)
    parser.add_argument("--limit", type=cycles, metavar="CYCLES", help="cycle limit of what is played")
    parser.add_argument("--ignore-cycles", action="store_true", help="compare what happens, not what it costs")
    parser.add_argument(
        "--ignore-addresses", action="store_true", help="don't compare where code and data are in a program's memory"
    )
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    add_color_option(parser)
    add_engine_option(parser)
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Compare; returns the exit status."""
    use_engine(options)
    from ..differing import Essence
    from ..recording import is_journal, record
    from ..views.diff import diff_lines, diff_report
    from ..views.jsontext import json_text

    limit: int | None = options.limit
    a, b = (
        record(file, version=options.script_version, limit=None if is_journal(file) else limit)
        for file in (Path(options.a), Path(options.b))
    )
    essence = Essence(cycles=not options.ignore_cycles, addresses=not options.ignore_addresses)
    report = diff_report(a, b, (options.a, options.b), essence=essence, limit=limit)
    for line in [json_text(report)] if options.json else diff_lines(report, a, b, terminal_for(options)):
        print(line)
    return AS_EXPECTED if report.equal else NOT_AS_EXPECTED
