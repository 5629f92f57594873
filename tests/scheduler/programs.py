"""Small programs for the scheduler's tests: assembly text, by functions that give its parts."""

from __future__ import annotations

from functools import lru_cache
from itertools import count

from spawnlab.vm.assembler import Program, assemble

VM_VERSION, CURRENT_CYCLES, DEBUG = 2041, 2042, 2177
SPAWN, WAIT, PROCESS_ID, PIPE, WRITE, READ, INHERITED_FD, CLOSE = range(2601, 2609)
EXIT = 93
CELL_DEP = 3
"""The source of spawned programs, unless a test is about sources."""
MEMORY_END = 4 << 20
TEXT = 0x10000
"""Where code is: an executable page, which can be loaded from and not stored to."""
SMALLEST = bytes.fromhex(
    "7f454c460201010000000000000000000200f300010000007800010000000000400000000000000000000000"
    "0000000000000000400038000100000000000000010000000500000000000000000000000000010000000000"
    "0000010000000000840000000000000084000000000000000010000000000000130500009308d00573000000"
)
"""The program of the first worked cost: 132 bytes, ``li a0, 0; li a7, 93; ecall``."""

DATA = """
.data
.align 3
pair: .dword 0, 0
pair2: .dword 0, 0
child: .dword 0
length: .dword 8
length2: .dword 8
code: .dword 0x1111111111111111
fds: .zero 64
argv: .zero 64
block: .dword 0, argv, child, 0
block_fds: .dword 0, argv, child, fds
buffer: .ascii "abcdefghijklmnopqrstuvwxyz012345"
 .zero 32
"""
"""Data that every program has: buffers, words, and spawn's argument block without and with fds."""

_SERIAL = count()
_REGISTERS = {f"{kind}{i}" for kind, size in (("a", 8), ("s", 12), ("t", 7)) for i in range(size)}


# Assembly text


def call(number: int, *arguments: int | str) -> str:
    """A system call. An argument is a number, a register, a label for its address, or ``[label]`` for its word."""
    lines = [_load(f"a{i}", argument) for i, argument in enumerate(arguments)]
    return "\n".join([*lines, f"  li a7, {number}", "  ecall"]) + "\n"


def _load(register: str, argument: int | str) -> str:
    if isinstance(argument, int):
        return f"  li {register}, {argument}"
    if argument in _REGISTERS:
        return f"  mv {register}, {argument}"
    if argument.startswith("["):
        return f"  la {register}, {argument[1:-1]}\n  ld {register}, 0({register})"
    return f"  la {register}, {argument}"


def spawn(
    index: int | str, block: int | str = "block", *, source: int = CELL_DEP, place: int = 0, bounds: int = 0
) -> str:
    """Spawn from a piece of data; the argument block is ``block``, ``block_fds`` or one of the test's own."""
    return call(SPAWN, index, source, place, bounds, block)


def spawn_with(index: int, *fds: int) -> str:
    """Spawn from a cell dep and hand over fds."""
    return words("fds", *fds, 0) + spawn(index, "block_fds")


def words(label: str, *values: int | str) -> str:
    """Store words from a label on."""
    stores = [f"{_load('t1', value)}\n  la t0, {label}\n  sd t1, {8 * i}(t0)\n" for i, value in enumerate(values)]
    return "".join(stores)


def read(fd: int, length: int, buffer: int | str = "buffer", at: int | str = "length") -> str:
    """Read; the length is put in the word at ``at`` first, if that is a label."""
    return (words(at, length) if isinstance(at, str) else "") + call(READ, fd, buffer, at)


def write(fd: int, length: int, buffer: int | str = "buffer", at: int | str = "length") -> str:
    """Write; the length is put in the word at ``at`` first, if that is a label."""
    return (words(at, length) if isinstance(at, str) else "") + call(WRITE, fd, buffer, at)


def wait(vm: int, at: int | str = "code") -> str:
    """Wait for a VM's end."""
    return call(WAIT, vm, at)


def close(fd: int) -> str:
    """Close an fd."""
    return call(CLOSE, fd)


def pipe(at: int | str = "pair") -> str:
    """Make a pipe."""
    return call(PIPE, at)


def leave(code: int | str = 0) -> str:
    """End the VM with a number, a register or a word."""
    return call(EXIT, code)


LEAVE_WITH_ANSWER = f"  li a7, {EXIT}\n  ecall\n"
"""End the VM with what the last system call answered."""
FOREVER = wait(0)
"""Block until the root ends; in the root itself, for ever."""


def spin(rounds: int) -> str:
    """Spend 4 cycles a round."""
    label = f"spin_{next(_SERIAL)}"
    return f"  li t6, {rounds}\n{label}:\n  addi t6, t6, -1\n  bnez t6, {label}\n"


@lru_cache(maxsize=512)
def assembled(text: str) -> Program:
    """A program of assembly text, with the data that all have."""
    return assemble(f".text\n_start:\n{text}\n{DATA}")
