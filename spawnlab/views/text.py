"""Text on a terminal: how many columns it takes, how to make it fit, and how to keep it from steering anything."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator

WIDTH_MIN = 20
"""Columns that are assumed at the least."""


def cells(text: str) -> int:
    """Columns that a text takes on a terminal: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns; what is cut ends with an ellipsis."""
    if cells(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += cells(character)
        if used >= width:
            break
        kept += character
    return f"{kept}…"


def padded(text: str, width: int) -> str:
    """``text`` in exactly ``width`` columns."""
    text = cut(text, width)
    return text + " " * (width - cells(text))


def wrapped(text: str, width: int | None, *, indent: str = "", hanging: str = "") -> list[str]:
    """Lines that fit: the first begins with ``indent``, the others with ``hanging``; with no width it is one line."""
    if width is None or cells(indent) + cells(text) <= width:
        return [indent + text]
    return [cut(line, width) for line in _lines(text, width, indent, hanging)]


def _lines(text: str, width: int, indent: str, hanging: str) -> Iterator[str]:
    wide = cells(text) > len(text)  # textwrap counts characters, so it is told that there is half the room
    room = max(width // 2, WIDTH_MIN) if wide else width
    yield from textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=hanging, drop_whitespace=True)


def harmless(text: str) -> str:
    """``text`` with control characters shown as escapes: what a program prints must not steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def harmless_json(text: str) -> str:
    """JSON text in which strings that steer a terminal are escaped, as JSON allows; its meaning is the same."""
    return "".join(c if c.isprintable() or c in "\n " else _json_escape(c) for c in text)


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
