"""``spawnlab explain FILE``: why a run ends as it does."""

from __future__ import annotations

import argparse
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
        "explain",
        help="say why a run ends as it does, and try what could be changed",
        description="Play a scenario or an ELF file and explain its end: who waits for what and why, where in the "
        "program, which rule is behind it, and, for a deadlock, the smallest edit that was tried and lets it go on.",
        epilog="Exit status: 0 when there is an explanation, whatever the run came to; 2 for input that can't be run.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario file, or an ELF file for 64-bit RISC-V")
    add_version_option(parser)
    parser.add_argument("--limit", type=cycles, metavar="CYCLES", help="cycle limit, instead of the scenario's")
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    add_color_option(parser)
    add_engine_option(parser)
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Play and explain; returns the exit status."""
    use_engine(options)
    from ..explain.explain import explain
    from ..explain.text import text_of
    from ..play import run_synchronously
    from ..staging import load
    from ..views.jsontext import json_text

    made = explain(run_synchronously(load(options.file, version=options.script_version), limit=options.limit))
    if options.json:
        print(json_text(made))
        return AS_EXPECTED
    for line in text_of(made, terminal_for(options)):
        print(line)
    return AS_EXPECTED
