"""Random scenarios: trees of programs that do anything, and rings and chains of programs that talk for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from spawnlab.scenarios import steps as s
from spawnlab.scenarios.model import Program, Scenario

PROGRAMS_MAX = 8
SIZES = (0, 1, 2, 3, 4, 7, 8, 9, 64, 100, 1000, 4096, 5000, 20_000)
CYCLES = (0, 1, 2, 17, 100, 1000, 5000, 30_000)
_SHOW = s.Wait(vm=99, code="WAIT_FAILURE")
"""Ends an iteration with the last count still in a register, where the trace shows it."""


# Trees


@dataclass
class _Plan:
    """A program to be: who spawns it, with which pipe ends; which pipes it makes, which ends it hands to whom."""

    parent: int
    inherited: list[str] = field(default_factory=list[str])
    pipes: list[int] = field(default_factory=list[int])
    handed: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    """To which program which ends."""


def tree(random: Random) -> Scenario:
    """Up to 8 programs in a tree, pipes between them, and operations in random order."""
    plans = _plans(random)
    programs = {f"p{i}": Program(steps=tuple(_Writer(random, i, plans).steps())) for i in range(len(plans))}
    return Scenario(root="p0", programs=programs)


def _plans(random: Random) -> list[_Plan]:
    count = random.choice((1, 2, 2, 3, 3, 4, 5, 6, 7, PROGRAMS_MAX, PROGRAMS_MAX))
    plans = [_Plan(random.randrange(i) if i else -1) for i in range(count)]
    for number in range(random.randrange(2 * count + 1)):
        maker = random.randrange(count)
        plans[maker].pipes.append(number)
        holders = random.sample(range(maker, count), 2) if maker < count - 1 and random.random() < 0.9 else [maker] * 2
        for end, holder in zip((f"r{number}", f"w{number}"), holders, strict=True):
            path = [holder]
            while path[0] > maker:
                path.insert(0, plans[path[0]].parent)
            if path[0] == maker:  # else the holder does not descend from the maker, who keeps the end
                for giver, taker in pairwise(path):
                    plans[giver].handed.setdefault(taker, []).append(end)
                    plans[taker].inherited.append(end)
    for plan in plans:
        random.shuffle(plan.inherited)
    return plans


class _Writer:
    """Writes one program, operation by operation; knows which ends it has and which children."""

    def __init__(self, random: Random, number: int, plans: Sequence[_Plan]) -> None:
        self.random = random
        self.plan = plans[number]
        self.plans = plans
        self.children = [i for i, plan in enumerate(plans) if plan.parent == number]
        self.pipes = list(self.plan.pipes)
        self.have: list[str] = []
        self.gone: list[str] = []
        """Ends that were closed or handed on; they are not the program's any more."""
        self.vms: list[str] = []
        self.waited: list[str] = []
        self.buffers: list[str] = []
        self.results: list[str] = []
        """Counts and exit codes by name: what a program may leave with, to show what it has seen."""

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def steps(self) -> Iterator[s.AnyStep]:
        inherited = self.plan.inherited
        if inherited and self.chance(0.97):
            self.have += inherited
            yield s.InheritedFds(names=tuple(inherited))
        actions = self.random.choice((0, 2, 4, 6, 10))
        while actions or self.pipes or self.children:
            if actions and self.chance(0.3 if self.pipes or self.children else 1):
                actions -= 1
                yield self.action()
            elif self.pipes:
                yield self.make_pipe(self.pipes.pop(0))
            elif self.children:
                yield self.spawn(self.children.pop(self.random.randrange(len(self.children))))
        if not self.plan.handed and self.chance(0.2):
            yield s.Wait(vm=0)
        if self.results and self.chance(0.5):
            yield s.Exit(code=self.random.choice(self.results))
        elif self.chance(0.3):
            yield s.Exit(code=self.random.choice((0, 1, 5, 200, -1, 256)))

    def make_pipe(self, number: int) -> s.Pipe:
        ends = (f"r{number}", f"w{number}")
        self.have += ends
        return s.Pipe(ends=ends)

    def spawn(self, child: int) -> s.AnyStep:
        wanted = self.plan.handed.get(child, [])
        fds = [end for end in self.plans[child].inherited if end in wanted]
        known = self.have + self.gone
        fds = [end for end in fds if end in known]
        code = "SUCCESS" if all(end in self.have for end in fds) else "INVALID_FD"
        if fds and self.chance(0.03):
            fds.append(self.random.choice(fds))
        if self.chance(0.02):
            fds.append(self.random.choice(self.gone or ["r99"]))
            code = "INVALID_FD"
        given: tuple[s.Value, ...] = tuple(99 if end == "r99" else end for end in fds)
        if code == "SUCCESS":
            self.have = [end for end in self.have if end not in fds]
            self.gone += fds
        argv = tuple("x" * self.random.choice((0, 1, 7, 300)) for _ in range(self.random.choice((0, 0, 0, 1, 3))))
        again = self.random.choice((2, 3, 9, 17)) if not fds and self.chance(0.2) else 1
        name = f"vm{child}"
        self.vms.append(name)
        step = s.Spawn(program=f"p{child}", fds=given, argv=argv, name=name, code=code)
        return step if again == 1 else s.Repeat(times=again, steps=(step,))

    def action(self) -> s.AnyStep:
        if not self.have and self.chance(0.9):
            return self.random.choice((self.wait, self.wait, self.compute, self.log))()
        make = self.random.choices(
            (
                self.read,
                self.write,
                self.close,
                self.wait,
                self.compute,
                self.log,
                self.repeat,
                self.own_id,
                self.limits,
            ),
            (32, 32, 10, 13, 6, 2, 6, 1, 1),
        )[0]
        return make()

    def end(self, kind: str) -> tuple[s.Value, s.CodeName]:
        """An end to use, mostly a fitting one, and what the call is expected to answer."""
        fitting = [end for end in self.have if end[0] == kind]
        if fitting and self.chance(0.93):
            return self.random.choice(fitting), "SUCCESS" if self.chance(0.85) else "OTHER_END_CLOSED"
        unfit = [end for end in self.have if end[0] != kind] + self.gone
        if unfit and self.chance(0.9):
            return self.random.choice(unfit), "INVALID_FD"
        return self.random.randrange(12), "INVALID_FD" if self.chance(0.9) else "SUCCESS"

    def read(self) -> s.AnyStep:
        fd, code = self.end("r")
        name = f"b{len(self.buffers)}" if self.chance(0.4) else None
        if name is not None:
            self.buffers.append(name)
        self.results.append("n")
        text = "some text"[: self.random.randrange(10)] if self.chance(0.1) else None
        return s.Read(fd=fd, size=self.random.choice(SIZES), name=name, count="n", text=text, code=code)

    def write(self) -> s.AnyStep:
        fd, code = self.end("w")
        self.results.append("n")
        if self.buffers and self.chance(0.3):
            return s.Write(fd=fd, data=self.random.choice(self.buffers), count="n", code=code)
        if self.chance(0.3):
            return s.Write(fd=fd, text="some text"[: self.random.randrange(10)], count="n", code=code)
        write = s.Write(fd=fd, size=self.random.choice(SIZES), count="n", code=code)
        return s.Repeat(times=1, steps=(write, _SHOW)) if self.chance(0.5) else write

    def close(self) -> s.AnyStep:
        if self.have and self.chance(0.9):
            end = self.have.pop(self.random.randrange(len(self.have)))
            self.gone.append(end)
            return s.Close(fd=end)
        if self.gone and self.chance(0.8):
            return s.Close(fd=self.random.choice(self.gone), code="INVALID_FD")
        return s.Close(fd=self.random.randrange(12), code="INVALID_FD")

    def wait(self) -> s.AnyStep:
        name = "code" if self.chance(0.5) else None
        self.results += [name] if name else []
        if self.vms and self.chance(0.8):
            vm = self.random.choice(self.vms)
            code = "SUCCESS" if self.waited.count(vm) == 0 and self.chance(0.9) else "WAIT_FAILURE"
            self.waited.append(vm)
            return s.Wait(vm=vm, name=name, code=code)
        return s.Wait(vm=self.random.randrange(9), name=name, code="WAIT_FAILURE" if self.chance(0.9) else 0)

    def compute(self) -> s.AnyStep:
        return s.Compute(cycles=self.random.choice(CYCLES))

    def log(self) -> s.AnyStep:
        return s.Log(text=self.random.choice(("", "a", "some words", "ünïcödé")))

    def own_id(self) -> s.AnyStep:
        return s.ProcessId(name="self")

    def limits(self) -> s.AnyStep:
        """Pipes until there are too many."""
        times = self.random.choice((5, 31, 32, 33))
        return s.Repeat(times=times, steps=(s.Pipe(ends=("rx", "wx")),))

    def repeat(self) -> s.AnyStep:
        inner = tuple(self.random.choice((self.read, self.write, self.compute))() for _ in range(2))
        return s.Repeat(times=self.random.choice((1, 2, 3, 5)), steps=inner)


