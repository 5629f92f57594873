"""A machine at rest, copied as it is: for going back in a run. No program can tell a copy from what was copied.

A snapshot (:mod:`.snapshot`) is the chain's way of keeping a machine, which is visible to programs in one corner. This
is not: it keeps every byte.
"""

from __future__ import annotations

import msgspec

from .host_memory import PAGE_SHIFT, page_runs
from .machine import Machine

_TOUCHED = bytes([0]) + bytes([1]) * 255


class MachineCopy(msgspec.Struct, frozen=True, kw_only=True):
    """All that is in a machine between two operations; counters count cycles and operations."""

    registers: tuple[int, ...]
    pc: int
    cycles: int
    max_cycles: int
    steps: int
    reservation_address: int
    exit_code: int
    flags: bytes
    """Of all pages."""
    pages: tuple[tuple[int, bytes], ...]
    """Addresses, and what lies there; everything else is 0."""
    tracked: frozenset[int]
    image: bytes | None

    @property
    def size(self) -> int:
        """Bytes of memory that it keeps."""
        return len(self.flags) + sum(len(content) for _, content in self.pages)


def copy_machine(machine: Machine) -> MachineCopy:
    """Copy a machine, which is not changed."""
    memory = machine.memory
    flags = bytes(memory.flags)
    touched = bytearray(flags.translate(_TOUCHED))
    for page in memory.tracked:  # it has lost its flags, not its bytes
        touched[page] = 1
    return MachineCopy(
        registers=tuple(machine.registers),
        pc=machine.this_pc,
        cycles=machine.cycles,
        max_cycles=machine.max_cycles,
        steps=machine.steps,
        reservation_address=machine.reservation_address,
        exit_code=machine.exit_code,
        flags=flags,
        pages=tuple(
            (start << PAGE_SHIFT, memory.read(start << PAGE_SHIFT, (end - start) << PAGE_SHIFT))
            for start, end in page_runs(bytes(touched))
        ),
        tracked=frozenset(memory.tracked),
        image=memory.image,
    )


def fill_machine(machine: Machine, copy: MachineCopy) -> None:
    """Make a new machine, of the same version, what the other one was."""
    memory = machine.memory
    for address, content in copy.pages:
        memory.data[address : address + len(content)] = content
    memory.flags[:] = copy.flags
    memory.tracked = set(copy.tracked)
    memory.image = copy.image
    machine.registers = list(copy.registers)
    machine.set_pc(copy.pc)
    machine.cycles = copy.cycles
    machine.max_cycles = copy.max_cycles
    machine.steps = copy.steps
    machine.reservation_address = copy.reservation_address
    machine.exit_code = copy.exit_code
