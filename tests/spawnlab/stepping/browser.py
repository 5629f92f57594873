"""A real browser without a window, and pages that are opened in it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys

SECONDS = 60
NPM = Path(__file__).resolve().parents[2] / "npm" / "node_modules"
PAGES = (
    "deadlock", "pipeline", "seventeen_vms", "assembly", "python_program", "c_program", "suspended_badly", "exec",
    "wrong_format", "just_enough", "four_at_once",
)  # fmt: skip
"""Runs of the gallery whose pages are opened."""
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)  # fmt: skip
KEYS = {
    "left": Keys.ARROW_LEFT, "right": Keys.ARROW_RIGHT, "home": Keys.HOME, "end": Keys.END, "space": Keys.SPACE
}  # fmt: skip


class Browser:
    """Chromium, driven; what its console says is kept."""

    def __init__(self) -> None:
        chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if chromium is None or driver is None:
            pytest.skip("no chromium and chromedriver here")
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in _FLAGS:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(driver))

    def size(self, width: int, height: int, scale: float = 1) -> None:
        """The window in CSS pixels; at a scale of 2 it is what a zoom of 200 % leaves of twice as large a window."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)  # pyright: ignore

    def open(self, file: Path, hash_: str = "") -> None:
        """Open a page and wait until its program has begun."""
        self.driver.get("about:blank")
        self.driver.get(f"{file.as_uri()}{hash_}")
        self.until("return Boolean(document.documentElement.dataset.ready)")

    def until(self, script: str) -> None:
        """Wait until a script gives something true."""
        end = time.monotonic() + SECONDS
        while not self.do(script):
            assert time.monotonic() < end, (script, self.console())
            time.sleep(0.02)

    def do(self, script: str, *arguments: Any) -> Any:
        """Execute a script."""
        return self.driver.execute_script(script, *arguments)  # pyright: ignore

    def each(self, selector: str, of: str) -> list[Any]:
        """An expression of ``one``, for each element."""
        return self.do(f"return [...document.querySelectorAll(arguments[0])].map((one) => {of})", selector)

    def text(self, id_: str) -> str:
        """The text of an element."""
        return self.do("return document.getElementById(arguments[0]).innerText", id_)

    def media(self, kind: str = "", **features: str) -> None:
        """The medium that the page is shown on, and what its reader prefers; without anything, as at first."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": wanted})  # pyright: ignore

    def send(self, key: str) -> None:
        """Press a key in what is in focus."""
        self.driver.switch_to.active_element.send_keys(KEYS.get(key, key))

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, with nothing in focus."""
        self.do("document.activeElement.blur()")
        body = self.driver.find_element("css selector", "body")
        for key in keys:
            body.send_keys(KEYS.get(key, key))

    def click(self, id_: str) -> None:
        """Click on an element."""
        self.driver.find_element("id", id_).click()

    def console(self) -> list[str]:
        """What the console has said since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # pyright: ignore
