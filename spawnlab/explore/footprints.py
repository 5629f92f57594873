"""What a turn touches that another VM's turn could touch too: read from the turn's events in the journal.

Two turns of different VMs that are next to each other, and of which neither changes what the other looks at, can change
places: what both leave behind is the same. All that a proof over orders stands on is in this file and the tests of it.

The things that VMs share are few (``scheduler`` §5). An fd belongs to one VM, which alone can use it, close it or hand
it on, so that what others see of a pipe is only whether its other end is open:

* a read or write looks at the other end (``OTHER_END_CLOSED``, or waiting), a close and a VM's end change it;
* a read and a write of one pipe do not touch each other: whichever comes first waits, and when both are there the bytes
  are moved, with the same result;
* a wait looks at whether there is such a VM, which its making changes. Its end does not touch the one wait for it:
  whichever comes first, the exit code gets there. But where a VM is waited for more than once it does, and waits touch
  each other (``rewaited``): a code that was delivered to a VM that waited is kept, one that was collected later is not
  (``scheduler`` §13);
* ids of VMs and numbers of fds are given in order, and programs see them: spawns touch each other, and so do pipes;
* the limits of 17 VMs and 64 fds: ends make room for spawns, closes for pipes. That matters only in a run that has so
  many of them (``crowded``).

A fault (``scheduler/faults.py``) is about one VM's own calls and fds, and what it does has the events of an end, a
close or a read; its own event touches nothing.

All else is the VM's own, or the same for ever (the transaction). Whether a run has so many VMs or waits is the same for
all orders of a class, so that a search may begin without and start again when it comes to such a run (``rules_for``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ..scheduler import messages as m
from ..scheduler.codes import ReturnCode
from ..scheduler.deadlock import DEADLOCK_TEXT
from ..scheduler.events import (
    Answered,
    AnyEvent,
    Blocked,
    Booted,
    Ended,
    Faulted,
    FdClosed,
    IterationStarted,
    OtherEndGone,
    PipeOpened,
    Posted,
    Transferred,
    WaitEnded,
)
from ..scheduler.fds import other_end
from ..scheduler.limits import MAX_FDS, MAX_VMS_COUNT, ROOT_VM_ID

Thing = tuple[str, int]
"""``end`` of a pipe by its fd, ``vm`` by its id, or one of the counters and limits."""
VM_IDS, FD_NUMBERS, VM_ROOM, FD_ROOM = ("vm ids", 0), ("fd numbers", 0), ("room for vms", 0), ("room for fds", 0)


class Rules(msgspec.Struct, frozen=True):
    """What else is taken for touching; each is needed only for programs that come to it."""

    crowded: bool = False
    """Ends and spawns touch each other, closes and pipes too: limits may be reached."""
    rewaited: bool = False
    """Waits, and a VM's end, touch each other: a VM is waited for more than once, or a wait fails."""


class Footprint(msgspec.Struct, frozen=True):
    """What a turn looks at, what it changes, and whom it lets go on."""

    reads: frozenset[Thing] = frozenset()
    writes: frozenset[Thing] = frozenset()
    born: tuple[int, ...] = ()
    """VMs that it made."""
    woken: tuple[int, ...] = ()
    """Other VMs that can go on because of it: their waits are over, or an end is gone."""
    met: tuple[tuple[int, int], ...] = ()
    """Writer and reader between which bytes were moved, or a VM that has ended and the one that has waited for it: each
    goes on because of the other."""

    def touches(self, other: Footprint) -> bool:
        """Whether turns with these footprints may come to something else in the other order."""
        return not (
            self.writes.isdisjoint(other.writes)
            and self.writes.isdisjoint(other.reads)
            and self.reads.isdisjoint(other.writes)
        )


class _Marks:
    """The footprint that is being made."""

    def __init__(self) -> None:
        self.reads: set[Thing] = set()
        self.writes: set[Thing] = set()
        self.born: list[int] = []
        self.woken: list[int] = []
        self.met: list[tuple[int, int]] = []

    def made(self) -> Footprint:
        return Footprint(
            frozenset(self.reads), frozenset(self.writes), tuple(self.born), tuple(self.woken), tuple(self.met)
        )


