"""A run as a notebook shows it by itself: its timeline."""

from __future__ import annotations

from ..staging import Run
from .story import story_of
from .timeline import timeline


def svg_of(run: Run) -> str:
    """The timeline."""
    return timeline(story_of(run.journal, run.build))


def html_of(run: Run) -> str:
    """The timeline in a page, which may be wider than the page: it scrolls."""
    return f'<figure style="margin:0;overflow-x:auto">{svg_of(run)}</figure>'
