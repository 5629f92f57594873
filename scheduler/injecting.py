"""Making faults happen in one run. Each tells of it in an event when it takes effect; most do so once at the most.

A fault of a system call takes effect before anything is done about the call, in the VM's own turn, and costs nothing
of its own. Filled memory is there from the beginning: no event tells of it, but what programs make of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from hashlib import shake_128
from random import Random
from typing import TYPE_CHECKING

import msgspec

from ..vm.machine import A0, A7, EXIT, Machine
from ..vm.memory import Memory
from ..vm.stack import NO_ARGUMENTS_AT
from .events import FaultInjected
from .faults import Close, Exit, Fault, FilledMemory, ShortRead, ShortReads
from .repeatable import U64_COUNT, below
from .states import WaitForRead
from .syscalls.pipes import READ

if TYPE_CHECKING:
    from .processes import ProcessTable

PATTERN_SIZE = 65521
"""Bytes that filled memory repeats: a prime, so that no two pages of a memory are equal."""

_Moment = tuple[int, int]
"""A VM, and the number of its system call."""


class Injector:
    """The faults of one run, and how many system calls each VM has made."""

    def __init__(self, table: ProcessTable, faults: Iterable[Fault]) -> None:
        self._table = table
        self._calls: Counter[int] = Counter()
        self._exits: dict[_Moment, Exit] = {}
        """Of several at one moment the first."""
        self._closes: dict[_Moment, list[Close]] = {}
        self._shorts: list[ShortReads | ShortRead] = []
        self._seed: int | None = None
        """Of what memory is filled with; ``None``: zeros."""
        self._randoms: dict[tuple[int, int], Random] = {}
        """By seed and VM, so that what a VM gets does not depend on others."""
        for fault in faults:
            self._expect(fault)

    def _expect(self, fault: Fault) -> None:
        match fault:
            case Exit():
                self._exits.setdefault((fault.vm, fault.call), fault)
            case Close():
                self._closes.setdefault((fault.vm, fault.call), []).append(fault)
            case ShortReads() | ShortRead():
                self._shorts.append(fault)
            case FilledMemory():
                self._seed = fault.seed
            case _:
                raise TypeError(f"{fault!r} is no fault that is known here")

    def prepare(self, vm: int, machine: Machine) -> None:
        """See to a machine that was just made for a VM: its first, or a later one."""
        machine.before_call = partial(self._before_call, vm)
        if self._seed is not None:
            machine.memory.reusable = True  # nothing was written to it
            machine.new_memory = partial(self.new_memory, vm)
            machine.reset()

    def new_memory(self, vm: int) -> Memory:
        """What the memory of a VM's fresh machine is.

        The end stays zero: a program without arguments finds their number there, and nobody writes it.
        """
        memory = Memory()
        if self._seed is not None:
            seed = self._seed.to_bytes(8, "little") + vm.to_bytes(8, "little")
            memory.fill(shake_128(seed).digest(PATTERN_SIZE), NO_ARGUMENTS_AT)
        return memory

    def _before_call(self, vm: int, machine: Machine) -> None:
        self._calls[vm] += 1
        count, call, pc = self._calls[vm], machine.registers[A7], machine.following()
        for close in self._closes.get((vm, count), ()):
            if self._table.fds.get(close.fd) == vm:
                self._tell(vm, close, count, call, pc)
                self._table.close(vm, close.fd)
        leave = self._exits.get((vm, count))
        if leave is not None:
            self._tell(vm, leave, count, call, pc)
            machine.registers[A7], machine.registers[A0] = EXIT, leave.code % U64_COUNT

    def shortened(self, vm: int, state: WaitForRead) -> WaitForRead:
        """The state of a VM that begins to wait for bytes, with the length that faults leave of what it asks for."""
        count = self._calls[vm]
        for fault in self._shorts:
            size = state.length
            if isinstance(fault, ShortReads):
                size = min(size, 1 + below(self._random(fault.seed, vm), size))  # of no bytes none
            elif (fault.vm, fault.call) == (vm, count):
                size = min(size, fault.size)
            if size < state.length:
                self._tell(vm, fault, count, READ, self._table.machine(vm).this_pc, size)
                state = msgspec.structs.replace(state, length=size)
        return state

    def _random(self, seed: int, vm: int) -> Random:
        if (seed, vm) not in self._randoms:
            self._randoms[seed, vm] = Random(seed * U64_COUNT + vm)
        return self._randoms[seed, vm]

    def _tell(self, vm: int, fault: Fault, count: int, call: int, pc: int, size: int | None = None) -> None:
        self._table.notify(FaultInjected, vm, fault.text, count, call, pc, size)
