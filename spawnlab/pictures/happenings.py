"""All that happens in a turn, in order, whatever kind it is of: for pictures that go from turn to turn."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from .model import (
    BLOCKED,
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


class Closing(msgspec.Struct, frozen=True):
    """A VM closes an fd."""

    vm: int
    fd: int


Happening = (
    Log | Refusal | Pipe | Closing | Span | Swap | Spawn | Exec | Exit | WaitAnswer | EndGone | Transfer | Fault | Break
)
"""A span stands for the beginning of a wait that takes time."""

_ORDER = {
    kind: rank
    for rank, kind in enumerate(
        (
            Log, Refusal, Pipe, Closing, Span, Swap, Spawn, Exec, Exit, WaitAnswer, EndGone, Transfer, Fault, Break,
        )
    )
}  # fmt: skip


def happenings(story: Story) -> dict[int, list[Happening]]:
    """By turn, in order; -1 is before the first turn. What an I/O pass does belongs to the turn before it."""
    found: defaultdict[int, list[tuple[int, int, Happening]]] = defaultdict(list)

    def add(turn: int, at: int, item: Happening) -> None:
        found[turn].append((at, _ORDER[type(item)], item))

    for item in (
        *story.logs,
        *story.refusals,
        *story.spawns,
        *story.execs,
        *story.exits,
        *story.answers,
        *story.gone,
        *story.transfers,
        *story.faults,
        *story.breaks,
    ):
        add(item.turn, item.at, item)
    for pipe in story.pipes:
        add(pipe.made_turn, pipe.made, pipe)
    for swap in story.swaps:
        add(swap.turn, swap.end, swap)
    for span in story.spans:
        if span.doing in BLOCKED and span.end > span.start:
            add(span.turn, span.start, span)
    for index, turn in enumerate(story.turns):
        call = turn.call
        if call is not None and call.kind == "close" and call.code is None and call.fd is not None:
            add(index, turn.run_end, Closing(turn.vm, call.fd))
    return {turn: [item for _, _, item in sorted(items, key=lambda x: x[:2])] for turn, items in found.items()}
