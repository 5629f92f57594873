"""What can be asked of a run: facts by name."""

from __future__ import annotations

from collections import Counter

import msgspec

from ..scheduler.events import (
    Booted,
    Ended,
    FdClosed,
    FdMoved,
    IterationEnded,
    PipeOpened,
    SwappedOut,
    Transferred,
)
from ..staging import Run
from ..views.hypotheticals import fault_notes
from .orders import DEPENDENT, UNDECIDED


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What properties are made of. An exit code is ``None`` after an error, an error is ``""`` after an exit."""

    exit_code: int | None
    error: str
    """The error variant, such as ``CyclesExceeded``; ``Unexpected`` for a deadlock."""
    as_expected: bool
    """Whether the run came to what its scenario expects: exit code 0, where it says nothing."""
    deadlock: bool
    waiting: int
    """VMs that wait in the deadlock."""
    ring: int
    """VMs in the longest ring of them."""
    differs: bool
    """Whether the end is another one than in the chain's order, without suspensions, within the scenario's limit."""
    plain_deadlock: bool
    """Whether it is one as it is, without what its mode changes."""
    depends: bool
    """Whether the end depends on the order of turns (:mod:`.orders`); known only where it is asked for."""
    undecided: bool
    """Whether that is neither shown nor proved; likewise."""
    faults: int
    """How often faults took effect, and programs were started on filled memory."""
    leaks_fd: bool
    """Whether a VM has ended with an fd that it had not closed."""
    cycles: int
    turns: int
    vms: int
    """VMs that there were, with the root."""
    pipes: int
    bytes: int
    """Bytes that went through pipes."""
    swaps: int
    """Machines that were swapped out."""
    hints: tuple[str, ...]
    """Kinds of hints about the programs, and their claims (:mod:`spawnlab.hints`); known only where it is asked for."""


def ending(run: Run) -> str:
    """How a run ended, in a word or two."""
    outcome = run.outcome
    if outcome.failure is None:
        return f"exit {outcome.exit_code}"
    return "deadlock" if outcome.deadlock is not None else outcome.failure.variant


def facts_of(
    run: Run, *, differs: bool = False, plain: Run | None = None, verdict: str = "", hints: tuple[str, ...] = ()
) -> Facts:
    """The facts of a run; ``plain`` is the one without changes.

    ``verdict`` is that on its orders, and ``hints`` those about its programs, where they are known.
    """
    outcome, deadlock = run.outcome, run.outcome.deadlock
    counts = Counter(map(type, run.journal))
    size = sum(event.size for event in run.journal if isinstance(event, Transferred))
    return Facts(
        exit_code=outcome.exit_code,
        error=outcome.failure.variant if outcome.failure else "",
        as_expected=run.as_expected,
        deadlock=deadlock is not None,
        waiting=len(deadlock.waiting) if deadlock else 0,
        ring=max(map(len, deadlock.rings), default=0) if deadlock else 0,
        differs=differs,
        plain_deadlock=(plain or run).outcome.deadlock is not None,
        depends=verdict == DEPENDENT,
        undecided=verdict == UNDECIDED,
        faults=sum(note.times for note in fault_notes(run.journal)),
        leaks_fd=_leaks(run),
        cycles=outcome.cycles,
        turns=counts[IterationEnded],
        vms=counts[Booted],
        pipes=counts[PipeOpened],
        bytes=size,
        swaps=counts[SwappedOut],
        hints=hints,
    )


def _leaks(run: Run) -> bool:
    """Who ends closes its fds, but that is told after its end."""
    owners: dict[int, int] = {}
    for event in run.journal:
        match event:
            case PipeOpened():
                owners[event.read_fd] = owners[event.write_fd] = event.vm
            case FdMoved():
                owners[event.fd] = event.vm
            case FdClosed():
                del owners[event.fd]
            case Ended(vm=vm) if vm in owners.values():
                return True
            case _:
                pass
    return False
