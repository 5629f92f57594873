"""What a call may be answered, given how far the other VMs may come."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol

from ..scenarios import steps as s
from ..scheduler.limits import MAX_FDS, MAX_VMS_COUNT
from .codes import (
    EXPECTATION_FAILED,
    MAX_FDS_CREATED,
    MAX_VMS_SPAWNED,
    OTHER_END_CLOSED,
    SUCCESS,
    WAIT_FAILURE,
)
from .contents import content_of
from .matching import bytes_of_read
from .values import exits_of, numbers_of
from .world import ANYBODY, NOBODY, ROOT, Call, End, Vm, World


class Answer:
    """``goes`` is whether the VM may go on after the call, ``ends`` whether it may end there.

    ``exits`` are the exit codes with which it may end there; ``None`` stands for one that is not known.
    """

    __slots__ = ("exits", "goes")

    def __init__(self) -> None:
        self.goes = False
        self.exits: set[int | None] = set()

    @property
    def ends(self) -> bool:
        """Whether there are any."""
        return bool(self.exits)

    def add(self, call: Call, code: int, fits: bool | None = True) -> None:
        """It may be answered with a code; ``fits`` is whether all else is as expected then, ``None`` if it may be."""
        if code != call.expected:
            self.exits.add(code or EXPECTATION_FAILED)
            return
        self.goes = self.goes or fits is not False
        if fits is not True:
            self.exits.add(EXPECTATION_FAILED)


class State(Protocol):
    """How far VMs may come.

    ``is_least``: how far they come at least; ``is_sure``: whatever opaque VMs do.
    """

    is_least: bool
    is_sure: bool

    def has_started(self, call: Call) -> bool:
        """Whether its VM may have come to it."""
        ...

    def is_shut(self, end: End) -> bool:
        """Whether it may be closed, by a close or by its holder's end, after all calls on it."""
        ...

    def may_be_cut(self, end: End, call: Call | None, by: int) -> bool:
        """Whether it may be closed before a call on it, or at all, since a holder other than ``by`` ends early."""
        ...

    def is_loose(self, call: Call) -> bool:
        """Whether it is not known who serves it."""
        ...

    def is_over(self, vm: int) -> bool:
        """Whether the VM may have ended."""
        ...

    def is_short(self, vm: int) -> bool:
        """Whether it may have ended before its last step."""
        ...

    def is_at_its_end(self, vm: int) -> bool:
        """Whether it may have come to the end of its calls."""
        ...


