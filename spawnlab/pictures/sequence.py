"""A run as a Mermaid sequence diagram: spawns, bytes through pipes, waits and ends, in the order they happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import wording
from .escaping import mermaid as escaped
from .fold import Loop, Omitted, Piece, Single, fold, shown
from .happenings import Closing, Happening, happenings
from .model import (
    Break,
    EndGone,
    Exec,
    Exit,
    Fault,
    Log,
    Pipe,
    Refusal,
    Span,
    Spawn,
    Story,
    Swap,
    Transfer,
    WaitAnswer,
)

TURNS_MAX = 120
"""Turns that are shown at the most; Mermaid refuses texts of more than 50,000 characters unless it is told not to."""


def sequence(story: Story, *, turns_max: int | None = TURNS_MAX) -> str:
    """The diagram's text. A run of more than ``turns_max`` turns is folded; ``None`` shows all of them."""
    return "\n".join(_Sequence(story, fold(story, turns_max=turns_max)).lines()) + "\n"


class _Sequence:
    def __init__(self, story: Story, pieces: Sequence[Piece]) -> None:
        self.story = story
        self.pieces = pieces
        self.by_turn = happenings(story)
        turns = [-1, *shown(pieces)]
        self.known = sorted({vm for turn in turns for item in self.by_turn.get(turn, ()) for vm in _vms(item)})
        self.known = self.known or [vm.vm for vm in story.vms[:1]]
        looped = {turn for piece in pieces if isinstance(piece, Loop) for turn in shown([piece])}
        self.created = {
            spawn.child
            for spawn in story.spawns
            if spawn.turn in set(turns) - looped and spawn.child in self.known and self._is_first(spawn)
        }
        """VMs whose lines begin where they are spawned; within a loop Mermaid can't draw that."""

    def _is_first(self, spawn: Spawn) -> bool:
        """Whether nothing shown is told of a VM before it is spawned."""
        for item in self.by_turn.get(spawn.turn, ()):
            if item is spawn:
                return True
            if spawn.child in _vms(item):
                return False
        return False

    def lines(self) -> Iterator[str]:
        story = self.story
        yield "sequenceDiagram"
        yield f"    title {escaped(wording.title(story))}"
        yield f"    accTitle: {escaped(wording.title(story))}"
        yield f"    accDescr: {escaped(wording.ending(story))}"
        for vm in self.known:
            if vm not in self.created:
                yield f"    participant vm{vm} as {self._name(vm)}"
        if not self.known:
            yield "    participant run as the run"
        for warning in wording.warnings(story):
            yield self._over_all(warning)
        yield from (f"    {line}" for line in self._happenings(-1))
        yield from self._pieces(self.pieces, "    ")
        yield from self._end()

    def _pieces(self, pieces: Sequence[Piece], indent: str) -> Iterator[str]:
        for piece in pieces:
            match piece:
                case Single(first=turn):
                    yield from (indent + line for line in self._happenings(turn))
                case Loop(body=body):
                    yield f"{indent}loop {escaped(wording.rounds(self.story, piece))}"
                    yield from self._pieces(body, indent + "    ")
                    yield f"{indent}end"
                case Omitted():
                    yield self._over_all(wording.omitted(self.story, piece), indent)

    def _happenings(self, turn: int) -> Iterator[str]:
        for item in self.by_turn.get(turn, ()):
            yield from self._item(item)

    def _item(self, item: Happening) -> Iterator[str]:
        match item:
            case Spawn(parent=parent, child=child, fds=fds):
                if child in self.created:
                    yield f"create participant vm{child} as {self._name(child)}"
                handed = f", hands on {wording.fds(fds)}" if fds else ""
                yield f"vm{parent}->>vm{child}: spawns VM {child}{handed}"
            case Transfer(writer=writer, reader=reader):
                yield f"vm{writer}->>vm{reader}: {escaped(wording.moved(item))}"
            case WaitAnswer(vm=vm, target=target, exit_code=code) if target in self.known:
                yield f"vm{target}-->>vm{vm}: exit code {code}"
            case WaitAnswer(vm=vm, target=target, exit_code=code):
                yield f"Note over vm{vm}: learns that VM {target} ended with {code}"
            case Fault() if self.story.ending.kind == "deadlock" and item is self.story.faults[-1]:
                pass  # which is told at the end
            case Fault(vm=vm):
                where = f", at {item.place}" if item.place else ""
                yield self._note(vm, f"the run stops: {wording.label(item.error)}{where}")
            case Break(at=at, resumed=resumed):
                yield self._over_all(f"suspended{' and resumed' if resumed else ''} at {at:,} cycles").strip()
            case _:
                yield self._note(_vms(item)[0], _words(item))

    def _note(self, vm: int, text: str) -> str:
        if vm not in self.known:
            return self._over_all(text).strip()
        return f"Note over vm{vm}: {escaped(text)}"

    def _over_all(self, text: str, indent: str = "    ") -> str:
        """A note over all VMs whose lines are there from the beginning."""
        return self._over([vm for vm in self.known if vm not in self.created], text, indent)

    def _over(self, vms: Sequence[int], text: str, indent: str = "    ") -> str:
        ends = "run" if not vms else f"vm{vms[0]}" if len(vms) == 1 else f"vm{vms[0]},vm{vms[-1]}"
        return f"{indent}Note over {ends}: {escaped(text)}"

    def _end(self) -> Iterator[str]:
        story = self.story
        report = story.ending.deadlock
        waiting = [] if report is None else [w for w in report.waiting if w.vm in self.known]
        if waiting:
            yield "    rect rgba(213, 94, 0, 0.15)"
        for one in waiting:
            target = next((vm for vm in one.waits_for if vm in self.known), None)
            text = escaped(one.words)
            yield f"    Note over vm{one.vm}: {text}" if target is None else f"    vm{one.vm}-xvm{target}: {text}"
        ends = [vm for vm in self.known if vm not in self.created] + sorted(self.created)
        yield self._over(ends, wording.ending(story))
        if waiting:
            yield "    end"

    def _name(self, vm: int) -> str:
        return escaped(wording.name(self.story, vm))


def _words(item: Happening) -> str:
    """What is told of one VM in a note."""
    match item:
        case Log(text=text):
            return f"says {wording.label(text)!r}"
        case Refusal():
            return wording.refused(item)
        case Pipe(read=read, write=write):
            return f"makes a pipe, fds {read.fd} → {write.fd}"
        case Closing(fd=fd):
            return f"closes fd {fd}"
        case Span():
            return wording.waits(item)
        case Swap():
            return wording.swapped(item)
        case Exec(program=program):
            return f"goes on as {wording.label(program)}"
        case Exit(exit_code=code):
            return f"ends with exit code {code}"
        case EndGone():
            return wording.gone(item)
        case _:
            raise AssertionError(item)


def _vms(item: Happening) -> tuple[int, ...]:
    """The VMs that something is drawn between or over; VM 0 for what is of the run."""
    match item:
        case Spawn(parent=parent, child=child):
            return (parent, child)
        case Transfer(writer=writer, reader=reader):
            return (writer, reader)
        case Pipe(maker=maker):
            return (maker,)
        case Break():
            return ()
        case _:
            return (item.vm,)
