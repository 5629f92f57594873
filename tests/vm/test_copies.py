"""A machine that is copied: the other one holds every byte and runs on alike, on every engine."""

from __future__ import annotations

import pytest

from spawnlab.vm.assembler import assemble
from spawnlab.vm.copies import copy_machine, fill_machine
from spawnlab.vm.engines import engine
from spawnlab.vm.machine import Machine
from spawnlab.vm.memory import EXECUTABLE, MEMORY_SIZE
from spawnlab.vm.version import VERSIONS, Isa

WORK = assemble("""
.text
_start:
  li t0, 20000
  la t1, cell
again:
  lr.d t2, (t1)
  addi t2, t2, 3
  sc.d t3, t2, (t1)
  sd t2, 8(t1)
  addi t0, t0, -1
  bnez t0, again
  ld a0, 0(t1)
  li a7, 93
  ecall
.data
cell: .dword 0, 0
""").elf()
STEPS = 120_004
ISA = Isa(2, b=True, mop=True, a=True)
"""With reservations, which no machine of the chain has."""


@pytest.mark.parametrize("version", [0, 1, 2])
def test_all_bytes_are_kept(version: int) -> None:
    machine = Machine(VERSIONS[version])
    machine.memory.write(0x5001, b"written, and its flag is lost")
    machine.memory.flags[0x5] = 0
    machine.memory.tracked.add(0x5)
    machine.memory.init_pages(0x9000, 0x2000, EXECUTABLE, b"code")
    machine.registers[7], machine.cycles, machine.exit_code, machine.steps = 77, 5, -3, 9
    machine.set_pc(0x9000)
    copy = copy_machine(machine)
    other = Machine(VERSIONS[version])
    fill_machine(other, copy)
    assert copy_machine(other) == copy
    assert other.memory.read(0, MEMORY_SIZE) == machine.memory.read(0, MEMORY_SIZE)
    assert (other.this_pc, other.registers[7], other.exit_code) == (0x9000, 77, -3)
    assert copy.size == 1024 + 3 * 4096
    machine.memory.store(0x5001, 8, 0)
    assert other.memory.read(0x5001, 7) == b"written"


@pytest.mark.parametrize("name", ["step", "blocks", "native", "auto"])
def test_it_runs_on(name: str) -> None:
    machine = Machine(ISA, engine=engine(name))
    machine.load_program(WORK)
    machine.run(STEPS // 2 + 1)  # between a reservation and its use, in some engine's code
    copy = copy_machine(machine)
    assert machine.run() == 60000 % 256 - 256 * (60000 % 256 > 127)
    for _ in range(2):
        other = Machine(ISA, engine=engine(name))
        fill_machine(other, copy)
        assert other.run() == machine.exit_code
        assert copy_machine(other) == copy_machine(machine)
