"""Scenarios as files, for those that were found or made."""

from __future__ import annotations

from pathlib import Path

from ..scenarios.model import Scenario
from ..views.jsontext import json_text


def write_scenario(scenario: Scenario, file: Path) -> Path:
    """Write it as JSON, and make the folders that the file is in; gives the file, whose name ends with ``.json``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json_text(scenario) + "\n", encoding="utf-8")
    return file