def footprint_of(vm: int, events: Sequence[AnyEvent], rules: Rules, owned: Iterable[int] = ()) -> Footprint:
    """The footprint of a VM's turn, from the events between its IterationStarted and its IterationEnded.

    It says what the turn might touch, whatever the others have done before, and not just what came of it: the search
    takes the turn's footprint for the same where it comes earlier. So an end that fails before it closes the VM's fds,
    which are ``owned``, touches them all the same, and a call that is refused by a limit what it would without.

    A turn that ended the run has one too. The root's end serves nobody and closes nothing: its footprint is empty.
    """
    marks = _Marks()
    message = next((event.message for event in events if isinstance(event, Posted)), None)
    if message is not None:
        _follow_message(marks, message, _reply(vm, events), rules)
    for event in events:
        match event:
            case Booted(vm=child):
                marks.writes |= {VM_IDS, ("vm", child)}
                marks.born.append(child)
            case PipeOpened():
                marks.writes.add(FD_NUMBERS)
            case FdClosed(fd=fd):
                marks.writes.add(("end", fd))
                if rules.crowded:
                    marks.reads.add(FD_ROOM)
            case Ended(vm=ended) if ended != ROOT_VM_ID:
                marks.writes |= {("end", fd) for fd in owned}
                if rules.rewaited:
                    marks.writes.add(("vm", ended))
                if rules.crowded:
                    marks.reads.add(VM_ROOM)
            case WaitEnded(vm=waiter) | OtherEndGone(vm=waiter) if waiter != vm:
                marks.woken.append(waiter)
            case WaitEnded(target=target):  # it had ended before
                marks.met.append((target, vm))
            case Transferred(vm=writer, reader=reader):
                marks.met.append((writer, reader))
            case _:
                pass
    return marks.made()


def _reply(vm: int, events: Sequence[AnyEvent]) -> AnyEvent | None:
    """What became of the message at once: the first that is said of its VM behind it; ``None`` where that failed."""
    posted = next(index for index, event in enumerate(events) if isinstance(event, Posted))
    replies = (event for event in events[posted + 1 :] if isinstance(event, Answered | Blocked | WaitEnded))
    return next((event for event in replies if event.vm == vm), None)


def _follow_message(marks: _Marks, message: m.Message, reply: AnyEvent | None, rules: Rules) -> None:
    code = reply.code if isinstance(reply, Answered) else None
    match message:
        case m.FdRead(fd=fd) | m.FdWrite(fd=fd):
            if code != ReturnCode.INVALID_FD:  # whose an fd is only its owner changes
                marks.reads.add(("end", other_end(fd)))
        case m.Wait(target_id=target) if target != ROOT_VM_ID:  # nobody ever learns of the root's end
            (marks.writes if rules.rewaited else marks.reads).add(("vm", target))
        case m.Spawn() if code != ReturnCode.INVALID_FD:
            marks.writes.add(VM_IDS)
            if rules.crowded:
                marks.writes.add(VM_ROOM)
        case m.Pipe():
            marks.writes.add(FD_NUMBERS)
            if rules.crowded:
                marks.writes.add(FD_ROOM)
        case _:
            pass


def rules_for(events: Sequence[AnyEvent], rules: Rules) -> Rules:
    """The rules, and those that are needed besides for a run with these events."""
    return Rules(
        crowded=rules.crowded or _comes_to_a_limit(events), rewaited=rules.rewaited or _waits_again_or_fails(events)
    )


def _comes_to_a_limit(events: Sequence[AnyEvent]) -> bool:
    """Whether a limit of VMs or fds may have decided an answer."""
    vms = pipes = 0
    for event in events:
        match event:
            case Booted():
                vms += 1
            case PipeOpened():
                pipes += 1
            case Posted(message=m.Spawn()) if vms > MAX_VMS_COUNT:
                return True
            case Posted(message=m.Pipe()) if 2 * pipes >= MAX_FDS:
                return True
            case _:
                pass
    return False


def _waits_again_or_fails(events: Sequence[AnyEvent]) -> bool:
    """Whether a VM is waited for twice, or the run failed where an exit code may have been delivered.

    Where the code can't be stored, the VM that ends has the fault if it comes second: then its fds are not closed.
    """
    seen: set[int] = set()
    delivers = False
    for event in events:
        match event:
            case Posted(message=m.Wait(target_id=target)) if target != ROOT_VM_ID:
                if target in seen:
                    return True
                seen.add(target)
                delivers = True
            case IterationStarted():
                delivers = False
            case Ended(vm=vm):
                delivers = vm != ROOT_VM_ID
            case Faulted(error=error) if delivers and DEADLOCK_TEXT not in error:
                return True
            case _:
                pass
    return False
