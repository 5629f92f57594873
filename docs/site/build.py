"""Build the site: ``python docs/site/build.py [OUT]``, into ``build/site`` unless told.

It needs the extra ``docs``: ``pip install '.[docs]'`` in the checkout.

Pages come from ``docs/``, the README and the docstrings; the lessons are executed, and the gallery is played and drawn
on the way, with a stepper for each scenario. What the pages link to outside of ``docs/`` gets a page with the file in
it. Any warning, and any link that leads nowhere, fails the build.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from dead_links import dead_links
from gallery_pages import stepper_frame, write_gallery
from paths import LANGUAGES, PAGES, ROOT, write

import spawnlab

DOCS, SITE = ROOT / "docs", ROOT / "docs" / "site"
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)")
PARTS = {
    "Start": ["Install and first runs <readme>"],
    "Lessons": [
        "lessons/1_spawn_and_pipes", "lessons/2_why_it_deadlocks", "lessons/3_what_determinism_buys",
        "lessons/solutions", "lessons/teaching",
    ],
    "How to": [
        "scenarios", "transactions", "explain", "hints", "pictures", "stepper", "watch", "cost", "orders", "faults",
        "explore", "actors", "scheduler", "debugger",
    ],
    "Reference": ["gallery", "python", "json", "isa"],
    "Background": ["architecture", "conformance", "differences", "reliability", "performance"],
}  # fmt: skip
MODULES = ("spawnlab.testing", "spawnlab.testing.strategies", "spawnlab.aio", "spawnlab.live")
COPIED = (".svg", ".png", ".ipynb")


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
            led_to = "readme.md"
        elif path.startswith("docs/"):
            led_to = path.removeprefix("docs/")
        else:
            led_to = file_page(path)
        return f"](/{led_to}{found[2] or ''})" if led_to.endswith((".md", ".ipynb")) else f"](/{led_to})"

    return LINK.sub(link, text)


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
    parts: list[str] = []
    for part, pages in PARTS.items():
        parts += ["```{toctree}", f":caption: {part}", ":hidden:", "", *pages, "```", ""]
    return "\n".join(parts)


def with_stepper(text: str) -> str:
    """The page about the stepper, with one below its title."""
    title, _, rest = text.partition("\n")
    return f"{title}\n\n{stepper_frame('ring_of_three', 'a ring of three that wait to read')}\n{rest}"


def write_pages() -> None:
    """All that Sphinx is to read."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for page in sorted([*DOCS.glob("*.md"), *(DOCS / "lessons").glob("*.md")]):
        text = led(page.read_text(encoding="utf-8"), page.parent)
        write(page.relative_to(DOCS).as_posix(), with_stepper(text) if page.stem == "stepper" else text)
    write_gallery(led((DOCS / "gallery.md").read_text(encoding="utf-8"), DOCS))
    for file in sorted(file for file in DOCS.rglob("*.*") if file.suffix in COPIED):
        (PAGES / file.relative_to(DOCS).parent).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, PAGES / file.relative_to(DOCS))
    for file in (DOCS / "scenario.schema.json", SITE / "conf.py"):
        shutil.copy(file, PAGES / file.name)
    write("_static/site.css", (SITE / "site.css").read_text(encoding="utf-8"))
    write("readme.md", led((ROOT / "README.md").read_text(encoding="utf-8"), ROOT))
    write("index.md", led((SITE / "index.md").read_text(encoding="utf-8"), SITE) + "\n" + contents())
    write("python.rst", python())


def main() -> int:
    """Bring the pages together and build; gives Sphinx's exit status, or 1 for dead links."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    write_pages()
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(PAGES), str(out)]
    status = subprocess.run(command, check=False).returncode
    dead = dead_links(out)
    for page, target in dead:
        print(f"{page}: {target} leads nowhere", file=sys.stderr)
    return status or (1 if dead else 0)


if __name__ == "__main__":
    sys.exit(main())
