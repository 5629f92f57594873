"""A short campaign of runs that go on in fresh processes."""

from __future__ import annotations

import pytest

from .fresh_process import campaign


@pytest.mark.campaign
@pytest.mark.reference
def test_runs_go_on_in_fresh_processes_as_in_the_reference() -> None:
    endings, differing = campaign(range(12))
    assert differing == []
    assert sum(count for ending, count in endings.items() if not ending.endswith(" 0 suspends")) > 6
