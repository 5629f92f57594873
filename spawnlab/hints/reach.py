"""How far VMs may come.

A pass lets each VM go on as far as what the others have come to allows, until nothing changes. That is a least fixed
point, so no order of turns plays a part in it. VMs that end early do: where a call may be answered otherwise than is
expected, its VM may go on, or end there and close what it holds. Two bounds are made of it:

* ``expected``: a VM goes on wherever it may. Nobody comes less far than that without having ended, and who has ended
  keeps nobody waiting. So if the root ends in it, there is no deadlock.
* ``possible``: a VM goes on wherever it may, and also ends wherever it may. Nobody comes further than that, so whoever
  is stuck in it is stuck for certain.

Both hold in every order of turns, until :mod:`.races` marks calls of which the chain's order decides how they are
answered.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

import msgspec

from .answers import Answer, Answers
from .early import Early, early_of
from .world import NOBODY, ROOT, Call, End, World

WORK_MAX = 300_000
"""Calls that are looked at in all passes together."""
NOT_SPAWNED = -1
UNLIMITED = 1 << 62


class Reach(msgspec.Struct):
    """How far each VM may come."""

    at: list[int]
    """The call that it comes to; beyond the last where it comes to its end; :data:`NOT_SPAWNED`."""
    over: list[bool]
    """Whether it ends."""
    early: Early
    shut: set[End]
    """Ends that are closed when all calls on them are over."""
    limits: Sequence[int]
    ends: dict[tuple[int, int], Answer]
    """Calls at which a VM may end, by VM and index, with what they may be answered."""

    def has_started(self, call: Call) -> bool:
        """Whether its VM comes to a call."""
        return self.at[call.vm] >= call.index and self.limits[call.vm] > 2 * call.index

    def is_stuck(self, vm: int) -> bool:
        """Whether it is spawned and does not come to its end."""
        return self.at[vm] != NOT_SPAWNED and not self.over[vm]

    def never_ends(self, vm: int) -> bool:
        """Whether it is stuck, and does not end early either."""
        return self.is_stuck(vm) and vm not in self.early.short


class Passes:
    """Makes the passes over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.answers = Answers(world)
        self._made = 0
        self._size = sum(len(vm.calls) for vm in world.vms) + 1

    @property
    def has_time(self) -> bool:
        """Whether there may be more of them."""
        return self._made * self._size <= WORK_MAX

    def refresh(self) -> None:
        """Take note of what has been found out about the world."""
        self.answers = Answers(self.world)

    def expected(self, possible: Reach | None) -> Reach:
        """As far as VMs come that end early only where they must; ``possible`` is how far they may come at all."""
        loose = {} if possible is None else possible.early.loose
        return self._run(Early(loose=loose), is_least=True)

    def possible(self, before: Call | None = None) -> Reach | None:
        """As far as VMs may come at all; ``None`` where that is too much to be found out.

        ``before`` a call: its VM comes to it, but does not make it yet.
        """
        early, limits, lasting = Early(), None, NOBODY
        if before is not None:
            limits, lasting = [UNLIMITED] * len(self.world.vms), before.vm
            limits[lasting] = stage(before.index)
        while self.has_time:
            found = self._run(early, limits, lasting=lasting)
            if found.early == early:
                return found
            early = found.early
        return None

    def sure(self, limits: Sequence[int], loose: dict[int, int]) -> Reach:
        """As far as VMs come for sure, unless they end before, within a limit for each (:func:`stage`)."""
        return self._run(Early(loose=loose), limits, is_least=True, is_sure=True)

    def _run(
        self,
        early: Early,
        limits: Sequence[int] | None = None,
        *,
        is_least: bool = False,
        is_sure: bool = False,
        lasting: int = NOBODY,
    ) -> Reach:
        self._made += 1
        made = _Pass(self.world, self.answers, early, limits)
        made.is_least, made.is_sure, made.lasting = is_least, is_sure, lasting
        return made.run()


def stage(index: int, *, started: bool = False) -> int:
    """A limit: all calls before ``index`` may be over, and whether the VM may have come to that one."""
    return 2 * index + started


