"""Why a run ended as it did, as a text: for notebooks, and for programs that print it."""

from __future__ import annotations

from ..staging import Run
from ..views.terminal import Terminal
from .explain import explain
from .text import text_of

WIDTH = 88
"""Columns, unless asked for."""


def why(run: Run, *, brief: bool = False, width: int | None = WIDTH) -> str:
    """What ``spawnlab explain`` says of a run (``docs/explain.md``), in lines of ``width`` columns.

    A ``width`` of ``None`` wraps nothing. ``brief`` leaves out who waits for what, and says nothing of a plain exit.
    For a deadlock edits are played on the way, so it takes as long as many runs.
    """
    return "\n".join(text_of(explain(run), Terminal(width=width), brief=brief))
