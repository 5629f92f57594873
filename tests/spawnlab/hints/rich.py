"""Random scenarios with all that a list of operations can say: loops, numbers in place of names, expected codes,
counts, texts, bytes handed on, exec, and programs that are spawned several times.
"""

from __future__ import annotations

from random import Random

from spawnlab.scenarios import steps as s
from spawnlab.scenarios.model import Program, Scenario

SIZES = (0, 1, 2, 3, 5, 8)
TEXTS = ("", "a", "ab", "abc", "abcde", "abcdefgh")
CODES = ("SUCCESS",) * 12 + ("OTHER_END_CLOSED", "INVALID_FD", "WAIT_FAILURE", "MAX_VMS_SPAWNED", "MAX_FDS_CREATED")


def rich(random: Random, *, programs_max: int = 6, steps_max: int = 8) -> Scenario:
    """A scenario of up to so many programs; about half of them come to a deadlock or end otherwise than they expect."""
    maker = _Maker(random, programs_max, steps_max)
    maker.program("root", ())
    return Scenario(programs=maker.programs)


class _Maker:
    def __init__(self, random: Random, programs_max: int, steps_max: int) -> None:
        self.random = random
        self.programs: dict[str, Program] = {}
        self.kinds: dict[str, tuple[str, ...]] = {}
        """Of each program which ends it is given: ``r`` or ``w``."""
        self.done: list[str] = []
        """Programs that are written whole: others would spawn themselves for ever."""
        self.programs_max, self.steps_max = programs_max, steps_max

    def program(self, name: str, inherited: tuple[str, ...]) -> None:
        self.kinds[name] = inherited
        self.programs[name] = Program(steps=())
        self.programs[name] = Program(steps=_Writer(self, inherited).steps())
        self.done.append(name)


