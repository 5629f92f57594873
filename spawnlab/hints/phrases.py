"""Calls, VMs and pipes in words."""

from __future__ import annotations

from typing import Any

from ..explain.phrases import named
from ..explain.steps_at import place_of
from ..scenarios import steps as s
from .model import Hint, Spot
from .world import ROOT, Call, End, World


def vm_of(world: World, vm: int) -> str:
    """A VM by its place in the tree of spawns, and its program: ``VM 0.1 (child)``."""
    return world.vms[vm].name


def at(call: Call) -> str:
    """Where it is: ``steps[2]``."""
    return place_of(call.path)


def spot(world: World, call: Call, words: str = "") -> Spot:
    """A call, as the place that a hint is about."""
    vm = world.vms[call.vm]
    return Spot(vm=vm.place, program=call.program, place=at(call), call=call.number or None, words=words)


def hint_at(call: Call, **fields: Any) -> Hint:
    """A hint about a call."""
    return Hint(program=call.program, place=at(call), path=f"programs.{call.program}.{at(call)}", **fields)


def does(world: World, call: Call) -> str:
    """What a VM does: ``reads from in``, ``writes 5 bytes to w``, ``waits for VM 0.1 (child)``."""
    match call.step:
        case s.Read(fd=fd):
            return f"reads from {named(fd)}"
        case s.Write(fd=fd):
            is_known = call.kind == "write" and call.source is None
            return f"writes {f'{bytes_of(call.size)} ' if is_known else ''}to {named(fd)}"
        case s.Wait(vm=vm):
            if call.target == call.vm:
                return "waits for its own end"
            if call.target == ROOT:
                return "waits for VM 0"
            return f"waits for {vm_of(world, call.target) if call.target >= 0 else f'VM {vm}'}"
        case s.Close(fd=fd):
            return f"closes {named(fd)}"
        case s.Spawn(program=program) if call.blamed is not None:
            return f"hands {named(call.blamed)} over to {program}"
        case s.Spawn(program=program):
            return f"spawns {program}"
        case s.Pipe():
            return "makes a pipe"
        case s.InheritedFds():
            return "asks for its inherited fds"
        case s.Expect(value=value, equals=equals):
            return f"expects {value} to equal {equals}"
        case _:
            return "goes on"


def bytes_of(count: int) -> str:
    """``1 byte``, ``1,234 bytes``."""
    return "1 byte" if count == 1 else f"{count:,} bytes"


def end_of(world: World, end: End) -> str:
    """A pipe's end, by the name that its maker gives it: ``the write end (w of root)``."""
    made = world.pipes[end.pipe].made
    assert isinstance(made.step, s.Pipe)
    return f"the {'write' if end.writes else 'read'} end ({made.step.ends[end.writes]} of {made.program})"
