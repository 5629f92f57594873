"""The gallery that comes with the package: scenarios by name, grouped as lessons; and folders of one's own."""

from __future__ import annotations

from pathlib import Path

import msgspec

from .errors import ScenarioError
from .formats import SUFFIXES
from .load import load_scenario
from .model import Scenario
from .names import nearest

FOLDER = Path(__file__).parent / "gallery"
PREFIX = "gallery:"
"""Before a name, where a file is wanted."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario of a folder; ``error`` where it can't be read."""

    name: str
    file: str
    lesson: str = ""
    title: str = ""
    why: str = ""
    error: str | None = None


def names() -> list[str]:
    """The gallery's scenarios."""
    return [file.stem for file in _files(FOLDER)]


def gallery_file(name: str) -> Path:
    """A scenario of the gallery; raises :class:`ScenarioError` for a name that it has not."""
    for file in _files(FOLDER):
        if file.stem == name:
            return file
    raise ScenarioError(f"the gallery has no {name!r}{nearest(name, names())}", file=PREFIX + name)


def resolve(file: str | Path) -> Path:
    """A path, or ``gallery:NAME``; raises as :func:`gallery_file`."""
    text = str(file)
    if text.startswith(PREFIX):
        return gallery_file(text.removeprefix(PREFIX))
    path = Path(file)
    if not path.exists() and path.stem in names():
        raise ScenarioError(f"there is no such file; the gallery has {PREFIX}{path.stem}", file=text)
    return path


def entries(folder: Path = FOLDER) -> list[Entry]:
    """The scenarios of a folder, by lesson and name; raises :class:`ScenarioError` where there is no such folder."""
    if not folder.is_dir():
        raise ScenarioError("there is no such folder", file=str(folder))
    return sorted(map(_entry, _files(folder)), key=lambda entry: (entry.lesson, entry.name))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and file.is_file())


def _entry(file: Path) -> Entry:
    try:
        scenario = load_scenario(file)
    except ScenarioError as error:
        return Entry(name=file.stem, file=str(file), error=str(error).splitlines()[0])
    why = " ".join(scenario.why.split())
    return Entry(name=file.stem, file=str(file), lesson=scenario.lesson, title=scenario.title, why=why)


def side_files(scenario: Scenario) -> list[str]:
    """The files beside a scenario that its programs are in."""
    found = [path for p in scenario.programs.values() for path in (p.source, p.elf) if path]
    found += [p.python.rpartition(":")[0] for p in scenario.programs.values() if p.python]
    return list(dict.fromkeys(found))


_INTRODUCTION = (
    "Small scenarios, each of which shows one thing. They are grouped into lessons, from simple to hard: begin with",
    "the first. All are played by the tests, and each ends as its file says.",
    "",
    "| to | type |",
    "|---|---|",
    "| play one | `spawnlab run gallery:NAME` |",
    "| step through it in the browser | `spawnlab draw gallery:NAME -o run.html --open` |",
    "| ask why it ends so | `spawnlab explain gallery:NAME` |",
    "| print its file | `spawnlab show NAME` |",
    "| make a copy of your own | `spawnlab new FILE --from NAME` |",
    "| list all | `spawnlab list` |",
)


def page() -> str:
    """``docs/gallery.md``: ``python -m spawnlab.scenarios.gallery > docs/gallery.md``."""
    lines = ["# The gallery", "", *_INTRODUCTION]
    lesson = None
    for entry in entries():
        if entry.lesson != lesson:
            lesson = entry.lesson
            lines += ["", f"## {lesson.lstrip('0')}", ""]
        lines.append(
            f"* [`{entry.name}`](../scenarios/gallery/{Path(entry.file).name}): **{entry.title}.** {entry.why}"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
