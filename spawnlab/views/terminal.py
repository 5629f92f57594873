"""What the stream that is printed to can show: colours, and how many columns.

Colour is for terminals only. ``--color`` decides; unless it does, ``FORCE_COLOR`` (set, and neither empty nor 0), then
``NO_COLOR`` (set, and not empty). A stream that is no terminal has no width: nothing is cut or wrapped that another
program reads.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import TextIO

from .text import WIDTH_MIN, cut, wrapped

_STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
VM_STYLES = ("cyan", "yellow", "magenta", "green", "blue")
"""Colours of VMs, by turns."""


class Terminal:
    """A way of printing: ``width`` in columns, ``None`` for as many as are wanted; ``colour`` or none."""

    def __init__(self, *, width: int | None = None, colour: bool = False) -> None:
        self.width = None if width is None else max(WIDTH_MIN, width)
        self.colour = colour

    @classmethod
    def of(cls, stream: TextIO, choice: str = "auto", environ: Mapping[str, str] | None = None) -> Terminal:
        """What a stream can show; ``choice`` is ``auto``, ``always`` or ``never``, and is about colour."""
        env = os.environ if environ is None else environ
        is_terminal = stream.isatty()
        if choice != "auto":
            colour = choice == "always"
        elif env.get("FORCE_COLOR", "0") not in ("", "0"):
            colour = True
        else:
            colour = is_terminal and not env.get("NO_COLOR") and env.get("TERM") != "dumb"
        width = shutil.get_terminal_size().columns if is_terminal else None
        return cls(width=width, colour=colour)

    def style(self, text: str, *styles: str) -> str:
        """``text`` in styles such as ``bold`` and ``red``, or as it is."""
        if not self.colour or not text or not styles:
            return text
        codes = ";".join(_STYLES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def vm(self, vm: int, text: str) -> str:
        """``text`` in the colour of a VM."""
        return self.style(text, VM_STYLES[vm % len(VM_STYLES)])

    def fit(self, text: str) -> str:
        """One line, cut with an ellipsis where it is too long. Not for text that has styles."""
        return text if self.width is None else cut(text, self.width)

    def wrap(self, text: str, *, indent: str = "", hanging: str = "") -> list[str]:
        """Lines that fit: the first begins with ``indent``, the others with ``hanging``. Not for text with styles."""
        return wrapped(text, self.width, indent=indent, hanging=hanging)
