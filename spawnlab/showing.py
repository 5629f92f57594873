"""How a run shows itself in a notebook.

A run is of a lower layer than its pictures and knows nothing of them. It asks here, and the face of the package, which
knows all layers, has said who draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_drawn_by: dict[str, Callable[[Any], str]] = {}


def show_runs(form: str, draw: Callable[[Any], str]) -> None:
    """Have runs shown in a form, ``svg`` or ``html``, by a function of a run."""
    _drawn_by[form] = draw


def shown(form: str, run: object) -> str | None:
    """A run in a form; ``None`` where nobody draws it."""
    draw = _drawn_by.get(form)
    return None if draw is None else draw(run)
