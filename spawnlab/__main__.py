"""The command line: ``spawnlab run FILE``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .play import Run
    from .scheduler.events import AnyEvent

EXIT_AS_EXPECTED, EXIT_NOT_AS_EXPECTED, EXIT_BAD_INPUT = 0, 1, 2
_EXIT_INTERRUPTED = 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spawnlab", description="Play programs that use CKB's spawn and pipes, in the chain's exact order."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="play a scenario file or an ELF file",
        description="Play a scenario (.toml, .json) or an ELF file and print what happens, one line an event.",
        epilog="Exit status: 0 when the run ended as the scenario expects, 1 when not, 2 for input that can't be run.",
    )
    run.add_argument("file", metavar="FILE", help="a scenario file, or an ELF file for 64-bit RISC-V")
    run.add_argument("--json", action="store_true", help="print the outcome as JSON, and nothing else")
    run.add_argument("--quiet", action="store_true", help="print only how the run ended")
    run.add_argument("--limit", type=_cycles, metavar="CYCLES", help="cycle limit, instead of the scenario's")
    run.add_argument("--script-version", type=int, choices=(0, 1, 2), help="for an ELF file (default: 2)")
    run.add_argument("--driver", choices=("trio", "sync"), default="trio", help="how to play; the run is the same")
    run.add_argument("--journal", metavar="OUT", help="write the journal, every event as a line of JSON, to a file")
    return parser


def _cycles(text: str) -> int:
    cycles = int(text.replace("_", "").replace(",", ""))
    if not 0 <= cycles < 1 << 64:
        raise ValueError
    return cycles


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    from .vm.errors import SpawnlabError

    try:
        return _run(options)
    except SpawnlabError as error:
        print(f"spawnlab: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_AS_EXPECTED
        print(f"spawnlab: {error.filename}: {error.strerror}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print("spawnlab: interrupted", file=sys.stderr)
        return _EXIT_INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    from .play import load, run, run_synchronously
    from .views.cast import Cast, harmless
    from .views.timeline import LEGEND, Timeline

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
    return EXIT_AS_EXPECTED if result.as_expected else EXIT_NOT_AS_EXPECTED


def _print_result(result: Run, *, as_json: bool) -> None:
    if as_json:
        from .views.report import report

        print(report(result))
        return
    from .views.ending import ending

    for line in ending(result):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
