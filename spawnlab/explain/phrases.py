"""Steps in words, as sentences about edits need them."""

from __future__ import annotations

from ..scenarios import steps as s


def the(step: s.AnyStep) -> str:
    """A step in words: ``the read from r``."""
    match step:
        case s.Read() | s.Write() | s.Close() | s.Wait() | s.Spawn() | s.Exec():
            return f"the {step.__struct_config__.tag} {_object(step)}"
        case s.Repeat():
            return "the loop"
        case _:
            return f"the {step.__struct_config__.tag}"


def deed(step: s.AnyStep) -> str:
    """What a step does: ``read from r``, ``close w``."""
    match step:
        case s.Close(fd=fd):
            return f"close {named(fd)}"
        case s.Read() | s.Write():
            return f"{step.__struct_config__.tag} {_object(step)}"
        case _:
            return f"{step.__struct_config__.tag}"


def _object(step: s.Read | s.Write | s.Close | s.Wait | s.Spawn | s.Exec) -> str:
    match step:
        case s.Read(fd=fd):
            return f"from {named(fd)}"
        case s.Write(fd=fd):
            return f"to {named(fd)}"
        case s.Close(fd=fd):
            return f"of {named(fd)}"
        case s.Wait(vm=vm):
            return f"for {vm if isinstance(vm, str) else f'VM {vm}'}"
        case s.Spawn(program=program) | s.Exec(program=program):
            return f"of {program}"


def named(fd: s.Value) -> str:
    """An fd by its name in the program, else by its number."""
    return fd if isinstance(fd, str) else f"fd {fd}"


def iterations(count: int) -> str:
    """``1 iteration``, ``1,234 iterations``."""
    return "1 iteration" if count == 1 else f"{count:,} iterations"


def how_often(count: int) -> str:
    """``once``, ``3 times``."""
    return "once" if count == 1 else f"{count} times"
