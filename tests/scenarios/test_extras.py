"""How extras are installed is said in one way, and only of extras that there are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from spawnlab.scenarios.extras import install_words

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
SOURCES = [
    file
    for folder in ("vm", "scheduler", "actors", "scenarios", "spawnlab", "docs", "benchmarks")
    for file in (ROOT / folder).rglob("*")
    if file.suffix in (".py", ".toml", ".md", ".ipynb", ".j2") and file.name != "extras.py"
] + [ROOT / "README.md"]


def test_the_words_say_both_ways() -> None:
    words = install_words("draw")
    assert "pip install '.[draw]' in the checkout" in words
    assert "pip install 'spawnlab[draw]' elsewhere" in words


def test_every_extra_that_is_named_is_one() -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in SOURCES}
    called = [(file, name) for file, text in texts.items() for name in re.findall(r"install_words\(['\"](\w+)", text)]
    typed = [
        (file, name)
        for file, text in texts.items()
        for names in re.findall(r"pip install (?:-\S+ )*'(?:\.|spawnlab)\[([\w,]+)\]'", text)
        for name in names.split(",")
    ]
    assert {name for _, name in called} == {"c", "cluster", "draw", "plot", "tui"}
    assert [one for one in (*called, *typed) if one[1] not in EXTRAS] == []


def test_what_only_works_where_it_is_installed_stands_beside_what_works_in_the_checkout() -> None:
    alone = [
        (file.relative_to(ROOT).as_posix(), names)
        for file in SOURCES
        for text in [file.read_text(encoding="utf-8")]
        for names in re.findall(r"pip install 'spawnlab\[([\w,]+)\]'", text)
        if f"pip install '.[{names}]'" not in text
    ]
    assert alone == []
