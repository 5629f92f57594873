"""All pictures by the names of their formats, and of what they show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

import msgspec

from ..staging import Run
from .errors import PictureError
from .graph import graph
from .graphtext import dot, flowchart
from .layout import check_layout
from .model import Story
from .png import check_png, png_of
from .scale import AXES
from .sequence import sequence
from .story import story_of
from .timeline import timeline
from .topology import topology_of
from .trace import trace


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How a picture is wanted."""

    axis: str = "log"
    """Of a timeline (``scale.py``)."""
    whole: bool = False
    """Whether every turn is shown, however many there are."""


Draw = Callable[[Story, Wish], str | bytes]


def _sequence(story: Story, wish: Wish) -> str:
    return sequence(story, turns_max=None) if wish.whole else sequence(story)


def _flowchart(story: Story, wish: Wish) -> str:
    return flowchart(topology_of(story))


def _dot(story: Story, wish: Wish) -> str:
    return dot(topology_of(story))


def _timeline(story: Story, wish: Wish) -> str:
    return timeline(story, axis=wish.axis, turns_max=None) if wish.whole else timeline(story, axis=wish.axis)


def _graph(story: Story, wish: Wish) -> str:
    return graph(story)


def _png_timeline(story: Story, wish: Wish) -> bytes:
    return png_of(_timeline(story, wish))


def _png_graph(story: Story, wish: Wish) -> bytes:
    return png_of(graph(story))


def _trace(story: Story, wish: Wish) -> str:
    return trace(story, turns_max=None) if wish.whole else trace(story)


# What each format can show, what it shows unless told first. A new format is a line here, and one in SUFFIXES.
FORMATS: dict[str, dict[str, Draw]] = {
    "mermaid": {"sequence": _sequence, "topology": _flowchart},
    "dot": {"topology": _dot},
    "svg": {"timeline": _timeline, "topology": _graph},
    "png": {"timeline": _png_timeline, "topology": _png_graph},
    "perfetto": {"timeline": _trace},
}
SUFFIXES = {
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".png": "png",
    ".json": "perfetto",
}
STEPPER_SUFFIXES = (".html", ".htm")
"""Of a page that steps through a run, which :mod:`spawnlab.stepping` makes."""
SUBJECTS = ("sequence", "topology", "timeline")
_NEEDS_LAYOUT = frozenset({("svg", "topology"), ("png", "topology")})


def format_of(file: str) -> str:
    """The format that a file's suffix stands for; raises :class:`PictureError` where it stands for none."""
    suffix = PurePath(file).suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join((*SUFFIXES, *STEPPER_SUFFIXES))
        raise PictureError(f"{file}: no format has the suffix {suffix!r}; give --format, or one of {known}")
    return SUFFIXES[suffix]


def check(form: str, what: str | None, axis: str = "log") -> None:
    """Raise :class:`PictureError` where there is no such picture or a library is missing; better before a run."""
    _drawing(form, what)
    if axis not in AXES:
        raise PictureError(f"there is no axis {axis!r}; the known ones are {', '.join(AXES)}")
    if form == "png":
        check_png()
    if (form, what) in _NEEDS_LAYOUT:
        check_layout()


def _drawing(form: str, what: str | None) -> Draw:
    subjects = FORMATS.get(form)
    if subjects is None:
        raise PictureError(f"there is no format {form!r}; the known ones are {', '.join(FORMATS)}")
    if what is None:
        return next(iter(subjects.values()))
    if what not in subjects:
        able = [name for name, known in FORMATS.items() if what in known]
        where = f"; {' and '.join(able)} can" if able else f"; it can show a {' or a '.join(subjects)}"
        raise PictureError(f"{form} can't show a {what}{where}")
    return subjects[what]


def picture(story: Story, form: str, *, what: str | None = None, wish: Wish | None = None) -> str | bytes:
    """A picture of a story: text, or the bytes of a PNG. Raises :class:`PictureError`."""
    wish = wish or Wish()
    check(form, what, wish.axis)
    return _drawing(form, what)(story, wish)


def draw(
    run: Run, form: str = "svg", *, what: str | None = None, axis: str = "log", whole: bool = False
) -> str | bytes:
    """A picture of a run (``docs/pictures.md``): text, or the bytes of a PNG.

    ``form`` is ``mermaid``, ``dot``, ``svg``, ``png`` or ``perfetto``; ``what`` it shows is ``sequence``, ``topology``
    or ``timeline``, as far as the format can. A long run is folded, unless it is wanted ``whole``.

    Raises :class:`~spawnlab.pictures.errors.PictureError`, which says what to install where something is missing.
    """
    return picture(story_of(run.journal, run.build), form, what=what, wish=Wish(axis=axis, whole=whole))
