"""New scenario files: from a template for each form of program, or as a copy of one of the gallery."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import ScenarioError
from .formats import SUFFIXES, parse
from .gallery import gallery_file, side_files
from .load import load_scenario, read_text

_FOLDER = Path(__file__).parent / "templates"
FORMS = ("steps", "asm", "c", "python")
"""What programs of a template are."""


def new_scenario(target: Path, *, form: str = "steps") -> list[Path]:
    """Write a scenario from a template, and give the files that were written; nothing is overwritten.

    Its notation is that of the target's suffix. Raises :class:`ScenarioError`.
    """
    text = read_text(_FOLDER / f"{form}.toml").replace("NAME.py", f"{target.stem}.py")
    if target.suffix not in SUFFIXES:
        raise ScenarioError(f"a scenario's suffix is one of {', '.join(SUFFIXES)}", file=str(target))
    contents = {target: text if target.suffix == ".toml" else _other(parse(text, ".toml"), target.suffix)}
    if form == "python":
        contents[target.with_suffix(".py")] = read_text(_FOLDER / "python.py")
    return _write(contents)


def copy_scenario(target: Path, name: str) -> list[Path]:
    """Copy a scenario of the gallery with the files beside it, as :func:`new_scenario` does."""
    source = gallery_file(name)
    if target.suffix != source.suffix:
        raise ScenarioError(f"{name} is a {source.suffix} file; give the copy that suffix", file=str(target))
    text = read_text(source).replace("../../docs/scenario.schema.json", "scenario.schema.json")
    contents = {target: text}
    for beside in side_files(load_scenario(source)):
        contents[target.parent / beside] = read_text(source.parent / beside)
    return _write(contents)


def _other(values: dict[str, Any], suffix: str) -> str:
    if suffix == ".json":
        return json.dumps({"$schema": "scenario.schema.json", **values}, indent=2) + "\n"
    import yaml

    head = "# yaml-language-server: $schema=scenario.schema.json\n"
    return head + yaml.safe_dump(values, sort_keys=False, allow_unicode=True, default_style=None)  # pyright: ignore[reportUnknownMemberType] # newer stubs


def _write(contents: dict[Path, str]) -> list[Path]:
    for file in contents:
        if file.exists():
            raise ScenarioError("it exists already; nothing was written", file=str(file))
    for file, text in contents.items():
        file.write_text(text, encoding="utf-8")
    return list(contents)
