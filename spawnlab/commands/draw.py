"""``spawnlab draw FILE``: a run as a picture."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .common import AS_EXPECTED, add_engine_option, add_fault_option, add_version_option, cycles, use_engine

if TYPE_CHECKING:
    from ..recording import Recording
    from .common import Subparsers

# As spawnlab.pictures.drawing has them, which is not loaded for a help text.
FORMATS = ("mermaid", "dot", "svg", "png", "perfetto")
STEPPER, STEPPER_SUFFIXES = "html", (".html", ".htm")
SUBJECTS = ("sequence", "topology", "timeline")
AXES = ("log", "turns", "cycles")


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "draw",
        help="draw a run: a page to step through, SVG, PNG, Mermaid, Graphviz, or a trace for Perfetto",
        description="Play a scenario, an ELF file or a suspended run, or read a journal, and draw what happened. Long "
        "runs are folded where they repeat themselves (docs/pictures.md).",
        epilog="Exit status: 0 when there is a picture, whatever the run came to; 2 for input that can't be run or "
        "read, and for a picture that can't be made.",
    )
    parser.add_argument("file", metavar="FILE", help="a scenario, an ELF file, a suspended run, or a journal")
    parser.add_argument(
        "--format",
        choices=(*FORMATS, STEPPER),
        help="the format; unless given, the suffix of OUT says it (html, svg, mmd, dot, png, json)",
    )
    parser.add_argument("-o", "--out", metavar="OUT", help="write to a file, instead of the standard output")
    parser.add_argument(
        "--what",
        choices=SUBJECTS,
        help="what to show: mermaid a sequence (default) or a topology, dot a topology, svg and png a timeline "
        "(default) or a topology, perfetto a timeline",
    )
    parser.add_argument(
        "--axis",
        choices=AXES,
        default="log",
        help="of a timeline in svg and png: each turn as wide as the logarithm of its cycles (default), all turns as "
        "wide as each other, or cycles true to scale",
    )
    parser.add_argument(
        "--whole", action="store_true", help="fold nothing, and leave nothing out, however long it gets"
    )
    parser.add_argument("--open", action="store_true", help="show OUT in the browser")
    add_version_option(parser)
    parser.add_argument("--limit", type=cycles, metavar="CYCLES", help="cycle limit, instead of the scenario's")
    parser.add_argument("--policy", metavar="ORDER", help="a hypothetical order of turns (docs/orders.md)")
    add_fault_option(parser)
    add_engine_option(parser)
    parser.set_defaults(command=partial(execute, parser=parser))


def execute(options: argparse.Namespace, *, parser: argparse.ArgumentParser) -> int:
    """Play and draw; returns the exit status."""
    if options.format is None and options.out is None:
        parser.error("--format or -o OUT is wanted")
    if options.open and options.out is None:
        parser.error("--open goes with -o OUT")
    use_engine(options)
    content = _stepper(options) if _is_stepper(options) else _picture(options)
    if options.out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return AS_EXPECTED
    file = Path(options.out)
    file.write_bytes(content)
    print(f"{file}: {len(content):,} bytes{_how_to_look(options)}")
    if options.open:
        import webbrowser

        webbrowser.open(file.absolute().as_uri())
    return AS_EXPECTED


def _how_to_look(options: argparse.Namespace) -> str:
    return "; open it in a browser, or draw it with --open" if _is_stepper(options) and not options.open else ""


def _is_stepper(options: argparse.Namespace) -> bool:
    return options.format == STEPPER or (options.format is None and str(options.out).lower().endswith(STEPPER_SUFFIXES))


def _stepper(options: argparse.Namespace) -> bytes:
    """A page that steps through the run (``docs/stepper.md``)."""
    from ..pictures.errors import PictureError
    from ..stepping.page import page_of_recording

    if options.what is not None:
        raise PictureError("a page shows all of a run: --what is for pictures")
    recording = _recording(options)
    return page_of_recording(recording, limit=options.limit).encode()


def _picture(options: argparse.Namespace) -> bytes:
    from ..pictures.drawing import Wish, check, format_of, picture
    from ..pictures.errors import PictureError
    from ..pictures.story import story_of

    form = options.format or format_of(options.out)
    check(form, options.what, options.axis)
    if form == "png" and options.out is None and sys.stdout.isatty():
        raise PictureError("a PNG is nothing for a terminal: write it to a file with -o FILE.png")
    recording = _recording(options)
    story = story_of(recording.journal, recording.build)
    drawn = picture(story, form, what=options.what, wish=Wish(axis=options.axis, whole=options.whole))
    return drawn if isinstance(drawn, bytes) else drawn.encode()


def _recording(options: argparse.Namespace) -> Recording:
    from ..recording import record

    return record(
        Path(options.file),
        version=options.script_version,
        limit=options.limit,
        policy=options.policy,
        faults=options.fault,
    )
