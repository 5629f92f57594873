"""The page's program and style: all of the files are in it, and colours can be told from the ground."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from spawnlab.stepping.joining import SCRIPTS, STYLES, program, style

ASSETS = files("spawnlab.stepping") / "assets"


def test_all_files_are_joined() -> None:
    wanted = {f"{name}.js" for name in SCRIPTS} | {f"{name}.css" for name in STYLES} | {"stepper.html.j2"}
    assert {file.name for file in ASSETS.iterdir()} == wanted
    for name in SCRIPTS:
        assert (ASSETS / f"{name}.js").read_text(encoding="utf-8") in program()
    for name in STYLES:
        assert (ASSETS / f"{name}.css").read_text(encoding="utf-8") in style()


def test_nothing_is_fetched() -> None:
    addresses = set(re.findall(r"https?://[^\s\"']+", program() + style()))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of a language, that nobody asks for


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours(selector: str) -> dict[str, str]:
    block = re.search(re.escape(selector) + r" \{([^}]*)\}", style())
    assert block is not None
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[1]))


@pytest.mark.parametrize("selector", [":root", ':root[data-theme="dark"]', ':root, :root[data-theme="dark"]'])
def test_what_matters_can_be_told_from_the_ground(selector: str) -> None:
    found = colours(selector)
    for name in ("runs", "ready", "reads", "writes", "waits", "stuck", "bytes", "border", "accent"):
        assert contrast(found[name], found["back"]) >= 3, name
    for name in ("reads", "writes", "waits"):
        assert contrast(found[name], found[f"{name}-ground"]) >= 2, name
    for name in ("front", "soft"):
        assert min(contrast(found[name], found[ground]) for ground in ("back", "panel", "mark")) >= 4.5, name


def test_each_way_of_waiting_has_a_pattern_of_its_own() -> None:
    angles = re.findall(
        r"\.swatch\.(reads|writes|waits)[^{]*\{ background: repeating-linear-gradient\((\d+deg)", style()
    )
    assert len(angles) == len({angle for _, angle in angles}) == 3
