"""Arguments on the stack of a program that starts (``vm-memory`` §6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .errors import MemOutOfStack
from .memory import MASK64, MEMORY_SIZE, STACK_SIZE, Memory

STACK_LOWEST = MEMORY_SIZE - STACK_SIZE
NO_ARGUMENTS_AT = (MEMORY_SIZE - 8) & ~15
"""sp of a program without arguments from version 1 on: it finds their number there, since nothing but 0 ever is."""


def _ignored(sp: int) -> None:
    pass


def initialize(
    memory: Memory, version: int, argc: int, arguments: Iterable[bytes], *, set_sp: Callable[[int], None] = _ignored
) -> tuple[int, int]:
    """Write ``arguments`` (``argc`` of them, read one by one) to the stack.

    Returns ``(sp, bytes used)``. Raises :class:`MemOutOfStack` when they don't fit, and what a store raises. ``set_sp``
    is told sp on the way: after a failure it stays where it was, which a program can see after exec (``syscalls`` §15).
    """
    if version >= 1 and argc == 0:
        set_sp(NO_ARGUMENTS_AT)
        return NO_ARGUMENTS_AT, MEMORY_SIZE - NO_ARGUMENTS_AT
    sp = MEMORY_SIZE
    set_sp(sp)
    words = [argc]
    for argument in arguments:
        sp = (sp - len(argument) - 1) & MASK64
        memory.write(sp, argument + b"\0")
        set_sp(sp)
        words.append(sp)
        if version >= 2 and sp < STACK_LOWEST:
            raise MemOutOfStack(f"{len(words) - 1} of {argc} arguments need more than {STACK_SIZE} bytes")
    if version >= 1:
        words.append(0)
        sp = (sp - (sp - 8 * len(words)) % 16) & MASK64
        set_sp(sp)
    width = 8 if version >= 1 else 4
    for word in reversed(words):
        sp = (sp - 8) & MASK64
        memory.store(sp, width, word)
        set_sp(sp)
    if sp < STACK_LOWEST:
        raise MemOutOfStack(f"{argc} arguments need more than {STACK_SIZE} bytes")
    return sp, MEMORY_SIZE - sp
