"""The gallery on the site: an index of small pictures, and a page for each scenario, with its stepper beside it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from paths import LANGUAGES, PAGES, ROOT, write

import spawnlab
from spawnlab.pictures.notebook import svg_of
from spawnlab.scenarios.gallery import Entry, entries, side_files
from spawnlab.vm.errors import SpawnlabError

_SHRUNK = 0.7
"""Of a picture's own width: narrower it is not shown, but scrolls."""


def write_gallery(text: str) -> None:
    """Write all pages of the gallery; ``text`` is ``docs/gallery.md``, of which the introduction is kept."""
    parts = [text.partition("\n## ")[0]]
    every = entries()
    for lesson, group in groupby(every, key=lambda entry: entry.lesson):
        cards = "".join(map(_card, group))
        parts.append(f'\n## {lesson.lstrip("0")}\n\n<div class="cards">\n{cards}</div>\n')
    names = "\n".join(f"gallery/{entry.name}" for entry in every)
    parts.append(f"\n```{{toctree}}\n:hidden:\n\n{names}\n```\n")
    write("gallery.md", "\n".join(parts))
    for entry in every:
        write(f"gallery/{entry.name}.md", "\n".join(_page(entry)))


def stepper_frame(name: str, title: str) -> str:
    """A stepper within a page at the top of the site, and a link to it alone."""
    where = f"steppers/{name}.html"
    return (
        f'<iframe class="stepper" src="{where}" title="Stepper" loading="lazy"></iframe>\n\n'
        f'<p><a href="{where}" target="_blank">Open it in a window of its own</a>: '
        f"{html.escape(title)} (<code>gallery:{name}</code>).</p>\n"
    )


def _card(entry: Entry) -> str:
    """HTML, since it is a link as a whole."""
    return (
        f'<a class="card" href="gallery/{entry.name}.html">'
        f'<img src="timelines/{entry.name}.svg" alt="" loading="lazy">'
        f"<strong>{html.escape(entry.title)}</strong><code>{entry.name}</code></a>\n"
    )


def _page(entry: Entry) -> Iterator[str]:
    """Why it is there, what happens, how it ends, and its files. Its pictures and its stepper are written too."""
    yield f"# {entry.title}\n"
    yield f"*Lesson {entry.lesson.lstrip('0')}*\n"
    yield f"{entry.why}\n"
    yield f"```text\nspawnlab run gallery:{entry.name}\n```\n"
    try:
        run = spawnlab.run_synchronously(entry.file)
    except SpawnlabError as error:  # one in C, where there is no compiler
        _extra(f"timelines/{entry.name}.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')
        yield f"It could not be played when this page was made: {error}\n"
    else:
        svg = svg_of(run)
        _extra(f"timelines/{entry.name}.svg", svg)
        _extra(f"steppers/{entry.name}.html", spawnlab.stepper(entry.file).html)
        yield f'<p><a class="button" href="../steppers/{entry.name}.html">Step through it</a></p>\n'
        yield "## What happens\n"
        yield _figure(entry, svg)
        yield "## How it ends\n"
        yield f"```text\n{spawnlab.why(run)}\n```\n"
    yield "## The file\n"
    yield from _files(Path(entry.file))


def _figure(entry: Entry, svg: str) -> str:
    width = re.search(r'<svg[^>]* width="([\d.]+)"', svg)
    least = f' style="min-width:{_SHRUNK * float(width[1]):.0f}px"' if width else ""
    where = f"../timelines/{entry.name}.svg"
    title = html.escape(f"Timeline: {entry.title}", quote=True)
    return f'<div class="picture"><a href="{where}"><img src="{where}" alt="{title}"{least}></a></div>\n'


def _files(file: Path) -> Iterator[str]:
    """The scenario, and what its programs are in beside it."""
    for one in (file, *(file.parent / name for name in side_files(spawnlab.load(file).scenario))):
        name = one.resolve().relative_to(ROOT).as_posix()
        text = one.read_text(encoding="utf-8").rstrip("\n")
        yield f"`{name}`\n\n`````{LANGUAGES.get(one.suffix, 'text')}\n{text}\n`````\n"


def _extra(name: str, text: str) -> None:
    """A file that the site has beside its pages, as it is."""
    file = PAGES / "extra" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
