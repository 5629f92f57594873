"""Build the site: ``python docs/site/build.py [OUT]``, into ``build/site`` unless told.

It needs the extra ``docs``: ``pip install '.[docs]'`` in the checkout.

Pages come from ``docs/``, the README and the docstrings; the lessons are executed and the gallery is played and drawn
on the way. What the pages link to outside of ``docs/`` gets a page with the file in it. Any warning fails the build.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import spawnlab
from spawnlab.pictures.notebook import svg_of
from spawnlab.scenarios.gallery import entries
from spawnlab.vm.errors import SpawnlabError

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "build" / "pages"
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)")
LANGUAGES = {".toml": "toml", ".json": "json", ".yaml": "yaml", ".py": "python", ".c": "c", ".h": "c", ".rs": "rust"}
PARTS = {
    "Lessons": ["lessons/1_spawn_and_pipes", "lessons/2_why_it_deadlocks", "lessons/3_what_determinism_buys"],
    "How to": [
        "scenarios", "explain", "hints", "pictures", "stepper", "watch", "cost", "orders", "faults", "explore",
        "actors", "scheduler",
    ],
    "Reference": ["gallery", "python", "json", "isa"],
    "Background": ["architecture", "conformance", "differences", "reliability", "performance"],
}  # fmt: skip
MODULES = ("spawnlab.testing", "spawnlab.testing.strategies", "spawnlab.aio", "spawnlab.live")


def write(page: str, text: str) -> None:
    """A page, by its name with suffix."""
    file = PAGES / page
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def file_page(path: str) -> str:
    """Make the page of a file or folder of the repository; gives its name."""
    source = ROOT / path
    page = f"files/{path.strip('/')}.md"
    if source.is_dir():
        names = sorted(one.name for one in source.iterdir() if not one.name.startswith((".", "_")))
        write(page, f"---\norphan: true\n---\n# {path}\n\n" + "".join(f"* `{name}`\n" for name in names))
    else:
        language = LANGUAGES.get(source.suffix, "text")
        text = source.read_text(encoding="utf-8").rstrip("\n")
        write(page, f"---\norphan: true\n---\n# {path}\n\n`````{language}\n{text}\n`````\n")
    return page


def led(text: str, folder: Path) -> str:
    """A page's text, with links that lead out of ``docs/`` led to pages of the site; ``folder`` is where it lies."""

    def link(found: re.Match[str]) -> str:
        target = (folder / found[1]).resolve()
        path = target.relative_to(ROOT).as_posix()
        if path == "README.md":
            led_to = "index.md"
        elif path.startswith("docs/"):
            led_to = path.removeprefix("docs/")
        else:
            led_to = file_page(path)
        return f"](/{led_to}{found[2] or ''})" if led_to.endswith(".md") else f"](/{led_to})"

    return LINK.sub(link, text)


def gallery() -> str:
    """A picture of each scenario of the gallery."""
    parts = ["\n## All of them, drawn\n"]
    for entry in entries():
        try:
            run = spawnlab.run_synchronously(entry.file)
        except SpawnlabError as error:  # one in C, where there is no compiler
            parts.append(f"\n### {entry.name}\n\n{error}\n")
            continue
        write(f"pictures/gallery/{entry.name}.svg", svg_of(run))
        parts.append(f"\n### {entry.name}\n\n![{entry.title}](/pictures/gallery/{entry.name}.svg)\n")
    return "".join(parts)


def python() -> str:
    """Every public name, from its docstring."""
    lines = ["Python", "======", "", ".. currentmodule:: spawnlab", ""]
    for name in spawnlab.__all__:
        kind = "autoclass" if isinstance(getattr(spawnlab, name), type) else "autofunction"
        lines += [f".. {kind}:: spawnlab.{name}", ""]
    for module in MODULES:
        lines += [module, "-" * len(module), "", f".. automodule:: {module}", "   :no-index:", ""]
    return "\n".join(lines)


def contents() -> str:
    """The table of contents, part by part."""
    known = {page.stem for page in (ROOT / "docs").glob("*.md")} | {"python"}
    parts: list[str] = []
    for part, pages in PARTS.items():
        listed = [page for page in pages if page in known or page.startswith("lessons/")]
        parts += ["```{toctree}", f":caption: {part}", ":hidden:", "", *listed, "```", ""]
    return "\n".join(parts)


def main() -> int:
    """Bring the pages together and build; gives Sphinx's exit status."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    shutil.rmtree(PAGES, ignore_errors=True)
    for page in sorted((ROOT / "docs").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        write(page.name, led(text, page.parent) + (gallery() if page.stem == "gallery" else ""))
    for picture in sorted((ROOT / "docs").rglob("*.svg")):
        write(picture.relative_to(ROOT / "docs").as_posix(), picture.read_text(encoding="utf-8"))
    for lesson in sorted((ROOT / "docs" / "lessons").glob("*.ipynb")):
        write(f"lessons/{lesson.name}", lesson.read_text(encoding="utf-8"))
    write("scenario.schema.json", (ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8"))
    write("index.md", led((ROOT / "README.md").read_text(encoding="utf-8"), ROOT) + "\n" + contents())
    write("python.rst", python())
    shutil.copy(ROOT / "docs" / "site" / "conf.py", PAGES / "conf.py")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(PAGES), str(out)]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
