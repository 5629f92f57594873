"""What can be seen: where the graph stands, how small its print is, patterns and labels, on small screens too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spawnlab.stepping.page import page_of

from .browser import Browser
from .reading import exchanges

PIXELS = """
const strip = document.getElementById('strip'), copy = document.createElement('canvas'), colours = {};
const [x, y, w, h] = [...arguments].map((n) => Math.round(n * devicePixelRatio));
[copy.width, copy.height] = [w, h];
const pen = copy.getContext('2d', { willReadFrequently: true });
pen.drawImage(strip, -x, -y);
const found = pen.getImageData(0, 0, w, h).data;
for (let i = 0; i < found.length; i += 4) {
  const name = '#' + [0, 1, 2].map((k) => found[i + k].toString(16).padStart(2, '0')).join('');
  colours[name] = (colours[name] || 0) + 1;
}
return colours;
"""
"""How many pixels of each colour a part of the strip has."""
GUTTER = 46
BOX = "one.children[1].x.baseVal.value, one.children[1].y.baseVal.value"
SCALE = """
const svg = document.querySelector('#graph svg');
return svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
"""


def colour(browser: Browser, name: str) -> str:
    script = "return getComputedStyle(document.documentElement).getPropertyValue('--' + arguments[0]).trim()"
    return browser.do(script, name)


def rect(browser: Browser, selector: str) -> dict[str, float]:
    return browser.do("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1024, 768)])
@pytest.mark.parametrize("name", ["deadlock", "pipeline", "suspended_badly"])
def test_the_graph_is_seen_at_once_and_stays_where_it_is(
    browser: Browser, pages: dict[str, Path], name: str, width: int, height: int
) -> None:
    browser.size(width, height)
    browser.open(pages[name])
    spots: set[tuple[Any, ...]] = set()
    boxes: dict[str, tuple[float, float]] = {}
    for _ in range(int(browser.do("return document.getElementById('slider').max"))):
        browser.click("forward")
        graph = rect(browser, "#graph")
        spots.add(tuple(graph[side] for side in ("x", "y", "width", "height")))
        for vm, x, y in browser.each("#graph g", f"[one.children[2].textContent, {BOX}]"):
            assert boxes.setdefault(vm.split(" ")[1], (x, y)) == (x, y)
    ((_, top, _, high),) = spots
    assert 0 < top < top + high <= height
    browser.size(1280, 900)


@pytest.mark.parametrize("name", ["pipeline", "seventeen_vms", "deadlock"])
def test_small_print_can_be_read(browser: Browser, pages: dict[str, Path], name: str) -> None:
    browser.size(1024, 768)
    browser.open(pages[name], "#step=6")
    scale = browser.do(SCALE)
    assert min(size * scale for size in browser.each("#graph text", "parseFloat(getComputedStyle(one).fontSize)")) >= 11
    halos = browser.each("#graph .label", "getComputedStyle(one).paintOrder")
    assert halos
    assert all(halo.startswith("stroke") for halo in halos)
    browser.size(1280, 900)


def test_a_chain_goes_to_the_right(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["pipeline"])
    browser.press("end")
    boxes = browser.each("#graph g", f"[{BOX}]")
    assert [x for x, _ in boxes] == sorted({x for x, _ in boxes})
    assert len({y for _, y in boxes}) == 1


@pytest.mark.parametrize("name", ["deadlock", "pipeline", "seventeen_vms"])
def test_the_legend_has_what_is_drawn(browser: Browser, pages: dict[str, Path], name: str) -> None:
    browser.open(pages[name])
    legend = set(browser.each("#graph-legend path", "one.getAttribute('class')"))
    drawn: set[str] = set()
    for _ in range(int(browser.do("return document.getElementById('slider').max"))):
        browser.click("forward")
        drawn |= set(browser.each("#graph > svg > path", "one.getAttribute('class')"))
    assert {"spawned", "pipe"} <= drawn
    assert drawn <= legend
    assert "5→4: from write end fd 5 to read end fd 4" in browser.text("graph-legend")


def test_the_strip_has_labels_patterns_and_a_column_for_the_deadlock(browser: Browser, pages: dict[str, Path]) -> None:
    browser.size(1366, 768)
    browser.open(pages["deadlock"], "#step=1")
    wide = browser.do("return document.getElementById('strip').clientWidth")
    each = (wide - GUTTER) / 8
    for row in range(2):
        assert len(browser.do(PIXELS, 0, 2 + 16 * row, GUTTER - 4, 13)) > 1  # "VM 0"
    waiting = browser.do(PIXELS, GUTTER + 6 * each + 8, 20, each - 16, 10)
    assert {colour(browser, "reads"), colour(browser, "reads-ground")} <= set(waiting)
    running = browser.do(PIXELS, GUTTER + 6 * each + 8, 4, each - 16, 10)
    assert set(running) == {colour(browser, "runs")}
    stuck = colour(browser, "stuck")
    assert stuck in browser.do(PIXELS, wide - 10, 1, 10, 34)
    assert stuck not in browser.do(PIXELS, GUTTER, 1, 6 * each, 34)
    assert "nobody can run" in browser.text("legend")
    browser.size(1280, 900)


def test_columns_that_turns_share_show_whose_they_are(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "long.html"
    file.write_text(page_of(exchanges(1000)), encoding="utf-8")
    browser.open(file)
    for row in range(2):  # each has about half of the turns
        found = browser.do(PIXELS, GUTTER + 100, 2 + 16 * row, 400, 13)
        assert 0.3 < found[colour(browser, "runs")] / sum(found.values()) < 0.7
    assert "several turns to a column" in browser.text("legend")
    assert browser.do("return document.querySelectorAll('.whole tbody tr').length") < 30


@pytest.mark.parametrize(("width", "height", "scale"), [(375, 667, 2), (512, 384, 2), (320, 600, 1)])
def test_on_small_screens(browser: Browser, pages: dict[str, Path], width: int, height: int, scale: int) -> None:
    browser.size(width, height, scale)
    browser.open(pages["deadlock"], "#step=7")
    assert rect(browser, "#vms td.states")["width"] >= 130
    assert rect(browser, "#controls")["height"] <= height / 5
    browser.do("scrollTo(0, 500)")
    assert rect(browser, "#controls")["top"] == 0  # it stays at hand
    assert browser.do("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    browser.size(1280, 900)


def test_the_lesson_is_on_the_page(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["python_program"])
    said = browser.do("return document.querySelector('.about').innerText")
    assert said.startswith("A VM can be played by an async def function, beside others")
    assert browser.do("return document.querySelector('.about code').innerText") == "async def"


def test_forced_colours_leave_what_has_a_meaning(browser: Browser, pages: dict[str, Path]) -> None:
    browser.media(forced_colors="active")
    browser.open(pages["deadlock"], "#step=7")
    assert browser.do("return matchMedia('(forced-colors: active)').matches")
    style = "return getComputedStyle(document.querySelector(arguments[0]), arguments[1])[arguments[2]]"
    assert "gradient" in browser.do(style, ".swatch.reads", None, "backgroundImage")
    assert browser.do(style, ".swatch.runs", None, "backgroundColor") == "rgb(0, 114, 178)"
    assert "gradient" in browser.do(style, "#vms .state", "::before", "backgroundImage")
    assert browser.do(style, "#vms tr.ring th", None, "borderLeftWidth") > "3px"
    assert browser.do(style, "#graph > svg > path.ring", None, "stroke") == "rgb(179, 38, 30)"
    pressed = browser.do(style, "#tabs [aria-pressed=true]", None, "backgroundColor")
    assert pressed != browser.do(style, "#tabs [aria-pressed=false]", None, "backgroundColor")
    browser.media()
