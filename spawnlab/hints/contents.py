"""The bytes that a step has in it."""

from __future__ import annotations

from functools import lru_cache

from ..scenarios import steps as s
from ..scenarios.compiler import bytes_of


@lru_cache(maxsize=1024)
def content_of(step: s.Read | s.Write) -> bytes | None:
    """What it writes, or expects to read, where that is given as text or in hex.

    Raises :class:`~spawnlab.scenarios.errors.ScenarioError`, without its place.
    """
    return bytes_of(step.text, step.hex, "$")
