"""``spawnlab disasm ELF``: its instructions with symbols, bytes, cycles and fusion."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import AS_EXPECTED, add_version_option

if TYPE_CHECKING:
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "disasm",
        help="list the instructions of an ELF file",
        description="List the instructions of an ELF file: address, bytes, text, and the cycles that each costs. "
        "Instructions that run as one fused operation are bracketed; the operation's cycles stand at the first.",
    )
    parser.add_argument("file", metavar="ELF", help="an ELF file for 64-bit RISC-V")
    add_version_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON (docs/json.md)")
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """List; returns the exit status."""
    from pathlib import Path

    from ..scenarios.errors import ScenarioError
    from ..scenarios.load import read_file
    from ..views.listing import listing, listing_report
    from ..views.text import harmless
    from ..vm.errors import VmError

    version = 2 if options.script_version is None else options.script_version
    content = read_file(Path(options.file))
    try:
        if options.json:
            from ..views.jsontext import json_text

            print(json_text(listing_report(content, version)))
        else:
            for line in listing(content, version):
                print(harmless(line))
    except VmError as error:
        raise ScenarioError(f"not a program: {error}", file=options.file) from None
    return AS_EXPECTED
