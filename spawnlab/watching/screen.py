"""Whether there is something to show a live view on, and something to show it with."""

from __future__ import annotations

import importlib.util
import os
import sys

from ..vm.errors import SpawnlabError


class NoScreenError(SpawnlabError):
    """There is no live view here; says why and what to do."""


def check_screen(file: str) -> None:
    """Raise :class:`NoScreenError` unless a live view of ``file`` can be shown."""
    instead = f"`spawnlab run {file}` prints the whole run"
    if importlib.util.find_spec("textual") is None:
        raise NoScreenError(f"watching needs Textual: pip install 'spawnlab[tui]'; without it {instead}")
    streams = {"input": sys.stdin, "output": sys.stdout, "error output": sys.stderr}
    lacking = [name for name, stream in streams.items() if stream is None or not stream.isatty()]
    if lacking:
        raise NoScreenError(f"watching needs a terminal, and the {' and '.join(lacking)} is none: {instead}")
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        raise NoScreenError(f"watching needs a terminal whose cursor can be moved, and TERM says it can't: {instead}")
