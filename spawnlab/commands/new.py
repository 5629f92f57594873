"""``spawnlab new FILE``: a scenario to begin with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import AS_EXPECTED

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "new",
        help="write a scenario file to begin with",
        description="Write a scenario of a parent and a child, or a copy of one of the gallery's. "
        "Nothing is overwritten.",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="name.toml, .yaml or .json; without a suffix: .toml")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--form",
        choices=("steps", "asm", "c", "python"),
        default="steps",
        help="what its programs are (default: steps)",
    )
    what.add_argument("--from", dest="source", metavar="NAME", help="a scenario of the gallery (see `spawnlab list`)")
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Write it; returns the exit status."""
    from ..scenarios.gallery import PREFIX, gallery_file
    from ..scenarios.templates import copy_scenario, new_scenario

    file: Path = options.file
    if options.source is None:
        written = new_scenario(file if file.suffix else file.with_suffix(".toml"), form=options.form)
    else:
        name = options.source.removeprefix(PREFIX)
        written = copy_scenario(file if file.suffix else file.with_suffix(gallery_file(name).suffix), name)
    print(f"written: {', '.join(map(str, written))}")
    print(f"play it:      spawnlab run {written[0]}")
    print(f"keep as test: pytest {written[0]}")
    return AS_EXPECTED
