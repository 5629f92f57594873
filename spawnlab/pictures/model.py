"""A run as a story: what all pictures are drawn from. ``story.py`` reads it off a journal.

Cycles (``at``, ``start``, ``end``, ``since``) are consumed cycles of the run (``placing.py`` says where events lie).
``turn`` is an index into :attr:`Story.turns`: the turn in which, or in the I/O pass after which, something happened; -1
before the first.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from ..scheduler.deadlock import DeadlockReport


class Doing(Enum):
    """What a VM does for a while."""

    RUNNING = "running"
    """Executes; as many cycles as stand in its own counter, with what it was charged before its turn."""
    RUNNABLE = "runnable"
    """Could run, and does not have the turn."""
    READ = "read"
    """Waits for bytes, or for the end of them."""
    WRITE = "write"
    """Waits until its bytes are taken."""
    WAIT = "wait"
    """Waits for the end of a VM."""
    UNKNOWN = "unknown"
    """The journal begins with a run that was resumed, and has not told of the VM yet."""


BLOCKED = frozenset({Doing.READ, Doing.WRITE, Doing.WAIT})


class Program(msgspec.Struct, frozen=True):
    """A program that a VM plays from ``at`` on: its name, or the piece of data it comes from; and its arguments."""

    at: int
    name: str
    arguments: tuple[bytes, ...] = ()


class Vm(msgspec.Struct, frozen=True, kw_only=True):
    """One VM and its life."""

    vm: int
    parent: int | None
    programs: tuple[Program, ...]
    """More than one after an exec; none where the journal begins later."""
    born: int
    born_turn: int
    ended: int | None = None
    """``None`` where it lives at the run's end."""
    ended_turn: int | None = None
    exit_code: int | None = None

    @property
    def program(self) -> str:
        """The name of its first program; empty where that is not known."""
        return self.programs[0].name if self.programs else ""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """What a VM does from ``start`` to ``end``, which may be the same. A VM's spans lie end to end over its life."""

    vm: int
    doing: Doing
    start: int
    end: int
    turn: int
    """The turn in which it begins; of a running one, the turn that it is."""
    fd: int | None = None
    """What it reads from or writes to."""
    size: int | None = None
    """Bytes that it wants to read at most, or to write."""
    target: int | None = None
    """The VM whose end it waits for."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What a VM asked of the scheduler: a turn's last act."""

    kind: str
    """``exec``, ``spawn``, ``wait``, ``pipe``, ``read``, ``write``, ``inherited_fd`` or ``close``."""
    place: str | None
    """The step or source line: ``steps[3]``, ``child.c:12``."""
    fd: int | None = None
    size: int | None = None
    target: int | None = None
    program: str | None = None
    fds: tuple[int, ...] = ()
    code: int | None = None
    """The return code, where the scheduler refused it at once; else ``None``."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One iteration. ``start`` and ``end`` are the totals before and after it; its VM ran within these."""

    number: int
    """As the journal counts: from 1, and again from 1 in a scheduler that was resumed from Python."""
    vm: int
    start: int
    run_start: int
    run_end: int
    end: int
    call: Call | None
    exit_code: int | None = None
    """Where the VM ended."""
    finished: bool = True
    """Whether the journal has its end."""


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """A machine became a snapshot to make room (``out``), or came back. It takes no cycles if nobody ever paid."""

    vm: int
    out: bool
    start: int
    end: int
    turn: int


class Away(msgspec.Struct, frozen=True):
    """A VM is swapped out: from the start of one swap to the end of another, or to its end."""

    vm: int
    start: int
    end: int


class Holding(msgspec.Struct, frozen=True):
    """A VM has an end of a pipe from ``start`` to ``end`` (``None``: to the run's end)."""

    vm: int
    start: int
    end: int | None


class PipeEnd(msgspec.Struct, frozen=True):
    """One end of a pipe: who had it, one after the other, and when it was closed, by whom."""

    fd: int
    holders: tuple[Holding, ...]
    closed: int | None = None
    closed_turn: int | None = None

    @property
    def holder(self) -> int | None:
        """Who has it at the run's end; ``None`` where it is closed."""
        return self.holders[-1].vm if self.closed is None else None


