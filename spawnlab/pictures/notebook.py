"""A run as a notebook shows it by itself: its timeline."""

from __future__ import annotations

import re

from ..staging import Run
from .story import story_of
from .timeline import timeline

_SHRUNK = 0.7
"""Of a picture's own width: its letters can be read still."""


def svg_of(run: Run) -> str:
    """The timeline."""
    return timeline(story_of(run.journal, run.build))


def html_of(run: Run) -> str:
    """The timeline in a page. In a narrow column it shrinks, as far as it can be read; from there on it scrolls."""
    svg = svg_of(run)
    width = re.search(r'<svg[^>]* width="([\d.]+)"', svg)
    least = f"min-width:{_SHRUNK * float(width[1]):.0f}px;" if width else ""
    svg = svg.replace("<svg ", f'<svg style="max-width:100%;{least}height:auto" ', 1)
    return f'<figure style="margin:0;overflow-x:auto">{svg}</figure>'
