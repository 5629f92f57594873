"""The journal: every event of a run in order, its form on disk, and its fingerprint.

All that shows, tests or compares a run reads the journal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from ..vm.errors import SpawnlabError
from .events import AnyEvent

JOURNAL_VERSION = 4
"""An event that no run had before does not make it another one: all journals that there were are what they were."""


class JournalError(SpawnlabError):
    """A journal file that cannot be read; says in which line."""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line of a journal file."""

    journal: int
    """Version of the format."""
    policy: str
    """Name of the scheduling policy."""


class _Version(msgspec.Struct, frozen=True):
    """The part of a header that every version has."""

    journal: int


class Journal:
    """Events in the order they happened. As an observer of a scheduler it fills itself."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.events: list[AnyEvent] = []

    def __call__(self, event: AnyEvent) -> None:
        """Append an event."""
        self.events.append(event)

    def __iter__(self) -> Iterator[AnyEvent]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Journal):
            return NotImplemented
        return self.policy == other.policy and self.events == other.events

    __hash__ = None  # type: ignore[assignment] # a journal grows

    def to_bytes(self) -> bytes:
        """The form on disk: JSON lines, a header and then an event a line. It is canonical."""
        encoder = msgspec.json.Encoder(order="deterministic")
        lines = [encoder.encode(Header(journal=JOURNAL_VERSION, policy=self.policy))]
        lines += (encoder.encode(event) for event in self.events)
        return b"\n".join(lines) + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> Journal:
        """Read the form on disk; raises :class:`JournalError`."""
        lines = content.splitlines()
        if not lines:
            raise JournalError("line 1: the file is empty")
        number = 1
        try:
            version = msgspec.json.decode(lines[0], type=_Version).journal
            if version != JOURNAL_VERSION:
                raise JournalError(f"line 1: version {version}; this program reads version {JOURNAL_VERSION}")
            journal = cls(msgspec.json.decode(lines[0], type=Header).policy)
            decoder = msgspec.json.Decoder(AnyEvent)
            for number, line in enumerate(lines[1:], 2):  # noqa: B007 - the except clause reads it
                journal(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise JournalError(f"line {number}: {error}") from None
        return journal

    def fingerprint(self) -> str:
        """SHA-256 of the form on disk, in hex: two runs are the same if and only if their fingerprints are."""
        return hashlib.sha256(self.to_bytes()).hexdigest()
