"""What kind of deadlock it is: a word, and the rule behind it. Every deadlock has a ring.

A VM waits for one other at the most, and for none only where an end is closed and nobody looks, so that following who
waits for whom always comes back to where it was.
"""

# ruff: noqa: E501 - a rule is a line
from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..scheduler.deadlock import DeadlockReport
from ..scheduler.fds import other_end
from ..scheduler.limits import ROOT_VM_ID
from ..scheduler.states import VmState, Wait, WaitForRead, WaitForWrite
from .model import Wait as Waiting

DEADLOCK_RULES = {
    "self-wait": "A VM that waits for its own end never comes to it.",
    "own-pipe-read": "A read waits until somebody writes, or until the write end is closed. The VM that waits holds the write end itself, so neither can happen: hand the end to whoever is to write, or close it.",
    "own-pipe-write": "A write waits until somebody reads, or until the read end is closed: there is no buffer in a pipe. The VM that waits holds the read end itself.",
    "ring-of-reads": "Each waits for bytes that another will write only after it has read. One of them has to write first.",
    "ring-of-writes": "A write waits until all of it is read: there is no buffer in a pipe. Each waits for another to read, which it will do only after its own write. One of them has to read first.",
    "ring-of-waits": "Each waits for the end of another, so that none ends.",
    "wait-for-root": "The run is over when VM 0 ends, so that nobody ever learns of that end. A VM that waits for VM 0 waits as long as the run lasts.",
    "open-write-end": "A read comes back when bytes come or when the write end is closed. It is still open, held by a VM that waits for the reader's end and will not write any more: close it before the wait.",
    "unread-write": "A write waits until all of it is read: there is no buffer in a pipe. Who holds the read end waits for the writer's end instead of reading.",
    "reads-and-writes": "One waits to read what another will write only later; that one waits to write what the first does not read now. They have to agree on an order.",
    "mixed-ring": "Each waits for something that another will do only later.",
    "skipped-io-pass": "A turn went beyond its budget, so that the run was suspended without the I/O pass after it, which nobody makes up for (scheduler T10). A node does the same.",
}


ADVICE = {
    "self-wait": "leave out VM {vm}'s wait for itself{at}",
    "own-pipe-read": "hand fd {peer_fd} to the VM that is to write, when it is spawned, or close it in VM {vm} before the read{at}",
    "own-pipe-write": "hand fd {peer_fd} to the VM that is to read, when it is spawned: a VM can't write to itself",
    "ring-of-reads": "let VM {peer} write to fd {peer_fd} before its own read{peer_at}",
    "ring-of-writes": "let VM {peer} read from fd {peer_fd} before its own write{peer_at}",
    "ring-of-waits": "leave out one of the waits, such as VM {vm}'s for VM {peer}{at}",
    "wait-for-root": "leave out VM {vm}'s wait for VM 0{at}: it can learn by a pipe what it wants to know",
    "open-write-end": "close fd {peer_fd} in VM {peer} before it waits{peer_at}, or write there what VM {vm} still reads",
    "unread-write": "let VM {peer} read from fd {peer_fd} before it waits{peer_at}",
    "reads-and-writes": "let VM {peer} write to fd {peer_fd}, or close it, before it waits{peer_at}",
    "mixed-ring": "let VM {peer} write to fd {peer_fd}, or close it, before it waits{peer_at}",
    "skipped-io-pass": "suspend the run elsewhere, or not at all",
}
"""What would help, where no edit was found that does: of the wait that the kind of deadlock turns on."""
_TURNS_ON = {"ring-of-writes": "write", "unread-write": "write", "own-pipe-write": "write", "ring-of-waits": "wait"}
"""Which of a ring's waits that is, if it is not a read."""


def advice_of(cause: str, ring: tuple[int, ...], waits: Mapping[int, Waiting]) -> str:
    """What would help, in words: which VM, which fd, where."""
    among = [waits[vm] for vm in ring]
    if cause == "wait-for-root":
        wait = next(wait for wait in among if wait.kind == "wait" and wait.waits_for == ROOT_VM_ID)
    else:
        wait = next((wait for wait in among if wait.kind == _TURNS_ON.get(cause, "read")), among[0])
    peer = waits.get(wait.vm if wait.waits_for is None else wait.waits_for, wait)
    words = {"vm": wait.vm, "peer": peer.vm, "peer_fd": wait.peer_fd, "at": _at(wait), "peer_at": _at(peer)}
    return ADVICE[cause].format(**words)


def _at(wait: Waiting) -> str:
    return f" at {wait.place}" if wait.place else ""


def causes_of(report: DeadlockReport) -> tuple[str, ...]:
    """The kind of each ring."""
    states = {waiting.vm: waiting.state for waiting in report.waiting}
    return tuple(_kind([states[vm] for vm in ring]) for ring in report.rings)


def cause_of(report: DeadlockReport) -> tuple[str, tuple[int, ...]]:
    """The kind of deadlock and its ring; among several rings, that which is first in the table of rules."""
    if report.io_pass_skipped:
        return "skipped-io-pass", tuple(waiting.vm for waiting in report.waiting)
    found = zip(causes_of(report), report.rings, strict=True)
    return min(found, key=lambda pair: list(DEADLOCK_RULES).index(pair[0]))


def _kind(ring: list[VmState]) -> str:
    fds = {state.fd for state in ring if isinstance(state, WaitForRead | WaitForWrite)}
    if any(other_end(fd) in fds for fd in fds):  # both ends of a pipe wait: the pass would have served them
        return "skipped-io-pass"
    names = {WaitForRead: "read", WaitForWrite: "write", Wait: "wait"}
    to_root = any(isinstance(state, Wait) and state.target_vm_id == ROOT_VM_ID for state in ring)
    return ring_name([names[type(state)] for state in ring], to_root=to_root)  # type: ignore[index] # they wait


def ring_name(kinds: Sequence[str], *, to_root: bool) -> str:
    """What a ring is called: of what its VMs wait for, ``read``, ``write`` or ``wait``, and if one waits for VM 0."""
    if len(kinds) == 1:
        return {"wait": "self-wait", "read": "own-pipe-read", "write": "own-pipe-write"}[kinds[0]]
    if to_root:
        return "wait-for-root"
    return {
        frozenset({"read"}): "ring-of-reads",
        frozenset({"write"}): "ring-of-writes",
        frozenset({"wait"}): "ring-of-waits",
        frozenset({"wait", "read"}): "open-write-end",
        frozenset({"wait", "write"}): "unread-write",
        frozenset({"read", "write"}): "reads-and-writes",
    }.get(frozenset(kinds), "mixed-ring")
