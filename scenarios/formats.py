"""The notations of a scenario file, TOML, JSON and YAML, to plain values."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, cast

from .errors import ScenarioError

SUFFIXES = (".toml", ".json", ".yaml", ".yml")
_YAML_NODES_MAX = 1_000_000
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_LINE = re.compile(r"line (\d+)")


def parse(text: str, suffix: str) -> Any:
    """The values in a file; raises :class:`ScenarioError`."""
    try:
        if suffix == ".toml":
            import tomllib

            return tomllib.loads(text)
        return _json(text) if suffix == ".json" else _yaml(text)
    except ValueError as error:
        raise _syntax_error(text, suffix, str(error)) from None
    except RecursionError:
        raise ScenarioError("nested too deeply") from None


def _syntax_error(text: str, suffix: str, message: str) -> ScenarioError:
    error = ScenarioError(f"not {'YAML' if suffix in ('.yaml', '.yml') else suffix[1:].upper()}: {message}")
    found = _LINE.findall(message)
    lines = text.splitlines()
    if not found and "end of document" not in message:
        return error
    number = min(int(found[-1]), len(lines)) if found else len(lines)
    return error.at_line(number, lines[number - 1])


def _json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"the field {twice!r} is given twice")
        return made

    def no_number(name: str) -> NoReturn:
        raise ValueError(f"{name} is no number")

    values = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    if _HALF.search(text):
        _check_whole(values)
    return values


def _check_whole(values: Any) -> None:
    """Refuse texts with half of a surrogate pair, which no encoding has."""
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise ValueError(f"\\u{ord(half):x} is half of a character (a surrogate) without the other half") from None


def _yaml(text: str) -> Any:
    import yaml

    try:
        _check_yaml(yaml.compose(text, Loader=yaml.SafeLoader))
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _check_yaml(root: Any) -> None:
    """Refuse fields that are given twice, and references that unfold to more than anyone can read."""
    import yaml

    count = 0
    nodes = [root]
    while nodes:
        count += 1
        if count > _YAML_NODES_MAX:
            raise ValueError("its references unfold to too much")
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for name, value in cast("list[tuple[Any, Any]]", node.value):
                if name.value in seen:
                    raise ValueError(
                        f"the field {name.value!r} is given twice, again in line {name.start_mark.line + 1}"
                    )
                seen.add(name.value)
                nodes += [name, value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value
