"""Reads a journal: the one reading that all pictures share. ``model.py`` says what comes of it."""

from __future__ import annotations

from ..scenarios.build import Build
from ..scheduler import messages as m
from ..scheduler.deadlock import DEADLOCK_TEXT, explain_deadlock
from ..scheduler.events import (
    Answered,
    AnyEvent,
    Booted,
    Ended,
    Faulted,
    FdMoved,
    IterationEnded,
    IterationStarted,
    Logged,
    OtherEndGone,
    Posted,
    ProgramReplaced,
    Refused,
    Resumed,
    Suspended,
    Transferred,
    WaitEnded,
)
from ..scheduler.hypothetical import hypothetical_order
from ..scheduler.journal import Journal
from ..scheduler.limits import ROOT_VM_ID
from ..scheduler.states import VmState, WaitForWrite
from ..scheduler.syscalls.names import CALL_NAMES
from ..views.cast import Cast
from .lives import Lives
from .model import (
    Break,
    Call,
    EndGone,
    Ending,
    Exec,
    Exit,
    Fault,
    Log,
    Program,
    Refusal,
    Spawn,
    Story,
    Transfer,
    Turn,
    WaitAnswer,
)
from .placing import Placing, place
from .plumbing import Plumbing

_KINDS = {
    m.ExecV2: "exec",
    m.Spawn: "spawn",
    m.Wait: "wait",
    m.Pipe: "pipe",
    m.FdRead: "read",
    m.FdWrite: "write",
    m.InheritedFileDescriptor: "inherited_fd",
    m.Close: "close",
}


def story_of(journal: Journal, build: Build | None = None) -> Story:
    """The story of a run; without a build, programs are named by pieces of the transaction, and there are no places.

    Any journal has one: also that of a run that was cut off, that failed before its first turn, or that begins with a
    resumed scheduler.
    """
    return _Reader(journal, build).read()


