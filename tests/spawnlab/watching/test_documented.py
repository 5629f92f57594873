"""What the page about watching says is what is."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from spawnlab.watching.breakpoints import CALLS
from spawnlab.watching.kept import BYTES_MAX, COUNT_MAX
from spawnlab.watching.keys import KEYS, PANELS, TYPED
from spawnlab.watching.picture import picture
from spawnlab.watching.style import HEIGHTS, WIDTHS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "watch.md").read_text()


def test_every_key_is_there() -> None:
    for key in KEYS:
        names = "`1` to `6`" if key.names == "1 to 6" else ", ".join(f"`{name}`" for name in key.names.split(", "))
        assert f"| {names} | {key.words} |" in PAGE
    for form, words in TYPED:
        assert f"| `{form}` | {words} |" in PAGE
    for panel in ("VMs", *PANELS, "log"):
        assert re.search(rf"^\| {panel} \|", PAGE, re.MULTILINE)
    assert all(f"`{call}`" in PAGE for call in CALLS)


def test_its_numbers() -> None:
    assert f"at most {COUNT_MAX}, with at most {BYTES_MAX >> 20} MiB" in PAGE
    assert WIDTHS is not None
    assert HEIGHTS is not None
    assert f"{WIDTHS[1][0]} columns" in PAGE
    assert f"{HEIGHTS[1][0]} lines" in PAGE


def test_its_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    exec(text, {})  # noqa: S102 - our own document
    turns, position = map(int, capsys.readouterr().out.split())
    assert 0 < turns < position


def test_the_picture_shows_what_is_seen_today() -> None:
    """Made anew by ``python -m spawnlab.watching.picture docs/pictures/watch.svg``."""
    kept = (ROOT / "docs" / "pictures" / "watch.svg").read_text()
    assert "waitstoreadfd2fromVM1" in _visible(kept)
    assert _visible(kept) == _visible(picture())
    assert "http" not in kept.replace("http://www.w3.org/", "").replace("https://www.textualize.io", "")


def _visible(svg: str) -> str:
    """What is written in a picture, without spaces and what lines are drawn with."""
    space = "{http://www.w3.org/2000/svg}"
    written = "".join("".join(e.itertext()) for e in ElementTree.fromstring(svg).iter(f"{space}text"))
    return re.sub(r"[^!-~]", "", written)
