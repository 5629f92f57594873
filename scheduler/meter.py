"""What a VM's system calls cost in one turn: counted where they are made, for those who read the journal.

Nothing of a run depends on it. One meter serves all VMs, since one of them runs at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from ..vm.machine import A7, Machine, SystemCall
from .syscalls.exec import EXEC


class Metered(msgspec.Struct, frozen=True):
    """System calls of a turn, and the cycles that were charged within them."""

    calls: int
    """An exit, which is no handler's, is not among them."""
    charged: int
    loaded: int
    """Those of ``charged`` that were for loading a program: exec of script version 1."""


class CallMeter:
    """Counts the system calls of whoever runs, until :meth:`take` is called, as long as there are ``readers``."""

    __slots__ = ("_readers", "calls", "charged", "loaded")

    def __init__(self, readers: Sequence[object]) -> None:
        self._readers = readers
        self.calls = self.charged = self.loaded = 0

    def take(self) -> Metered:
        """What was counted; it begins anew with 0."""
        metered = Metered(self.calls, self.charged, self.loaded)
        self.calls = self.charged = self.loaded = 0
        return metered

    def around(self, handlers: Sequence[SystemCall]) -> tuple[SystemCall]:
        """The handlers as one that does what they do, and counts; also if the call is nobody's, or fails."""
        readers = self._readers
        answer = handlers[0] if len(handlers) == 1 else partial(_answer, handlers)

        def call(machine: Machine) -> bool:
            if not readers:
                return answer(machine)
            number, before = machine.registers[A7], machine.cycles
            self.calls += 1
            try:
                return answer(machine)
            finally:
                charged = machine.cycles - before
                if charged:
                    self.charged += charged
                    if number == EXEC:  # that of version 2 charges nothing within the call
                        self.loaded += charged

        return (call,)


def _answer(handlers: Sequence[SystemCall], machine: Machine) -> bool:
    return any(handler(machine) for handler in handlers)