class Pipe(msgspec.Struct, frozen=True, kw_only=True):
    """A pipe: who made it and when, its ends, and what went through."""

    maker: int
    made: int
    made_turn: int
    read: PipeEnd
    write: PipeEnd
    transfers: int
    size: int
    """Bytes that went through, in all transfers."""


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that moved from a writer to a reader, who both waited for it."""

    writer: int
    reader: int
    fd: int
    """The write end."""
    size: int
    head: bytes
    """The first of the bytes."""
    at: int
    turn: int
    writer_since: int
    reader_since: int
    """When they began to wait."""
    left: int
    """Bytes of the write that are not taken yet."""


class EndGone(msgspec.Struct, frozen=True, kw_only=True):
    """A read or write is over, after ``size`` bytes, since the other end of the pipe is gone."""

    vm: int
    fd: int
    size: int
    at: int
    turn: int
    since: int


class Spawn(msgspec.Struct, frozen=True, kw_only=True):
    """A VM made another and handed it ends of pipes."""

    parent: int
    child: int
    fds: tuple[int, ...]
    at: int
    turn: int


class Exec(msgspec.Struct, frozen=True, kw_only=True):
    """A VM goes on as another program."""

    vm: int
    program: str
    at: int
    turn: int


class WaitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A VM learned the exit code of another; it had waited since ``since``, or had only to ask (``None``)."""

    vm: int
    target: int
    exit_code: int
    at: int
    turn: int
    since: int | None


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """A VM ended by itself."""

    vm: int
    exit_code: int
    at: int
    turn: int


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A VM printed a text, somewhere in its turn."""

    vm: int
    text: str
    at: int
    turn: int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A system call was answered with a return code that is an error, at once or by the scheduler."""

    vm: int
    call: str
    code: int
    at: int
    turn: int


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """The run stopped: ``error`` is the reference's debug form. A scheduler can be run on after some of them.

    The cycle limit at which a run is suspended is none.
    """

    vm: int
    error: str
    at: int
    turn: int
    place: str | None


class Break(msgspec.Struct, frozen=True):
    """The run was suspended here and resumed, or (``resumed`` is false) is still suspended."""

    at: int
    turn: int
    resumed: bool


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How the run ended; ``words`` says it."""

    kind: str
    """``exit``, ``deadlock``, ``error``, ``suspended``, or ``unfinished`` for a journal that ends before its run."""
    at: int
    exit_code: int | None = None
    error: str | None = None
    deadlock: DeadlockReport | None = None
    """Who waits for whom, where it is known."""
    words: str = ""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run. What is in a tuple is in the order it happened, spans by VM."""

    title: str
    hypothetical: str | None
    """The policy, where the order is not the chain's: every picture says so."""
    start: int
    end: int
    """Cycles consumed when the journal begins (0, but for a resumed scheduler's) and when it ends."""
    vms: tuple[Vm, ...]
    turns: tuple[Turn, ...]
    spans: tuple[Span, ...]
    swaps: tuple[Swap, ...]
    away: tuple[Away, ...]
    pipes: tuple[Pipe, ...]
    transfers: tuple[Transfer, ...]
    gone: tuple[EndGone, ...]
    spawns: tuple[Spawn, ...]
    execs: tuple[Exec, ...]
    answers: tuple[WaitAnswer, ...]
    exits: tuple[Exit, ...]
    logs: tuple[Log, ...]
    refusals: tuple[Refusal, ...]
    faults: tuple[Fault, ...]
    breaks: tuple[Break, ...]
    ending: Ending
    event_turns: tuple[int, ...]
    """For each event of the journal, its turn."""
    event_cycles: tuple[int, ...]
    """For each event of the journal, where it lies; never falls."""

    def vm(self, number: int) -> Vm:
        """A VM by its id; raises :class:`KeyError` if there is none."""
        for vm in self.vms:
            if vm.vm == number:
                return vm
        raise KeyError(number)

    def name(self, number: int) -> str:
        """A VM and its first program: ``VM 1 (child)``."""
        program = next((vm.program for vm in self.vms if vm.vm == number), "")
        return f"VM {number} ({program})" if program else f"VM {number}"

    def spans_of(self, number: int) -> tuple[Span, ...]:
        """A VM's spans, end to end."""
        return tuple(span for span in self.spans if span.vm == number)
