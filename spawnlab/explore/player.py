"""Programs of a topology without compiling any: one program plays a list in its data, so that all share its code.

Making a scenario's programs takes milliseconds, which is most of a run's time where many small runs are made. What such
a program does, and what comes of it, is what the scenario's programs do; only the cycles are others.
"""

from __future__ import annotations

import struct
from functools import cache

import msgspec

from ..scenarios.build import Build
from ..scenarios.code import Code
from ..scheduler.mockup import mock_group
from ..scheduler.syscalls import pipes, processes
from ..vm.assembler import Program, assemble
from ..vm.machine import EXIT
from .topology import NOBODY, Handed, Operation, Topology, handed, is_known, scenario_of

_CELL_DEP = 3
_TEXT = f"""
.text
_start:
  la s0, list
next:
  ld t0, 0(s0)
  jr t0
do_start:                   # where the list is
  ld s0, 8(s0)
  j next
done:                       # the system call is made; s1 words of the list are over
  ecall
  bnez a0, leave
  add s0, s0, s1
  j next
do_exit:                    # code
  ld a0, 8(s0)
leave:
  li a7, {EXIT}
  ecall
do_pipe:                    # where the fds go
  ld a0, 8(s0)
  li a7, {pipes.PIPE}
  li s1, 16
  j done
do_inherited_fds:           # where the fds go, where their count is
  ld a0, 8(s0)
  ld a1, 16(s0)
  li a7, {pipes.INHERITED_FD}
  li s1, 24
  j done
do_spawn:                   # cell dep, block, array of fds, count, and where each of them is
  ld t1, 24(s0)
  ld t2, 32(s0)
  addi t3, s0, 40
fds:
  beqz t2, spawn
  ld t4, 0(t3)
  ld t4, 0(t4)
  sd t4, 0(t1)
  addi t1, t1, 8
  addi t2, t2, -1
  addi t3, t3, 8
  j fds
spawn:
  sub s1, t3, s0
  ld a0, 8(s0)
  li a1, {_CELL_DEP}
  li a2, 0
  li a3, 0
  ld a4, 16(s0)
  li a7, {processes.SPAWN}
  j done
do_transfer:                # system call, where the fd is, buffer, where the size is, size
  ld a7, 8(s0)
  ld a0, 16(s0)
  ld a0, 0(a0)
  ld a1, 24(s0)
  ld a2, 32(s0)
  ld t1, 40(s0)
  sd t1, 0(a2)
  li s1, 48
  j done
do_close:                   # where the fd is
  ld a0, 8(s0)
  ld a0, 0(a0)
  li a7, {pipes.CLOSE}
  li s1, 16
  j done
do_wait:                    # where the id is, where the exit code goes
  ld a0, 8(s0)
  ld a0, 0(a0)
  ld a1, 16(s0)
  li a7, {processes.WAIT}
  li s1, 24
  j done
do_compute:                 # rounds
  ld t1, 8(s0)
round:
  beqz t1, computed
  addi t1, t1, -1
  j round
computed:
  addi s0, s0, 16
  j next
.data
list: .dword 0
"""
_ROUND_CYCLES = 7
"""Of a computation's round: a branch 3, an addition 1, a jump 3."""
_START, _LIST, _COUNT, _SIZE, _EXIT_CODE, _ROOT, _NOBODY, _NULL, _FIXED = range(9)
"""Words that all programs begin with, by their place: the jump to the list, what calls fill in, and numbers."""


@cache
def player() -> Program:
    """The program, with an empty list."""
    return assemble(_TEXT)


def build_of(topology: Topology) -> Build:
    """The topology, ready to run; raises :class:`~spawnlab.explore.topology.TopologyError`."""
    scenario = scenario_of(topology)
    given = handed(topology)
    elves = [_Writer(topology, vm, given).elf() for vm in range(topology.vms)]
    codes = tuple(Code(name, elf) for name, elf in zip(scenario.programs, elves, strict=True))
    return Build(scenario, codes, mock_group(elves, version=scenario.version))


