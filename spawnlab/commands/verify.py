"""``spawnlab verify TX.json``: what a node would say of a transaction, script by script."""

from __future__ import annotations

import argparse
import sys
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

NEWEST = 2
"""Script version."""


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
        "--script-version",
        type=int,
        choices=(0, 1, 2),
        default=NEWEST,
        help="the newest version that is active (default 2)",
    )
    parser.add_argument(
        "--max-cycles",
        type=cycles,
        metavar="CYCLES",
        help="for all scripts together (default: 3,500,000,000, a block's)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="go on behind scripts that do not pass, as if they were not there; no node would",
    )
    parser.add_argument(
        "--pin",
        action="store_true",
        help="write what all scripts come to into the file, as its member 'expect': pytest holds it to that",
    )
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    add_debugger_options(parser)
    add_color_option(parser)
    add_engine_option(parser)
    parser.set_defaults(command=partial(execute, parser=parser))


def execute(options: argparse.Namespace, *, parser: argparse.ArgumentParser) -> int:
    """Verify and say; returns the exit status."""
    use_engine(options)
    from ..scenarios.model import BLOCK_CYCLES
    from ..verifying.text import json_of, lines_of
    from ..verifying.verify import verify

    if options.pin:
        _check_pin(options)
    with system_calls_of(options, parser) as calls:
        made = verify(
            options.file,
            max_cycles=BLOCK_CYCLES if options.max_cycles is None else options.max_cycles,
            script=options.script,
            version=options.script_version,
            program=options.bin,
            all_scripts=options.all or options.pin,
            system_calls=calls,
        )
    if options.json:
        print(json_of(made))
    else:
        for line in lines_of(made, terminal_for(options)):
            print(line)
    if options.pin:
        from ..verifying.pin import pin
        from ..views.text import harmless

        pin(made)
        print(harmless(f"{made.whole.file}: pinned; pytest holds it to this"), file=sys.stderr)
        return AS_EXPECTED
    return AS_EXPECTED if made.error is None else NOT_AS_EXPECTED


def _check_pin(options: argparse.Namespace) -> None:
    """Raise where not all of a file's scripts run as they do in a test."""
    from ..scenarios.errors import ScenarioError

    others = {
        "--script": options.script is not None,
        "--bin": options.bin is not None,
        "--script-version": options.script_version != NEWEST,
        "--max-cycles": options.max_cycles is not None,
        "--debugger-calls": options.debugger_calls is not None,
    }
    given = [name for name, is_given in others.items() if is_given]
    if given:
        raise ScenarioError(f"--pin is for all scripts, as they are: not with {given[0]}", file=options.file)
    if options.file == "-":
        raise ScenarioError("--pin writes into a file, and the standard input is none", file=options.file)
