"""The page in a real browser: it steps both ways, can be linked to, shows the deadlock, and is for everyone."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from spawnlab.play import run_synchronously
from spawnlab.recording import Recording
from spawnlab.scenarios import steps as s
from spawnlab.scenarios.model import Program, Scenario
from spawnlab.scheduler.events import Resumed
from spawnlab.stepping.page import page_of, page_of_recording

from .browser import NPM, PAGES, Browser
from .reading import exchanges


def shown(browser: Browser) -> str:
    """All that depends on the step."""
    return browser.do(
        "return ['step', 'log', 'vms', 'pipes', 'kinds', 'source', 'registers', 'memory', 'graph']"
        ".map((id) => document.getElementById(id).outerHTML).join('\\n')"
    )


@pytest.mark.parametrize("name", PAGES)
def test_back_is_what_forward_was(browser: Browser, pages: dict[str, Path], name: str) -> None:
    browser.open(pages[name])
    browser.do("for (const one of document.querySelectorAll('details')) one.open = true")
    last = int(browser.do("return document.getElementById('slider').max"))
    turns = run_synchronously(f"gallery:{name}").outcome.iterations
    assert last in (turns, turns + 1)
    seen = [shown(browser)]
    for _ in range(last):
        browser.click("forward")
        seen.append(shown(browser))
    assert len(set(seen)) == len(seen)
    browser.click("forward")
    assert shown(browser) == seen[-1]
    for index in range(last - 1, -1, -1):
        browser.click("back")
        assert shown(browser) == seen[index], index
    browser.click("last")
    assert shown(browser) == seen[-1]
    browser.click("first")
    assert shown(browser) == seen[0]


def test_the_deadlock_is_shown(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["deadlock"])
    ring = "return document.querySelectorAll('#vms tr.ring, #graph > svg > path.ring').length"
    assert browser.do(ring) == 0
    browser.press("end", "left")
    assert browser.do(ring) == 0
    browser.press("right")
    assert browser.do(ring) == 4
    assert "deadlock: no VM can run" in browser.text("over")
    label = browser.do("return document.querySelector('#graph svg').getAttribute('aria-label')")
    assert label.startswith("No VM can run.")
    assert "VM 0 reads up to 8 bytes from fd 2 (from_child); write end 3: VM 1 (out)" in label
    assert "tried: in child: write to out first" in browser.do("return document.querySelector('.why').innerText")
    assert browser.do("return document.querySelector('#source .here code').innerText") == (
        '{ op = "read", fd = "from_child", size = 8 }'
    )


def test_a_link_leads_to_a_step_and_a_vm(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["pipeline"], "#step=12&vm=1")
    assert browser.text("step").startswith("after turn 12 of ")
    assert browser.text("h-source").startswith("Program of VM 1:")
    browser.press("right", "3")
    link = browser.do("return document.getElementById('link').href")
    assert link.endswith("#step=13&vm=3")
    assert browser.do("return location.href") == link
    browser.do("location.hash = '#step=2'")
    browser.until("return document.getElementById('step').innerText.includes('after turn 2 of')")
    for odd in ("#step=99999", "#step=-4", "#step=x&vm=77", "#&&&", "#step=1.5"):
        browser.do("location.hash = arguments[0]", odd)
        browser.until("return /: [0-9,]+ cycles/.test(document.getElementById('step').innerText)")


def test_the_keyboard_is_enough(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["pipeline"])
    browser.press("right", "right", "left")
    assert browser.text("step").startswith("after turn 1 of ")
    browser.press("end")
    assert browser.do("return document.getElementById('slider').value === document.getElementById('slider').max")
    browser.press("home", "2")
    browser.press("end", "2")
    assert browser.text("h-source").startswith("Program of VM 2:")
    browser.press("f")
    assert browser.text("h-source").startswith("Program of VM 0:")
    before = browser.do("return document.documentElement.dataset.theme")
    browser.press("d")
    assert browser.do("return document.documentElement.dataset.theme") != before


def test_it_plays_by_itself_to_the_end(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["deadlock"])
    browser.do("document.getElementById('speed').value = '20'")
    browser.press("space")
    browser.until("return document.getElementById('step').innerText.includes('the end')")
    browser.until("return document.getElementById('play-name').textContent === 'play'")


def test_registers_and_memory_are_the_machines(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["deadlock"], "#step=6&vm=0")
    browser.do("for (const one of document.querySelectorAll('details')) one.open = true")
    browser.until("return document.getElementById('memory').innerText.length > 100")
    assert "a7\n0x0000000000000a2e" in browser.text("registers")  # read
    browser.do(
        "const field = document.getElementById('address'); field.value = 'a2'; field.dispatchEvent(new Event('input'))"
    )
    first = browser.text("memory").splitlines()[0]
    assert first.split()[1:9] == ["08"] + ["00"] * 7  # the length that is wanted lies at a2
    browser.do(
        "const field = document.getElementById('address'); field.value = 'nothing'; "
        "field.dispatchEvent(new Event('input'))"
    )
    assert browser.text("memory") == "neither a number nor a register"


@pytest.mark.parametrize(("width", "height", "scale"), [(1024, 768, 1), (512, 384, 2), (1920, 1080, 1), (320, 600, 1)])
def test_nothing_is_beyond_the_window(
    browser: Browser, pages: dict[str, Path], width: int, height: int, scale: int
) -> None:
    browser.size(width, height, scale)
    for name in ("deadlock", "seventeen_vms"):
        browser.open(pages[name])
        browser.press("end")
        assert browser.do("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    browser.size(1280, 900)


def test_it_needs_nothing_else(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["pipeline"])
    assert browser.do("return performance.getEntriesByType('resource').length") == 0


def test_in_print_everything_is_open(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["deadlock"])
    assert not browser.do("return document.getElementById('whole').open")
    browser.do("dispatchEvent(new Event('beforeprint'))")
    assert browser.do("return document.getElementById('whole').open")
    browser.do("dispatchEvent(new Event('afterprint'))")
    assert not browser.do("return document.getElementById('whole').open")


def axe(browser: Browser) -> list[Any]:
    file = NPM / "axe-core" / "axe.min.js"
    if not file.exists():
        pytest.skip("no axe-core: .ci/tools installs it")
    browser.do(file.read_text(encoding="utf-8"))
    found = browser.driver.execute_async_script("axe.run().then((found) => arguments[0](found.violations))")  # pyright: ignore
    return [(one["id"], [node["target"] for node in one["nodes"]][:5]) for one in found]  # pyright: ignore


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["deadlock", "pipeline", "seventeen_vms", "assembly"])
def test_it_is_for_everyone(browser: Browser, pages: dict[str, Path], name: str, theme: str) -> None:
    browser.open(pages[name])
    browser.press("right", "right", "right", "end", "left")
    browser.do("document.documentElement.dataset.theme = arguments[0]", theme)
    browser.do("for (const one of document.querySelectorAll('details')) one.open = true")
    assert axe(browser) == []


def test_pages_are_valid_html(pages: dict[str, Path], tmp_path: Path) -> None:
    program, node = NPM / "html-validate" / "bin" / "html-validate.mjs", shutil.which("node")
    if node is None or not program.exists():
        pytest.skip("no html-validate: .ci/tools installs it")
    config = tmp_path / "config.json"
    rules = {"long-title": "off", "no-trailing-whitespace": "off", "require-sri": "off", "no-inline-style": "off"}
    config.write_text(json.dumps({"extends": ["html-validate:recommended"], "rules": rules, "root": True}))
    command = [node, str(program), "--config", str(config), *map(str, pages.values())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_run_of_ten_thousand_iterations(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "long.html"
    file.write_text(page_of(exchanges(2500)), encoding="utf-8")
    assert file.stat().st_size < 5_000_000
    browser.open(file, "#step=9999")
    assert "turn 9,999 of" in browser.text("step")
    browser.click("back")
    assert "turn 9,998 of" in browser.text("step")
    assert int(browser.do("return document.getElementById('slider').max")) > 10_000


def test_what_is_hypothetical_says_so(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "other.html"
    file.write_text(page_of("gallery:end_of_a_stream", policy="smallest", faults=["exit:1:3:4"]), encoding="utf-8")
    browser.open(file, "#step=4")
    said = browser.do("return document.querySelector('header').innerText")
    assert "hypothetical order: smallest" in said
    assert "hypothetical fault: exit:1:3:4 (in turn" in said
    browser.press("end")
    assert "hypothetical fault: exit:1:3:4" in browser.do("return document.querySelector('.ending').innerText")


def test_hostile_texts_are_texts(browser: Browser, tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=\"document.title='broken'\">{{ 7 * 7 }}\x1b[31m"
    steps = (s.Log(text=evil), s.Exit(code=3))
    scenario = Scenario(title=evil, programs={"root": Program(steps=steps)})
    file = tmp_path / "evil.html"
    file.write_text(page_of(scenario), encoding="utf-8")
    browser.open(file)
    browser.press("end", "left")
    assert browser.do("return document.images.length") == 0
    assert browser.do("return document.title").startswith("</script><img src=x")
    assert "{{ 7 * 7 }}\\x1b[31m" in browser.do("return document.querySelector('h1').innerText")


def test_a_kept_journal_has_a_page_too(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "journal.html"
    file.write_text(page_of_recording(Recording(journal=run_synchronously("gallery:relay").journal)), encoding="utf-8")
    browser.open(file, "#step=5")
    assert not browser.do("return document.getElementById('source-section').offsetParent")
    assert not browser.do("return document.getElementById('memory-section').offsetParent")
    assert "VM" in browser.text("log")


def test_a_journal_that_begins_later_can_be_stepped(browser: Browser, tmp_path: Path) -> None:
    journal = run_synchronously("gallery:suspended_well").journal
    later = next(number for number, one in enumerate(journal) if isinstance(one, Resumed))
    del journal.events[:later]
    file = tmp_path / "later.html"
    file.write_text(page_of_recording(Recording(journal=journal)), encoding="utf-8")
    browser.open(file)
    for _ in range(int(browser.do("return document.getElementById('slider').max"))):
        browser.click("forward")
    assert "ended with exit code 0" in browser.text("vms").replace("\n", " ")
    assert "exit code 0" in browser.do("return document.querySelector('.ending').innerText")


def test_a_page_in_a_sandbox_can_be_stepped(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    """As some notebooks show what is not theirs."""
    file = tmp_path / "sandbox.html"
    framed = html.escape(pages["deadlock"].read_text(encoding="utf-8"))
    frame = f'<iframe id="f" sandbox="allow-scripts" width="900" height="600" srcdoc="{framed}"></iframe>'
    file.write_text(f"<!DOCTYPE html><title>sandbox</title>{frame}", encoding="utf-8")
    browser.driver.get(file.as_uri())
    browser.driver.switch_to.frame("f")
    try:
        browser.until("return Boolean(document.documentElement.dataset.ready)")
        browser.click("last")
        assert browser.text("step").startswith("the end, nobody can run")
    finally:
        browser.driver.switch_to.default_content()
