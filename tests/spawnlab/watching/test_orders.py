"""What can be typed while a run is watched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.watching.breakpoints import FORMS, AtCall, AtTurn, BreakpointError
from spawnlab.watching.keys import TYPED
from spawnlab.watching.orders import MORE_FORMS, Delete, GoTo, OrderError, order_of


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("turn 12", AtTurn(12)),
        ("  Call  READ 2", AtCall("read", 2)),
        ("go 0", GoTo(0)),
        ("GO 12", GoTo(12)),
        ("delete 3", Delete(3)),
        ("delete all", Delete(None)),
    ],
)
def test_orders(text: str, order: object) -> None:
    assert order_of(text) == order


@pytest.mark.parametrize("text", ["", "go", "go x", "go -1", "go ²", "delete", "delete 0", "delete 1 2", "quit", "9"])
def test_what_is_none_is_told_which_there_are(text: str) -> None:
    with pytest.raises(OrderError) as error:
        order_of(text)
    assert ", ".join((*FORMS, *MORE_FORMS)) in str(error.value)


@given(st.text() | st.lists(st.sampled_from(["go", "delete", "all", "vm", "call", "read", "1", "x"])).map(" ".join))
def test_any_text_is_an_order_or_refused(text: str) -> None:
    try:
        order_of(text)
    except BreakpointError as error:
        assert repr(text) in str(error)  # noqa: PT017 - the other way is right too


def test_every_form_is_explained() -> None:
    assert tuple(form for form, _ in TYPED) == (*FORMS, *MORE_FORMS)
