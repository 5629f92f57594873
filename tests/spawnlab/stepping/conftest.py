"""A browser for all tests that want one, and the pages that most of them open."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from spawnlab.stepping.page import page_of

from .browser import PAGES, Browser


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    made = Browser()
    made.size(1280, 900)
    yield made
    made.driver.quit()


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Generator[None]:
    """No test leaves anything in the console."""
    yield
    if "browser" in request.fixturenames:
        assert request.getfixturevalue("browser").console() == []


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made: dict[str, Path] = {}
    for name in PAGES:
        made[name] = folder / f"{name}.html"
        made[name].write_text(page_of(f"gallery:{name}"), encoding="utf-8")
    return made
