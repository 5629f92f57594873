"""The command line: ``spawnlab COMMAND ...``."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from .commands import (
    case,
    compare,
    conform,
    convert,
    cost,
    diff,
    disasm,
    draw,
    explain,
    explore,
    hints,
    info,
    list,
    new,
    orders,
    resume,
    run,
    schema,
    show,
    verify,
    watch,
)
from .commands.common import AS_EXPECTED, BAD_INPUT, INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spawnlab", description="Play programs that use CKB's spawn and pipes, in the chain's exact order."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    playing = (run, verify, watch, hints, explain, draw, cost, diff, orders, explore, case, resume)
    for command in (*playing, list, show, new, convert, schema, disasm, compare, conform, info):
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return AS_EXPECTED
    except KeyboardInterrupt:
        print("spawnlab: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        lines = _words(error)
        if not lines:
            raise
        from .views.text import harmless

        print("\n".join(map(harmless, lines)), file=sys.stderr)
        return BAD_INPUT


def _words(error: Exception) -> Sequence[str]:
    """What to say of bad input; of a function that plays a VM and fails, what is its own of the traceback."""
    from .actors.failures import frames_of, named
    from .vm.errors import SpawnlabError

    frames = frames_of(error)
    if frames:
        called = f"spawnlab: a function that plays a VM has failed: {named(error)}"
        return [*called.splitlines(), *"".join(traceback.format_list(frames)).splitlines()]
    if isinstance(error, SpawnlabError):
        return f"spawnlab: {error}".splitlines()
    if isinstance(error, OSError):
        return [f"spawnlab: {error.filename}: {error.strerror}"]
    return []


if __name__ == "__main__":
    sys.exit(main())
