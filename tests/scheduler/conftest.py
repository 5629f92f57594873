"""The comparison of all runs with the reference comes after the tests that make them."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == "test_reference.py" and item.path.parent.name == "scheduler")
