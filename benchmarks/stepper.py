"""How large a stepper is and how long it takes to open: ``python benchmarks/stepper.py [--rounds 5]``.

A run of 10,000 iterations, and one of the gallery, are made into pages; each is opened in a headless Chromium (Debian's
packages chromium and chromium-driver, and selenium from the extra ``test``), from asking for the page until it can be
stepped, as the page's own clock tells, and then stepped forward and back 100 times.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from spawnlab.staging import Playable
from spawnlab.stepping.page import page_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' packages are found from there

from tests.spawnlab.stepping.reading import exchanges

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
READY = "return document.documentElement.dataset.ready ?? null"
STEP = """
const begin = performance.now();
for (let i = 0; i < 100; i++) document.getElementById(arguments[0]).click();
return (performance.now() - begin) / 100;
"""


def measure(name: str, what: Playable, rounds: int, folder: Path) -> None:
    """Make a page, open it so many times, and print a row."""
    begun = time.perf_counter()
    file = folder / f"{name}.html"
    file.write_text(page_of(what), encoding="utf-8")
    made = time.perf_counter() - begun
    opened: list[float] = []
    stepped: list[float] = []
    for _ in range(rounds):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in FLAGS:
            options.add_argument(flag)
        browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            browser.get(file.as_uri())
            while (
                ready := browser.execute_script("return Number(document.documentElement.dataset.ready ?? NaN)")
            ) != ready:
                time.sleep(0.01)
            opened.append(ready / 1000)
            stepped += [browser.execute_script(STEP, key) for key in ("forward", "back")]
        finally:
            browser.quit()
    size = file.stat().st_size
    row = f"{name:>12} {size:10,} bytes  made in {made:5.2f} s  opens in {statistics.median(opened):5.2f} s "
    print(f"{row}({max(opened):.2f} at the most)  a step takes {statistics.median(stepped):5.1f} ms")


def main() -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(description="How large a stepper is, and how long it takes to open.")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure("10,000 turns", exchanges(2500), options.rounds, Path(folder))
        measure("deadlock", "gallery:deadlock", options.rounds, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
