"""``spawnlab convert FILE -o OUT``: a scenario as a transaction, and a script of a transaction as a scenario."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import AS_EXPECTED, add_engine_option, use_engine

if TYPE_CHECKING:
    from ..scenarios.build import Build
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "convert",
        help="turn a scenario into a mock transaction, or a script of one into a scenario",
        description="A scenario becomes a mock transaction in the JSON of ckb-debugger, its programs compiled. A "
        "script of a mock transaction (TX.json#input.0.lock) becomes a scenario, which names the transaction, and "
        "expects what the script comes to now: exit code and cycles.",
        epilog="Exit status: 0 when OUT is written, 2 for what can't be read or written.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario, an ELF file, or TX.json#SCRIPT")
    parser.add_argument("-o", "--out", metavar="OUT", required=True, help="the file to write; it must not exist yet")
    add_engine_option(parser)
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Convert; returns the exit status."""
    use_engine(options)
    from ..scenarios.errors import ScenarioError
    from ..staging import load
    from ..views.text import harmless

    out = Path(options.out)
    if out.exists():
        raise ScenarioError("it exists already; nothing was written", file=str(out))
    made = load(options.file)
    if made.transaction is not None:
        text = _scenario(made, options.file, out)
    elif out.suffix == ".json":
        text = _transaction(made, options.file)
    else:
        raise ScenarioError(f"a mock transaction is JSON: a name with .json, not {out.suffix!r}", file=str(out))
    out.write_text(text, encoding="utf-8")
    print(harmless(f"{out}: {len(text):,} characters"))
    return AS_EXPECTED


def _transaction(made: Build, file: str) -> str:
    from ..scenarios.errors import ScenarioError
    from ..scenarios.mock.from_scenario import mock_of
    from ..scenarios.mock.write import mock_text

    if made.actors:
        raise ScenarioError("Python functions play programs in it: there is no code to put into cells", file=file)
    return mock_text(mock_of(made.sg_data.resolved, [code.name for code in made.codes]))


def _scenario(made: Build, file: str, out: Path) -> str:
    from ..play import run_synchronously
    from ..scenarios.build import split_script
    from ..scenarios.check import expectation_of
    from ..scenarios.gallery import resolve
    from ..scenarios.model import Scenario
    from ..scenarios.write import scenario_text

    given, _ = split_script(resolve(file))
    scenario = Scenario(
        title=made.scenario.title,
        transaction=_relative(given.parent / (made.scenario.transaction or given.name), out.parent),
        script=made.scenario.script,
        version=made.scenario.version,
        limits=made.scenario.limits,
        expect=expectation_of(run_synchronously(made).outcome),
    )
    return scenario_text(scenario, out.suffix)


def _relative(file: Path, folder: Path) -> str:
    import os

    return Path(os.path.relpath(file.absolute(), folder.absolute())).as_posix()
