"""``spawnlab conform``: run records of the reference and say what differs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import AS_EXPECTED, NOT_AS_EXPECTED, add_engine_option, use_engine

if TYPE_CHECKING:
    from ..conform.tally import Tally
    from .common import Subparsers


_PROGRAMS = "look for programs here"


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "conform",
        help="run records of the reference's outcomes and compare",
        description="Run recorded outcomes of the reference and print what differs.",
        epilog="Exit status: 0 when all match, 1 when any differs, 2 for records that can't be read.",
    )
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    isa = kinds.add_parser("isa", help="vectors of instructions (JSON lines, may be packed)")
    isa.add_argument("files", metavar="FILE", nargs="+", type=Path)
    isa.set_defaults(command=execute, run=_run_isa)
    elf = kinds.add_parser("elf", help="whole programs on a bare machine (JSON lines, may be packed)")
    elf.add_argument("files", metavar="FILE", nargs="+", type=Path)
    elf.set_defaults(command=execute, run=_run_elf)
    decode = kinds.add_parser("decode", help="tables of decoded words (a folder)")
    decode.add_argument("folder", metavar="FOLDER", type=Path)
    decode.set_defaults(command=execute, run=_run_decode, engine=None)
    scheduler = kinds.add_parser("scheduler", help="whole runs of the scheduler (JSON lines, may be packed)")
    scheduler.add_argument("files", metavar="FILE", nargs="+", type=Path)
    scheduler.add_argument(
        "--name", metavar="PART", action="append", default=[], help="only cases with this in the name"
    )
    scheduler.set_defaults(command=execute, run=_run_scheduler)
    for kind in (elf, scheduler):
        kind.add_argument("--programs", metavar="DIR", action="append", default=[], type=Path, help=_PROGRAMS)
    for kind in (isa, elf):
        kind.add_argument("--setting", action="append", metavar="NAME", help="only this one: 0, 1, 2, 0ab, 1a or 2a")
    for kind in (isa, elf, scheduler):
        add_engine_option(kind)
    for kind in (isa, elf, decode, scheduler):
        kind.add_argument("--all", action="store_true", help="show every difference, not only the first 20")
        kind.add_argument("--json", action="store_true", help="print JSON, with every difference (docs/json.md)")


def execute(options: argparse.Namespace) -> int:
    """Compare and report; returns the exit status."""
    use_engine(options)
    tally: Tally = options.run(options)
    if options.json:
        from ..views.jsontext import json_text

        print(json_text(tally.whole()))
    else:
        for line in tally.report(every=options.all):
            print(line)
    return NOT_AS_EXPECTED if tally.differences else AS_EXPECTED


def _settings(options: argparse.Namespace) -> list[str]:
    from ..conform.settings import SETTINGS
    from ..conform.tally import RecordError

    wanted: list[str] = options.setting or list(SETTINGS)
    for name in wanted:
        if name not in SETTINGS:
            raise RecordError(f"there is no setting {name!r}; they are {', '.join(SETTINGS)}")
    return wanted


def _run_isa(options: argparse.Namespace) -> Tally:
    from ..conform.isa import run_vectors
    from ..vm.engines import engine

    return run_vectors(options.files, settings=_settings(options), engine=engine(options.engine or "step"))


def _run_elf(options: argparse.Namespace) -> Tally:
    from ..conform.elf import run_programs

    return run_programs(options.files, folders=options.programs, settings=_settings(options))


def _run_decode(options: argparse.Namespace) -> Tally:
    from ..conform.decode import run_tables

    return run_tables(options.folder)


def _run_scheduler(options: argparse.Namespace) -> Tally:
    from ..conform.scheduler import run_cases

    return run_cases(options.files, folders=options.programs, names=options.name)
