"""Edits that might let a deadlock's VMs go on: small changes of the lists of operations, the most natural first."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..scenarios import steps as s
from ..scenarios.model import Scenario
from ..scheduler.deadlock import DeadlockReport
from ..scheduler.fds import other_end
from ..scheduler.limits import ROOT_VM_ID
from ..scheduler.states import Wait, WaitForRead, WaitForWrite
from .history import History
from .phrases import deed, how_often, named, the
from .steps_at import (
    ListChange,
    Path,
    Steps,
    all_steps,
    dropped,
    inserted,
    moved,
    path_of,
    replaced,
    step_at,
    with_list,
)

KINDS = ("close", "earlier", "later", "size", "times", "hand-over", "write", "read", "discard", "drop")
"""Which kind is tried first: to ``close`` an end before a wait takes nothing from anyone; to close it where bytes are
still wanted (``discard``) does."""

SIZE_MAX = 1 << 20
"""Bytes that one operation can read; a program that is no list of operations may want to write more."""


class Candidate(msgspec.Struct, frozen=True):
    """An edit that has not been tried yet."""

    kind: str
    words: str
    scenario: Scenario


class Blocked(msgspec.Struct, frozen=True):
    """A VM that waits, in a program that is a list of operations."""

    vm: int
    program: str
    path: Path
    step: s.AnyStep


class Editor:
    """Proposes edits of one scenario, for one deadlock of it."""

    def __init__(self, scenario: Scenario, report: DeadlockReport, history: History) -> None:
        self.scenario = scenario
        self.report = report
        self.history = history
        self.blocked = {b.vm: b for waiting in report.waiting if (b := self._blocked(waiting.vm)) is not None}

    def candidates(self) -> list[Candidate]:
        """Edits, the most natural first; each scenario once."""
        found: dict[bytes, Candidate] = {}
        ring = [vm for members in self.report.rings for vm in members]
        waits = [w for w in self.report.waiting if isinstance(w.state, Wait)]
        hopeless = [w.vm for w in waits if w.waits_for[0] in (ROOT_VM_ID, w.vm)]
        order = {vm: index for index, vm in enumerate(dict.fromkeys([*hopeless, *ring, *self.blocked]))}
        for waiting in sorted(self.report.waiting, key=lambda w: order.get(w.vm, len(order))):
            for candidate in self._for(waiting.vm):
                found.setdefault(msgspec.msgpack.encode(candidate.scenario.programs), candidate)
        return sorted(found.values(), key=lambda candidate: KINDS.index(candidate.kind))

    def _blocked(self, vm: int) -> Blocked | None:
        at = self.history.vms[vm]
        path = path_of(at.place)
        if at.code is None or path is None or at.code.name not in self.scenario.programs:
            return None
        step = step_at(self.scenario.programs[at.code.name], path)
        return None if step is None else Blocked(vm, at.code.name, path, step)

    def _for(self, vm: int) -> Iterator[Candidate]:
        state = next(waiting.state for waiting in self.report.waiting if waiting.vm == vm)
        match state:
            case WaitForRead(fd=fd):
                yield from self._at_holder(vm, fd, read=True, missing=1)
            case WaitForWrite(fd=fd, consumed=consumed, length=length):
                yield from self._at_holder(vm, fd, read=False, missing=length - consumed)
                yield from self._shorter(vm, consumed)
            case Wait(target_vm_id=target):
                if target != vm:  # to close own ends before it waits for itself helps nobody
                    yield from self._ends_of(vm, target)
                if target in (ROOT_VM_ID, vm):
                    yield from self._no_waits(vm)
            case _:
                pass
        yield from self._fewer_times(vm)
        yield from self._own_step(vm)

    # Where the other end is

    def _at_holder(self, vm: int, fd: int, *, read: bool, missing: int) -> Iterator[Candidate]:
        """What the VM that holds the other end could do before it blocks."""
        peer = other_end(fd)
        holder = self.history.fds[peer].holders[-1]
        at = self.blocked.get(holder)
        if at is None:
            return
        name = self._name(holder, peer)
        value: s.Value = peer if name is None else name
        verb = s.Write if read else s.Read
        yield from self._earlier(at, verb, {peer, name})
        kind = "close" if read and (holder == vm or isinstance(at.step, s.Wait)) else "discard"
        yield from self._insert(at, kind, s.Close(fd=value))
        yield from self._more_times(at, verb, {peer, name}, vm)
        yield from self._hand_over(holder, peer, name)
        if read:
            yield from self._insert(at, "write", s.Write(fd=value, text="x" * missing))
        else:
            yield from self._longer(at, {peer, name}, missing)
            yield from self._insert(at, "read", s.Read(fd=value, size=min(missing, SIZE_MAX)))

    def _earlier(self, at: Blocked, verb: type[s.AnyStep], fds: set[str | int | None]) -> Iterator[Candidate]:
        """A later step of the holder that would serve the one that waits, before the step that blocks it."""
        for top in dict.fromkeys((at.path, at.path[:1])):
            steps = self._list(at.program, top)
            for index in range(top[-1] + 1, len(steps)):
                step = steps[index]
                if isinstance(step, verb) and getattr(step, "fd", None) in fds:
                    words = f"{deed(step)} first, before {the(steps[top[-1]])}"
                    yield self._edited("earlier", words, at.program, top, moved(index, top[-1]))

    def _insert(self, at: Blocked, kind: str, step: s.AnyStep) -> Iterator[Candidate]:
        for top in dict.fromkeys((at.path, at.path[:1])):
            words = f"{deed(step)} before {the(self._list(at.program, top)[top[-1]])}"
            yield self._edited(kind, words, at.program, top, inserted(top[-1], step))

    def _longer(self, at: Blocked, fds: set[str | int | None], missing: int) -> Iterator[Candidate]:
        """A read that took too little."""
        for path, step in all_steps(self.scenario.programs[at.program]):
            if isinstance(step, s.Read) and step.fd in fds and step.text is None and step.hex is None:
                longer = msgspec.structs.replace(step, size=min(step.size + missing, SIZE_MAX))
                words = f"read up to {longer.size} bytes from {named(step.fd)}, not {step.size}"
                yield self._edited("size", words, at.program, path, replaced(path[-1], longer))

    # Loops

    def _left(self, vm: int) -> tuple[Path, s.Repeat, int] | None:
        """The innermost loop that a VM is blocked in, and how many of its rounds are not done; 1 where that is not
        known."""
        at = self.blocked.get(vm)
        if at is None or len(at.path) == 1:
            return None
        path = at.path[:-1]
        loop = step_at(self.scenario.programs[at.program], path)
        assert isinstance(loop, s.Repeat)
        history = self.history.vms[vm]
        if len(path) > 1 or history.pc is None:
            return path, loop, 1
        return path, loop, loop.times - history.calls[history.pc] + 1

    def _fewer_times(self, vm: int) -> Iterator[Candidate]:
        """Leave a loop before the round that waits."""
        found = self._left(vm)
        if found is None:
            return
        path, loop, left = found
        if 0 < left < loop.times:
            yield self._repeated(self.blocked[vm].program, path, loop, loop.times - left)

    def _more_times(
        self, at: Blocked, verb: type[s.AnyStep], fds: set[str | int | None], vm: int
    ) -> Iterator[Candidate]:
        """A loop that serves the one that waits goes on for as many rounds as are missing."""
        found = self._left(vm)
        rounds = max(1, found[2]) if found else 1
        program = self.scenario.programs[at.program]
        for path, step in all_steps(program):
            if isinstance(step, verb) and getattr(step, "fd", None) in fds and len(path) > 1:
                loop = step_at(program, path[:-1])
                assert isinstance(loop, s.Repeat)
                yield self._repeated(at.program, path[:-1], loop, loop.times + rounds)

    def _repeated(self, program: str, path: Path, loop: s.Repeat, times: int) -> Candidate:
        new = msgspec.structs.replace(loop, times=times)
        words = f"repeat {how_often(times)}, not {how_often(loop.times)}"
        return self._edited("times", words, program, path, replaced(path[-1], new))

    # Handing over

    def _hand_over(self, holder: int, fd: int, name: str | None) -> Iterator[Candidate]:
        """Give the end to a child that the holder spawned."""
        if name is None:
            return
        for child, (parent, place) in sorted(self.history.spawned.items()):
            path, code = path_of(place), self.history.vms[parent].code
            if parent != holder or path is None or code is None or self.history.vms[child].code is None:
                continue
            spawn = step_at(self.scenario.programs[code.name], path)
            if not isinstance(spawn, s.Spawn) or name in spawn.fds or fd in spawn.fds:
                continue
            given = msgspec.structs.replace(spawn, fds=(*spawn.fds, name))
            words = f"hand {name} to {spawn.program}"
            made = with_list(self.scenario, code.name, path, replaced(path[-1], given))
            had = len(self.history.vms[child].inherited)
            yield Candidate("hand-over", words, self._named_in(made, spawn.program, name, had))

    def _named_in(self, scenario: Scenario, program: str, name: str, had: int) -> Scenario:
        """The child names one fd more, where it names those ``had`` that it was given."""
        for index, step in enumerate(scenario.programs[program].steps or ()):
            if isinstance(step, s.InheritedFds) and len(step.names) == had:
                new = name if name not in step.names else f"{name}_too"
                named = msgspec.structs.replace(step, names=(*step.names, new))
                return with_list(scenario, program, (index,), replaced(index, named))
        return scenario

    # Where the VM is itself

    def _ends_of(self, vm: int, target: int) -> Iterator[Candidate]:
        """Close, before the wait, the ends that this VM holds of pipes that the target has or reads."""
        at = self.blocked.get(vm)
        if at is None:
            return
        for fd, known in sorted(self.history.fds.items()):
            peer = self.history.fds[other_end(fd)]
            if known.closed is None and known.holders[-1] == vm and peer.closed is None and peer.holders[-1] == target:
                value: s.Value = self._name(vm, fd) or fd
                kind = "discard" if fd % 2 == 0 else "close"
                yield from self._insert(at, kind, s.Close(fd=value))

    def _shorter(self, vm: int, consumed: int) -> Iterator[Candidate]:
        at = self.blocked.get(vm)
        if at is None or not consumed or not isinstance(at.step, s.Write):
            return
        step = at.step
        if step.text is not None:
            less = msgspec.structs.replace(step, text=step.text.encode()[:consumed].decode(errors="ignore"))
        elif step.size is not None:
            less = msgspec.structs.replace(step, size=consumed)
        else:
            return
        words = f"write {consumed} bytes, as many as are read"
        yield self._edited("size", words, at.program, at.path, replaced(at.path[-1], less))

    def _own_step(self, vm: int) -> Iterator[Candidate]:
        """Do the step that waits later, or not at all."""
        at = self.blocked.get(vm)
        if at is None:
            return
        for top in dict.fromkeys((at.path, at.path[:1])):
            index, steps = top[-1], self._list(at.program, top)
            for later in range(index + 1, len(steps)):
                if isinstance(steps[later], s.Call | s.Repeat):
                    words = f"move {the(steps[index])} after {the(steps[later])}"
                    yield self._edited("later", words, at.program, top, moved(index, later))
        yield self._edited("drop", f"leave out {the(at.step)}", at.program, at.path, dropped(at.path[-1]))

    def _no_waits(self, vm: int) -> Iterator[Candidate]:
        """Leave out all of a program's waits that never come back, where there are several beside each other."""
        at = self.blocked.get(vm)
        if at is None or not isinstance(at.step, s.Wait):
            return
        for_what = at.step.vm

        def is_one(step: s.AnyStep) -> bool:
            return isinstance(step, s.Wait) and step.vm == for_what

        def without(steps: Steps) -> Steps:
            return tuple(step for step in steps if not is_one(step))

        count = sum(map(is_one, self._list(at.program, at.path)))
        if count > 1:
            words = f"leave out {the(at.step)}, all {how_often(count)}"
            yield self._edited("drop", words, at.program, at.path, without)

    # Parts

    def _name(self, vm: int, fd: int) -> str | None:
        """What a VM's program calls an fd."""
        known, at = self.history.fds[fd], self.history.vms[vm]
        program = self.scenario.programs.get(at.code.name) if at.code else None
        if program is None:
            return None
        if fd in at.inherited:
            for step in program.steps or ():
                if isinstance(step, s.InheritedFds) and len(step.names) == len(at.inherited):
                    return step.names[at.inherited.index(fd)]
        made = step_at(program, path_of(known.made_at))
        return made.ends[fd % 2] if known.maker == vm and isinstance(made, s.Pipe) else None

    def _list(self, program: str, path: Path) -> Steps:
        steps: Steps = self.scenario.programs[program].steps or ()
        for index in path[:-1]:
            step = steps[index]
            assert isinstance(step, s.Repeat)
            steps = step.steps
        return steps

    def _edited(self, kind: str, words: str, program: str, path: Path, change: ListChange) -> Candidate:
        return Candidate(kind, f"in {program}: {words}", with_list(self.scenario, program, path, change))
