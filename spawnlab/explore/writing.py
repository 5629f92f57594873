"""Scenarios as files, for those that were found or made."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..scenarios.model import Scenario


def scenario_text(scenario: Scenario) -> str:
    """A scenario as JSON, which ``spawnlab run`` reads from a file that ends with ``.json``."""
    return msgspec.json.format(msgspec.json.encode(scenario), indent=2).decode() + "\n"


def write_scenario(scenario: Scenario, file: Path) -> Path:
    """Write it, and the folders that the file is in; gives the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(scenario_text(scenario), encoding="utf-8")
    return file