class _Pass:
    def __init__(self, world: World, answers: Answers, early: Early, limits: Sequence[int] | None) -> None:
        self.world = world
        self.answers = answers
        self.early = early
        self.limits = limits or [UNLIMITED] * len(world.vms)
        self.is_least = self.is_sure = False
        self.lasting = NOBODY
        """A VM that does not end early."""
        self.at = [NOT_SPAWNED] * len(world.vms)
        self.over = [False] * len(world.vms)
        self.stopped = [False] * len(world.vms)
        """Whether it has ended before its end in this pass, since it must."""
        self.told = [NOT_SPAWNED] * len(world.vms)
        """The last call of each VM that others were told of."""
        self.shut: set[End] = set()
        self.waiting: dict[End | int, set[int]] = defaultdict(set)
        """Who may go on when something happens on an end, or when a VM ends."""
        self.todo: deque[int] = deque()
        self._spawn(ROOT)

    def run(self) -> Reach:
        """To the end, and where VMs may end early then."""
        while self.todo:
            self._go_on(self.todo.popleft())
        ends = {} if self.is_least else self._ends()
        return Reach(self.at, self.over, early_of(self.world, ends), self.shut, self.limits, ends)

    # What answers ask for

    def has_started(self, call: Call) -> bool:
        return self.at[call.vm] >= call.index and self.limits[call.vm] > 2 * call.index

    def is_shut(self, end: End) -> bool:
        return end in self.shut

    def may_be_cut(self, end: End, call: Call | None, by: int) -> bool:
        return self.early.may_cut(self.world, end, call, by)

    def is_loose(self, call: Call) -> bool:
        return self.early.is_loose(call)

    def is_over(self, vm: int) -> bool:
        return self.over[vm] or vm in self.early.short

    def is_short(self, vm: int) -> bool:
        return self.stopped[vm] or vm in self.early.short

    def is_at_its_end(self, vm: int) -> bool:
        return self.at[vm] >= len(self.world.vms[vm].calls)

    # Going on

    def _go_on(self, vm: int) -> None:
        calls, limit = self.world.vms[vm].calls, self.limits[vm]
        while not self.over[vm] and limit > 2 * self.at[vm]:
            if self.at[vm] == len(calls):
                self._end(vm)
                return
            call = calls[self.at[vm]]
            if call.end is not None and self.told[vm] != call.index:
                self.told[vm] = call.index  # once: two that can't serve each other would wake each other for ever
                self._wake(call.end)
            if limit == 2 * call.index + 1:
                return
            answer = self.answers.of(call, self)
            if answer.goes:
                self._effect(call)
                self.at[vm] += 1
            elif answer.ends:
                self.stopped[vm] = True
                self._end(vm)
            else:
                self._wait(call)
                return

    def _effect(self, call: Call) -> None:
        if call.kind == "spawn":
            self._spawn(call.target)
        elif call.kind == "close" and call.end is not None:
            self.shut.add(call.end)
            self._wake(call.end)

    def _spawn(self, vm: int) -> None:
        if self.at[vm] == NOT_SPAWNED:
            self.at[vm] = 0
            self.todo.append(vm)

    def _wait(self, call: Call) -> None:
        if call.end is not None:
            self.waiting[call.end.other].add(call.vm)
        elif call.kind == "wait":
            self.waiting[call.target].add(call.vm)

    def _wake(self, what: End | int) -> None:
        self.todo.extend(sorted(self.waiting.pop(what, ())))

    def _end(self, vm: int) -> None:
        """It ends where it is; nobody learns of the root's end."""
        if self.world.vms[vm].opaque and self.is_sure and self.is_at_its_end(vm):
            return
        self.over[vm] = True
        if vm == ROOT:
            return
        self._wake(vm)
        for holding in self.world.vms[vm].holdings:
            if holding.is_at(self.at[vm]):
                self.shut.add(holding.end)
                self._wake(holding.end)

    # Ending early

    def _ends(self) -> dict[tuple[int, int], Answer]:
        """The calls at which VMs may end, when all is known of the others."""
        found: dict[tuple[int, int], Answer] = {}
        for vm in self.world.vms:
            if vm.number == self.lasting:
                continue  # it does not end early
            for call in vm.calls[: self.at[vm.number] + 1]:
                answer = self.answers.of(call, self)
                if answer.ends:
                    found[vm.number, call.index] = answer
        return found
