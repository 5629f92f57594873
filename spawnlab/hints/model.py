"""A hint as a value; ``spawnlab hints --json`` prints it."""

from __future__ import annotations

import msgspec

CERTAIN, POSSIBLE, NOTE = LEVELS = ("certain", "possible", "note")
DEADLOCK, STUCK, ENDS, FAILS = CLAIMS = ("deadlock", "stuck", "ends", "fails")

DEADLOCK_KINDS = (
    "own-pipe",
    "write-without-reader",
    "read-without-writer",
    "open-write-end",
    "ring",
    "self-wait",
    "wait-for-root",
)
"""Kinds of rings of VMs that wait for each other."""
ANSWER_KINDS = (
    *("closed-fd", "moved-fd", "wrong-end", "no-such-fd", "fd-count", "end-closed", "race"),
    *("wait-for-nobody", "wait-again", "other-bytes", "other-exit-code", "never-equal", "unexpected-success"),
    *("vm-limit", "fd-limit", "no-such-call"),
)
"""Kinds of calls that are answered otherwise than expected."""
NOTE_KINDS = (
    *("opaque", "not-followed", "guessed-id", "unreachable-step", "unused-program", "never-waited", "leaked-fd"),
    *("lost-bytes", "empty-read", "empty-write", "repeated-fd"),
)


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A VM that a hint is about, and where it is then."""

    vm: str
    """Its place in the tree of spawns: ``0`` is the root, ``0.2`` the second VM that it spawns."""
    program: str
    place: str
    """The step: ``steps[1]``, within a loop ``steps[1].steps[0]``."""
    call: int | None = None
    """Which of the VM's system calls it is, from 1."""
    words: str = ""
    """What the VM does there."""


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a developer should look at before running the scenario.

    What it claims holds in the chain's order, of all ``spots``:

    * ``deadlock``: the run comes to no end, and the VM never gets beyond the call;
    * ``stuck``: the VM never gets beyond the call, though the run may come to an end;
    * ``ends``: the VM never gets beyond the call, and ends with ``exit_code`` when it is answered;
    * ``fails``: the run fails at the call.

    It claims that of a VM that comes to the call. Where the level is ``certain`` that is proved; where it is
    ``possible`` it may also go otherwise. A ``note`` claims nothing of the run's end.
    """

    kind: str
    """A word for it (``docs/hints.md``)."""
    level: str
    claim: str | None = None
    exit_code: int | None = None
    cause: str | None = None
    """Of a deadlock, what ``spawnlab explain`` calls its ring."""
    program: str
    place: str
    path: str
    """The place within the file: ``programs.child.steps[1]``."""
    line: int | None = None
    """Its line in the file, where that is known."""
    words: str
    advice: str
    """What to do."""
    spots: tuple[Spot, ...] = ()


class Hints(msgspec.Struct, frozen=True, kw_only=True):
    """What ``spawnlab hints --json`` prints."""

    format: int = 1
    file: str
    hints: tuple[Hint, ...]
