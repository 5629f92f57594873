"""Writing a scenario in one of the notations that it is read from."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from .errors import ScenarioError
from .formats import SUFFIXES
from .model import Scenario


def scenario_text(scenario: Scenario, suffix: str) -> str:
    """The text of a file with such a suffix; fields that are as they are by default are left out.

    Raises :class:`ScenarioError` for another suffix.
    """
    values: dict[str, Any] = msgspec.to_builtins(scenario)
    match suffix:
        case ".json":
            return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
        case ".toml":
            import tomli_w

            return tomli_w.dumps(values, multiline_strings=True)
        case ".yaml" | ".yml":
            import yaml

            return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)  # pyright: ignore[reportUnknownMemberType] # newer stubs
        case _:
            raise ScenarioError(f"a scenario's suffix is one of {', '.join(SUFFIXES)}, not {suffix!r}")
