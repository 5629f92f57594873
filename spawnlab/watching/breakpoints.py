"""Breakpoints: short texts such as ``call read 2``, and the events at which a run is to stop (``docs/watch.md``).

A run stops between two turns, so a breakpoint holds it after the turn in which its event happened.
:meth:`spawnlab.live.Stage.run` takes what :func:`until` gives.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..scheduler import messages as m
from ..scheduler.events import AnyEvent, Ended, IterationEnded, Logged, Posted, Refused
from ..scheduler.syscalls.names import CALL_NAMES
from ..vm.errors import SpawnlabError

_POSTED: dict[type[m.Message], str] = {
    m.Spawn: "spawn",
    m.Wait: "wait",
    m.Pipe: "pipe",
    m.FdRead: "read",
    m.FdWrite: "write",
    m.Close: "close",
    m.InheritedFileDescriptor: "inherited_fd",
    m.ExecV2: "exec",
}
CALLS = (*_POSTED.values(), "debug", "exit")
"""The calls that leave an event. All others are answered at once, and nobody but the VM learns of them."""
FORMS = ("turn N", "vm N", "call NAME", "call NAME N")
_NUMBER_MAX = (1 << 64) - 1


class BreakpointError(SpawnlabError):
    """A text that is no breakpoint; says why, and which there are."""


class AtTurn(msgspec.Struct, frozen=True):
    """When the turn of this number has been played."""

    turn: int


class AtVm(msgspec.Struct, frozen=True):
    """After each turn of a VM."""

    vm: int


class AtCall(msgspec.Struct, frozen=True):
    """After each turn in which the system call of this name is made, by any VM or by ``vm``."""

    call: str
    vm: int | None = None


Breakpoint = AtTurn | AtVm | AtCall


def breakpoint_of(text: str) -> Breakpoint:
    """A breakpoint from its text; raises :class:`BreakpointError`, which names the forms."""
    match text.lower().split():
        case ["turn", number]:
            return AtTurn(_number(text, number, "a turn", least=1))
        case ["vm", number]:
            return AtVm(_number(text, number, "a VM"))
        case ["call", name]:
            return AtCall(_call(text, name))
        case ["call", name, number]:
            return AtCall(_call(text, name), _number(text, number, "a VM"))
        case _:
            raise _refusal(text, "it is none of the forms")


def text_of(breakpoint_: Breakpoint) -> str:
    """The text of a breakpoint, which :func:`breakpoint_of` reads."""
    match breakpoint_:
        case AtTurn(turn=turn):
            return f"turn {turn}"
        case AtVm(vm=vm):
            return f"vm {vm}"
        case AtCall(call=call, vm=None):
            return f"call {call}"
        case AtCall(call=call, vm=vm):
            return f"call {call} {vm}"


def is_hit(breakpoint_: Breakpoint, event: AnyEvent) -> bool:
    """Whether a run is to stop after the turn in which this happened."""
    match breakpoint_:
        case AtTurn(turn=turn):
            return isinstance(event, IterationEnded) and event.iteration == turn
        case AtVm(vm=vm):
            return isinstance(event, IterationEnded) and event.vm == vm
        case AtCall(call=call, vm=vm):
            return vm in (None, event.vm) and call_of(event) == call


def call_of(event: AnyEvent) -> str | None:
    """The name of the system call that the event tells of."""
    match event:
        case Posted(message=message):
            return _POSTED[type(message)]
        case Refused(call=call):
            return CALL_NAMES.get(call)
        case Logged():
            return "debug"
        case Ended():
            return "exit"
        case _:
            return None


def until(*texts: str) -> Callable[[AnyEvent], bool]:
    """A function that says of an event whether any of these breakpoints is hit; raises as :func:`breakpoint_of`."""
    breakpoints = tuple(map(breakpoint_of, texts))
    return lambda event: any(is_hit(one, event) for one in breakpoints)


def _call(text: str, name: str) -> str:
    if name in CALLS:
        return name
    known = ", ".join(CALLS)
    if name in CALL_NAMES.values():
        raise _refusal(text, f"{name} is answered at once and leaves no event; the calls that do are {known}")
    raise _refusal(text, f"there is no call {name!r}; there are {known}")


def _number(text: str, number: str, what: str, *, least: int = 0) -> int:
    digits = number.replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20 and least <= int(digits) <= _NUMBER_MAX):
        raise _refusal(text, f"the number of {what} is wanted, from {least} on, not {number!r}")
    return int(digits)


def _refusal(text: str, why: str) -> BreakpointError:
    return BreakpointError(f"breakpoint {text!r}: {why}; a breakpoint is one of: {', '.join(FORMS)}")
