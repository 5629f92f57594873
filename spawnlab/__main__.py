"""The command line: ``spawnlab COMMAND ...``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .commands import (
    case,
    compare,
    conform,
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
    watch,
)
from .commands.common import AS_EXPECTED, BAD_INPUT, INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spawnlab", description="Play programs that use CKB's spawn and pipes, in the chain's exact order."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    playing = (run, watch, hints, explain, draw, cost, diff, orders, explore, case, resume)
    for command in (*playing, list, show, new, schema, disasm, compare, conform, info):
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    from .vm.errors import SpawnlabError

    try:
        return options.command(options)
    except SpawnlabError as error:
        from .views.text import harmless

        print("\n".join(map(harmless, f"spawnlab: {error}".splitlines())), file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return AS_EXPECTED
    except OSError as error:
        print(f"spawnlab: {error.filename}: {error.strerror}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("spawnlab: interrupted", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
