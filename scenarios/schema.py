"""The JSON schema of scenario files, made from the model, for editors and for checkers."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import msgspec

from .model import FORMS, Scenario

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema: the model's constraints, and what its docstrings say of tables and fields."""
    (made,), parts = msgspec.json.schema_components([Scenario], ref_template="#/$defs/{name}")
    structs = {struct.__name__: struct for struct in _structs()}
    for name, part in parts.items():
        if name in structs:
            _describe(part, structs[name])
    parts["Program"]["oneOf"] = [{"required": [form]} for form in FORMS]
    return {"$schema": DRAFT, "title": "Spawnlab scenario", **made, "$defs": dict(sorted(parts.items()))}


def schema_text() -> str:
    """The schema as it is printed and published."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


def _structs() -> list[type[msgspec.Struct]]:
    from . import cells, model, steps

    return [
        value
        for module in (cells, model, steps)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct)
    ]


def _describe(part: dict[str, Any], struct: type[msgspec.Struct]) -> None:
    part["description"] = _one_line(struct.__doc__ or "")
    names = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
    for base in reversed(struct.__mro__):
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            for field, text in _field_texts(base).items():
                field_schema = part["properties"][names[field]]
                if "$ref" not in field_schema:
                    field_schema["description"] = text


def _field_texts(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The texts below a struct's fields in its source."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(struct))).body[0]
    except OSError:  # no source is installed
        return {}
    assert isinstance(body, ast.ClassDef)
    texts: dict[str, str] = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            value = text.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                texts[field.target.id] = _one_line(value.value)
    return texts


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
