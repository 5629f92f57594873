"""The journal: what it records, its form on disk, its errors and its fingerprint."""

from __future__ import annotations

import contextlib
import hashlib
import json
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.scheduler.events import (
    AnyEvent,
    Blocked,
    Ended,
    IterationStarted,
    Logged,
    Posted,
    SwappedIn,
)
from spawnlab.scheduler.journal import JOURNAL_VERSION, Journal, JournalError
from spawnlab.scheduler.messages import Close
from spawnlab.scheduler.states import RUNNABLE
from spawnlab.vm.errors import SpawnlabError

# Any event, made of its fields' types


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that events are made of."""
    simple: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(-(1 << 63), (1 << 64) - 1),
        str: st.text(max_size=20),
        bytes: st.binary(max_size=20),
        NoneType: st.none(),
    }
    if kind in simple:
        return simple[kind]
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0]), max_size=4).map(tuple)
    if isinstance(kind, UnionType):
        return st.one_of([values(part) for part in get_args(kind)])
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    fields = {field.name: values(field.type) for field in msgspec.structs.fields(kind)}
    return st.builds(kind, **fields)


EVENTS = values(AnyEvent)


def journal_of(*events: AnyEvent, policy: str = "largest-id-first/1") -> Journal:
    journal = Journal(policy)
    journal.events += events
    return journal


ALL_KINDS = get_args(AnyEvent)


@given(st.lists(EVENTS, max_size=6), st.text(max_size=20))
def test_what_was_written_is_read_back(events: list[AnyEvent], policy: str) -> None:
    journal = journal_of(*events, policy=policy)
    content = journal.to_bytes()
    again = Journal.from_bytes(content)
    assert again == journal
    assert again.to_bytes() == content
    assert again.fingerprint() == journal.fingerprint()


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_event_is_read_back(kind: type[AnyEvent]) -> None:
    @given(values(kind))
    def check(event: AnyEvent) -> None:
        (again,) = Journal.from_bytes(journal_of(event).to_bytes())
        assert again == event
        assert type(again) is kind

    check()


@given(st.lists(EVENTS, min_size=1, max_size=5), st.data())
def test_the_fingerprint_changes_with_any_event(events: list[AnyEvent], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(events) - 1))
    other = data.draw(EVENTS.filter(lambda event: event != events[at]))
    changed = journal_of(*events[:at], other, *events[at + 1 :])
    assert changed.fingerprint() != journal_of(*events).fingerprint()


@given(st.lists(EVENTS, min_size=1, max_size=5))
def test_the_fingerprint_changes_with_any_field(events: list[AnyEvent]) -> None:
    first = events[0]
    changed = msgspec.structs.replace(first, vm=(first.vm + 1) % 1000)
    assert journal_of(changed, *events[1:]).fingerprint() != journal_of(*events).fingerprint()


@given(st.lists(EVENTS, min_size=1, max_size=5))
def test_the_fingerprint_changes_when_an_event_is_added_or_lost(events: list[AnyEvent]) -> None:
    prints = {journal_of(*events[:count]).fingerprint() for count in range(len(events) + 1)}
    assert len(prints) == len(events) + 1


def test_the_fingerprint_is_that_of_the_bytes() -> None:
    journal = journal_of(IterationStarted(0, 1, 500), Ended(0, -3), policy="p")
    content = b'{"journal":4,"policy":"p"}\n'
    content += b'{"type":"IterationStarted","vm":0,"iteration":1,"limit":500}\n{"type":"Ended","vm":0,"exit_code":-3}\n'
    assert journal.to_bytes() == content
    assert journal.fingerprint() == hashlib.sha256(content).hexdigest()


def test_the_order_of_events_matters() -> None:
    a, b = Logged(0, "a"), Logged(0, "b")
    assert journal_of(a, b).fingerprint() != journal_of(b, a).fingerprint()


def test_the_form_on_disk() -> None:
    lines = journal_of(Logged(1, "hé\n"), Posted(0, Close(0, 3), 65552)).to_bytes().decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"journal": JOURNAL_VERSION, "policy": "largest-id-first/1"},
        {"type": "Logged", "vm": 1, "text": "hé\n"},
        {"type": "Posted", "vm": 0, "message": {"type": "Close", "vm": 0, "fd": 3}, "pc": 65552},
    ]


# Errors


GOOD = journal_of(Logged(0, "a"), Blocked(1, RUNNABLE), SwappedIn(2, 100_000)).to_bytes().splitlines()


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"null", b"[]", b"{}", b'{"type":"Logged"}', b'{"type":"Nonsense","vm":1}', b"\xff\xfe", b"{} {}"],
)
def test_a_corrupt_line_is_named(at: int, line: bytes) -> None:
    with pytest.raises(JournalError, match=rf"^line {at + 1}: "):
        Journal.from_bytes(b"\n".join([*GOOD[:at], line, *GOOD[at + 1 :]]) + b"\n")


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"Logged","vm":"0","text":"a"}',
        b'{"type":"Logged","vm":0,"text":1}',
        b'{"type":"Logged","vm":0.5,"text":"a"}',
        b'{"type":"Blocked","vm":0,"state":{"type":"Sleeping"}}',
        b'{"type":"Posted","vm":0,"message":{"type":"Close","vm":0},"pc":0}',
        b'{"type":"Transferred","vm":0,"reader":1,"fd":3,"size":1,"head":"not base64"}',
        b'{"type":"Logged","vm":0,"text":"\xff"}',
    ],
)
def test_a_field_that_does_not_fit_is_named(line: bytes) -> None:
    with pytest.raises(JournalError, match=r"^line 2: "):
        Journal.from_bytes(b"\n".join([GOOD[0], line]) + b"\n")


@pytest.mark.parametrize("content", [b"", b"\n", b"\n\n", b"no journal\n", b'{"journal":1}\n', b'{"policy":"x"}\n'])
def test_a_file_without_a_header_is_refused(content: bytes) -> None:
    with pytest.raises(JournalError, match=r"^line 1: "):
        Journal.from_bytes(content)


@pytest.mark.parametrize("version", [0, 1, 2, 3, 5, 99, -1])
def test_another_version_is_refused_and_named(version: int) -> None:
    content = msgspec.json.encode({"journal": version, "policy": "x"}) + b"\n"
    with pytest.raises(JournalError, match=rf"^line 1: version {version}; this program reads version 4$"):
        Journal.from_bytes(content)


def test_a_header_with_more_fields_is_refused() -> None:
    with pytest.raises(JournalError, match=r"^line 1: .*surplus"):
        Journal.from_bytes(b'{"journal":4,"policy":"x","surplus":1}\n')


def test_a_later_version_is_named_though_its_header_has_more_fields() -> None:
    with pytest.raises(JournalError, match=r"^line 1: version 5"):
        Journal.from_bytes(b'{"journal":5,"policy":"x","compression":"none"}\n')


def test_a_line_of_deep_nesting_is_named() -> None:
    with pytest.raises(JournalError, match=r"^line 2: "):
        Journal.from_bytes(GOOD[0] + b'\n{"type":"Logged","vm":0,"text":"a","x":' + b"[" * 100_000)


def test_a_field_that_no_event_has_is_refused() -> None:
    with pytest.raises(JournalError, match=r"^line 2: "):
        Journal.from_bytes(GOOD[0] + b'\n{"type":"Logged","vm":0,"text":"a","txet":"b"}\n')


@given(st.binary(max_size=200))
def test_whatever_is_read_is_a_journal_or_a_journal_error(content: bytes) -> None:
    with contextlib.suppress(JournalError):
        Journal.from_bytes(content)


@given(st.data())
def test_one_changed_byte_is_an_error_or_another_journal_or_the_same(data: st.DataObject) -> None:
    content = b"\n".join(GOOD) + b"\n"
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = content[:at] + bytes([byte]) + content[at + 1 :]
    try:
        journal = Journal.from_bytes(changed)
    except JournalError:
        return
    assert Journal.from_bytes(journal.to_bytes()) == journal


def test_a_journal_error_is_one_of_ours() -> None:
    assert issubclass(JournalError, SpawnlabError)


def test_a_missing_last_line_break_is_forgiven() -> None:
    content = b"\n".join(GOOD)
    assert len(Journal.from_bytes(content)) == 3


def test_an_empty_journal() -> None:
    journal = Journal.from_bytes(journal_of().to_bytes())
    assert len(journal) == 0
    assert list(journal) == []


# As a value


def test_equality() -> None:
    journal = journal_of(Ended(0, 1))
    assert journal == journal_of(Ended(0, 1))
    assert journal != journal_of(Ended(0, 2))
    assert journal != journal_of(Ended(0, 1), policy="other")
    assert journal != [Ended(0, 1)]
    with pytest.raises(TypeError):
        hash(journal)
