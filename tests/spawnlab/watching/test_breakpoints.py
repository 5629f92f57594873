"""Breakpoints: their texts, and where they stop a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spawnlab
from spawnlab.scheduler.events import AnyEvent, Ended, IterationEnded, Logged, Posted, Refused
from spawnlab.scheduler.messages import FdRead, FdWrite
from spawnlab.watching.breakpoints import (
    CALLS,
    FORMS,
    AtCall,
    AtTurn,
    AtVm,
    BreakpointError,
    breakpoint_of,
    call_of,
    is_hit,
    text_of,
    until,
)

NUMBERS = st.integers(0, (1 << 64) - 1)
BREAKPOINTS = (
    st.builds(AtTurn, NUMBERS.filter(bool))
    | st.builds(AtVm, NUMBERS)
    | st.builds(AtCall, st.sampled_from(CALLS), st.none() | NUMBERS)
)


@given(BREAKPOINTS)
def test_a_text_says_all(one: AtTurn | AtVm | AtCall) -> None:
    assert breakpoint_of(text_of(one)) == one
    assert breakpoint_of(f"  {text_of(one).upper().replace(' ', '   ')} ") == one


@given(st.text() | st.lists(st.sampled_from(["turn", "vm", "call", "read", "1", "-1", "x"])).map(" ".join))
def test_other_texts_are_refused_and_the_forms_are_named(text: str) -> None:
    try:
        made = breakpoint_of(text)
    except BreakpointError as error:
        assert [form for form in FORMS if form not in str(error)] == []  # noqa: PT017 - the other way is right too
    else:
        assert text_of(made).split()[:2] == text.lower().split()[:2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "none of the forms"),
        ("12", "none of the forms"),
        ("turn 0", "from 1 on, not '0'"),
        ("turn", "none of the forms"),
        ("turn x", "the number of a turn is wanted"),
        ("vm -1", "the number of a VM is wanted"),
        ("vm ²", "the number of a VM is wanted"),
        (f"vm {1 << 64}", "the number of a VM is wanted"),
        ("call 2607", "there is no call '2607'"),
        ("call fork", "there is no call 'fork'; there are spawn, wait, pipe"),
        ("call load_witness", "load_witness is answered at once and leaves no event; the calls that do are spawn"),
        ("call read x", "the number of a VM is wanted"),
        ("call read 1 2", "none of the forms"),
    ],
)
def test_a_refusal_says_why(text: str, why: str) -> None:
    with pytest.raises(BreakpointError) as error:
        breakpoint_of(text)
    assert why in str(error.value)
    assert "a breakpoint is one of: turn N, vm N, call NAME, call NAME N" in str(error.value)


def test_numbers_may_be_grouped() -> None:
    assert breakpoint_of("turn 1_000") == breakpoint_of("turn 1,000") == AtTurn(1000)


def test_which_events_hit() -> None:
    ended = IterationEnded(3, 12, 0, 0, 0, 0, 0, 0)
    read = Posted(2, FdRead(2, 4, 8, 0, 0), 0)
    assert is_hit(AtTurn(12), ended)
    assert not is_hit(AtTurn(11), ended)
    assert is_hit(AtVm(3), ended)
    assert not is_hit(AtVm(2), ended)
    assert not is_hit(AtVm(2), read)  # the turn is not over
    assert is_hit(AtCall("read"), read)
    assert is_hit(AtCall("read", 2), read)
    assert not is_hit(AtCall("read", 1), read)
    assert not is_hit(AtCall("write"), read)
    assert is_hit(AtCall("write"), Posted(2, FdWrite(2, 4, 8, 0, 0), 0))
    assert is_hit(AtCall("write", 1), Refused(1, 2605, 9, 6, 0))
    assert is_hit(AtCall("debug"), Logged(1, "x"))
    assert is_hit(AtCall("exit"), Ended(1, 0))


def test_every_call_of_the_gallery_can_be_stopped_at() -> None:
    from spawnlab.scenarios.gallery import FOLDER

    seen: set[str] = set()
    for file in sorted(FOLDER.glob("*.toml")):
        for event in spawnlab.run_synchronously(file).journal:
            if isinstance(event, Posted | Logged | Ended):
                name = call_of(event)
                assert name is not None
                seen.add(name)
    assert seen == set(CALLS)


async def test_a_stage_stops_there() -> None:
    """What each breakpoint says is what has happened in the turn that was played last, and in none before."""
    for text in ("turn 4", "vm 2", "call write", "call write 1"):
        async with spawnlab.stage("gallery:pipeline") as stage:
            assert await stage.run(until=until(text, "turn 1000")) is None
            turns = [list[AnyEvent]()]
            for event in stage.journal:
                turns[-1].append(event)
                if isinstance(event, IterationEnded):
                    turns.append([])
            assert turns.pop() == []
            hits = [any(is_hit(breakpoint_of(text), event) for event in turn) for turn in turns]
            assert hits == [False] * (len(turns) - 1) + [True]
