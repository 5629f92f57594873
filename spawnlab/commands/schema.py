"""``spawnlab schema``: the JSON schema of scenario files."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import AS_EXPECTED

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "schema",
        help="print the JSON schema of scenario files",
        description="Print the JSON schema of scenario files (TOML, JSON and YAML alike), for editors and checkers. "
        "docs/scenarios.md says how an editor is told of it.",
    )
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Print it; returns the exit status."""
    from ..scenarios.schema import schema_text

    print(schema_text(), end="")
    return AS_EXPECTED
