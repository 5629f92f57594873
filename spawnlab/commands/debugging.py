"""``--debugger-calls FOLDER`` and ``--read-file FILE``: ckb-debugger's own system calls, for commands that play."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..scheduler.syscalls.generator import SyscallGenerator


def add_debugger_options(parser: argparse.ArgumentParser) -> None:
    """Both options."""
    parser.add_argument(
        "--debugger-calls",
        metavar="FOLDER",
        help="answer ckb-debugger's own system calls, which no node has (docs/debugger.md): programs may read and "
        "write files of FOLDER, and nothing outside of it",
    )
    parser.add_argument(
        "--read-file",
        metavar="FILE",
        help="what system call 9000 reads, with --debugger-calls; - is the standard input",
    )


@contextmanager
def system_calls_of(options: argparse.Namespace, parser: argparse.ArgumentParser) -> Generator[SyscallGenerator]:
    """The system calls that the options ask for; leaves the program where they don't go together."""
    from ..scheduler.syscalls.generator import consensus_syscalls

    if options.debugger_calls is None:
        if options.read_file is not None:
            parser.error("--read-file FILE goes with --debugger-calls FOLDER")
        yield consensus_syscalls
        return
    from ..debugger.calls import DebuggerCalls

    content = None if options.read_file is None else _content(options.read_file)
    with DebuggerCalls(options.debugger_calls, content=content) as calls:
        yield calls


def _content(file: str) -> bytes:
    from pathlib import Path

    from ..scenarios.load import read_file, standard_input

    return standard_input() if file == "-" else read_file(Path(file))
