"""``spawnlab run FILE``: play it and print what happens."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import AS_EXPECTED, NOT_AS_EXPECTED, add_version_option, cycles

if TYPE_CHECKING:
    from ..play import Run
    from ..scheduler.events import AnyEvent
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "run",
        help="play a scenario file or an ELF file",
        description="Play a scenario (.toml, .json) or an ELF file and print what happens, one line an event.",
        epilog="Exit status: 0 when the run ended as the scenario expects, 1 when not, 2 for input that can't be run.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario file, or an ELF file for 64-bit RISC-V")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON, and nothing else")
    parser.add_argument("--quiet", action="store_true", help="print only how the run ended")
    parser.add_argument("--limit", type=cycles, metavar="CYCLES", help="cycle limit, instead of the scenario's")
    add_version_option(parser)
    parser.add_argument("--driver", choices=("trio", "sync"), default="trio", help="how to play; the run is the same")
    parser.add_argument("--journal", metavar="OUT", help="write the journal, every event as a line of JSON, to a file")
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Play; returns the exit status."""
    from ..play import load, run, run_synchronously
    from ..views.cast import Cast, harmless
    from ..views.timeline import LEGEND, Timeline

    build = load(options.file, version=options.script_version)
    timeline = Timeline(Cast(build), len(build.codes))
    show = not (options.json or options.quiet)

    def print_line(event: AnyEvent) -> None:
        line = timeline.line(event)
        if line is not None:
            print(line)

    if show:
        if build.scenario.title:
            print(harmless(build.scenario.title))
        print(LEGEND)
        print(timeline.heading())
    play = run if options.driver == "trio" else run_synchronously
    result = play(build, limit=options.limit, observers=[print_line] if show else [])
    if options.journal:
        with open(options.journal, "wb") as file:
            file.write(result.journal.to_bytes())
    _print_result(result, as_json=options.json)
    return AS_EXPECTED if result.as_expected else NOT_AS_EXPECTED


def _print_result(result: Run, *, as_json: bool) -> None:
    if as_json:
        from ..views.report import report

        print(report(result))
        return
    from ..views.ending import ending

    for line in ending(result):
        print(line)