class Answers:
    """Knows a world, and what calls may be answered in a state."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._closed = world.closed
        self._waits: dict[int, int] = defaultdict(int)
        for vm in world.vms:
            for target in {call.target for call in vm.calls if call.kind == "wait"}:
                self._waits[target] += 1
        self._guesses = {call.id for vm in world.vms for call in vm.calls if call.target == ANYBODY}
        self._root_spawns = self._closed and all(vm.parent in (None, ROOT) for vm in world.vms)
        self._fits: dict[int, bool | None] = {}
        """Whether what a read gets is what it expects, by the call's identity."""

    def of(self, call: Call, state: State) -> Answer:
        """What may come of a call; neither, where the VM waits."""
        answer = Answer()
        if call.kind in ("read", "write"):
            self._transfer(call, state, answer)
        elif call.kind == "wait":
            self._wait(call, state, answer)
        elif call.kind == "expect" and call.values is not None:
            self._expect(call, state, answer)
        elif call.fails is not None:
            answer.add(call, call.fails)
        elif call.kind != "fault":
            answer.goes = True
            if call.may_end:
                answer.exits.add(None)
            if call.kind in ("spawn", "pipe"):
                answer.exits |= self.limits_of(call)
        return answer

    def _transfer(self, call: Call, state: State, answer: Answer) -> None:
        assert call.end is not None
        other = call.end.other
        partner = call.partner if call.served == "matched" else None
        served = "any" if state.is_loose(call) else call.served
        fits = None if call.is_particular else True
        if served == "matched" and partner is not None and state.has_started(partner):
            answer.add(call, SUCCESS, self._fit(call))
            if state.may_be_cut(other, partner, call.vm):
                self._closed_end(call, answer)
            return
        if served == "opaque" and not state.is_sure and state.is_at_its_end(self.world.holders(other)[-1].vm):
            answer.add(call, SUCCESS, fits)
            self._closed_end(call, answer)
        elif served == "any" and self._is_any(call, state) and any(map(state.has_started, self.world.calls(other))):
            answer.add(call, SUCCESS, fits)
        if state.is_shut(other) or state.may_be_cut(other, None if served == "any" else partner, call.vm):
            self._closed_end(call, answer)

    def _is_any(self, call: Call, state: State) -> bool:
        """Whether a call that any may serve is served; at the least it is not, where that takes an early end."""
        return not state.is_least or (call.served == "any" and not state.is_sure)

    def _closed_end(self, call: Call, answer: Answer) -> None:
        """The other end is closed while the VM waits, or before."""
        if not call.never_waits:
            answer.add(call, SUCCESS, not call.is_particular)
        if not call.always_waits:
            answer.add(call, OTHER_END_CLOSED)

    def _fit(self, call: Call) -> bool | None:
        if not isinstance(call.step, s.Read) or not call.is_particular:
            return True
        if id(call) not in self._fits:
            wanted, got = content_of(call.step), bytes_of_read(call)
            self._fits[id(call)] = None if got is None else got == wanted
        return self._fits[id(call)]

    def _wait(self, call: Call, state: State, answer: Answer) -> None:
        target = call.target
        if target == NOBODY:
            answer.add(call, WAIT_FAILURE)
        elif target == ANYBODY and not state.is_sure:
            answer.add(call, SUCCESS, None if call.is_particular else True)
            answer.add(call, WAIT_FAILURE)
        elif target >= 0 and target not in (ROOT, call.vm):
            if state.is_over(target):
                alone = self._waits[target] == 1 and not self._is_guessed(target)
                for code in _codes(call, alone):
                    answer.add(call, code, True if code else self._exit_fits(call, self.world.vms[target], state))
            if call.late and not state.is_sure:
                answer.add(call, WAIT_FAILURE)

    def _is_guessed(self, target: int) -> bool:
        """Whether somebody may wait for a VM by its number."""
        number = self.world.vms[target].id
        return not self._closed or bool(self._guesses if number is None else self._guesses & {number, None})

    def _exit_fits(self, call: Call, target: Vm, state: State) -> bool | None:
        assert isinstance(call.step, s.Wait)
        if call.step.exit_code is None:
            return True
        exits = exits_of(self.world, target, state)
        if exits is None or (call.step.exit_code in exits and len(exits) > 1):
            return None
        return call.step.exit_code in exits

    def _expect(self, call: Call, state: State, answer: Answer) -> None:
        one, other = (numbers_of(self.world, value, state) for value in call.values or ())
        if one is None or other is None or one & other:
            answer.goes = True
        if one is None or other is None or len(one | other) > 1:
            answer.exits.add(EXPECTATION_FAILED)

    def limits_of(self, call: Call) -> set[int]:
        """The limits that may be in the way of a spawn or a pipe, as return codes."""
        if call.has_room or call.kind not in ("spawn", "pipe"):
            return set()
        if call.kind == "spawn":
            return {MAX_VMS_SPAWNED} if self._may_exceed_vms(call) else set()
        return {MAX_FDS_CREATED} if self._may_exceed_fds(call) else set()

    def _may_exceed_vms(self, call: Call) -> bool:
        """Whether 17 VMs may live when one is spawned."""
        if call.vm == ROOT and (self._root_spawns or self.world.vms[call.target].id == 1):
            return call.most > MAX_VMS_COUNT
        return not self._closed or len(self.world.vms) > MAX_VMS_COUNT + 1

    def _may_exceed_fds(self, call: Call) -> bool:
        """Whether 64 fds may be open when a pipe is made."""
        assert call.end is not None
        if call.vm == ROOT and self.world.pipes[call.end.pipe].number is not None:
            return call.most >= MAX_FDS
        return not self._closed or len(self.world.pipes) > MAX_FDS // 2


def _codes(call: Call, alone: bool) -> tuple[int, ...]:
    """What the wait for a VM that has ended may be answered; ``alone`` is whether nobody else waits for it.

    A code is kept until a wait finds it; one that has waited for the end leaves it there.
    """
    if not alone:
        return SUCCESS, WAIT_FAILURE
    if call.before is None or call.before.always_waits:
        return (SUCCESS,)
    return (WAIT_FAILURE,) if call.before.never_waits else (SUCCESS, WAIT_FAILURE)
