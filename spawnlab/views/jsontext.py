"""Results as JSON text, the same way for every command (``docs/json.md``)."""

from __future__ import annotations

from typing import Any

import msgspec

from .text import harmless_json


def json_text(result: Any) -> str:
    """Indented JSON of structs, lists and plain values; safe to show on a terminal."""
    return harmless_json(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
