"""A function that plays a VM and fails: the part of the traceback that is its author's, without the way to it."""

from __future__ import annotations

import traceback
from pathlib import Path

from .python_vm import Play

_HERE = str(Path(__file__).parent)


def frames_of(error: BaseException) -> list[traceback.FrameSummary]:
    """The calls from such a function on to where an error was raised; none for one that was raised elsewhere.

    What it called of this package is left out: the call itself says what was asked for.
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    begins = next((i for i, (frame, _) in enumerate(frames) if frame.f_code is Play.send.__code__), len(frames))
    own = traceback.StackSummary.extract(iter(frames[begins + 1 :]))
    return [frame for frame in own if not frame.filename.startswith(_HERE)]


def place_of(error: BaseException) -> str | None:
    """``FILE:LINE: ERROR (the line)`` of an error that such a function has raised; ``None`` for any other."""
    frames = frames_of(error)
    if not frames:
        return None
    return f"{frames[-1].filename}:{frames[-1].lineno}: {named(error)} ({frames[-1].line})"


def named(error: BaseException) -> str:
    """An error by its class and text."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
