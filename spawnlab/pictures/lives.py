"""What each VM does, from its making to its end, as spans over cycles; and when it was swapped out."""

from __future__ import annotations

import msgspec

from ..scheduler.events import (
    Answered,
    AnyEvent,
    Blocked,
    Booted,
    Ended,
    IterationStarted,
    Logged,
    Refused,
    SwappedIn,
    SwappedOut,
    Transferred,
)
from ..scheduler.states import RUNNABLE, VmState, Wait, WaitForRead, WaitForWrite
from .model import Away, Doing, Program, Span, Swap, Vm


class _Life(msgspec.Struct):
    vm: int
    parent: int | None
    born: int
    born_turn: int
    doing: Span
    programs: list[Program]
    ended: int | None = None
    ended_turn: int | None = None
    exit_code: int | None = None
    away_since: int | None = None


class Lives:
    """Follows events; ``start`` is where the journal begins."""

    def __init__(self) -> None:
        self.start = 0
        self.states: dict[int, VmState] = {}
        """Of the VMs that live, as the scheduler has them."""
        self.swaps: list[Swap] = []
        self._lives: dict[int, _Life] = {}
        self._spans: list[Span] = []
        self._away: list[Away] = []

    def begin(self, vm: int, run_start: int, run_end: int, turn: int) -> None:
        """A VM's turn, in which it runs from ``run_start`` to ``run_end``."""
        self._switch(vm, Doing.RUNNING, run_start, turn)
        self._switch(vm, Doing.RUNNABLE, run_end, turn)

    def follow(self, event: AnyEvent, at: int, turn: int, width: int = 0) -> None:
        """Take note of an event; ``width`` is what a swap takes."""
        vm = event.vm
        match event:
            case Booted(parent=parent):
                doing = Span(vm=vm, doing=Doing.RUNNABLE, start=at, end=at, turn=turn)
                self._lives[vm] = _Life(vm, parent, at, turn, doing, [])
                self.states[vm] = RUNNABLE
            case Blocked(state=state):
                self._block(vm, state, at, turn)
            case Answered():
                self.states[vm] = RUNNABLE
                if self.life(vm).doing.doing is not Doing.RUNNABLE:
                    self._switch(vm, Doing.RUNNABLE, at, turn)
            case Transferred(size=size):
                for known in (vm, event.reader):
                    self.life(known)
                state = self.states.get(vm)
                if isinstance(state, WaitForWrite):
                    self.states[vm] = msgspec.structs.replace(state, consumed=state.consumed + size)
            case SwappedOut() | SwappedIn():
                self._swap(event, at, turn, width)
            case Ended(exit_code=code):
                self._end(self.life(vm), code, at, turn)
            case IterationStarted() | Logged() | Refused():
                self.life(vm)
            case _:
                pass

    def life(self, vm: int) -> _Life:
        """What is known of a VM; one that the journal has not told of yet lives since its beginning."""
        if vm not in self._lives:
            unknown = Span(vm=vm, doing=Doing.UNKNOWN, start=self.start, end=self.start, turn=-1)
            self._lives[vm] = _Life(vm, None, self.start, -1, unknown, [])
        return self._lives[vm]

    def play(self, vm: int, program: Program) -> None:
        """A VM plays a program from now on."""
        self.life(vm).programs.append(program)

    def since(self, vm: int) -> int:
        """When a VM began to do what it does."""
        return self.life(vm).doing.start

    def waits(self, vm: int) -> bool:
        """Whether a VM waits for another's end."""
        return self.life(vm).doing.doing is Doing.WAIT

    def finish(self, end: int) -> tuple[tuple[Vm, ...], tuple[Span, ...], tuple[Away, ...]]:
        """VMs, spans and absences of a run that ends at ``end`` cycles."""
        for life in self._lives.values():
            if life.ended is None:
                self._close(life, end)
        self._spans.sort(key=lambda span: (span.vm, span.start, span.end))
        self._away.sort(key=lambda away: (away.vm, away.start))
        vms = (
            Vm(
                vm=life.vm,
                parent=life.parent,
                programs=tuple(life.programs),
                born=life.born,
                born_turn=life.born_turn,
                ended=life.ended,
                ended_turn=life.ended_turn,
                exit_code=life.exit_code,
            )
            for _, life in sorted(self._lives.items())
        )
        return tuple(vms), tuple(self._spans), tuple(self._away)

    def _block(self, vm: int, state: VmState, at: int, turn: int) -> None:
        self.states[vm] = state
        match state:
            case WaitForRead(fd=fd, length=size):
                self._switch(vm, Doing.READ, at, turn, fd=fd, size=size)
            case WaitForWrite(fd=fd, length=size):
                self._switch(vm, Doing.WRITE, at, turn, fd=fd, size=size)
            case Wait(target_vm_id=target):
                self._switch(vm, Doing.WAIT, at, turn, target=target)
            case _:
                pass

    def _switch(
        self,
        vm: int,
        doing: Doing,
        at: int,
        turn: int,
        *,
        fd: int | None = None,
        size: int | None = None,
        target: int | None = None,
    ) -> None:
        life = self.life(vm)
        self._keep(life.doing, at)
        life.doing = Span(vm=vm, doing=doing, start=at, end=at, turn=turn, fd=fd, size=size, target=target)

    def _keep(self, span: Span, end: int) -> None:
        """A span is over. Of those that take no time, only what a VM ran or waited for is told."""
        if end > span.start or span.doing not in (Doing.RUNNABLE, Doing.UNKNOWN):
            self._spans.append(msgspec.structs.replace(span, end=end))

    def _swap(self, event: SwappedOut | SwappedIn, at: int, turn: int, width: int) -> None:
        life, start, out = self.life(event.vm), at - width, isinstance(event, SwappedOut)
        self.swaps.append(Swap(vm=event.vm, out=out, start=start, end=at, turn=turn))
        if out:
            life.away_since = start
        else:
            self._away.append(Away(event.vm, self.start if life.away_since is None else life.away_since, at))
            life.away_since = None

    def _end(self, life: _Life, code: int, at: int, turn: int) -> None:
        life.ended, life.ended_turn, life.exit_code = at, turn, code
        self.states.pop(life.vm, None)
        self._close(life, at)

    def _close(self, life: _Life, at: int) -> None:
        self._keep(life.doing, at)
        if life.away_since is not None:
            self._away.append(Away(life.vm, life.away_since, at))
