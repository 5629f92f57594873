"""What lies in registers and memory after each turn: the run is played again, and looked into between its turns.

A run is a function of what is played, so that what is seen is what was. A kept journal can't be played, and has none of
it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..legs import Legs
from ..scheduler.events import AnyEvent, Ended, IterationEnded, Posted, Refused, Transferred
from ..scheduler.outcome import conduct
from ..staging import Playable, Run, Staging
from ..vm.errors import Unexpected
from ..vm.host_memory import PAGE_SIZE
from ..vm.machine import Machine
from .frames import Frame, Framing

ROW = 16
"""Bytes of a row of memory."""
_PC = 32
MEMORY_BYTES_MAX = 2 << 20
"""Bytes of memory that all frames hold together at the most."""
_ZEROS = bytes(PAGE_SIZE)
_FLAGGED = re.compile(rb"[^\0]", re.DOTALL)


def _itself(machine: Machine) -> Machine | None:
    return machine


def _nothing(snapshot: object, sg_data: object) -> Machine | None:
    return None


class Captured:
    """Frames of a run with registers and memory, and the run."""

    def __init__(self, framing: Framing) -> None:
        self.frames: list[Frame] = []
        self.run: Run | None = None
        self.memory_until: int | None = None
        """The last turn whose memory is kept; ``None`` if all are."""
        self._framing = framing
        self._registers: dict[int, tuple[int, ...]] = {}
        self._pages: dict[int, dict[int, bytes]] = {}
        """By VM, the pages that are not zero, as they were last."""
        self._touched: set[int] = set()
        """VMs that may have changed in this turn."""
        self._bytes = 0
        self._staging: Staging | None = None

    def play(
        self, what: Playable, *, limit: int | None = None, policy: str | None = None, faults: Sequence[str] = ()
    ) -> Run:
        """Play to the end; raises as :func:`~spawnlab.play.run_synchronously`."""
        legs = Legs(
            what, limit=limit, suspend_at=None, observers=[self._see], actors=None, policy=policy, faults=faults
        )
        while (staging := legs.next()) is not None:
            self._staging = staging
            legs.ended(staging.run_of(conduct(staging.scheduler, staging.budget)))
        if legs.run.outcome.deadlock is not None:
            self._framing.deadlock(legs.run.outcome.deadlock)
        last = self._framing.last()
        if last is not None:
            self.frames.append(last)
        self.run = legs.run
        return legs.run

    def past(self, events: tuple[AnyEvent, ...]) -> None:
        """Events of before the run was suspended: there is nothing to look into."""
        for event in events:
            frame = self._framing.follow(event)
            if frame is not None:
                self.frames.append(frame)

    def _see(self, event: AnyEvent) -> None:
        self._touched.add(event.vm)
        if isinstance(event, Transferred):
            self._touched.add(event.reader)
        frame = self._framing.follow(event)
        if isinstance(event, Posted | Refused) and (line := self._line(event.vm)) is not None:
            self._framing.is_at(event.vm, line)
        if isinstance(event, Ended):
            self._look(event.vm, self._framing.open)
            self._note_end(event.vm)
        if frame is not None:
            self.frames.append(frame)
            if isinstance(event, IterationEnded):
                for vm in sorted(self._touched):
                    self._look(vm, frame)
                self._touched.clear()

    def _machine(self, vm: int) -> Machine | None:
        """A VM's machine; ``None`` of one that is swapped out, and is what it was, or that has ended."""
        assert self._staging is not None
        try:
            return self._staging.scheduler.peek(vm, _itself, _nothing)
        except Unexpected:
            return None

    def _line(self, vm: int) -> str | None:
        """Where the function is that plays a VM; ``None`` if none does, or it has returned."""
        assert self._staging is not None
        play = self._staging.machines.plays.get(vm)
        return None if play is None else play.line

    def _note_end(self, vm: int) -> None:
        """Where a VM ends: behind the ecall that it exits by. Of a function, which has returned, that is no place."""
        machine = self._machine(vm)
        if machine is not None:
            self._framing.ended_at(vm, machine.this_pc)

    def _look(self, vm: int, frame: Frame) -> None:
        """Note what is otherwise in a VM that has a machine."""
        machine = self._machine(vm)
        if machine is None:
            return
        now = (*machine.registers, machine.this_pc)
        before = self._registers.get(vm, (0,) * len(now))
        changed = {number: f"{value:x}" for number, value in enumerate(now) if value != before[number]}
        self._registers[vm] = now
        if changed:
            frame.registers[vm] = changed
        if self.memory_until is None:
            rows = self._rows(vm, machine)
            self._bytes += sum(len(digits) // 2 for _, digits in rows)
            if self._bytes > MEMORY_BYTES_MAX:
                self.memory_until = frame.turn - 1
            elif rows:
                frame.memory[vm] = rows

    def _rows(self, vm: int, machine: Machine) -> list[tuple[int, str]]:
        """Runs of rows that are otherwise than they were, of the pages that were ever mapped or written."""
        known = self._pages.setdefault(vm, {})
        memory = machine.memory
        found: list[tuple[int, str]] = []
        mapped = _FLAGGED.finditer(bytes(memory.flags))  # after an exec, too, what was known is looked at
        for page in sorted({match.start() for match in mapped} | memory.tracked | known.keys()):
            address = page * PAGE_SIZE
            now, before = memory.read(address, PAGE_SIZE), known.get(page, _ZEROS)
            if now == before:
                continue
            known[page] = now
            start: int | None = None
            for at in range(0, PAGE_SIZE + ROW, ROW):
                differs = at < PAGE_SIZE and now[at : at + ROW] != before[at : at + ROW]
                if differs and start is None:
                    start = at
                elif not differs and start is not None:
                    found.append((address + start, now[start:at].hex()))
                    start = None
        return found
