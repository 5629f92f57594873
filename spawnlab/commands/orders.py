"""``spawnlab orders FILE``: whether the end of a run depends on the order of turns."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import (
    add_color_option,
    add_engine_option,
    add_fault_option,
    add_version_option,
    cycles,
    number_from,
    terminal_for,
    use_engine,
)

if TYPE_CHECKING:
    from .common import Subparsers

_RUNS = number_from(1, 1 << 32, "number of runs")
STATUSES = {"independent": 0, "dependent": 1, "undecided": 3}


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "orders",
        help="whether the end depends on the order of turns",
        description="Play a scenario or an ELF file in so many orders of turns that it is proved that all come to the "
        "same end, or until two orders come to different ends. Only one order is the chain's: docs/orders.md.",
        epilog="Exit status: 0 when every order comes to the same end, 1 when not, 2 for input that can't be run, "
        "3 when it is not decided.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario file, or an ELF file for 64-bit RISC-V")
    add_version_option(parser)
    parser.add_argument(
        "--runs-max",
        type=_RUNS,
        metavar="N",
        help="play so many runs at the most (default: 2000)",
    )
    parser.add_argument("--limit", type=cycles, metavar="CYCLES", help="cycle limit, instead of the scenario's")
    parser.add_argument("--all", action="store_true", help="look for all ends, not just for a second one")
    add_fault_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    add_color_option(parser)
    add_engine_option(parser)
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Search and print; returns the exit status."""
    use_engine(options)
    from ..explore.orders import RUNS_MAX, orders
    from ..explore.orders_text import text_of
    from ..staging import load
    from ..views.jsontext import json_text

    verdict = orders(
        load(options.file, version=options.script_version),
        runs_max=options.runs_max or RUNS_MAX,
        limit=options.limit,
        everything=options.all,
        faults=options.fault,
    )
    if options.json:
        print(json_text(verdict))
    else:
        for line in text_of(verdict, terminal_for(options), file=options.file):
            print(line)
    return STATUSES[verdict.verdict]
