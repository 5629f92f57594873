"""Where in a file a path is: ``$.programs.root.steps[2].fd`` to a line.

The parsers of TOML and JSON don't tell. So the file is read again, cut off after a line and with what is open then
closed: the first line behind which the path is there is its line. YAML's parser tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, cast

Key = str | int
_KEY = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_TOML_CLOSERS = [a + b for a, b in product(("", '"""', "'''", '""'), ("", "]", "}]", "]}]", "}]}]", "]}]}]"))]


def keys_of(path: str) -> list[Key]:
    """The keys and indices of a path."""
    return [name or int(index) for name, index in _KEY.findall(path)]


def line_of(path: str, text: str, suffix: str) -> int | None:
    """The line of a path, from 1, or of the innermost part of it that is there."""
    keys = keys_of(path)
    find = {".toml": _toml_line, ".json": _json_line}.get(suffix, _yaml_line)
    while keys:
        line = find(keys, text)
        if line is not None:
            return line
        keys.pop()
    return None


def _there(keys: Sequence[Key], values: Any) -> bool:
    for key in keys:
        if isinstance(values, dict) and isinstance(key, str):
            if key not in values:
                return False
            values = cast("dict[str, Any]", values)[key]
        elif isinstance(values, list) and isinstance(key, int) and key < len(cast("list[Any]", values)):
            values = cast("list[Any]", values)[key]
        else:
            return False
    return True


def _first_line(keys: Sequence[Key], text: str, complete: Callable[[str], Iterator[Any]]) -> int | None:
    """Half the interval until the first line is left behind which the path is there."""
    lines = text.splitlines()

    def there(count: int) -> bool:
        for shorter in range(count, 0, -1):  # what can't be closed tells no more than what is before it
            for values in complete("\n".join(lines[:shorter])):
                return _there(keys, values)
        return False

    if not there(len(lines)):
        return None
    low, high = 0, len(lines)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if there(middle) else (middle, high)
    return high


def _toml_line(keys: Sequence[Key], text: str) -> int | None:
    return _first_line(keys, text, _complete_toml)


def _complete_toml(prefix: str) -> Iterator[Any]:
    import tomllib

    for closer in _TOML_CLOSERS:
        try:
            yield tomllib.loads(prefix + closer)
        except (tomllib.TOMLDecodeError, RecursionError):
            continue


def _json_line(keys: Sequence[Key], text: str) -> int | None:
    return _first_line(keys, text, _complete_json)


def _complete_json(prefix: str) -> Iterator[Any]:
    closing: list[str] = []
    in_string = False
    for character in re.sub(r"\\.", "", prefix):
        if in_string or character == '"':
            in_string ^= character == '"'
        elif character in "[{":
            closing.append("]" if character == "[" else "}")
        elif character in "]}" and closing:
            closing.pop()
    open_part = prefix.rstrip().removesuffix(",")
    value = "null" if open_part.endswith(":") else ""
    try:
        yield json.loads(open_part + value + "".join(reversed(closing)))
    except (ValueError, RecursionError):
        return


def _yaml_line(keys: Sequence[Key], text: str) -> int | None:
    import yaml

    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    line = None
    for key in keys:
        if isinstance(node, yaml.MappingNode) and isinstance(key, str):
            found = [(name, value) for name, value in node.value if name.value == key]
            if not found:
                return None
            name, node = found[-1]
            line = name.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            return None
    return line
