"""``spawnlab compare FILE``: run it here and on the reference, and show the first difference."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import AS_EXPECTED, NOT_AS_EXPECTED, add_engine_option, add_version_option, cycles, use_engine

if TYPE_CHECKING:
    from ..conform.modes import Mode
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "compare",
        help="run a scenario on the reference too, and compare",
        description="Run a scenario or an ELF file here and on ckb-script 1.1.1, which cargo builds from published "
        "crates (some minutes the first time), and show the first difference: outcome, cycles, and after each "
        "iteration every VM's state, pc, pending cycles and registers.",
        epilog="Exit status: 0 when both are equal, 1 when not, 2 when the reference can't be run.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario file, or an ELF file for 64-bit RISC-V")
    add_version_option(parser)
    parser.add_argument("--limit", type=cycles, metavar="CYCLES", help="cycle limit, instead of the scenario's")
    add_engine_option(parser)
    pieces = parser.add_mutually_exclusive_group()
    pieces.add_argument("--suspend-each-iteration", action="store_true", help="suspend and resume after each iteration")
    pieces.add_argument("--pause-every", type=cycles, metavar="CYCLES", help="suspend and resume whenever used up")
    parser.add_argument(
        "--machine",
        choices=("plain", "asm"),
        default="plain",
        help="the reference's interpreter, which is what is modelled (default), or its assembly machine",
    )
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Run both and compare; returns the exit status."""
    from ..conform.compare import compare_group
    from ..staging import load

    use_engine(options)
    build = load(options.file, version=options.script_version)
    limit = build.scenario.limits.cycles if options.limit is None else options.limit
    comparison = compare_group(build.sg_data, _modes(options, limit), machine=options.machine)
    if options.json:
        from ..views.jsontext import json_text

        print(json_text(comparison.report()))
    else:
        for line in comparison.lines():
            print(line)
    return AS_EXPECTED if comparison.equal else NOT_AS_EXPECTED


def _modes(options: argparse.Namespace, limit: int) -> list[Mode]:
    """Within the limit first: what then comes to an end can be recorded without one."""
    from ..conform.modes import Mode

    if options.suspend_each_iteration or options.pause_every is not None:
        each = options.suspend_each_iteration
        return [Mode(suspend_each_iteration=each, pause_every=options.pause_every, max_cycles=limit)]
    return [Mode(max_cycles=limit), Mode(trace=True, max_cycles=limit)]
