"""Whether there is something to show a live view on, and something to show it with."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TextIO

from ..scenarios.extras import install_words
from ..vm.errors import SpawnlabError


class NoScreenError(SpawnlabError):
    """There is no live view here; says why and what to do."""


def check_screen(file: str) -> None:
    """Raise :class:`NoScreenError` unless a live view of ``file`` can be shown."""
    instead = f"`spawnlab run {file}` prints the whole run"
    if importlib.util.find_spec("textual") is None:
        raise NoScreenError(f"watching needs Textual: {install_words('tui')}; without it {instead}")
    streams: dict[str, TextIO | None] = {
        "standard input": sys.stdin,
        "standard output": sys.stdout,
        "standard error": sys.stderr,
    }
    lacking = next((name for name, stream in streams.items() if stream is None or not stream.isatty()), None)
    if lacking is not None:
        raise NoScreenError(f"watching needs a terminal, and {lacking} is none: {instead}")
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        raise NoScreenError(f"watching needs a terminal whose cursor can be moved, and TERM says it can't: {instead}")
