"""``spawnlab run FILE``: play it and print what happens."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from . import playing
from .common import add_fault_option, add_version_option
from .debugging import add_debugger_options, system_calls_of

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "run",
        help="play a scenario file or an ELF file",
        description="Play a scenario (.toml, .json, .yaml) or an ELF file and print what happens, one line an event.",
        epilog=playing.EPILOG,
    )
    parser.add_argument("file", metavar="FILE", help="a scenario file, or an ELF file for 64-bit RISC-V")
    add_version_option(parser)
    playing.add_options(parser)
    parser.add_argument(
        "--policy",
        metavar="ORDER",
        help="a hypothetical order of turns: smallest, round-robin, random:SEED, pct:SEED:DEPTH or order:0.1.1.2 "
        "(docs/orders.md); the chain's own is largest",
    )
    add_fault_option(parser)
    add_debugger_options(parser)
    parser.set_defaults(command=partial(execute, parser=parser))


def execute(options: argparse.Namespace, *, parser: argparse.ArgumentParser) -> int:
    """Play; returns the exit status."""
    from ..staging import load

    playing.check_options(options, parser)
    if options.debugger_calls is not None and options.suspend_at is not None:
        parser.error("--debugger-calls: what programs have open can't be in a suspended run, so leave out --suspend-at")
    what = load(options.file, version=options.script_version)
    with system_calls_of(options, parser) as calls:
        return playing.play(options, what, policy=options.policy, faults=options.fault, system_calls=calls)
