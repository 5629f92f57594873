"""Return codes in words."""

from __future__ import annotations

import pytest

from spawnlab.scheduler.codes import ReturnCode, name_of, spelled


@pytest.mark.parametrize("code", list(ReturnCode))
def test_a_return_code_is_called_by_its_name(code: ReturnCode) -> None:
    assert name_of(int(code)) == code.name
    assert spelled(int(code)) == f"{code.name} ({code.value})"


@pytest.mark.parametrize("code", [-1, 10, 255])
def test_what_is_none_is_called_by_its_number(code: int) -> None:
    assert name_of(code) == f"code {code}"
    assert spelled(code) == str(code)
