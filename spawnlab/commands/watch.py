"""``spawnlab watch FILE``: go through a run in the terminal, forward and back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..scenarios.extras import install_words
from .common import AS_EXPECTED, add_engine_option, add_version_option, cycles, use_engine

if TYPE_CHECKING:
    from pathlib import Path

    from ..watching.session import Session
    from .common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "watch",
        help="go through a run in the terminal, step by step, forward and back",
        description="Show a run live: its VMs, who waits for what, pipes, the program of each VM, and what happens. "
        "s plays a turn, b goes back by one, r runs to a breakpoint, ? lists all keys. It needs the extra tui "
        f"({install_words('tui')}). docs/watch.md has more.",
        epilog="Exit status: 0 when it was quit, whatever the run came to; 2 for input that can't be run.",
    )
    parser.add_argument(
        "file", metavar="FILE", help="a scenario file, an ELF file for 64-bit RISC-V, or a suspended run"
    )
    add_version_option(parser)
    parser.add_argument("--limit", type=cycles, metavar="CYCLES", help="cycle limit, instead of the scenario's")
    add_engine_option(parser)
    parser.add_argument("--policy", metavar="ORDER", help="a hypothetical order of turns, as `spawnlab run` has it")
    parser.add_argument(
        "--break",
        dest="breakpoints",
        metavar="WHERE",
        action="append",
        default=[],
        help="a breakpoint: 'turn N', 'vm N', 'call NAME' or 'call NAME N', of which N is the VM; may be repeated",
    )
    parser.set_defaults(command=execute)


def execute(options: argparse.Namespace) -> int:
    """Watch; returns the exit status."""
    use_engine(options)
    from pathlib import Path

    from ..recording import playable
    from ..scenarios.gallery import resolve
    from ..watching.breakpoints import breakpoint_of
    from ..watching.screen import check_screen
    from ..watching.session import Session

    breakpoints = [breakpoint_of(text) for text in options.breakpoints]
    check_screen(options.file)
    file = resolve(options.file)
    session = Session(
        playable(file, version=options.script_version),
        limit=options.limit,
        policy=options.policy,
        breakpoints=breakpoints,
    )
    title = session.player.staging.build.scenario.title or Path(options.file).name
    return _watch(session, title, file.parent)


def _watch(session: Session, title: str, folder: Path) -> int:
    from ..watching.app import Watch

    app = Watch(session, title=title, folder=folder)
    app.run()
    return AS_EXPECTED if app.return_code is None else app.return_code
