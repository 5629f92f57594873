"""``spawnlab verify TX.json``: what a node would say of a transaction, script by script."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from .common import (
    AS_EXPECTED,
    NOT_AS_EXPECTED,
    add_color_option,
    add_engine_option,
    cycles,
    terminal_for,
    use_engine,
)
from .debugging import add_debugger_options, system_calls_of

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verify",
        help="say what a node would say of a transaction, and why",
        description="Run all scripts of a mock transaction (the JSON of ckb-debugger) in the chain's order, up to the "
        "first that does not pass, and explain that one. TX.json#SCRIPT names one script for all other commands: "
        "spawnlab draw TX.json#input.0.lock -o run.html.",
        epilog="Exit status: 0 when the transaction passes, 1 when it does not, 2 for a file that can't be read.",
    )
    parser.add_argument("file", metavar="TX.json", help="a mock transaction; - is the standard input")
    parser.add_argument(
        "--script", metavar="SCRIPT", help="this one alone: input.0.lock, input.0.type, output.0.type or a script hash"
    )
    parser.add_argument("--bin", metavar="ELF", help="a program to run in place of the script's own")
    parser.add_argument(
        "--script-version", type=int, choices=(0, 1, 2), default=2, help="the newest version that is active (default 2)"
    )
    parser.add_argument(
        "--max-cycles",
        type=cycles,
        metavar="CYCLES",
        default=3_500_000_000,
        help="for all scripts together (default: 3,500,000,000, a block's)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    add_debugger_options(parser)
    add_color_option(parser)
    add_engine_option(parser)
    parser.set_defaults(command=partial(execute, parser=parser))


def execute(options: argparse.Namespace, *, parser: argparse.ArgumentParser) -> int:
    """Verify and say; returns the exit status."""
    use_engine(options)
    from pathlib import Path

    from ..scenarios.load import read_file
    from ..verifying.text import json_of, lines_of
    from ..verifying.verify import verify

    program = None if options.bin is None else read_file(Path(options.bin))
    with system_calls_of(options, parser) as calls:
        made = verify(
            options.file,
            max_cycles=options.max_cycles,
            script=options.script,
            version=options.script_version,
            program=program,
            system_calls=calls,
        )
    if options.json:
        print(json_of(made))
    else:
        for line in lines_of(made, terminal_for(options)):
            print(line)
    return AS_EXPECTED if made.error is None else NOT_AS_EXPECTED
