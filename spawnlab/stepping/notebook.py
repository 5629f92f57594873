"""A run's stepper in Python: to be kept in a file, or shown in a notebook."""

from __future__ import annotations

import html
import os
from pathlib import Path

from ..scheduler.faults import conditions_of
from ..scheduler.hypothetical import CONSENSUS_TEXT
from ..staging import Playable, Run
from .page import page_of


class Stepper:
    """A page that steps through a run. A notebook shows it, ``height`` pixels high."""

    def __init__(self, page: str, height: int) -> None:
        self.html = page
        self.height = height

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write the page to a file; gives the file."""
        path = Path(file)
        path.write_text(self.html, encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        """In a frame of its own, so that neither page changes the other."""
        style = f"width:100%;height:{self.height}px;border:1px solid #999"
        return f'<iframe srcdoc="{html.escape(self.html)}" title="Stepper" style="{style}"></iframe>'


def stepper(what: Playable | Run, *, limit: int | None = None, height: int = 700) -> Stepper:
    """The stepper of a run that was made, or of what can be played, within ``limit`` cycles (``docs/stepper.md``).

    A run that was suspended is gone on with. Raises as :func:`~spawnlab.play.perform`.
    """
    if not isinstance(what, Run):
        return Stepper(page_of(what, limit=limit), height)
    policy, faults = conditions_of(what.hypothetical or CONSENSUS_TEXT)
    played = what.build if what.saved is None else what.saved
    return Stepper(page_of(played, limit=limit or what.limit or None, policy=policy, faults=faults), height)
