"""What happens in a run, one event at a time: the vocabulary of the journal.

``vm`` is the VM that the event is about. Cycles, bytes and ids are numbers of the model: no event holds wall time.
"""

from __future__ import annotations

import msgspec

from .messages import Message
from .states import VmState
from .transaction import DataLocation


class Event(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Root of all events."""

    vm: int


class Booted(Event, frozen=True):
    """A VM was made; ``parent`` spawned it. Its loading costs ``load_cycles``, charged when it first runs."""

    parent: int | None
    location: DataLocation
    arguments: tuple[bytes, ...]
    load_cycles: int


class ProgramReplaced(Event, frozen=True):
    """The VM's program was replaced by exec. Loading costs ``load_cycles``, charged when it runs next."""

    location: DataLocation
    arguments: tuple[bytes, ...]
    load_cycles: int


class IterationStarted(Event, frozen=True):
    """The VM got the turn; it may spend ``limit`` cycles."""

    iteration: int
    limit: int


class Posted(Event, frozen=True):
    """The VM asked something of the scheduler, in a system call that ends before ``pc``."""

    message: Message
    pc: int


class Answered(Event, frozen=True):
    """A system call of the VM was answered with a code; it can run again."""

    code: int


class Refused(Event, frozen=True):
    """System call ``call`` of the VM, with ``argument`` in a0, was answered with a code at once: nothing was posted.

    The call ends before ``pc``; of a function ``pc`` says nothing.
    """

    call: int
    argument: int
    code: int
    pc: int


class Blocked(Event, frozen=True):
    """The VM waits."""

    state: VmState


class PipeOpened(Event, frozen=True):
    """The VM made a pipe and owns both ends."""

    read_fd: int
    write_fd: int


class FdClosed(Event, frozen=True):
    """An fd of the VM is gone: closed, or the VM ended."""

    fd: int


class FdMoved(Event, frozen=True):
    """The VM was given an fd when it was spawned."""

    fd: int
    giver: int


class Transferred(Event, frozen=True):
    """``size`` bytes went through a pipe from ``vm`` to ``reader``; ``head`` are the first of them."""

    reader: int
    fd: int
    size: int
    head: bytes


class OtherEndGone(Event, frozen=True):
    """The VM's read or write ended, ``size`` bytes long, since the other end of its pipe is gone."""

    fd: int
    size: int


class WaitEnded(Event, frozen=True):
    """The VM got the exit code of the VM that it waited for."""

    target: int
    exit_code: int


class SwappedOut(Event, frozen=True):
    """The VM's machine became a snapshot, to make room."""

    cycles: int


class SwappedIn(Event, frozen=True):
    """The VM's machine was made again from its snapshot."""

    cycles: int


class Suspended(Event, frozen=True):
    """The whole run was suspended between two iterations; ``total`` cycles are consumed. ``vm`` is the root."""

    total: int


class Resumed(Event, frozen=True):
    """The whole run goes on from a suspended state, ``total`` cycles consumed. ``vm`` is the root."""

    total: int


class Logged(Event, frozen=True):
    """The VM printed a text (system call 2177)."""

    text: str


class Ended(Event, frozen=True):
    """The VM ended."""

    exit_code: int


class Faulted(Event, frozen=True):
    """The run stopped in the VM's turn, or (VM 0) before it was anyone's; ``error`` is the reference's debug form.

    ``total`` cycles are consumed by then. ``pc`` is known where the VM's own machine failed.
    """

    error: str
    total: int
    pc: int | None


class IterationEnded(Event, frozen=True):
    """The VM spent ``spent`` cycles; ``total`` is consumed by the run so far.

    ``used`` of them stood in the VM's own counter, with what it was charged before its turn; the rest was for swapping.
    It made ``calls`` system calls, 500 cycles each, an exit among them. ``charged`` cycles were added within them, of
    these ``loaded`` for a program that the VM itself replaced its own by (exec of script version 1).
    """

    iteration: int
    spent: int
    total: int
    used: int
    calls: int
    charged: int
    loaded: int


class FaultInjected(Event, frozen=True):
    """Hypothetical: ``fault`` took effect on the VM, at its system call number ``count`` (from 1), a ``call``.

    It is the text of a fault (:mod:`.faults`). The call ends before ``pc``; of a function ``pc`` says nothing.
    ``size`` are the bytes that are left of what a read asked for. What comes of the fault has events of its own: an
    end, an fd that is closed, a read that waits for so many bytes.
    """

    fault: str
    count: int
    call: int
    pc: int
    size: int | None

    @property
    def kind(self) -> str:
        """The kind of fault: ``exit``, ``short`` or ``close``."""
        return self.fault.partition(":")[0]


AnyEvent = (
    Booted
    | ProgramReplaced
    | IterationStarted
    | Posted
    | Answered
    | Refused
    | Blocked
    | PipeOpened
    | FdClosed
    | FdMoved
    | Transferred
    | OtherEndGone
    | WaitEnded
    | SwappedOut
    | SwappedIn
    | Suspended
    | Resumed
    | Logged
    | Ended
    | Faulted
    | IterationEnded
    | FaultInjected
)
HEAD_BYTES_MAX = 64
"""Bytes of a transfer that its event keeps."""
