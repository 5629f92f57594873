"""What kind of deadlock it is: a word, and the rule behind it. Every deadlock has a ring.

A VM waits for one other at the most, and for none only where an end is closed and nobody looks, so that following who
waits for whom always comes back to where it was.
"""

# ruff: noqa: E501 - a rule is a line
from __future__ import annotations

from ..scheduler.deadlock import DeadlockReport
from ..scheduler.limits import ROOT_VM_ID
from ..scheduler.states import VmState, Wait, WaitForRead, WaitForWrite

DEADLOCK_RULES = {
    "self-wait": "A VM that waits for its own end never comes to it.",
    "own-pipe-read": "A read waits until somebody writes, or until the write end is closed. The VM that waits holds the write end itself, so neither can happen: hand the end to whoever is to write, or close it.",
    "own-pipe-write": "A write waits until somebody reads, or until the read end is closed: there is no buffer in a pipe. The VM that waits holds the read end itself.",
    "ring-of-reads": "Each waits for bytes that another will write only after it has read. One of them has to write first.",
    "ring-of-writes": "A write waits until all of it is read: there is no buffer in a pipe. Each waits for another to read, which it will do only after its own write. One of them has to read first.",
    "ring-of-waits": "Each waits for the end of another, so that none ends.",
    "wait-for-root": "The run is over when VM 0 ends, so that nobody ever learns of that end. A VM that waits for VM 0 waits as long as the run lasts.",
    "open-write-end": "A read comes back when bytes come or when the write end is closed. It is still open, held by a VM that waits for the reader's end and will not write any more: close it before the wait.",
    "unread-write": "A write waits until all of it is read: there is no buffer in a pipe. Who holds the read end waits "
    "or the writer's end instead of reading.",
    "reads-and-writes": "One waits to read what another will write only later; that one waits to write what the first does not read now. They have to agree on an order.",
    "mixed-ring": "Each waits for something that another will do only later.",
    "skipped-io-pass": "A turn went beyond its budget, so that the run was suspended without the I/O pass after it, which nobody makes up for (scheduler T10). A node does the same.",
}


def cause_of(report: DeadlockReport) -> tuple[str, tuple[int, ...]]:
    """The kind of deadlock and its ring; among several rings, that which has a rule of its own, else the first."""
    states = {waiting.vm: waiting.state for waiting in report.waiting}
    if report.io_pass_skipped:
        return "skipped-io-pass", tuple(states)
    found = [(_kind([states[vm] for vm in ring]), ring) for ring in report.rings]
    return min(found, key=lambda pair: list(DEADLOCK_RULES).index(pair[0]))


def _kind(ring: list[VmState]) -> str:
    kinds = {type(state) for state in ring}
    if len(ring) == 1:
        alone = {Wait: "self-wait", WaitForRead: "own-pipe-read", WaitForWrite: "own-pipe-write"}
        return alone[type(ring[0])]  # type: ignore[index] # a VM of a ring waits
    if any(isinstance(state, Wait) and state.target_vm_id == ROOT_VM_ID for state in ring):
        return "wait-for-root"
    return {
        frozenset({WaitForRead}): "ring-of-reads",
        frozenset({WaitForWrite}): "ring-of-writes",
        frozenset({Wait}): "ring-of-waits",
        frozenset({Wait, WaitForRead}): "open-write-end",
        frozenset({Wait, WaitForWrite}): "unread-write",
        frozenset({WaitForRead, WaitForWrite}): "reads-and-writes",
    }.get(frozenset(kinds), "mixed-ring")  # type: ignore[arg-type]
