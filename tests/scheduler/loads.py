"""Programs that load parts of the transaction, and what they are answered."""

from __future__ import annotations

from typing import Any

import msgspec

from .programs import DEBUG, call, leave, words
from .runs import Played, play

LOAD_TRANSACTION, LOAD_SCRIPT, LOAD_TX_HASH, LOAD_SCRIPT_HASH = 2051, 2052, 2061, 2062
LOAD_CELL, LOAD_HEADER, LOAD_INPUT, LOAD_WITNESS = 2071, 2072, 2073, 2074
LOAD_CELL_BY_FIELD, LOAD_HEADER_BY_FIELD, LOAD_INPUT_BY_FIELD = 2081, 2082, 2083
LOAD_CELL_DATA_AS_CODE, LOAD_CELL_DATA, LOAD_BLOCK_EXTENSION = 2091, 2092, 2104
PARTIAL = (
    LOAD_TRANSACTION, LOAD_SCRIPT, LOAD_TX_HASH, LOAD_SCRIPT_HASH,
    LOAD_CELL, LOAD_HEADER, LOAD_INPUT, LOAD_WITNESS,
    LOAD_CELL_BY_FIELD, LOAD_HEADER_BY_FIELD, LOAD_INPUT_BY_FIELD, LOAD_BLOCK_EXTENSION,
)  # fmt: skip
"""The calls that load by the rules of ``syscalls`` §4."""

INPUT, OUTPUT, DEP, HEADER_DEP = 1, 2, 3, 4
GROUP = 1 << 56
"""Sources."""
BUFFER = 0x20_0000
"""Pages that are writable and zero."""
ROOM = 4096
START = bytes(1) + b"\xa5" * 15
"""What the buffer starts with before a call, and zeros after it. To the call that prints it is an empty text."""


def load(
    number: int,
    index: int | str = 0,
    source: int = INPUT,
    field: int = 0,
    *,
    size: int | None = ROOM,
    offset: int = 0,
    buffer: int | str = BUFFER,
    length: int | str = "length",
) -> str:
    """A call that loads; ``size`` is put in the word ``length`` first, unless it is None."""
    put = words(length, size) if size is not None and isinstance(length, str) else ""
    return put + call(number, buffer, length, offset, index, source, field)


class Loaded(msgspec.Struct, frozen=True):
    """What came of a call: its answer, the length word, the filled buffer, and cycles beside the 500."""

    answer: int
    length: int
    buffer: bytes
    cycles: int

    @property
    def content(self) -> bytes:
        """What was loaded, if the buffer had room for all that there was."""
        assert self.length <= ROOM
        return self.buffer[: self.length]

    def is_refusal(self, code: int) -> bool:
        """Whether it was answered with a code, and nothing else was done and charged for."""
        untouched = START.ljust(ROOM, b"\0")
        return (self.answer, self.length, self.buffer, self.cycles) == (code, ROOM, untouched, 0)


def loaded(number: int, *place: int, offset: int = 0, size: int = ROOM, **fields: Any) -> Loaded:
    """Run one call, of :func:`load`, in a transaction of ``fields``, and see what it did.

    What it costs is told by another run, in which a call that costs nothing stands in its place.
    """
    program = _program(number, *place, offset=offset, size=size)
    run = play(program, **fields)
    once: dict[str, Any] = fields | {"noted": False}
    free = play(program.replace(f"li a7, {number}", f"li a7, {DEBUG}"), **once)
    assert run.error is None, run.error
    assert free.exit_code == run.exit_code == 0
    cycles = run.outcome.cycles - free.outcome.cycles
    return Loaded(run.word(0, "child"), run.word(0, "length"), run.memory(0, BUFFER, ROOM), cycles)


def _program(number: int, *place: int, offset: int, size: int) -> str:
    low, high = START[:8], START[8:]
    fill = f"  li t0, {BUFFER}\n  li t1, {_word(low)}\n  sd t1, 0(t0)\n  li t1, {_word(high)}\n  sd t1, 8(t0)\n"
    return fill + load(number, *place, offset=offset, size=size) + words("child", "a0") + leave()


def _word(content: bytes) -> int:
    return int.from_bytes(content, "little")


def fault(number: int, *place: int, **fields: Any) -> str | None:
    """The text of the error that a call ends the run with; ``None`` if there is none."""
    return failure(play(load(number, *place) + leave(), **fields))


def failure(run: Played) -> str | None:
    """The text of the error that ended a run."""
    return run.outcome.failure and run.outcome.failure.display
