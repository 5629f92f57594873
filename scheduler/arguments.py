"""Reading a program's arguments from the memory of the VM that starts it."""

from __future__ import annotations

from collections.abc import Iterator

from ..vm.machine import Machine


def read_arguments(machine: Machine, argc: int, argv: int) -> Iterator[bytes]:
    """The C strings at ``argc`` pointers from ``argv`` on, read one by one as they are asked for."""
    for index in range(argc):
        pointer = machine.memory.load(argv + 8 * index, 8)
        yield machine.memory.read_c_string(pointer)
