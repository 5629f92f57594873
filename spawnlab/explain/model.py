"""An explanation as a value; ``spawnlab explain --json`` prints it."""

from __future__ import annotations

import msgspec

from ..views.hypotheticals import FaultNote


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """One VM of a deadlock, and what it waits for."""

    vm: int
    program: str | None
    place: str | None
    """The step or source line: ``steps[3]``, ``child.c:12``."""
    step: str | None
    """The operation, as a scenario file has it."""
    kind: str
    """``read``, ``write`` or ``wait``."""
    words: str
    fd: int | None = None
    peer_fd: int | None = None
    """The other end of the pipe."""
    waits_for: int | None = None
    """The VM that could wake it."""
    held: str | None = None
    """How that VM came by the other end."""
    progress: str
    """What it did last, with turn and cycles."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One changed place of a scenario: lines that go and lines that come."""

    program: str
    place: str
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """An edit that was tried, and what the run came to with it."""

    kind: str
    words: str
    changes: tuple[Change, ...]
    outcome: str
    """How far the run got with it."""
    turns: int
    """Iterations with it, and without."""
    turns_before: int
    deadlock_gone: bool
    tried: int
    """How many edits were played before this one was chosen."""


class Spender(msgspec.Struct, frozen=True, kw_only=True):
    """What a VM spent, as ``spawnlab cost`` counts it, and where it was at the end."""

    vm: int
    program: str | None
    cycles: int
    kinds: dict[str, int]
    """Cycles by kind (``docs/cost.md``); those that are not 0."""
    place: str | None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run ended as it did."""

    format: int = 1
    ending: str
    """``exit``, ``deadlock``, ``cycles``, ``fault`` or ``suspended``."""
    headline: str
    cause: str
    """A word for it (``docs/explain.md``), such as ``ring-of-reads`` or ``INVALID_FD``."""
    rule: str
    """The rule behind it."""
    vms: tuple[int, ...] = ()
    """The VMs that it is about."""
    fds: tuple[int, ...] = ()
    """The fds that it is about."""
    waits: tuple[Wait, ...] = ()
    rings: tuple[tuple[int, ...], ...] = ()
    """Each VM waits for the next, the last for the first."""
    causes: tuple[str, ...] = ()
    """The kind of each ring."""
    chains: tuple[tuple[int, ...], ...] = ()
    """Each VM waits for the next; the last is in a ring, or in a chain before."""
    facts: tuple[str, ...] = ()
    spenders: tuple[Spender, ...] = ()
    edit: Edit | None = None
    advice: str = ""
    hypothetical: str | None = None
    """The policy and the faults, where the run is not the chain's; edits were tried under the same."""
    faults: tuple[FaultNote, ...] = ()
