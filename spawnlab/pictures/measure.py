"""How wide a text is, near enough: no two machines have the same fonts, so there is room to spare."""

from __future__ import annotations

from ..views.text import cells

_NARROW = frozenset("ijlI.,:;|!'()[] ft")
_WIDE = frozenset("mwMW@%—…→←×")


def width(text: str, size: float) -> float:
    """Pixels that a text of one line takes at most, in a common sans-serif font of a size in pixels."""
    total = 0.0
    for character in text:
        if character in _WIDE:
            total += 0.95
        elif character in _NARROW:
            total += 0.42
        elif character.isupper():
            total += 0.72
        else:
            total += 0.64 * cells(character)
    return total * size


def fitting(text: str, size: float, room: float) -> str:
    """The text, cut with an ellipsis where it does not fit; empty where nothing does."""
    if width(text, size) <= room:
        return text
    while text and width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text}…" if len(text) > 1 else ""