class _Reader:
    def __init__(self, journal: Journal, build: Build | None) -> None:
        self._journal = journal
        self._title = build.scenario.title if build else ""
        self._cast = Cast(build)
        self._placing: Placing = place(journal.events)
        self._lives = Lives()
        self._plumbing = Plumbing()
        self._whole = True
        """Whether the journal begins where the run does."""
        self._at_rest: tuple[dict[int, VmState], dict[int, int]] = {}, {}
        """States and owners of fds behind the last turn: the I/O pass after a deadlock was found comes too late."""
        self._calls: dict[int, Call] = {}
        self._codes: dict[int, int] = {}
        self._exit_codes: dict[int, int] = {}
        self._finished: set[int] = set()
        self._heads: list[tuple[int, int]] = []
        """Number and VM of each turn."""
        self._transfers: list[Transfer] = []
        self._gone: list[EndGone] = []
        self._spawns: list[Spawn] = []
        self._execs: list[Exec] = []
        self._answers: list[WaitAnswer] = []
        self._exits: list[Exit] = []
        self._logs: list[Log] = []
        self._refusals: list[Refusal] = []
        self._faults: list[Fault] = []
        self._breaks: list[Break] = []

    def read(self) -> Story:
        placing = self._placing
        events = self._journal.events
        if events and isinstance(events[0], Resumed):
            self._whole = False
            self._lives.start = self._plumbing.start = placing.cycles[0]
        rest = max((i for i, event in enumerate(events) if isinstance(event, IterationEnded | Resumed)), default=-1)
        for number, event in enumerate(events):
            at, turn = placing.cycles[number], placing.turns[number]
            self._cast.follow(event)
            if isinstance(event, IterationStarted):
                extent = placing.extents[turn]
                self._heads.append((event.iteration, event.vm))
                self._lives.begin(event.vm, extent.run_start, extent.run_end, turn)
            self._tell(event, at, turn, events[number - 1] if number else None)
            self._lives.follow(event, at, turn, placing.widths.get(number, 0))
            self._plumbing.follow(event, at, turn)
            if number == rest:
                self._at_rest = dict(self._lives.states), dict(self._plumbing.owners)
            if isinstance(event, Booted | ProgramReplaced):
                program = Program(at, self._cast.program(event.location), event.arguments)
                self._lives.play(event.vm, program)
        return self._story(placing.cycles[-1] if events else 0)

    def _tell(self, event: AnyEvent, at: int, turn: int, before: AnyEvent | None) -> None:
        """Note what happens, next after ``before``; by now the VMs are as before it."""
        vm = event.vm
        match event:
            case Booted(parent=int(parent)):
                self._spawns.append(Spawn(parent=parent, child=vm, fds=(), at=at, turn=turn))
            case FdMoved(fd=fd) if self._spawns and self._spawns[-1].child == vm:
                spawn = self._spawns[-1]
                self._spawns[-1] = Spawn(
                    parent=spawn.parent, child=vm, fds=(*spawn.fds, fd), at=spawn.at, turn=spawn.turn
                )
            case ProgramReplaced(location=location):
                self._execs.append(Exec(vm=vm, program=self._cast.program(location), at=at, turn=turn))
            case Posted(message=message):
                self._calls[turn] = self._call(message)
            case Answered(code=code) if code:
                self._codes[turn] = code
                call = self._calls[turn].kind if turn in self._calls else ""
                self._refusals.append(Refusal(vm=vm, call=call, code=code, at=at, turn=turn))
            case Refused(call=number, code=code):
                name = CALL_NAMES.get(number, str(number))
                self._refusals.append(Refusal(vm=vm, call=name, code=code, at=at, turn=turn))
            case Logged(text=text):
                self._logs.append(Log(vm=vm, text=text, at=at, turn=turn))
            case Ended(exit_code=code):
                self._exit_codes[turn] = code
                self._exits.append(Exit(vm=vm, exit_code=code, at=at, turn=turn))
            case IterationEnded():
                self._finished.add(turn)
            case Faulted(error=error):
                where = self._cast.place(vm) if event.pc is not None else None
                self._faults.append(Fault(vm=vm, error=error, at=at, turn=turn, place=where))
            case Suspended():
                self._breaks.append(Break(at, turn, False))
                if isinstance(before, Faulted):
                    self._faults.pop()  # that is how a run is stopped to be suspended
            case Resumed():
                if self._breaks and not self._breaks[-1].resumed:
                    self._breaks.pop()
                self._breaks.append(Break(at, turn, True))
            case _:
                self._tell_of_waits(event, at, turn)

    def _tell_of_waits(self, event: AnyEvent, at: int, turn: int) -> None:
        vm, lives = event.vm, self._lives
        match event:
            case Transferred(reader=reader, fd=fd, size=size, head=head):
                state = lives.states.get(vm)
                left = state.length - state.consumed - size if isinstance(state, WaitForWrite) else 0
                self._transfers.append(
                    Transfer(
                        writer=vm,
                        reader=reader,
                        fd=fd,
                        size=size,
                        head=head,
                        at=at,
                        turn=turn,
                        writer_since=lives.since(vm),
                        reader_since=lives.since(reader),
                        left=left,
                    )
                )
            case OtherEndGone(fd=fd, size=size):
                self._gone.append(EndGone(vm=vm, fd=fd, size=size, at=at, turn=turn, since=lives.since(vm)))
            case WaitEnded(target=target, exit_code=code):
                since = lives.since(vm) if lives.waits(vm) else None
                self._answers.append(WaitAnswer(vm=vm, target=target, exit_code=code, at=at, turn=turn, since=since))
            case _:
                pass

    def _call(self, message: m.Message) -> Call:
        kind, place = _KINDS[type(message)], self._cast.place(message.vm)
        match message:
            case m.Spawn(location=location, fds=fds):
                return Call(kind=kind, place=place, program=self._cast.program(location), fds=fds)
            case m.ExecV2(location=location):
                return Call(kind=kind, place=place, program=self._cast.program(location))
            case m.Wait(target_id=target):
                return Call(kind=kind, place=place, target=target)
            case m.FdRead(fd=fd, length=size) | m.FdWrite(fd=fd, length=size):
                return Call(kind=kind, place=place, fd=fd, size=size)
            case m.Close(fd=fd):
                return Call(kind=kind, place=place, fd=fd)
            case m.Pipe() | m.InheritedFileDescriptor():
                return Call(kind=kind, place=place)

    def _turn(self, index: int) -> Turn:
        call, code = self._calls.get(index), self._codes.get(index)
        number, vm = self._heads[index]
        extent = self._placing.extents[index]
        return Turn(
            number=number,
            vm=vm,
            start=extent.start,
            run_start=extent.run_start,
            run_end=extent.run_end,
            end=extent.end,
            call=call if call is None or code is None else _answered(call, code),
            exit_code=self._exit_codes.get(index),
            finished=index in self._finished,
        )

    def _story(self, end: int) -> Story:
        vms, spans, away = self._lives.finish(end)
        return Story(
            title=self._title,
            hypothetical=hypothetical_order(self._journal.policy),
            start=self._lives.start,
            end=end,
            vms=vms,
            turns=tuple(self._turn(index) for index in range(len(self._heads))),
            spans=spans,
            swaps=tuple(self._lives.swaps),
            away=away,
            pipes=self._plumbing.finish(),
            transfers=tuple(self._transfers),
            gone=tuple(self._gone),
            spawns=tuple(self._spawns),
            execs=tuple(self._execs),
            answers=tuple(self._answers),
            exits=tuple(self._exits),
            logs=tuple(self._logs),
            refusals=tuple(self._refusals),
            faults=tuple(self._faults),
            breaks=tuple(self._breaks),
            ending=self._ending(end),
            event_turns=self._placing.turns,
            event_cycles=self._placing.cycles,
        )

    def _ending(self, end: int) -> Ending:
        """What the last events say; a run may have gone on after a fault or a suspension."""
        for event in reversed(self._journal.events):
            match event:
                case Faulted(error=error) if DEADLOCK_TEXT in error:
                    report = explain_deadlock(*self._at_rest) if self._whole else None
                    words = "deadlock: no VM can run, and none will be woken"
                    return Ending(kind="deadlock", at=end, error=error, deadlock=report, words=words)
                case Faulted(error=error):
                    return Ending(kind="error", at=end, error=error, words=f"error: {error}")
                case Suspended():
                    return Ending(kind="suspended", at=end, words="suspended")
                case Ended(vm=vm, exit_code=code) if vm == ROOT_VM_ID:
                    return Ending(kind="exit", at=end, exit_code=code, words=f"exit code {code}")
                case IterationStarted() | Resumed():
                    break
                case _:
                    pass
        return Ending(kind="unfinished", at=end, words="unfinished: the journal ends before the run does")


def _answered(call: Call, code: int) -> Call:
    return Call(
        kind=call.kind,
        place=call.place,
        fd=call.fd,
        size=call.size,
        target=call.target,
        program=call.program,
        fds=call.fds,
        code=code,
    )
