"""What all tests share: the marker for tests that run the reference, which needs cargo and its registry."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from spawnlab.conform.reference import ReferenceUnavailable, build_runner

# A busy machine is no failure: how long an example takes is not asserted anywhere.
settings.register_profile("spawnlab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("spawnlab")

os.environ["SPAWNLAB_CODE_CACHE"] = "off"  # tests leave nothing in the user's folders, and find nothing there


@pytest.fixture(scope="session")
def reference_runner() -> None:
    """Build the reference runner; skip where that cannot be done."""
    try:
        build_runner()
    except ReferenceUnavailable as error:
        pytest.skip(str(error))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked ``reference`` get the runner."""
    for item in items:
        if item.get_closest_marker("reference") and isinstance(item, pytest.Function):
            item.fixturenames.insert(0, "reference_runner")
