"""Links and pictures of a built site that lead nowhere: Sphinx does not look into HTML that pages bring with them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

_LINK = re.compile(r'<(?:a|img|iframe|link|script)\b[^>]*?\s(?:href|src)="([^"]*)"')
_ELSEWHERE = re.compile(r"[a-z]+:|//|#|$")


def dead_links(site: Path) -> list[tuple[str, str]]:
    """Pages and the targets in them that are not there, for all pages of the site."""
    dead: list[tuple[str, str]] = []
    for page in sorted(site.rglob("*.html")):
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            if _ELSEWHERE.match(target):
                continue
            if not (page.parent / unquote(re.split(r"[?#]", target)[0])).exists():
                dead.append((page.relative_to(site).as_posix(), target))
    return dead
