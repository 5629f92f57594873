"""Random topologies whose programs say what they do in all ways that a list of operations has."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import msgspec

from spawnlab.explore.generate import ANY, Shape, random_topology
from spawnlab.explore.topology import scenario_of
from spawnlab.scenarios import steps as s
from spawnlab.scenarios.compiler import compile_steps
from spawnlab.scenarios.errors import ScenarioError
from spawnlab.scenarios.model import Program, Scenario

Steps = list[s.AnyStep]
_CODES = ("OTHER_END_CLOSED", "OTHER_END_CLOSED", "WAIT_FAILURE", "INVALID_FD")
_TEXT = "abcdefgh" * 700


def varied(random: Random, kind: str = ANY) -> Scenario:
    """A topology's scenario with up to six changes in it."""
    scenario = scenario_of(random_topology(random, Shape(kind, vms_max=6, pipes_max=6, operations_max=16)))
    programs = {name: list(program.steps or ()) for name, program in scenario.programs.items()}
    for _ in range(random.randint(0, 6)):
        name = random.choice([*programs])
        change = random.choice(CHANGES)
        change(random, programs, name)
    made = {name: Program(steps=tuple(steps)) for name, steps in programs.items()}
    try:
        for program in made.values():
            compile_steps(program.steps or (), dict.fromkeys(made, 0), "$")
    except ScenarioError:  # a step has lost the one that makes its name
        return scenario
    return Scenario(programs=made)


def _some(random: Random, steps: Steps, *kinds: type[s.AnyStep]) -> int | None:
    places = [index for index, step in enumerate(steps) if isinstance(step, kinds)]
    return random.choice(places) if places else None


def _replace(steps: Steps, index: int, **fields: object) -> None:
    steps[index] = msgspec.structs.replace(steps[index], **fields)  # type: ignore[type-var]


def _code(random: Random, programs: dict[str, Steps], name: str) -> None:
    index = _some(random, programs[name], s.Read, s.Write, s.Wait, s.Close)
    if index is not None:
        _replace(programs[name], index, code=random.choice(_CODES))


def _loop(random: Random, programs: dict[str, Steps], name: str) -> None:
    """Some steps become a loop."""
    steps = programs[name]
    inner = [step for step in steps if isinstance(step, s.Read | s.Write | s.Compute | s.Wait)]
    if not inner:
        return
    first = steps.index(random.choice(inner))
    last = first + 1
    while last < len(steps) and random.random() < 0.5 and steps[last] in inner:
        last += 1
    steps[first:last] = [s.Repeat(times=random.choice((1, 2, 2, 3)), steps=tuple(steps[first:last]))]


def _text(random: Random, programs: dict[str, Steps], name: str) -> None:
    """A write of a text, or a read that expects one."""
    steps = programs[name]
    index = _some(random, steps, s.Read, s.Write)
    if index is None:
        return
    step = steps[index]
    if isinstance(step, s.Write) and step.size is not None:
        _replace(steps, index, text=_TEXT[: step.size], size=None)
    elif isinstance(step, s.Read):
        text = "\0" * step.size if random.random() < 0.7 else _TEXT[: step.size]
        _replace(steps, index, hex=text.encode().hex())


def _hand_on(random: Random, programs: dict[str, Steps], name: str) -> None:
    """A write of what an earlier read has got."""
    steps = programs[name]
    source = _some(random, steps, s.Read)
    target = _some(random, steps, s.Write)
    if source is None or target is None or target < source:
        return
    buffer = f"b{source}"
    _replace(steps, source, name=buffer)
    _replace(steps, target, text=None, hex=None, size=None, data=buffer)


def _count(random: Random, programs: dict[str, Steps], name: str) -> None:
    """Expect a count, or end with it."""
    steps = programs[name]
    index = _some(random, steps, s.Read, s.Write)
    if index is None:
        return
    step = steps[index]
    assert isinstance(step, s.Read | s.Write)
    count = f"n{index}"
    _replace(steps, index, count=count)
    if random.random() < 0.5:
        steps.append(s.Exit(code=count))
    else:
        size = getattr(step, "size", None)
        steps.insert(index + 1, s.Expect(value=count, equals=random.choice((0, 1, 2, 3, size or 0, size or 0))))


def _close(random: Random, programs: dict[str, Steps], name: str) -> None:
    """Close an end that was used."""
    steps = programs[name]
    index = _some(random, steps, s.Read, s.Write)
    if index is not None:
        step = steps[index]
        assert isinstance(step, s.Read | s.Write)
        steps.insert(random.randint(index, len(steps)), s.Close(fd=step.fd))


def _again(random: Random, programs: dict[str, Steps], name: str) -> None:
    """Do something twice, or somewhere else."""
    steps = programs[name]
    index = _some(random, steps, s.Read, s.Write, s.Wait)
    if index is not None:
        step = steps[index] if random.random() < 0.5 else steps.pop(index)
        steps.insert(random.randint(index, len(steps)), step)


def _exec(random: Random, programs: dict[str, Steps], name: str) -> None:
    """The rest of a program becomes one of its own, where it needs no names but those of inherited fds."""
    steps = programs[name]
    if not steps or not isinstance(steps[0], s.InheritedFds) or f"{name}_more" in programs:
        return
    place = random.randint(1, len(steps))
    rest = steps[place:]
    if any(not isinstance(step, s.Read | s.Write | s.Compute | s.Exit) for step in rest):
        return
    known = steps[0].names
    for step in rest:
        fields = msgspec.to_builtins(step)
        if any(fields.get(field) not in (None, *known) for field in ("fd", "from")) or isinstance(step, s.Exit):
            return
    programs[f"{name}_more"] = [steps[0], *rest]
    steps[place:] = [s.Exec(program=f"{name}_more")]


def _exit(random: Random, programs: dict[str, Steps], name: str) -> None:
    programs[name].append(s.Exit(code=random.choice((0, 1, 7, -1))))


def _exit_code(random: Random, programs: dict[str, Steps], name: str) -> None:
    index = _some(random, programs[name], s.Wait)
    if index is not None:
        _replace(programs[name], index, exit_code=random.choice((0, 0, 1, 7)))


def _collect(random: Random, programs: dict[str, Steps], name: str) -> None:
    """End with the exit code of another."""
    index = _some(random, programs[name], s.Wait)
    if index is not None:
        _replace(programs[name], index, name="code")
        programs[name].append(s.Exit(code="code"))


def _number(random: Random, programs: dict[str, Steps], name: str) -> None:
    """A number in place of a name."""
    steps = programs[name]
    index = _some(random, steps, s.Read, s.Write, s.Wait, s.Close)
    if index is not None:
        if isinstance(steps[index], s.Wait):
            _replace(steps, index, vm=random.randrange(6))
        else:
            _replace(steps, index, fd=random.randrange(2, 14))


def _same(random: Random, programs: dict[str, Steps], name: str) -> None:
    """Another child is spawned once more, or another program in its place."""
    steps = programs[name]
    index = _some(random, steps, s.Spawn)
    if index is None:
        return
    if random.random() < 0.5:
        others = [one for one in programs if one > name]
        if others:
            _replace(steps, index, program=random.choice(others))
    else:
        steps.insert(random.randint(index, len(steps)), msgspec.structs.replace(steps[index], fds=(), name="more"))


CHANGES: tuple[Callable[[Random, dict[str, Steps], str], None], ...] = (
    _code, _loop, _text, _hand_on, _count, _close, _again, _exec, _exit, _exit_code, _collect, _number, _same,
)  # fmt: skip
