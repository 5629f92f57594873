"""Footprints: turns that do not touch each other can change places, and leave behind the same, byte by byte."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

import spawnlab
from spawnlab.explore.footprints import FD_NUMBERS, FD_ROOM, VM_IDS, VM_ROOM, Footprint, Rules, footprint_of, rules_for
from spawnlab.explore.replays import Turn, replay
from spawnlab.scenarios.build import Build
from spawnlab.scenarios.load import parse_scenario
from spawnlab.scheduler.events import AnyEvent, FdClosed, IterationStarted
from spawnlab.scheduler.limits import ROOT_VM_ID
from spawnlab.scheduler.scheduler import UNLIMITED, Scheduler, play
from spawnlab.vm.errors import VmError
from spawnlab.vm.snapshot import read_snapshot

from ...agree.topologies import topology
from .tiny import tiny

STRICT = Rules(crowded=True, rewaited=True)
LIMIT = 30_000_000


class _After:
    """A run in a given order, and what it leaves behind."""

    def __init__(self, build: Build, order: Sequence[int]) -> None:
        self._order = list(order)
        self._events: list[AnyEvent] = []
        self.name = "test"
        machines = build.machines()
        self.scheduler = Scheduler(build.sg_data, policy=self, observers=[self._events.append], machines=machines)
        for _ in order:
            turn = self.scheduler.prepare(UNLIMITED)
            self.scheduler.complete(play(turn.machine))

    def choose(self, runnable: Sequence[int], /) -> int:
        return self._order.pop(0)

    def footprints(self, rules: Rules) -> dict[int, Footprint]:
        """Of the last two turns, by VM."""
        starts = [place for place, event in enumerate(self._events) if isinstance(event, IterationStarted)]
        parts = ((starts[-2], starts[-1]), (starts[-1], len(self._events)))
        found = ((self._events[a].vm, self._events[a:b]) for a, b in parts)
        return {vm: footprint_of(vm, events, rules) for vm, events in found}

    def left(self, *, codes: bool) -> dict[str, Any]:
        """All but cycles, and which VMs are machines; ``codes``: with the exit codes that are kept."""
        table = self.scheduler.table
        kept = {"codes": table.terminated_vms} if codes else {}
        vms = {vm: (state, self._inside(vm)) for vm, state in table.states.items()}
        given = (table.next_vm_id, table.next_fd_slot)
        return {"vms": vms, "fds": table.fds, "inherited": table.inherited_fd, "given": given, **kept}

    def _inside(self, vm: int) -> tuple[Any, ...]:
        size = 1 << 22
        content = self.scheduler.peek(
            vm, lambda m: m.memory.read(0, size), lambda s, group: read_snapshot(s, group, 0, size)
        )
        rest = self.scheduler.peek(
            vm, lambda m: (tuple(m.registers), m.this_pc), lambda s, _: (tuple(s.registers), s.pc)
        )
        return (*rest, hashlib.sha256(content).digest())


def _pairs(build: Build, random: Random) -> list[tuple[list[int], int, int]]:
    """Orders that lead to states with two VMs that can run, of a random run, and two of these."""
    found: list[tuple[list[int], int, int]] = []

    def choose(turns: Sequence[Turn], runnable: Sequence[int]) -> int:
        if len(runnable) > 1:
            one, other = random.sample(list(runnable), 2)
            found.append(([turn.vm for turn in turns], one, other))
        return random.choice(list(runnable))

    replay(build, choose, LIMIT)
    return random.sample(found, min(len(found), 4))


def _commuted(build: Build, order: list[int], one: int, other: int) -> tuple[_After, _After] | None:
    try:
        return _After(build, [*order, one, other]), _After(build, [*order, other, one])
    except (VmError, RuntimeError):  # a turn ended the run
        return None


@pytest.mark.parametrize("seeds", [range(start, start + 25) for start in range(0, 150, 25)], ids=str)
def test_turns_that_do_not_touch_each_other_can_change_places(seeds: range) -> None:
    swapped = apart = 0
    for seed in seeds:
        random = Random(seed)
        build = spawnlab.build(tiny(seed) if seed % 2 else topology(seed))
        for order, one, other in _pairs(build, random):
            both = _commuted(build, order, one, other)
            if both is None:
                continue
            for rules in (STRICT, Rules()):
                here, there = (after.footprints(rules) for after in both)
                if here[one].touches(here[other]):
                    apart += rules == STRICT
                    continue
                needed = rules_for([*both[0]._events], rules)  # pyright: ignore[reportPrivateUsage]
                if needed != rules:
                    continue
                swapped += rules == STRICT
                codes = rules == STRICT
                assert both[0].left(codes=codes) == both[1].left(codes=codes), (seed, order, one, other)
                assert {vm: (mark.reads, mark.writes) for vm, mark in here.items()} == {
                    vm: (mark.reads, mark.writes) for vm, mark in there.items()
                }
    assert swapped > 10
    assert apart > 0


def _turns(text: str, order: Sequence[int] = (), rules: Rules = STRICT) -> list[Footprint]:
    """The footprints of all turns, in the given order and then the chain's."""

    def choose(turns: Sequence[Turn], runnable: Sequence[int]) -> int:
        return order[len(turns)] if len(turns) < len(order) else runnable[-1]

    played = replay(spawnlab.build(parse_scenario(text, ".toml")), choose, LIMIT)
    return [footprint_of(turn.vm, turn.events, rules) for turn in played.turns]


