"""Import what the site is built from, where nothing can be imported but what an extra brings: ``only_with.py docs``."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def plain(name: str) -> str:
    """A distribution's name, as all spellings of it are written the same."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(requirements: Iterable[str]) -> set[str]:
    """The distributions that come with these requirements; of those that are not installed only their own names."""
    found: set[str] = set()
    todo = [Requirement(text) for text in requirements]
    while todo:
        one = todo.pop()
        name = plain(one.name)
        if (one.marker is not None and not one.marker.evaluate({"extra": ""})) or name in found:
            continue
        found.add(name)
        try:
            todo += map(Requirement, importlib.metadata.requires(name) or ())
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


class Refusing:
    """A finder that knows no module of other distributions."""

    def __init__(self, allowed: set[str]) -> None:
        owners = importlib.metadata.packages_distributions()
        self.refused = {module for module, names in owners.items() if not allowed & set(map(plain, names))}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse, or leave it to the finders behind."""
        if name.partition(".")[0] in self.refused:
            raise ModuleNotFoundError(f"No module named {name!r}: no part of the extra brings it", name=name)
        return None


def main(extra: str) -> None:
    """Import ``docs/site``, what it documents, and the public names."""
    allowed = closure([*PROJECT["dependencies"], *PROJECT["optional-dependencies"][extra]]) | {"spawnlab"}
    finder = Refusing(allowed)
    finder.refused -= {file.stem for file in (ROOT / "docs" / "site").glob("*.py")}
    for name in [name for name in sys.modules if name.partition(".")[0] in finder.refused]:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    sys.path.insert(0, str(ROOT / "docs" / "site"))
    site, settings = importlib.import_module("build"), importlib.import_module("conf")
    for name in site.MODULES:
        importlib.import_module(name)
    spawnlab = importlib.import_module("spawnlab")
    for name in spawnlab.__all__:
        getattr(spawnlab, name)
    print(*[plain(name.partition(".")[0]) for name in [*settings.extensions, settings.html_theme]])


if __name__ == "__main__":
    main(sys.argv[1])