class _Writer:
    """Writes one program, and those that it spawns."""

    def __init__(self, maker: _Maker, inherited: tuple[str, ...]) -> None:
        self.maker, self.random = maker, maker.random
        self.inherited = inherited
        self.ends: dict[str, str] = {}
        self.others: dict[str, str] = {}
        """Of each end of its own pipes the other one."""
        self.gone: list[str] = []
        self.children: list[str] = []
        self.numbers: list[str] = []
        self.buffers: list[str] = []
        self.serial = 0

    def name(self, prefix: str) -> str:
        self.serial += 1
        return f"{prefix}{self.serial}"

    def steps(self) -> tuple[s.AnyStep, ...]:
        made: list[s.AnyStep] = []
        count = len(self.inherited) + (self.random.random() < 0.03)
        if self.inherited or self.random.random() < 0.1:
            names = tuple(self.name("i") for _ in range(count))
            made.append(s.InheritedFds(names=names))
            self.ends.update(zip(names, self.inherited, strict=False))
        made += self.some(self.random.randint(1, self.maker.steps_max), depth=0)
        if self.random.random() < 0.3:
            code = self.random.choice([0, 0, 1, 7, 255, *self.numbers])
            made.append(s.Exit(code=code))
        return tuple(made)

    def some(self, count: int, depth: int) -> list[s.AnyStep]:
        made: list[s.AnyStep] = []
        for _ in range(count):
            made += self.one(depth)
        return made

    def one(self, depth: int) -> list[s.AnyStep]:
        kinds = ["pipe", "pipe", "spawn", "spawn", "read", "read", "read", "write", "write", "write", "close", "wait"]
        kinds += ["wait", "expect", "repeat", "id", "exec", "compute"]
        match self.random.choice(kinds):
            case "pipe" if depth == 0 or self.random.random() < 0.2:
                r, w = self.name("r"), self.name("w")
                self.ends |= {r: "r", w: "w"}
                self.others |= {r: w, w: r}
                return [s.Pipe(ends=(r, w), code=self.code(0.02))]
            case "spawn":
                return self.spawn()
            case "read":
                return self.transfer("r")
            case "write":
                return self.transfer("w")
            case "close" if self.ends and depth == 0:
                end = self.random.choice([*self.ends])
                self.lose(end)
                return [s.Close(fd=end, code=self.code(0.05))]
            case "wait":
                return self.wait()
            case "expect" if self.numbers:
                other = self.random.choice((0, 1, 2, 3, 5, 8, self.random.choice(self.numbers)))
                return [s.Expect(value=self.random.choice(self.numbers), equals=other)]
            case "repeat" if depth < 2:
                times = self.random.choice((1, 2, 2, 3, 5))
                return [s.Repeat(times=times, steps=tuple(self.some(self.random.randint(1, 3), depth + 1)))]
            case "id" if self.random.random() < 0.03:
                name = self.name("id")
                self.children.append(name)
                return [s.ProcessId(name=name)]
            case "exec" if self.random.random() < 0.1:
                others = self.maker.done
                return [s.Exec(program=self.random.choice(others))] if others else []
            case "compute":
                return [s.Compute(cycles=100), s.Log(text="on")]
            case _:
                return []

    def code(self, share: float) -> str:
        return self.random.choice(CODES) if self.random.random() < share else "SUCCESS"

    def lose(self, end: str) -> None:
        self.gone.append(end)
        del self.ends[end]

    def end(self, kind: str) -> s.Value | None:
        """Mostly one that is right."""
        chance = self.random.random()
        if chance < 0.03:
            return self.random.randrange(10)
        if chance < 0.06 and self.gone:
            return self.random.choice(self.gone)
        if chance < 0.07 and self.numbers + self.children:
            return self.random.choice(self.numbers + self.children)
        right = [end for end, one in self.ends.items() if one == kind]
        if self.random.random() < 0.95:  # a VM can't write to itself
            right = [end for end in right if self.others.get(end) not in self.ends]
        return self.random.choice(right) if right else None

    def transfer(self, kind: str) -> list[s.AnyStep]:
        fd = self.end(kind)
        if fd is None:
            return []
        count = self.name("n") if self.random.random() < 0.3 else None
        code = self.code(0.1)
        if kind == "r":
            name = self.name("b") if self.random.random() < 0.5 else None
            text = self.random.choice(TEXTS) if self.random.random() < 0.15 else None
            step: s.AnyStep = s.Read(
                fd=fd, size=self.random.choice(SIZES), name=name, count=count, text=text, code=code
            )
            self.buffers += [name] if name else []
        elif self.buffers and self.random.random() < 0.4:
            step = s.Write(fd=fd, data=self.random.choice(self.buffers), count=count, code=code)
        elif self.random.random() < 0.5:
            step = s.Write(fd=fd, text=self.random.choice(TEXTS), count=count, code=code)
        else:
            step = s.Write(fd=fd, size=self.random.choice(SIZES), count=count, code=code)
        self.numbers += [count] if count else []
        return [step]

    def wait(self) -> list[s.AnyStep]:
        vm: s.Value = self.random.choice(self.children) if self.children else 0
        if self.random.random() < 0.05:
            vm = self.random.choice((0, 1, 2, 5))
        elif not self.children:
            return []
        name = self.name("c") if self.random.random() < 0.3 else None
        self.numbers += [name] if name else []
        exit_code = self.random.choice((0, 0, 1, 7, -1)) if self.random.random() < 0.2 else None
        return [s.Wait(vm=vm, name=name, exit_code=exit_code, code=self.code(0.1))]

    def spawn(self) -> list[s.AnyStep]:
        maker = self.maker
        given = self.random.sample([*self.ends], min(self.random.randint(0, 4), len(self.ends)))
        kinds = tuple(self.ends[end] for end in given)
        alike = [name for name in maker.done if maker.kinds[name] == kinds]
        if alike and (len(maker.programs) >= maker.programs_max or self.random.random() < 0.4):
            program = self.random.choice(alike)
        elif len(maker.programs) < maker.programs_max:
            program = f"p{len(maker.programs)}"
            maker.program(program, kinds)
        else:
            return []
        for end in given:
            self.lose(end)
        name = self.name("vm")
        self.children.append(name)
        return [s.Spawn(program=program, fds=tuple(given), name=name, code=self.code(0.03))]
