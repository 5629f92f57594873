"""What the site is made of beside the documents themselves: the gallery's pages, and links that lead somewhere."""
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# docs/site is no package: its files are found where they lie.

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import spawnlab
from spawnlab.scenarios.gallery import entries

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "site"
MODULES = [file.stem for file in SITE.glob("*.py")]
SHOWN = ("deadlock", "parent_child", "python_program", "in_yaml")


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A function that imports a module of ``docs/site``; pages are written to a folder of the test's own."""
    monkeypatch.syspath_prepend(str(SITE))
    kept = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}  # there is a package `build`
    for name in ("paths", "gallery_pages", "build"):
        module = importlib.import_module(name)
        if hasattr(module, "PAGES"):
            monkeypatch.setattr(module, "PAGES", tmp_path)
    yield importlib.import_module
    for name in MODULES:
        sys.modules.pop(name, None)
    sys.modules.update(kept)


def test_links_that_lead_nowhere_are_found(site: Any, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.html").write_text(
        '<a class="x" href="sub/b.html#there">b</a> <a href="https://example.org/none">w</a> <a href="#here">h</a>'
        '<img src="a%20b.svg"> <iframe title="x" src="gone.html"></iframe> <a href="mailto:x@example.org">m</a>'
    )
    (tmp_path / "a b.svg").write_text("")
    (tmp_path / "sub" / "b.html").write_text('<a href="../a.html?x=1">a</a><img alt="y" src="../c.png">')
    assert site("dead_links").dead_links(tmp_path) == [("a.html", "gone.html"), ("sub/b.html", "../c.png")]


def test_each_scenario_has_a_card_a_page_a_picture_and_a_stepper(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = site("gallery_pages")
    shown = [entry for entry in entries() if entry.name in SHOWN]
    monkeypatch.setattr(pages, "entries", lambda: shown)
    pages.write_gallery("# The gallery\n\nAn introduction.\n\n## 1 First pipe\n\n* a list\n")
    index = (tmp_path / "gallery.md").read_text()
    assert index.startswith("# The gallery\n\nAn introduction.\n")
    assert "a list" not in index
    assert re.findall(r"^gallery/(\w+)$", index, re.MULTILINE) == [entry.name for entry in shown]
    for entry in shown:
        assert f'<a class="card" href="gallery/{entry.name}.html"><img src="timelines/{entry.name}.svg"' in index
        page = (tmp_path / "gallery" / f"{entry.name}.md").read_text()
        assert page.startswith(f"# {entry.title}\n")
        assert entry.why in page
        assert Path(entry.file).read_text().rstrip() in page
        assert spawnlab.why(spawnlab.run_synchronously(entry.file)) in page
        assert f'href="../steppers/{entry.name}.html"' in page
        assert spawnlab.stepper(entry.file).html == (tmp_path / f"extra/steppers/{entry.name}.html").read_text()
        assert (tmp_path / "extra" / "timelines" / f"{entry.name}.svg").read_text().startswith("<svg")
    assert "async def" in (tmp_path / "gallery" / "python_program.md").read_text(), "its functions' file is shown"


def test_the_page_about_the_stepper_has_one(site: Any) -> None:
    text = site("build").with_stepper("# The stepper\n\nText.\n")
    assert text.startswith("# The stepper\n\n<iframe")
    assert text.endswith("\nText.\n")
    (name,) = re.findall(r'<iframe[^>]* src="steppers/(\w+)\.html"', text)
    assert name in [entry.name for entry in entries()]


def test_every_document_is_in_the_contents(site: Any) -> None:
    """One that is not would fail the build."""
    listed = {page.rpartition("<")[2].rstrip(">") for pages in site("build").PARTS.values() for page in pages}
    documents = {page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in (ROOT / "docs").glob("*.md")}
    lessons = {f"lessons/{file.stem}" for file in (ROOT / "docs" / "lessons").iterdir()}
    assert listed == documents | lessons | {"python", "readme"}
