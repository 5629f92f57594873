"""Texts of the user's in the languages of pictures, whose meaning they must not change."""

from __future__ import annotations

_PLAIN = frozenset(" ,.()'=+-/→←×…_")


def mermaid(text: str) -> str:
    """A text in Mermaid, in a label or message: whatever is not a letter, a number or harmless is an entity."""
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)


def dot(text: str) -> str:
    """A quoted string of DOT that shows the text as it is; a line break in it begins a new line."""
    escaped = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