# Rings and chains


def ring(random: Random) -> Scenario:
    """Programs in a row, each reading from the one before and writing to the next; at times the last to the first.

    All are spawned by the root, which talks too. Sizes, rounds and who writes first are random, so many get stuck.
    """
    count = random.randrange(2, PROGRAMS_MAX + 1)
    closed = random.random() < 0.6
    rounds, size = random.choice((1, 2, 3, 5, 8)), random.choice(SIZES)
    programs = {"p0": Program(steps=tuple(_root_of_ring(random, count, closed, rounds, size)))}
    for i in range(1, count):
        ends = ("in", "out") if closed or i < count - 1 else ("in",)
        steps = [s.InheritedFds(names=ends), *_talk(random, ends, rounds, size, writes_first=random.random() < 0.1)]
        if random.random() < 0.2:
            steps.insert(random.randrange(1, len(steps) + 1), s.Close(fd=random.choice(ends)))
        if random.random() < 0.1:
            steps.append(s.Wait(vm=random.randrange(count)))
        programs[f"p{i}"] = Program(steps=tuple(steps))
    programs["waiter"] = Program(steps=tuple(_waiter(random, count)))
    return Scenario(root="p0", programs=programs)


def _root_of_ring(random: Random, count: int, closed: bool, rounds: int, size: int) -> Iterator[s.AnyStep]:
    """Pipe ``i`` goes from program ``i`` to the next; the root keeps an end of the first and of the last."""
    pipes = count if closed else count - 1
    for i in range(pipes):
        yield s.Pipe(ends=(f"r{i}", f"w{i}"))
    order = list(range(1, count))
    if random.random() < 0.5:
        random.shuffle(order)
    for i in order:
        yield s.Spawn(program=f"p{i}", fds=(f"r{i - 1}", f"w{i}") if i < pipes else (f"r{i - 1}",), name=f"vm{i}")
        if random.random() < 0.15:
            yield s.Spawn(program="waiter")
    ends = (f"r{count - 1}", "w0") if closed else ("w0",)
    yield from _talk(random, ends, rounds, size, writes_first=random.random() < 0.9)
    if random.random() < 0.5:
        yield s.Close(fd="w0")
    for i in range(1, count):
        if random.random() < 0.5:
            yield s.Wait(vm=f"vm{i}", code="SUCCESS" if random.random() < 0.95 else "WAIT_FAILURE")


