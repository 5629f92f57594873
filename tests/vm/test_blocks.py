"""Python blocks take the quick way wherever there is one."""

from __future__ import annotations

import pytest

from spawnlab.vm.engines import engine
from spawnlab.vm.memory import DIRTY, EXECUTABLE, FREEZED, Memory

from .support import CODE, machine_of

DATA = 0x20000


class CountingMemory(Memory):
    """Counts the stores that come by the slow way."""

    count = 0

    def store(self, address: int, width: int, value: int) -> None:
        self.count += 1
        super().store(address, width, value)


@pytest.mark.parametrize("flags", [0, FREEZED, DIRTY | FREEZED])
def test_blocks_store_to_a_page_quickly_once_it_is_dirty(flags: int) -> None:
    """Whatever else is known of the page: in version 0 data is frozen as well."""
    machine = machine_of("again: sd s1, 0(a1); addi s1, s1, -1; bnez s1, again; li a7, 93; ecall")
    code = machine.memory.read(CODE, 4096)
    memory = CountingMemory()
    memory.init_pages(CODE, 4096, EXECUTABLE | FREEZED, code, 0)
    machine.reset(memory)
    machine.memory.flags[DATA >> 12] = flags
    machine.engine = engine("blocks")
    machine.registers[9], machine.registers[11] = 10_000, DATA
    machine.set_pc(CODE)
    assert machine.run() == 0
    assert machine.memory.load(DATA, 8) == 1
    assert memory.count < 100
