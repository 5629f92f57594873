"""The page's program and style: files of one idea each, which are joined when a page is made."""

from __future__ import annotations

from importlib.resources import files

SCRIPTS = (
    "page", "state", "words", "tables", "source", "machine", "layout", "graph", "strip", "controls", "keys", "print",
    "begin",
)  # fmt: skip
"""Scripts in the order in which they are joined: each uses what those before it have."""
STYLES = ("page", "panels", "pictures", "print")


def _read(name: str) -> str:
    return (files("spawnlab.stepping") / "assets" / name).read_text(encoding="utf-8")


def template() -> str:
    """What they are put into."""
    return _read("stepper.html.j2")


def program() -> str:
    """All scripts within one function, so that nothing of them is seen from outside."""
    joined = "\n".join(_read(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(async () => {{\n{joined}\n}})();\n'


def style() -> str:
    """All style sheets, one after the other."""
    return "\n".join(_read(f"{name}.css") for name in STYLES)
