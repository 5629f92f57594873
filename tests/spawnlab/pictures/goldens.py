"""Golden pictures: the text forms of five scenarios, and the pictures of the documents.

``python tests/spawnlab/pictures/goldens.py`` writes them again, after somebody has looked at what changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import spawnlab
from spawnlab.pictures.drawing import picture
from spawnlab.pictures.model import Story
from spawnlab.pictures.story import story_of

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(__file__).parent / "golden"
SCENARIOS = ("deadlock", "pipeline", "fan_in", "seventeen_vms", "stream")
TEXTS = {
    "sequence.mmd": ("mermaid", "sequence"),
    "topology.mmd": ("mermaid", "topology"),
    "dot": ("dot", "topology"),
    "json": ("perfetto", "timeline"),
}
DOCUMENTS = {
    "deadlock.svg": ("deadlock", "timeline"),
    "four_at_once.svg": ("four_at_once", "timeline"),
    "ring_of_three.svg": ("ring_of_three", "topology"),
}


@cache
def story(name: str) -> Story:
    """The story of a scenario of the gallery."""
    run = spawnlab.run_synchronously(f"gallery:{name}")
    return story_of(run.journal, run.build)


def texts(name: str) -> Iterator[tuple[Path, str]]:
    """Each golden text of a scenario, and its file."""
    for suffix, (form, what) in TEXTS.items():
        yield GOLDEN / f"{name}.{suffix}", str(picture(story(name), form, what=what))


def documents() -> Iterator[tuple[Path, str]]:
    """Each picture of the documents and its file."""
    for file, (name, what) in DOCUMENTS.items():
        yield ROOT / "docs" / "pictures" / file, str(picture(story(name), "svg", what=what))


if __name__ == "__main__":
    for path, text in (*(text for name in SCENARIOS for text in texts(name)), *documents()):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