PIPES = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "reader", fds = ["r"], as = "vm" },
  { op = "write", fd = "w", text = "ab" },
  { op = "close", fd = "w" },
  { op = "close", fd = "w", code = "INVALID_FD" },
  { op = "read", fd = "r", size = 1, code = "INVALID_FD" },
  { op = "wait", vm = "vm" },
  { op = "wait", vm = 9, code = "WAIT_FAILURE" },
]
[programs.reader]
steps = [
  { op = "inherited_fds", as = ["in"] },
  { op = "read", fd = "in", size = 2 },
  { op = "read", fd = "in", size = 2, count = "none" },
]
"""


def test_what_each_kind_of_turn_touches() -> None:
    pipe, spawn, own, read, write, again, close, *rest = _turns(PIPES)
    assert (pipe.reads, pipe.writes) == (set(), {FD_NUMBERS, FD_ROOM})
    assert (spawn.writes, spawn.born) == ({VM_IDS, VM_ROOM, ("vm", 1)}, (1,))
    assert (own.reads, own.writes) == (set(), set())
    assert (read.reads, read.writes) == ({("end", 3)}, set())
    assert (write.reads, write.met) == ({("end", 2)}, ((0, 1),))
    assert again.reads == {("end", 3)}
    assert (close.writes, close.woken) == ({("end", 3)}, (1,))
    ended, unowned, unread, wait, failed, end = rest
    assert (ended.reads, ended.writes) == ({FD_ROOM, VM_ROOM}, {("end", 2), ("vm", 1)})
    assert unowned == unread == Footprint()
    assert (wait.writes, wait.met) == ({("vm", 1)}, ((1, 0),))
    assert (failed.reads, failed.writes) == (set(), {("vm", 9)})
    assert end == Footprint()  # the root's


def test_an_end_that_fails_touches_what_it_would_have_closed() -> None:
    text = """
[programs.root]
steps = [
  { op = "pipe", as = ["r", "w"] },
  { op = "spawn", program = "child", fds = ["r"], as = "vm" },
  { op = "wait", vm = 1 },
]
[programs.child]
steps = [{ op = "spawn", program = "waiter" }]
[programs.waiter]
asm = "li a0, 1\\n li a1, -8\\n li a7, SYS_WAIT\\n ecall"
"""
    played = replay(spawnlab.build(parse_scenario(text, ".toml")), lambda _, runnable: runnable[-1], LIMIT)
    last = played.turns[-1]
    assert (last.vm, last.owned) == (1, (2,))
    assert not any(isinstance(event, FdClosed) for event in last.events)
    assert ("end", 2) in footprint_of(1, last.events, STRICT, last.owned).writes


def test_what_is_taken_for_touching_only_where_it_matters() -> None:
    footprints = _turns(PIPES, rules=Rules())
    ended, wait = footprints[7], footprints[10]
    assert (ended.reads, ended.writes) == (set(), {("end", 2)})
    assert (wait.reads, wait.writes) == ({("vm", 1)}, set())


def test_a_read_and_a_write_do_not_touch_each_other_but_a_close_does_both() -> None:
    read, write = Footprint(reads=frozenset({("end", 3)})), Footprint(reads=frozenset({("end", 2)}))
    close_r, close_w = Footprint(writes=frozenset({("end", 2)})), Footprint(writes=frozenset({("end", 3)}))
    assert not read.touches(write)
    assert not close_r.touches(close_w)
    assert read.touches(close_w)
    assert close_w.touches(read)
    assert close_r.touches(write)
    assert close_w.touches(close_w)


def test_the_rules_that_a_run_needs() -> None:
    def needed(text: str) -> Rules:
        played = replay(spawnlab.build(parse_scenario(text, ".toml")), lambda _, runnable: runnable[-1], LIMIT)
        return rules_for(played.events, Rules())

    assert needed(PIPES) == Rules()
    again = '[programs.root]\nsteps = [{ op = "wait", vm = 9, code = "WAIT_FAILURE" }]'
    assert needed(again) == Rules()
    assert needed(again.replace("[{", '[{ op = "wait", vm = 9, code = "WAIT_FAILURE" }, {')) == Rules(rewaited=True)
    deadlock = '[programs.root]\nsteps = [{ op = "wait", vm = 0 }]'
    assert needed(deadlock) == Rules()
    pipes = '[programs.root]\nsteps = [{ op = "repeat", times = 32, steps = [{ op = "pipe", as = ["r", "w"] }] }]'
    assert needed(pipes) == Rules()
    assert needed(pipes.replace("32", "33")) == Rules(crowded=True)
    vms = '[programs.root]\nsteps = [{ op = "repeat", times = 16, steps = [{ op = "spawn", program = "c" }] }]\n'
    vms += "[programs.c]\nsteps = []"
    assert needed(vms) == Rules()
    assert needed(vms.replace("16", "17")) == Rules(crowded=True)
    bad = '[programs.root]\nasm = """\nli a0, 9\nli a1, -8\nli a7, SYS_WAIT\necall\n"""'
    assert needed(bad) == Rules()  # nobody to wait for: nothing is stored
    assert ROOT_VM_ID == 0
