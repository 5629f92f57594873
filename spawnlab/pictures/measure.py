"""How wide a text is: in DejaVu Sans, which is wider than most fonts that a reader may have."""

from __future__ import annotations

from ..views.text import cells

# Hundredths of an em of the characters from the space to the tilde.
_ASCII = (
    (32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34),
    (64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53),
    (100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79),
    (60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50),
    (50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61),
    (63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84),
)
_WIDTHS = {chr(32 + number): part / 100 for number, part in enumerate(part for row in _ASCII for part in row)}
_OTHER = 0.8
"""Ems of any other character, and half of those of a wide one."""


def width(text: str, size: float) -> float:
    """Pixels that a text of one line takes in a font of a size in pixels."""
    return size * sum(_WIDTHS.get(character, 0) or _OTHER * cells(character) for character in text)


def fitting(text: str, size: float, room: float) -> str:
    """The text, cut with an ellipsis where it does not fit; empty where nothing does."""
    if width(text, size) <= room:
        return text
    while text and width(text, size) + size > room:
        text = text[:-1]
    return f"{text}…" if len(text) > 1 else ""
