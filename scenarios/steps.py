"""What a program can do: one struct an operation. Names stand for numbers that are known only when it runs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ..scheduler.codes import ReturnCode

Name = Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_]*$", max_length=64)]
"""Names a value of the program: an fd, a VM id, an exit code, a count or a buffer."""
Value = Name | int
"""A value by name, or the number itself."""
CodeName = str | int
"""A return code by its name in the specification (``INVALID_FD``) or number."""
Cycles = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
Size = Annotated[int, msgspec.Meta(ge=0, le=1 << 20)]
"""Bytes in a buffer of the program."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="op", omit_defaults=True):
    """Root of all operations."""


class Call(Step, frozen=True, kw_only=True):
    """An operation that makes a system call. Any other return code than ``code`` ends the VM with that code."""

    code: CodeName = "SUCCESS"


class Pipe(Call, frozen=True, kw_only=True, tag="pipe"):
    """Make a pipe and name its read end and its write end."""

    ends: tuple[Name, Name] = msgspec.field(name="as")


class Spawn(Call, frozen=True, kw_only=True, tag="spawn"):
    """Start another program as a child, which gets the listed fds; name the child's id."""

    program: str
    argv: tuple[str, ...] = ()
    fds: tuple[Value, ...] = ()
    name: Name | None = msgspec.field(default=None, name="as")


class Exec(Call, frozen=True, kw_only=True, tag="exec"):
    """Go on as another program, in the same VM; no step behind it is done unless it is answered with an error."""

    program: str
    argv: tuple[str, ...] = ()


class Read(Call, frozen=True, kw_only=True, tag="read"):
    """Read at most ``size`` bytes; name the bytes, and their count. ``text`` or ``hex`` says which are expected."""

    fd: Value
    size: Size
    name: Name | None = msgspec.field(default=None, name="as")
    count: Name | None = None
    text: str | None = None
    hex: str | None = None


class Write(Call, frozen=True, kw_only=True, tag="write"):
    """Write a text, bytes in hex, the bytes of an earlier read, or ``size`` zeros; name the count that was taken."""

    fd: Value
    text: str | None = None
    hex: str | None = None
    data: Name | None = msgspec.field(default=None, name="from")
    size: Size | None = None
    count: Name | None = None


class Close(Call, frozen=True, kw_only=True, tag="close"):
    """Close an fd."""

    fd: Value


class Wait(Call, frozen=True, kw_only=True, tag="wait"):
    """Wait for a VM's end; name its exit code, or say which is expected."""

    vm: Value
    name: Name | None = msgspec.field(default=None, name="as")
    exit_code: Annotated[int, msgspec.Meta(ge=-128, le=127)] | None = None


class InheritedFds(Call, frozen=True, kw_only=True, tag="inherited_fds"):
    """Name the fds that the program was given, in their order. There must be as many."""

    names: tuple[Name, ...] = msgspec.field(name="as")


class ProcessId(Step, frozen=True, kw_only=True, tag="process_id"):
    """Name the VM's own id."""

    name: Name = msgspec.field(name="as")


class Compute(Step, frozen=True, kw_only=True, tag="compute"):
    """Spend exactly so many cycles."""

    cycles: Cycles


class Log(Step, frozen=True, kw_only=True, tag="log"):
    """Print a text."""

    text: str


class Expect(Step, frozen=True, kw_only=True, tag="expect"):
    """End the VM with exit code -1 unless a value equals another."""

    value: Value
    equals: Value


class Repeat(Step, frozen=True, kw_only=True, tag="repeat"):
    """Do the steps so many times."""

    times: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    steps: tuple[AnyStep, ...]


class Exit(Step, frozen=True, kw_only=True, tag="exit"):
    """End the VM with a code; the chain sees its low 8 bits, signed."""

    code: Value = 0


_Calls = Pipe | Spawn | Exec | Read | Write | Close | Wait | InheritedFds
AnyStep = _Calls | ProcessId | Compute | Log | Expect | Repeat | Exit


def return_code(code: CodeName) -> int:
    """The number of a return code; raises :class:`ValueError` naming the known ones."""
    if isinstance(code, int):
        if not 0 <= code < 1 << 64:
            raise ValueError(f"{code} is no return code: they are 0 to 2^64 - 1")
        return code
    try:
        return ReturnCode[code]
    except KeyError:
        known = ", ".join(c.name for c in ReturnCode)
        raise ValueError(f"there is no return code {code!r}; they are {known}") from None
