"""``spawnlab cost FILE``: what a run's cycles went for, or at which limits it ends otherwise."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .common import (
    AS_EXPECTED,
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
        "cost",
        help="what a run's cycles went for, and which limits matter",
        description="Play a scenario, an ELF file or a suspended run, or read a journal, and print its cycles by VM "
        "and by kind; they add up to the run's total. With --limits: every limit at which it ends otherwise.",
        epilog="Exit status: 0, or 2 for input that can't be run or read. docs/cost.md explains the kinds.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario, an ELF file, a suspended run, or a journal")
    add_version_option(parser)
    parser.add_argument(
        "--limit", type=cycles, metavar="CYCLES", help="cycle limit, instead of the scenario's; the highest of --limits"
    )
    parser.add_argument("--limits", action="store_true", help="print from which limit to which the run ends how")
    parser.add_argument("--turns", action="store_true", help="with --limits: tell apart in whose turn cycles run out")
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    add_color_option(parser)
    add_engine_option(parser)
    parser.set_defaults(command=partial(execute, parser=parser))


def execute(options: argparse.Namespace, *, parser: argparse.ArgumentParser) -> int:
    """Print; returns the exit status."""
    use_engine(options)
    if options.turns and not options.limits:
        parser.error("--turns goes with --limits")
    for line in _limits(options) if options.limits else _costs(options):
        print(line)
    return AS_EXPECTED


def _costs(options: argparse.Namespace) -> list[str]:
    from ..recording import record
    from ..views.costs import cost_lines, cost_report
    from ..views.jsontext import json_text

    report = cost_report(record(Path(options.file), version=options.script_version, limit=options.limit))
    return [json_text(report)] if options.json else [*cost_lines(report, terminal_for(options))]


def _limits(options: argparse.Namespace) -> list[str]:
    from ..limits import limit_ranges
    from ..recording import playable
    from ..views.jsontext import json_text
    from ..views.limits import limit_lines

    what = playable(Path(options.file), version=options.script_version)
    found = limit_ranges(what, highest=options.limit, turns=options.turns)
    return [json_text(found)] if options.json else [*limit_lines(found, terminal_for(options))]
