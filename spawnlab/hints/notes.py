"""What is worth a look, though it says nothing of the run's end; and what was not looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..explain.phrases import named
from ..explain.steps_at import Path, place_of
from ..scenarios import steps as s
from ..scenarios.cells import ScriptModel
from ..scenarios.model import Scenario
from .model import NOTE, Hint
from .phrases import bytes_of, does, end_of, hint_at, spot, vm_of
from .reach import Reach
from .world import ANYBODY, ROOT, Call, World

_FORMS = {"asm": "assembly", "c": "C", "source": "a source file", "elf": "an ELF file", "python": "a Python function"}


def notes(scenario: Scenario, world: World, expected: Reach) -> Iterator[Hint]:
    """The notes; ``expected`` is how far VMs come if none ends early that need not."""
    yield from _not_looked_at(world)
    for name, program in scenario.programs.items():
        yield from _of_steps(name, program.steps or ())
    yield from _unused(scenario, world)
    for vm in world.vms:
        for call in vm.calls:
            if call.kind == "wait" and call.target == ANYBODY:
                yield _guessed(world, call)
            elif _loses_bytes(expected, call):
                yield _lost_bytes(world, call)
    yield from _leaked(world)
    yield from _unwaited(world)


def _note(program: str, path: Path, kind: str, words: str, do: str) -> Hint:
    place = place_of(path)
    whole = f"programs.{program}{'.' if place else ''}{place}"
    return Hint(level=NOTE, program=program, place=place, path=whole, kind=kind, words=words, advice=do)


def _not_looked_at(world: World) -> Iterator[Hint]:
    for program, form in world.opaque.items():
        words = f"{program} is {_FORMS.get(form, 'no list of operations')}, and not looked at: it may do anything"
        yield _note(program, (), "opaque", words, "run it")
    for step in world.unclear:
        words = f"{vm_of(world, step.vm)} is not followed beyond this: which fd or answer is meant depends on the run"
        yield _note(step.program, step.path, "not-followed", words, "use names in place of numbers, or run it")
    if world.cut is not None:
        words = f"{vm_of(world, world.cut.vm)} is not followed beyond this: there is too much to be followed"
        yield _note(world.cut.program, world.cut.path, "not-followed", words, "run it")


# The text of programs


def _of_steps(program: str, steps: Iterable[s.AnyStep], path: Path = ()) -> Iterator[Hint]:
    last: str | None = None
    for index, step in enumerate(steps):
        here = (*path, index)
        if last is not None:
            words = f"this step is never done: {last} is the last"
            yield _note(program, here, "unreachable-step", words, f"put it before {last}, or leave it out")
            return
        if _is_last(step):
            last = place_of(here)
        if isinstance(step, s.Repeat):
            yield from _of_steps(program, step.steps, here)
        else:
            yield from _of_step(program, step, here)


def _is_last(step: s.AnyStep) -> bool:
    """Whether nothing behind a step is ever done."""
    return isinstance(step, s.Exit | s.Exec) or (isinstance(step, s.Repeat) and any(map(_is_last, step.steps)))


def _of_step(program: str, step: s.AnyStep, path: Path) -> Iterator[Hint]:
    match step:
        case s.Read(size=0):
            words = "a read of no bytes waits for a writer, and takes nothing from it"
            yield _note(program, path, "empty-read", words, "read what is written")
        case s.Write(size=0) | s.Write(text="") | s.Write(hex=""):
            words = "a write of no bytes waits for a reader, which may take its 0 bytes for the end of the stream"
            yield _note(program, path, "empty-write", words, "leave it out, or write something")
        case s.Spawn(fds=fds) if len(set(fds)) < len(fds):
            twice = named(next(fd for fd in fds if fds.count(fd) > 1))
            yield _note(
                program, path, "repeated-fd", f"{twice} is listed twice: the child is told it twice", "list it once"
            )
        case _:
            pass


def _unused(scenario: Scenario, world: World) -> Iterator[Hint]:
    """Programs that nobody becomes, unless something opaque may spawn them, or a cell has them as its script."""
    if not world.closed:
        return
    used = {vm.program for vm in world.vms}
    for vm in world.vms:
        used |= {call.step.program for call in vm.calls if isinstance(call.step, s.Spawn | s.Exec)}
    for cell in (*scenario.inputs, *scenario.outputs, *scenario.cell_deps):
        scripts = [script for script in (cell.lock, cell.type) if isinstance(script, ScriptModel)]
        used |= {script.program for script in scripts if script.program}
    for name in scenario.programs:
        if name not in used:
            yield _note(name, (), "unused-program", f"no VM comes to spawn {name}", "spawn it, or leave it out")


# What VMs come to


def _guessed(world: World, call: Call) -> Hint:
    return hint_at(
        call,
        kind="guessed-id",
        level=NOTE,
        words=f"{vm_of(world, call.vm)} {does(world, call)}: which VM that is depends on who spawns first",
        advice="wait for a VM by the name that its spawn gives it",
        spots=(spot(world, call),),
    )


def _loses_bytes(expected: Reach, call: Call) -> bool:
    """Whether a write comes back before all is taken, and the program does not ask how much was."""
    if not isinstance(call.step, s.Write) or call.served != "none" or call.expected or call.step.count is not None:
        return False
    return call.taken < call.size and expected.at[call.vm] > call.index


def _lost_bytes(world: World, call: Call) -> Hint:
    assert call.end is not None
    taken = bytes_of(call.taken) if call.taken else "none"
    return hint_at(
        call,
        kind="lost-bytes",
        level=NOTE,
        words=f"{vm_of(world, call.vm)} {does(world, call)}, of which {taken} will be read before "
        f"{end_of(world, call.end.other)} is closed",
        advice="name the count and look at it, or have all of it read",
        spots=(spot(world, call),),
    )


def _leaked(world: World) -> Iterator[Hint]:
    """Ends that their last holder never uses while it waits, and whose other end somebody uses."""
    for vm in world.vms:
        waits = [call.index for call in vm.calls if call.kind in ("read", "write", "wait")]
        for holding in () if vm.opaque else vm.holdings:
            if holding.stop is not None or not waits or waits[-1] < holding.start:
                continue
            is_used = any(call.vm == vm.number for call in world.calls(holding.end))
            if not is_used and any(call.vm != vm.number for call in world.calls(holding.end.other)):
                made = vm.calls[holding.start - 1] if holding.start else vm.spawned
                assert made is not None
                words = f"{vm_of(world, vm.number)} has {end_of(world, holding.end)} until it ends, and never uses it"
                yield hint_at(made, kind="leaked-fd", level=NOTE, words=words, advice="close it, or hand it over")


def _unwaited(world: World) -> Iterator[Hint]:
    waited = {call.target for vm in world.vms for call in vm.calls if call.kind == "wait"}
    if not world.closed or ANYBODY in waited:
        return
    for vm in world.vms:
        if vm.number != ROOT and vm.number not in waited and vm.spawned is not None:
            words = (
                f"nobody waits for {vm_of(world, vm.number)}: its exit code is not seen, and the run may end before it"
            )
            do = "wait for it, and look at its exit code"
            yield hint_at(vm.spawned, kind="never-waited", level=NOTE, words=words, advice=do)
