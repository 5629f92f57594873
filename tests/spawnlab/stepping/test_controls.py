"""Going from turn to turn: buttons, keys, focus, links, and what is said aloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .browser import Browser
from .reading import Seen, captured

COUNT_SPOKEN = """
window.spoken = 0;
const live = document.querySelectorAll('output, [role=status], [role=alert], [role=log], [aria-live]');
const seen = () => { window.spoken++; };
const all = { childList: true, characterData: true, subtree: true };
for (const one of live) new MutationObserver(seen).observe(one, all);
return live.length;
"""


def at(browser: Browser) -> int:
    return int(browser.do("return document.getElementById('slider').value"))


def test_play_becomes_pause(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["pipeline"])
    icons = ("#play svg", "getComputedStyle(one).display")
    name = "return document.getElementById('play').textContent"
    assert (browser.do(name), browser.each(*icons)) == ("play", ["block", "none"])
    browser.do("document.getElementById('speed').value = '1'")
    browser.click("play")
    assert (browser.do(name), browser.each(*icons)) == ("pause", ["none", "block"])
    assert "pause" in browser.do("return document.getElementById('play').title")
    browser.click("play")
    assert browser.do(name) == "play"
    assert at(browser) < 5


def test_the_turn_is_named_so_that_nobody_takes_its_end_for_its_beginning(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["deadlock"], "#step=3")
    assert browser.text("step") == "after turn 3 of 6 (VM 0): 104,260 cycles"
    browser.press("home")
    assert browser.text("step") == "before the first turn: 0 cycles"
    browser.press("end")
    assert browser.text("step") == "the end, nobody can run: 108,386 cycles"


def test_a_vm_has_one_total(browser: Browser, pages: dict[str, Path]) -> None:
    """Also where others were swapped for it."""
    browser.open(pages["pipeline"])
    ends = "[one.cells[0].innerText, one.cells[one.cells.length - 1].innerText]"
    vms: list[Any] = []
    for _ in range(30):
        browser.click("forward")
        vms, kinds = browser.each("#vms tbody tr", ends), browser.each("#kinds tbody tr", ends)
        assert [row for row in vms if row[1] != "0"] == kinds[:-1]
    assert any(cycles == "507,341" for _, cycles in vms)  # with its swaps
    meanings = browser.each("#kinds th[title]", "[one.innerText, one.title]")
    assert dict(meanings)["swap"] == "100,000 each time this VM was swapped out or in, whoever had the turn"
    shown = browser.do("return document.getElementById('kinds-help').textContent")
    assert all(meaning in shown for _, meaning in meanings)


def test_focus_stays_on_the_tab(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["pipeline"], "#step=12")
    browser.do("document.querySelectorAll('#tabs button')[2].focus()")
    for key in ("right", "right", "left"):
        browser.send(key)
        assert browser.do("return document.activeElement.textContent") == "VM 2"
    assert at(browser) == 13


@pytest.mark.parametrize(
    ("panel", "key"), [("vms", "right"), ("vms", "left"), ("log-box", "end"), ("log-box", "space")]
)
def test_a_panel_that_can_scroll_keeps_its_keys(browser: Browser, pages: dict[str, Path], panel: str, key: str) -> None:
    focus = "document.getElementById(arguments[0]).closest('.scroll').focus()"
    browser.size(320, 600)
    browser.open(pages["suspended_badly"], "#step=18")
    browser.do(focus, panel)
    browser.send(key)
    assert at(browser) == 18
    assert not browser.do("return document.getElementById('play').classList.contains('playing')")
    browser.size(1600, 1200)
    browser.open(pages["suspended_badly"], "#step=3")
    browser.do(focus, panel)
    browser.send("right")
    assert at(browser) == 4  # there is nothing to scroll
    browser.size(1280, 900)


def test_a_turn_is_announced_once(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["pipeline"])
    assert browser.do(COUNT_SPOKEN) == 1
    for count, key in enumerate(["right", "right", "left", "n", "t"], 1):
        browser.press(key)
        browser.until(f"return window.spoken === {count}")
    browser.do("document.getElementById('slider').focus()")
    before = browser.do("return window.spoken")
    browser.send("right")
    browser.until("return document.getElementById('said').textContent === ''")  # the slider says it
    (said,) = browser.each("#slider", "one.getAttribute('aria-valuetext')")
    assert said.startswith("after turn ")
    assert browser.do("return window.spoken") == before + 1  # emptied


def test_nothing_is_announced_while_it_plays_fast(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["pipeline"])
    browser.do(COUNT_SPOKEN)
    browser.do("document.getElementById('speed').value = '100'")
    browser.press("space")
    browser.until("return document.getElementById('play-name').textContent === 'play'")
    assert at(browser) == 30
    assert browser.do("return window.spoken") == 1  # where it has come to


def test_the_next_transfer_and_the_next_turn_of_a_vm(browser: Browser, pages: dict[str, Path]) -> None:
    frames = captured("gallery:pipeline").frames
    moves = [index for index, one in enumerate(frames) if any("moved" in pipe for pipe in one.pipes.values())]
    turns = [index for index, one in enumerate(frames) if one.vm == 3]
    browser.open(pages["pipeline"])
    for index in moves:
        browser.click("next-transfer")
        assert at(browser) == index
    assert browser.do("return document.getElementById('next-transfer').getAttribute('aria-disabled')") == "true"
    browser.open(pages["pipeline"], "#step=0&vm=3")
    for index in turns:
        browser.press("n")
        assert at(browser) == index
    browser.press("n")
    assert at(browser) == turns[-1]


def test_a_vm_that_is_not_there_yet_is_said_to_be_so(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["deadlock"], "#step=0&vm=1")
    assert browser.text("h-source") == "Program of VM 1"
    assert browser.text("unborn").startswith("VM 1 is not there yet: it is made in turn 3.")
    browser.do("document.querySelector('#unborn button').click()")
    assert at(browser) == 3
    assert browser.text("h-source") == "Program of VM 1: child (operations)"
    assert browser.text("unborn") == ""


def test_what_is_marked_is_said(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["c_program"], "#step=8")
    assert browser.text("where") == "marked: its last call; it has ended"
    browser.open(pages["four_at_once"], "#step=26")
    assert browser.text("where") == "marked: where it ended"
    assert browser.do("return document.querySelector('#source .here').innerText").strip() == "(the end)"
    browser.open(pages["python_program"], "#step=2")
    assert browser.text("where") == "marked: its call in this turn"
    assert "9" in browser.do("return document.querySelector('#source .here .label').innerText")


def test_fds_have_the_names_of_their_programs(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["deadlock"], "#step=7")
    assert "2 from_child, 5 to_child" in browser.text("vms")
    assert "reads up to 8 bytes from fd 4 (in); write end 5: VM 0 (to_child)" in browser.text("vms").replace("\n", " ")
    assert "VM 1: fd 3 out" in browser.text("pipes")


@pytest.mark.parametrize("name", ["deadlock", "suspended_badly"])
def test_at_a_deadlock_everybody_looks_stuck(browser: Browser, pages: dict[str, Path], name: str) -> None:
    browser.open(pages[name])
    browser.press("end")
    assert "can run" not in browser.text("vms").replace("nobody can run", "")
    assert "had the turn" not in browser.text("vms")
    seen = Seen()
    for frame in captured(f"gallery:{name}").frames:
        seen.add(frame)
    kinds = browser.each("#vms .state", "one.className")
    assert kinds == [f"state {fields['state']}" for fields in seen.vms.values()]
    boxes = browser.each("#graph g", "one.getAttribute('class')")
    assert len(boxes) == len(seen.vms)
    assert all("stuck" in box and "now" not in box for box in boxes)
    assert browser.do("return document.querySelectorAll('#graph > svg > path.ring').length") == 2
