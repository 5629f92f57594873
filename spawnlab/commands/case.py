"""``spawnlab case TOKEN``: the run of a case that a campaign has found."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from . import playing
from .common import AS_EXPECTED

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "case",
        help="play a case that `explore` has found, or write it to a file",
        description="Play the case of a token, which `spawnlab explore` prints, and print what happens, one line an "
        "event. With --write: write it to a scenario file instead.",
        epilog=playing.EPILOG,
    )
    parser.add_argument(
        "token", metavar="TOKEN", help="what `spawnlab explore` has printed; - reads it from the standard input"
    )
    parser.add_argument("--write", metavar="FILE.json", help="write the case to a scenario file, and play nothing")
    playing.add_options(parser)
    parser.set_defaults(command=partial(execute, parser=parser))


def execute(options: argparse.Namespace, *, parser: argparse.ArgumentParser) -> int:
    """Play, or write; returns the exit status."""
    from pathlib import Path

    from ..explore.cases import case_of
    from ..explore.writing import write_case
    from ..scenarios.build import build
    from ..scenarios.load import standard_input

    playing.check_options(options, parser)
    is_piped = options.token == "-"
    case = case_of(standard_input().decode(errors="replace").strip() if is_piped else options.token)
    title = "a case that was found"
    if options.write:
        file = write_case(case, title, Path(options.write))
        print(f"wrote {file}: spawnlab run {file} {case.hypothetical}".rstrip())
        return AS_EXPECTED
    what = case.build() if case.written else build(case.scenario(title))
    return playing.play(options, what, policy=case.policy or None, faults=case.faults)
