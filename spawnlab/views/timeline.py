"""A run as lines: one an event, with one column a VM that shows its state."""

from __future__ import annotations

import msgspec

from ..scheduler import messages as m
from ..scheduler.codes import ReturnCode, spelled
from ..scheduler.events import (
    Answered,
    AnyEvent,
    Blocked,
    Booted,
    Ended,
    Faulted,
    FaultInjected,
    FdClosed,
    IterationEnded,
    IterationStarted,
    Logged,
    OtherEndGone,
    PipeOpened,
    Posted,
    ProgramReplaced,
    Refused,
    Resumed,
    Suspended,
    SwappedIn,
    SwappedOut,
    Transferred,
    WaitEnded,
)
from ..scheduler.states import Runnable, Terminated, VmState, Wait, WaitForRead, WaitForWrite
from ..scheduler.syscalls.names import CALL_NAMES, OF_A_NUMBER
from .cast import Cast
from .hypotheticals import fault_words

LEGEND = "> runs  o can run  r reads  w writes  j waits for a VM  x ended  (capitals: swapped out)"
_HEAD = f"{'turn':>5} {'cycles':>12}  "
_BYTES_SHOWN = 32
_MARKS: dict[type[VmState], str] = {Runnable: "o", Terminated: "x", WaitForRead: "r", WaitForWrite: "w", Wait: "j"}


class Row(msgspec.Struct, frozen=True, gc=False):
    """What a line says: the turn, the cycles consumed before it, each VM's mark, and what a VM does."""

    turn: int
    cycles: int
    marks: tuple[str, ...]
    vm: int
    words: str


class Timeline:
    """Turns events into lines, one after the other; keeps each VM's state for the columns."""

    def __init__(self, cast: Cast, columns: int | None = None) -> None:
        self._cast = cast
        self._columns = cast.columns if columns is None else columns
        """VMs to leave room for; more are added as they come."""
        self._marks: dict[int, str] = {}
        self._swapped: set[int] = set()
        self._turn = 0
        self._running: int | None = None
        self._cycles = 0

    def copy(self) -> Timeline:
        """One that goes on from the same place."""
        other = Timeline(self._cast.copy(), self._columns)
        other._marks, other._swapped = dict(self._marks), set(self._swapped)
        other._turn, other._running, other._cycles = self._turn, self._running, self._cycles
        return other

    def heading(self) -> str:
        """The line above the columns."""
        return _HEAD + "".join(f"{vm:>3}" for vm in range(self._columns))

    def line(self, event: AnyEvent) -> str | None:
        """The line of an event; ``None`` for those that only change columns."""
        row = self.row(event)
        return None if row is None else head(row) + words(row)

    def row(self, event: AnyEvent) -> Row | None:
        """As :meth:`line`, in its parts."""
        self._cast.follow(event)
        self._follow(event)
        words = self._words(event)
        if words is None:
            return None
        marks = tuple(self._mark(vm) for vm in range(max(self._columns, len(self._marks))))
        return Row(self._turn, self._cycles, marks, event.vm, words)

    def _mark(self, vm: int) -> str:
        mark = ">" if vm == self._running else self._marks.get(vm, " ")
        return mark.upper() if vm in self._swapped else mark

    def _follow(self, event: AnyEvent) -> None:
        vm = event.vm
        match event:
            case IterationStarted(iteration=turn):
                self._turn, self._running = turn, vm
            case IterationEnded(total=total):
                self._cycles, self._running = total, None
            case Booted() | Answered():
                self._marks[vm] = "o"
            case Blocked(state=state):
                self._running = None
                self._marks[vm] = _MARKS[type(state)]
            case SwappedOut():
                self._swapped.add(vm)
            case SwappedIn():
                self._swapped.discard(vm)
            case Ended():
                self._running = None
                self._marks[vm] = "x"
            case _:
                pass

    def _words(self, event: AnyEvent) -> str | None:
        match event:
            case Booted(parent=parent, location=location, arguments=arguments):
                by = "" if parent is None else f", spawned by VM {parent}"
                return f"starts {self._cast.program(location)}{_argv(arguments)}{by}"
            case ProgramReplaced(location=location, arguments=arguments):
                return f"goes on as {self._cast.program(location)}{_argv(arguments)}"
            case Posted(message=message):
                return self._call(message)
            case Answered(code=code):
                return None if code == ReturnCode.SUCCESS else f"is answered {spelled(code)}"
            case Refused(call=call, argument=argument, code=code):
                of = f" of {argument}" if call in OF_A_NUMBER else ""
                return f"is answered {spelled(code)} at once: {CALL_NAMES.get(call, call)}{of}"
            case PipeOpened(read_fd=read_fd, write_fd=write_fd):
                return f"gets fds {read_fd} (read end) and {write_fd} (write end)"
            case Transferred(reader=reader, fd=fd, size=size, head=head):
                return f"hands {size} bytes through fd {fd} to VM {reader}: {_shown(head, size)}"
            case OtherEndGone(fd=fd, size=size):
                return f"goes on, {size} bytes through fd {fd}: the other end is closed"
            case WaitEnded(target=target, exit_code=code):
                return f"learns that VM {target} ended with {code}"
            case SwappedOut(cycles=cycles) | SwappedIn(cycles=cycles):
                return f"is swapped {'out' if isinstance(event, SwappedOut) else 'in'} for {cycles:,} cycles"
            case Suspended():
                return "and all others are suspended, to go on elsewhere"
            case Resumed():
                return "and all others go on from where they were suspended"
            case Logged(text=text):
                return f"says {text!r}"
            case FdClosed(fd=fd):
                return f"no longer holds fd {fd}"
            case Ended(exit_code=code):
                return f"ends with exit code {code}"
            case Faulted(error=error, pc=int(pc)):
                return f"fails at pc 0x{pc:x}: {error}"
            case FaultInjected():
                return fault_words(event)
            case _:
                return None

    def _call(self, message: m.Message) -> str:
        match message:
            case m.ExecV2(location=location):
                return f"calls exec {self._cast.program(location)}"
            case m.Spawn(location=location, fds=fds):
                given = f" with fds {', '.join(map(str, fds))}" if fds else ""
                return f"calls spawn {self._cast.program(location)}{given}"
            case m.Wait(target_id=target):
                return f"calls wait for VM {target}"
            case m.Pipe():
                return "calls pipe"
            case m.FdRead(fd=fd, length=length):
                return f"calls read of at most {length} bytes from fd {fd}"
            case m.FdWrite(fd=fd, length=length):
                return f"calls write of {length} bytes to fd {fd}"
            case m.InheritedFileDescriptor():
                return "calls inherited_fd"
            case m.Close(fd=fd):
                return f"calls close of fd {fd}"


def head(row: Row) -> str:
    """What stands before the words of a line."""
    return f"{row.turn:>5} {row.cycles:>12,}  {''.join(f'{mark:>3}' for mark in row.marks)}   "


def words(row: Row) -> str:
    """What happens, in a sentence."""
    return f"VM {row.vm} {row.words}"


def _argv(arguments: tuple[bytes, ...]) -> str:
    return "".join(f" {argument.decode(errors='replace')!r}" for argument in arguments)


def _shown(head: bytes, size: int) -> str:
    shown = head[:_BYTES_SHOWN]
    more = " ..." if size > len(shown) else ""
    return f"{shown!r}{more}"