def _waiter(random: Random, count: int) -> Iterator[s.AnyStep]:
    """Waits for one of the others while it still talks, and perhaps once more."""
    vm = random.randrange(1, count)
    yield s.Wait(vm=vm, name="code")
    if random.random() < 0.3:
        yield s.Wait(vm=vm, name="code", code=random.choice(("SUCCESS", "WAIT_FAILURE")))
    yield _SHOW
    yield s.Exit(code="code")


def _talk(random: Random, ends: Sequence[str], rounds: int, size: int, *, writes_first: bool) -> list[s.AnyStep]:
    """Rounds of reading from the first end and writing to the last."""

    def near() -> int:
        return size if random.random() < 0.8 else max(0, size + random.choice((-1, 1, size, 100)))

    say: list[s.AnyStep] = []
    if ends[0][0] in "ri":
        say.append(s.Read(fd=ends[0], size=near(), name="heard", count="n"))
    if ends[-1][0] in "wo":
        told: list[s.AnyStep] = [s.Write(fd=ends[-1], size=near(), count="sent")]
        if say and random.random() < 0.4:
            say.append(s.Write(fd=ends[-1], data="heard"))
        else:
            told += [_SHOW] * (random.random() < 0.5)
            say = [*told, *say] if writes_first else [*say, *told]
    if random.random() < 0.3:
        say.insert(random.randrange(len(say) + 1), s.Compute(cycles=random.choice(CYCLES)))
    times = rounds if random.random() < 0.9 else rounds + 1
    return [s.Repeat(times=times, steps=tuple(say))]


def topology(seed: int) -> Scenario:
    """The scenario of a number, always the same."""
    random = Random(seed)
    return ring(random) if random.random() < 0.35 else tree(random)