class _Writer:
    """Writes the data of one VM: words that it works on, what it spawns, and its list; a buffer is behind them."""

    def __init__(self, topology: Topology, vm: int, given: Handed) -> None:
        self._topology = topology
        self._given = given
        self._vm = vm
        self._data = player().data_address
        self._inherited = given[vm]
        own = [
            (number, reads) for number, pipe in enumerate(topology.pipes) if pipe.maker == vm for reads in (True, False)
        ]
        self._fds = {end: _FIXED + index for index, end in enumerate([*self._inherited, *own])}
        children = topology.children(vm)
        first = _FIXED + len(self._fds)
        self._children = {child: first + index for index, child in enumerate(children)}
        self._words = [0] * (first + len(children))
        self._words[_NOBODY] = NOBODY
        self._blocks = {child: self._block(child) for child in children}
        self._own = [operation for operation in topology.operations if operation.vm == vm]
        self._list: list[int] = []

    def _at(self, word: int) -> int:
        """The address of a word."""
        return self._data + 8 * word

    def _block(self, child: int) -> int:
        """What spawn is given: argc, argv, where the id goes, and the fds, which lie behind it and end with 0."""
        at = len(self._words)
        self._words += 0, self._at(_NULL), self._at(self._children[child]), self._at(at + 4)
        self._words += [0] * (len(self._given[child]) + 1)
        return at

    def elf(self) -> bytes:
        """The ELF file."""
        if self._inherited:
            self._words[_COUNT] = len(self._inherited)
            self._add("do_inherited_fds", self._at(_FIXED), self._at(_COUNT))
        for number, pipe in enumerate(self._topology.pipes):
            if pipe.maker == self._vm:
                self._add("do_pipe", self._at(self._fds[number, True]))
        later = {operation.target for operation in self._own if operation.kind == "spawn"}
        for child in self._children:
            if child not in later:
                self._spawn(child)
        for operation in self._own:
            self._operation(operation)
        self._add("do_exit", 0)
        words = self._words
        words[_START], words[_LIST] = player().symbols["do_start"], self._at(len(words))
        buffer = self._at(len(words) + len(self._list))
        words += [buffer if word == _BUFFER else word for word in self._list]
        data = struct.pack(f"<{len(words)}Q", *words)
        size = max((op.size for op in self._own if op.kind in ("read", "write")), default=0)
        return msgspec.structs.replace(player(), data=data, bss_size=size, symbols={}, lines={}).elf()

    def _add(self, label: str, *numbers: int) -> None:
        self._list += player().symbols[label], *numbers

    def _spawn(self, child: int) -> None:
        block = self._blocks[child]
        fds = [self._at(self._fds[end]) for end in self._given[child]]
        self._add("do_spawn", child, self._at(block), self._at(block + 4), len(fds), *fds)

    def _operation(self, operation: Operation) -> None:
        kind, target, size = operation.kind, operation.target, operation.size
        match kind:
            case "read" | "write":
                call, fd = (pipes.READ, True) if kind == "read" else (pipes.WRITE, False)
                self._add("do_transfer", call, self._at(self._fds[target, fd]), _BUFFER, self._at(_SIZE), size)
            case "close_read" | "close_write":
                self._add("do_close", self._at(self._fds[target, kind == "close_read"]))
            case "wait":
                known = is_known(target, operation, self._own)
                word = _ROOT if target == 0 else self._children[target] if known else _NOBODY
                self._add("do_wait", self._at(word), self._at(_EXIT_CODE))
            case "spawn":
                self._spawn(target)
            case "compute":
                self._add("do_compute", size // _ROUND_CYCLES)
            case _:
                self._add("do_exit", size % (1 << 64))


_BUFFER = -1
"""Stands for the buffer's address until that is known."""
