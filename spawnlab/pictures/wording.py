"""What pictures say: short, harmless, and the same in all of them."""

from __future__ import annotations

from ..scheduler.codes import spelled
from ..views.hypotheticals import hypothetical_lines
from ..views.text import cut, harmless
from .fold import Loop, Omitted
from .model import Doing, EndGone, Program, Refusal, Span, Story, Swap, Transfer, Turn

LABEL_MAX = 48
"""Columns of a text of the user's in a picture."""
_TITLE_MAX = 120
_HYPOTHETICAL_MAX = 200
_HEAD_SHOWN = 16
_VARIES = {
    "ids": "VMs and fds have other numbers in each",
    "sizes": "sizes differ",
    "texts": "what is written or printed differs",
}


def label(text: str, room: int = LABEL_MAX) -> str:
    """A text of the user's: nothing that steers, on one line, cut where it is too long."""
    return cut(harmless(text), room)


def title(story: Story) -> str:
    """What the picture is of."""
    return label(story.title, _TITLE_MAX) or "A run"


def warnings(story: Story) -> list[str]:
    """What has to be said of the run as a whole: that its order is not the chain's, that its beginning is missing."""
    said: list[str] = []
    if story.hypothetical is not None:
        said += (cut(line, _HYPOTHETICAL_MAX) for line in hypothetical_lines(story.hypothetical))
    if story.start:
        said.append(f"the journal begins with a resumed run, at {story.start:,} cycles")
    return said


def ending(story: Story) -> str:
    """How the run ended, and what it took."""
    turns = len(story.turns)
    return f"{ending_words(story)}; {count(turns, 'turn')}, {story.end:,} cycles"


def ending_words(story: Story) -> str:
    """How the run ended."""
    return label(story.ending.words, _TITLE_MAX)


def name(story: Story, vm: int) -> str:
    """A VM and its programs: ``VM 1 (child)``."""
    return named(vm, next((one.programs for one in story.vms if one.vm == vm), ()))


def named(vm: int, programs: tuple[Program, ...]) -> str:
    """A VM and its programs, one after the other."""
    names = " → ".join(program.name for program in programs)
    return f"VM {vm} ({label(names, 32)})" if names else f"VM {vm}"


def count(number: int, what: str) -> str:
    """``1 turn``, ``1,234 turns``."""
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def turns(story: Story, first: int, number: int) -> str:
    """Some turns, by their numbers: ``turns 5 to 10,004``."""
    one, other = story.turns[first], story.turns[first + number - 1]
    return f"turn {one.number:,}" if number == 1 else f"turns {one.number:,} to {other.number:,}"


def cycles_of(story: Story, first: int, number: int) -> int:
    """What so many turns took."""
    return story.turns[first + number - 1].end - story.turns[first].start


def rounds(story: Story, loop: Loop) -> str:
    """What a loop stands for."""
    cycles = cycles_of(story, loop.first, loop.turns)
    varies = "".join(f"; {_VARIES[what]}" for what in loop.varies)
    return f"{count(loop.rounds, 'round')}, {turns(story, loop.first, loop.turns)}, {cycles:,} cycles{varies}"


def omitted(story: Story, piece: Omitted) -> str:
    """What is left out."""
    cycles = cycles_of(story, piece.first, piece.turns)
    verb = "is" if piece.turns == 1 else "are"
    return f"{turns(story, piece.first, piece.turns)} {verb} left out, {cycles:,} cycles"


def fds(numbers: tuple[int, ...]) -> str:
    """``fd 2``, ``fds 2, 5``."""
    return f"{'fd' if len(numbers) == 1 else 'fds'} {', '.join(map(str, numbers))}"


def waits(span: Span) -> str:
    """What a blocked VM waits for."""
    match span.doing:
        case Doing.READ:
            return f"waits to read from fd {span.fd}"
        case Doing.WRITE:
            return f"waits to write {count(span.size or 0, 'byte')} to fd {span.fd}"
        case _:
            return f"waits for the end of {'itself' if span.target == span.vm else f'VM {span.target}'}"


def moved(transfer: Transfer) -> str:
    """Bytes that went through a pipe."""
    more = "…" if transfer.size > _HEAD_SHOWN else ""
    head = f" {transfer.head[:_HEAD_SHOWN]!r}{more}" if transfer.size else ""
    left = f", {count(transfer.left, 'byte')} left" if transfer.left else ""
    return f"{count(transfer.size, 'byte')}{head} through fd {transfer.fd} → {transfer.fd ^ 1}{left}"


def gone(event: EndGone) -> str:
    """A read or write that is over since nobody is at the other end."""
    return f"goes on, {count(event.size, 'byte')} through fd {event.fd}: the other end is closed"


def refused(refusal: Refusal) -> str:
    """A return code that is an error."""
    return f"{refusal.call or 'a call'} is answered {spelled(refusal.code)}"


def swapped(swap: Swap) -> str:
    """A swap."""
    return "is swapped out" if swap.out else "is swapped in"


def said(turn: Turn) -> str:
    """A turn's call, as short as can be; empty where there is none."""
    call = turn.call
    if turn.exit_code is not None:
        return "exit"
    if call is None:
        return ""
    match call.kind:
        case "read" | "write" | "close":
            return f"{call.kind} {call.fd}"
        case "wait":
            return f"wait {call.target}"
        case "inherited_fd":
            return "fds"
        case kind:
            return kind


def waits_for(span: Span) -> str:
    """What a blocked VM waits for, in a few words; empty for one that is not blocked."""
    match span.doing:
        case Doing.READ | Doing.WRITE:
            return f"waits to {span.doing.value} fd {span.fd}"
        case Doing.WAIT:
            return f"waits for VM {span.target}"
        case _:
            return ""


def waits_shortly(span: Span) -> str:
    """The same in one or two words."""
    match span.doing:
        case Doing.READ | Doing.WRITE:
            return f"{span.doing.value} {span.fd}"
        case Doing.WAIT:
            return f"VM {span.target}"
        case _:
            return ""
