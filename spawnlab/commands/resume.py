"""``spawnlab resume FILE``: go on with a run that was suspended."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from . import playing

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "resume",
        help="go on with a suspended run",
        description="Go on with a run that `spawnlab run --suspend-at CYCLES --state FILE` has suspended. "
        "Its cycles may differ from those of a run in one go, as they do on a node: see docs/scenarios.md.",
        epilog=playing.EPILOG,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="what --state has written")
    playing.add_options(parser)
    parser.set_defaults(command=partial(execute, parser=parser))


def execute(options: argparse.Namespace, *, parser: argparse.ArgumentParser) -> int:
    """Play; returns the exit status."""
    from ..saved import SavedRun

    playing.check_options(options, parser)
    saved = SavedRun.read(options.file)
    return playing.play(options, saved, past=saved.events)
