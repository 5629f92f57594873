"""Arguments on the stack (``vm-memory`` §6), with the worked examples of the specification.

How many and how long they may be: ``test_boundaries.py``.
"""

from __future__ import annotations

import pytest

from spawnlab.vm.errors import MemOutOfStack
from spawnlab.vm.memory import EXECUTABLE, MEMORY_SIZE, Memory
from spawnlab.vm.stack import initialize


def stack(version: int, *arguments: bytes) -> tuple[int, int, Memory]:
    memory = Memory()
    sp, used = initialize(memory, version, len(arguments), arguments)
    return sp, used, memory


@pytest.mark.parametrize(("version", "sp", "used"), [(0, 0x3FFFF8, 8), (1, 0x3FFFF0, 16), (2, 0x3FFFF0, 16)])
def test_no_arguments(version: int, sp: int, used: int) -> None:
    found_sp, found_used, memory = stack(version)
    assert (found_sp, found_used) == (sp, used)
    assert (memory.flags[1023] != 0) == (version == 0)  # only version 0 stores argc


@pytest.mark.parametrize(("version", "sp", "used"), [(0, 0x3FFFDA, 38), (1, 0x3FFFD0, 48), (2, 0x3FFFD0, 48)])
def test_three_arguments(version: int, sp: int, used: int) -> None:
    found_sp, found_used, memory = stack(version, b"ab", b"c", b"")
    assert (found_sp, found_used) == (sp, used)
    words = [memory.load(sp + 8 * i, 8) for i in range(4)]
    assert words == [3, 0x3FFFFD, 0x3FFFFB, 0x3FFFFA]
    assert [memory.read_c_string(word) for word in words[1:]] == [b"ab", b"c", b""]
    assert version == 0 or memory.load(sp + 32, 8) == 0


def test_the_example_of_hello() -> None:
    sp, used, memory = stack(2, b"hello", b"w")
    assert (sp, used) == (0x3FFFD0, 48)
    assert [memory.load(sp + 8 * i, 8) for i in range(4)] == [2, 0x3FFFFA, 0x3FFFF8, 0]


def test_version_0_stores_32_bits_of_each_word() -> None:
    memory = Memory()
    memory.data[0x3FFFE0 - 8 : 0x3FFFE8] = b"\xff" * 16
    sp, _ = initialize(memory, 0, 1, [b"x" * 7])
    assert sp == 0x3FFFE8
    sp, _ = initialize(memory, 0, 2, [b"x" * 7, b"y" * 7])
    assert memory.load(sp, 8) == 0xFFFF_FFFF_0000_0002


def test_only_version_2_looks_after_each_argument() -> None:
    """Later arguments are not even asked for."""
    for version, asked in ((1, 3), (2, 2)):
        taken: list[int] = []

        def arguments(taken: list[int] = taken) -> object:
            for index in range(3):
                taken.append(index)
                yield b"x" * 700_000

        with pytest.raises(MemOutOfStack):
            initialize(Memory(), version, 3, arguments())  # type: ignore[arg-type] # pyright: ignore
        assert len(taken) == asked


def test_a_store_can_fail_first() -> None:
    memory = Memory()
    memory.flags[1023] = EXECUTABLE
    with pytest.raises(Exception, match="write on executable page"):
        initialize(memory, 2, 1, [b"a"])
    assert bytes(memory.data).count(0) == MEMORY_SIZE


@pytest.mark.parametrize(
    ("version", "size", "sp"), [(1, 1 << 20, 0x2FFFE0), (2, 1 << 20, 0x2FFFFF), (0, 1 << 20, 0x2FFFEF)]
)
def test_sp_stays_where_a_failure_left_it(version: int, size: int, sp: int) -> None:
    """Version 2 fails after the argument, the others after the words below it: two, or three and alignment."""
    moves: list[int] = []
    with pytest.raises(MemOutOfStack):
        initialize(Memory(), version, 1, [b"x" * size], set_sp=moves.append)
    assert moves[0] == MEMORY_SIZE
    assert moves[-1] == sp
