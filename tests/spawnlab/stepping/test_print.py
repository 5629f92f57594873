"""On paper: all panels whole, filled, and in the type that they have on a screen."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from spawnlab.stepping.page import page_of

from .browser import Browser
from .reading import exchanges

CUT = """
return [...document.querySelectorAll('main *')].filter((one) => {
  const style = getComputedStyle(one);
  const cuts = !['visible', 'clip'].includes(style.overflowX) || !['visible', 'clip'].includes(style.overflowY);
  return one.checkVisibility() && cuts && !one.classList.contains('sr') && !['INPUT', 'svg'].includes(one.tagName)
    && (one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1);
}).map((one) => one.id || one.tagName);
"""


@pytest.fixture
def paper(browser: Browser) -> Generator[Browser]:
    browser.size(720, 1000)  # a page of A4
    yield browser
    browser.media()
    browser.size(1280, 900)


@pytest.mark.parametrize("name", ["deadlock", "seventeen_vms", "pipeline", "c_program"])
def test_panels_are_whole(paper: Browser, pages: dict[str, Path], name: str) -> None:
    paper.open(pages[name], "#step=20")
    paper.media("print")
    paper.do("dispatchEvent(new Event('beforeprint'))")
    assert paper.do(CUT) == []
    assert paper.do("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    weight = "return getComputedStyle(document.querySelector(arguments[0])).fontWeight"
    for selector in ("#vms td", "#pipes td, #kinds td", "#source li:last-child code", "#log li"):
        assert paper.do(weight, selector) == "400", selector
    assert not any(paper.each("#controls button, #more, #help", "one.checkVisibility()"))
    paper.do("dispatchEvent(new Event('afterprint'))")


def test_registers_and_memory_are_filled(paper: Browser, pages: dict[str, Path]) -> None:
    paper.open(pages["deadlock"], "#step=6")
    assert paper.do("return document.getElementById('registers').children.length") == 0
    paper.do("dispatchEvent(new Event('beforeprint'))")
    assert paper.do("return document.getElementById('registers').children.length") == 33
    assert paper.do("return document.getElementById('memory').children.length") == 16
    paper.do("dispatchEvent(new Event('afterprint'))")
    assert not paper.do("return document.getElementById('registers-details').open")


def test_the_printer_s_own_event_fills_them_too(paper: Browser, pages: dict[str, Path]) -> None:
    paper.open(pages["deadlock"], "#step=6")
    filled = "document.getElementById('registers').children.length"
    paper.do(f"addEventListener('afterprint', () => {{ window.filled = {filled}; }})")
    paper.driver.execute_cdp_cmd("Page.printToPDF", {})  # pyright: ignore
    paper.until("return window.filled === 33")


def test_the_page_has_not_loaded_before_its_data_are_read(browser: Browser, tmp_path: Path) -> None:
    """So that who prints it as soon as it has loaded, as ``chromium --print-to-pdf`` does, gets all of it."""
    file = tmp_path / "long.html"
    file.write_text(page_of(exchanges(1500)), encoding="utf-8")
    note = "addEventListener('load', () => { window.readyAtLoad = Boolean(document.documentElement.dataset.ready) })"
    added = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": note})  # pyright: ignore
    browser.open(file)
    browser.until("return document.readyState === 'complete' && window.readyAtLoad !== undefined")
    assert browser.do("return window.readyAtLoad")
    browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": added["identifier"]})  # pyright: ignore
