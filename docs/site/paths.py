"""Where the site is made from and where its pages are brought together."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "build" / "pages"
LANGUAGES = {".toml": "toml", ".json": "json", ".yaml": "yaml", ".py": "python", ".c": "c", ".h": "c", ".rs": "rust"}
"""Of code blocks, by the suffix of the file."""


def write(page: str, text: str) -> None:
    """A page, by its name with suffix."""
    file = PAGES / page
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
