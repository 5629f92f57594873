"""``spawnlab show NAME``: the file of one of the gallery's scenarios."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import AS_EXPECTED

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "show",
        help="print a scenario of the gallery",
        description="Print the file of one of the gallery's scenarios; `spawnlab list` has their names.",
    )
    parser.add_argument("name", metavar="NAME", help="as `spawnlab list` prints it")
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Print it; returns the exit status."""
    from ..scenarios.gallery import PREFIX, gallery_file
    from ..scenarios.load import read_text

    print(read_text(gallery_file(options.name.removeprefix(PREFIX))), end="")
    return AS_EXPECTED
