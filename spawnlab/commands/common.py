"""What commands share: exit statuses and kinds of arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..views.terminal import Terminal

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # pyright: ignore[reportPrivateUsage]

AS_EXPECTED, NOT_AS_EXPECTED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

Command = Callable[[argparse.Namespace], int]
"""Does what the options ask for; returns the exit status."""


def number_from(least: int, most: int, what: str) -> Callable[[str], int]:
    """A kind of argument: numbers from ``least`` to ``most``, called ``what`` in messages; ``1_000`` and ``1,000``."""

    def read(text: str) -> int:
        number = int(text.replace("_", "").replace(",", ""))
        if not least <= number <= most:
            raise ValueError
        return number

    read.__name__ = what  # argparse's way of naming it
    return read


cycles = number_from(0, (1 << 64) - 1, "cycles")
"""A number of cycles."""


def add_version_option(parser: argparse.ArgumentParser) -> None:
    """``--script-version``, for commands that take an ELF file."""
    parser.add_argument("--script-version", type=int, choices=(0, 1, 2), help="for an ELF file (default: 2)")


def add_fault_option(parser: argparse.ArgumentParser) -> None:
    """``--fault``, for commands that play."""
    parser.add_argument(
        "--fault",
        metavar="FAULT",
        action="append",
        default=[],
        help="a hypothetical fault: exit:VM:CALL:CODE, short:SEED, short:VM:CALL:SIZE, close:VM:CALL:FD or memory:SEED "
        "(docs/faults.md); may be given more than once",
    )


def add_color_option(parser: argparse.ArgumentParser) -> None:
    """``--color``, for commands that print for people."""
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colours: auto is on a terminal, unless NO_COLOR is set, and wherever FORCE_COLOR is",
    )


def terminal_for(options: argparse.Namespace) -> Terminal:
    """The standard output, as ``--color`` wants it."""
    from ..views.terminal import Terminal

    return Terminal.of(sys.stdout, options.color)


def add_engine_option(parser: argparse.ArgumentParser) -> None:
    """``--engine``, for commands that run guest code."""
    parser.add_argument(
        "--engine", choices=("auto", "step", "blocks", "native"), help="what runs guest code; results are the same"
    )


def use_engine(options: argparse.Namespace) -> None:
    """Let all machines of this process have the engine that is asked for, if one is."""
    if options.engine is not None:
        from ..vm.engines import use_engine as use

        use(options.engine)
