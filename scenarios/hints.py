"""What to say of a value that does not fit the model: the place, what is wrong, and the nearest right name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import inspect

from .errors import ScenarioError
from .model import Program, Scenario
from .places import Key, keys_of

_IN_PROGRAM = "$.programs[...]"
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`")
_MISSING_FIELD = re.compile(r"Object missing required field `(.*)`")
_UNKNOWN_TAG = re.compile(r"Invalid value '(.*)'")
_NAMES_SHOWN = 16


def scenario_error(error: msgspec.ValidationError, values: Any, model: type = Scenario) -> ScenarioError:
    """The error with its place; msgspec names no keys of tables, so the program is looked for.

    ``model`` is what the values do not fit.
    """
    message, path = _split(error)
    if path.startswith(_IN_PROGRAM):
        programs = cast("Mapping[str, Any]", values["programs"])
        for name, program in programs.items():
            try:
                msgspec.convert(program, Program)
            except msgspec.ValidationError as inner:
                message, path = _split(inner)
                path = f"$.programs.{name}{path[1:]}"
                break
    field, tag = _UNKNOWN_FIELD.fullmatch(message), _UNKNOWN_TAG.fullmatch(message)
    if field:
        known = _fields_at(keys_of(path), values, model)
        return ScenarioError(f"there is no such field here{_nearest(field[1], known)}", path=f"{path}.{field[1]}")
    if tag and path.endswith(".op"):
        return ScenarioError(f"there is no operation {tag[1]!r}{_nearest(tag[1], _operations())}", path=path)
    missing = _MISSING_FIELD.fullmatch(message)
    if missing:
        wanted = f"; it is one of {', '.join(_operations())}" if missing[1] == "op" else ""
        return ScenarioError(f"the field {missing[1]!r} is missing{wanted}", path=path)
    return ScenarioError(message, path=path)


def _split(error: msgspec.ValidationError) -> tuple[str, str]:
    message, _, path = str(error).partition(" - at ")
    return message, path.replace("`", "") or "$"


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"; did you mean {near[0]!r}?"
    more = ", ..." if len(known) > _NAMES_SHOWN else ""
    return f"; there are {', '.join(known[:_NAMES_SHOWN])}{more}" if known else ""


def _operations() -> list[str]:
    return [str(struct.tag) for struct in _structs(_type_at(["programs", "root", "steps", 0], None, Scenario))]


def _fields_at(keys: list[Key], values: Any, model: type) -> list[str]:
    """The fields that a table may have."""
    structs = _structs(_type_at(keys, values, model))
    for key in keys:
        values = values[key]
    tagged = [struct for struct in structs if struct.tag is not None and struct.tag == values.get(struct.tag_field)]
    chosen = (tagged or structs)[:1]
    tag = [str(struct.tag_field) for struct in chosen if struct.tag_field]
    return tag + [field.encode_name for struct in chosen for field in struct.fields]


def _structs(node: inspect.Type) -> list[inspect.StructType]:
    if isinstance(node, inspect.UnionType):
        return [struct for part in node.types for struct in _structs(part)]
    return [node] if isinstance(node, inspect.StructType) else []


def _type_at(keys: list[Key], values: Any, model: type) -> inspect.Type:
    """The model's type of a place; ``values`` say which operation a step is, where that matters."""
    node: inspect.Type = inspect.type_info(model)
    for key in keys:
        parts = node.types if isinstance(node, inspect.UnionType) else (node,)
        inner: list[inspect.Type] = []
        for part in parts:
            if isinstance(part, inspect.DictType):
                inner.append(part.value_type)
            elif isinstance(part, inspect.VarTupleType):
                inner.append(part.item_type)
            elif isinstance(part, inspect.StructType):
                inner += [field.type for field in part.fields if field.encode_name == key]
        if isinstance(values, dict | list):
            values = cast("Any", values)[key]
        node = inner[0] if len(inner) == 1 else inspect.UnionType(tuple(inner))
    return node
