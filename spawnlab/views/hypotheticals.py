"""What of a run is hypothetical, in words: an order that is not the chain's, and faults, with what came of each."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..scheduler.events import Booted, FaultInjected, IterationStarted, ProgramReplaced
from ..scheduler.faults import Close, Exit, FilledMemory, conditions_of
from ..scheduler.hypothetical import CONSENSUS_TEXT, hypothetical_order
from ..scheduler.journal import Journal
from ..scheduler.syscalls.names import CALL_NAMES
from ..vm.machine import EXIT
from .text import harmless

OTHER_CALLS = "with other system calls than the chain's, where no node may come to the same end"
"""What is said of a run that has them."""


class FaultNote(msgspec.Struct, frozen=True, kw_only=True):
    """A fault of a run, and what came of it."""

    fault: str
    """Its text (``docs/faults.md``)."""
    times: int
    """How often it took effect; for filled memory, programs that were started on it."""
    turn: int | None
    """The turn in which it did first, 0 before anyone's; ``None`` where it never did."""


def fault_notes(journal: Journal) -> tuple[FaultNote, ...]:
    """The faults of a run, as the journal's name lists them; none of a run that had none."""
    hypothetical = hypothetical_order(journal.policy)
    faults = () if hypothetical is None else conditions_of(hypothetical)[1]
    moments: dict[str, list[int]] = {fault: [] for fault in faults}
    filled = [fault for fault in faults if fault.startswith(f"{FilledMemory.kind}:")]
    turn = 0
    for event in journal if faults else ():
        match event:
            case IterationStarted(iteration=iteration):
                turn = iteration
            case FaultInjected(fault=fault):
                moments.setdefault(fault, []).append(turn)
            case Booted() | ProgramReplaced():
                for fault in filled:
                    moments[fault].append(turn)
            case _:
                pass
    return tuple(
        FaultNote(fault=fault, times=len(turns), turn=turns[0] if turns else None) for fault, turns in moments.items()
    )


def hypothetical_lines(hypothetical: str, notes: Sequence[FaultNote] | None = None) -> tuple[str, ...]:
    """What is said of every run that is not the chain's, in a line or two; ``notes`` are known once it is over."""
    policy, faults = conditions_of(hypothetical)
    lines: list[str] = []
    if policy != CONSENSUS_TEXT:
        order = f"hypothetical order: {harmless(policy)}"
        lines.append(f"{order}; on the chain every turn is the largest id's that can run")
    if faults:
        listed = [harmless(fault) for fault in faults] if notes is None else [_noted(note) for note in notes]
        chain = "on the chain there are none"
        if notes and not any(note.times for note in notes):
            chain = "all is as without faults"
        lines.append(f"hypothetical {'fault' if len(faults) == 1 else 'faults'}: {', '.join(listed)}; {chain}")
    return tuple(lines)


def _noted(note: FaultNote) -> str:
    if note.turn is None:
        came = "never took effect"
    elif note.turn == 0:
        came = "from the beginning"
    else:
        came = f"in turn {note.turn:,}" if note.times == 1 else f"{note.times:,} times, from turn {note.turn:,} on"
    return f"{harmless(note.fault)} ({came})"


def fault_words(event: FaultInjected) -> str:
    """What a fault has done to its VM, as the end of a sentence."""
    name = "exit" if event.call == EXIT else CALL_NAMES.get(event.call, event.call)
    call = f"its system call {event.count:,}, {name}"
    last = event.fault.rpartition(":")[2]  # not by parsing it: a kept journal may have anything
    if event.kind == Exit.kind:
        what = f"exits with code {last} instead of {call}"
    elif event.kind == Close.kind:
        what = f"loses fd {last} before {call}"
    else:
        what = f"gets at most {'1 byte' if event.size == 1 else f'{event.size or 0:,} bytes'} by {call}"
    return f"{what} (hypothetical fault {event.fault})"
