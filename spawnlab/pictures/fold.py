"""Folding what repeats, so that a run of any length has pictures that can be looked at.

Rounds are equal when their turns are: the same VMs make the same calls with the same pipes, and the same comes of it.
VMs and pipes are compared by their slots (``slots.py``). Cycles are not compared, and neither are sizes and texts;
where these differ, or ids do, the loop says so. What does not repeat, and is more than is to be shown, is left out, and
that is told too: nothing is left out silently.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

import msgspec

from .model import Story
from .slots import Slots

ROUNDS_MIN = 3
"""Fewer rounds are not folded."""
_PERIOD_MAX = 2_000
_TRIES_MAX = 64
"""Places that are tried as the beginning of a second round."""


class Single(msgspec.Struct, frozen=True):
    """One turn, by its index."""

    first: int

    @property
    def turns(self) -> int:
        """How many it stands for."""
        return 1


class Loop(msgspec.Struct, frozen=True, kw_only=True):
    """Rounds of turns from ``first`` on, ``period`` turns each; ``body`` is the first of them."""

    first: int
    period: int
    rounds: int
    body: tuple[Piece, ...]
    varies: tuple[str, ...] = ()
    """What is not the same in all rounds, of ``ids``, ``sizes`` and ``texts``."""

    @property
    def turns(self) -> int:
        """How many it stands for."""
        return self.period * self.rounds


class Omitted(msgspec.Struct, frozen=True):
    """Turns from ``first`` on that are not shown."""

    first: int
    turns: int


Piece = Single | Loop | Omitted


def fold(story: Story, *, turns_max: int | None, slots: Slots | None = None) -> tuple[Piece, ...]:
    """The turns of a run: each by itself where they are at most ``turns_max`` (``None``: always), else folded, and then
    with so many shown at the most."""
    singles: tuple[Piece, ...] = tuple(map(Single, range(len(story.turns))))
    if turns_max is None or len(singles) <= turns_max:
        return singles
    keys = Keys(story, slots or Slots(story))
    return bounded(_folded(singles, keys), turns_max)


def shown(pieces: Sequence[Piece]) -> Iterator[int]:
    """The turns that are shown: of a loop those of its first round."""
    for piece in pieces:
        match piece:
            case Single(first=first):
                yield first
            case Loop(body=body):
                yield from shown(body)
            case Omitted():
                pass


def unfolded(pieces: Sequence[Piece]) -> Iterator[int]:
    """All turns that the pieces stand for, in order."""
    for piece in pieces:
        yield from range(piece.first, piece.first + piece.turns)


def bounded(pieces: Sequence[Piece], turns_max: int) -> tuple[Piece, ...]:
    """The same with at most ``turns_max`` turns shown: what is in the middle is left out, in loops too."""
    pieces = [
        msgspec.structs.replace(piece, body=bounded(piece.body, max(2, turns_max // 2)))
        if isinstance(piece, Loop)
        else piece
        for piece in pieces
    ]
    sizes = [sum(1 for _ in shown([piece])) for piece in pieces]
    if sum(sizes) <= turns_max:
        return tuple(pieces)
    head = _fitting(sizes, turns_max - turns_max // 3)
    tail = _fitting(sizes[::-1], turns_max // 3)
    left = pieces[head : len(pieces) - tail]
    omitted = Omitted(left[0].first, sum(piece.turns for piece in left))
    return (*pieces[:head], omitted, *pieces[len(pieces) - tail :])


def _fitting(sizes: Sequence[int], room: int) -> int:
    """How many of the first fit."""
    count = 0
    for size in sizes:
        room -= size
        if room < 0:
            break
        count += 1
    return count


class Keys:
    """What of a turn is compared: ``same`` has to be equal, and differences of the others are told."""

    def __init__(self, story: Story, slots: Slots) -> None:
        same: defaultdict[int, list[Hashable]] = defaultdict(list)
        ids: defaultdict[int, list[Hashable]] = defaultdict(list)
        sizes: defaultdict[int, list[Hashable]] = defaultdict(list)
        texts: defaultdict[int, list[Hashable]] = defaultdict(list)
        for index, turn in enumerate(story.turns):
            call = turn.call
            same[index] += [slots.vm(turn.vm), turn.exit_code]
            ids[index].append(turn.vm)
            if call is not None:
                fds = tuple(map(slots.fd, call.fds))
                same[index] += [call.kind, call.program, call.code, slots.vm(call.target), slots.fd(call.fd), fds]
                ids[index] += [call.target, call.fd, call.fds]
                sizes[index].append(call.size)
        for spawn in story.spawns:
            same[spawn.turn] += ["spawn", slots.vm(spawn.child)]
            ids[spawn.turn].append(spawn.child)
        for t in story.transfers:
            same[t.turn] += ["transfer", slots.vm(t.writer), slots.vm(t.reader), slots.fd(t.fd), t.left == 0]
            sizes[t.turn].append(t.size)
            texts[t.turn].append(t.head)
        for gone in story.gone:
            same[gone.turn] += ["gone", slots.vm(gone.vm), slots.fd(gone.fd)]
            sizes[gone.turn].append(gone.size)
        for answer in story.answers:
            same[answer.turn] += ["answer", slots.vm(answer.vm), slots.vm(answer.target), answer.exit_code]
        for swap in story.swaps:
            same[swap.turn] += ["swap", slots.vm(swap.vm), swap.out]
        for refusal in story.refusals:
            same[refusal.turn] += ["refused", refusal.call, refusal.code]
        for done in story.execs:
            same[done.turn] += ["exec", done.program]
        for log in story.logs:
            same[log.turn].append("log")
            texts[log.turn].append(log.text)
        for cut in (*story.breaks, *story.faults):
            same[cut.turn] += ["break", cut.at]  # never the same as another
        names: dict[Hashable, int] = {}
        self.same = [names.setdefault(tuple(same[index]), len(names)) for index in range(len(story.turns))]
        self.others = {"ids": ids, "sizes": sizes, "texts": texts}

    def varies(self, first: int, period: int, rounds: int) -> tuple[str, ...]:
        """What is not the same in all rounds."""
        return tuple(
            what
            for what, by_turn in self.others.items()
            if any(
                by_turn.get(index) != by_turn.get(index + period)
                for index in range(first, first + period * (rounds - 1))
            )
        )


def _folded(pieces: tuple[Piece, ...], keys: Keys) -> tuple[Piece, ...]:
    names: dict[Hashable, int] = {}
    symbols = [names.setdefault(("turn", key), len(names)) for key in keys.same]
    return _fold_all(pieces, symbols, keys, names)


def _fold_all(
    pieces: tuple[Piece, ...], symbols: list[int], keys: Keys, names: dict[Hashable, int]
) -> tuple[Piece, ...]:
    """Fold the shortest repeats at each place, then what repeats of the result, until nothing does."""
    found = True
    while found:
        found, pieces, symbols = _fold_once(pieces, symbols, keys, names)
    return pieces


def _fold_once(
    pieces: tuple[Piece, ...], symbols: list[int], keys: Keys, names: dict[Hashable, int]
) -> tuple[bool, tuple[Piece, ...], list[int]]:
    following = _next_places(symbols)
    made: list[Piece] = []
    made_symbols: list[int] = []
    place, found = 0, False
    while place < len(pieces):
        length, rounds = _repeat_at(symbols, following, place)
        if rounds < ROUNDS_MIN:
            made.append(pieces[place])
            made_symbols.append(symbols[place])
            place += 1
            continue
        found = True
        body = _fold_all(pieces[place : place + length], symbols[place : place + length], keys, names)
        first, period = body[0].first, sum(piece.turns for piece in body)
        made.append(
            Loop(first=first, period=period, rounds=rounds, body=body, varies=keys.varies(first, period, rounds))
        )
        name = ("loop", rounds, tuple(symbols[place : place + length]))
        made_symbols.append(names.setdefault(name, len(names)))
        place += length * rounds
    return found, tuple(made), made_symbols


def _next_places(symbols: Sequence[int]) -> list[int]:
    """For each place the next one with the same symbol; -1 where there is none."""
    following = [-1] * len(symbols)
    seen: dict[int, int] = {}
    for place in range(len(symbols) - 1, -1, -1):
        following[place] = seen.get(symbols[place], -1)
        seen[symbols[place]] = place
    return following


def _repeat_at(symbols: Sequence[int], following: Sequence[int], place: int) -> tuple[int, int]:
    """The shortest stretch from a place on that is there at least ``ROUNDS_MIN`` times, and how often; else once."""
    second = place
    for _ in range(_TRIES_MAX):
        second = following[second]
        length = second - place
        if second < 0 or length > _PERIOD_MAX or place + length * ROUNDS_MIN > len(symbols):
            break
        stretch = symbols[place:second]
        rounds, end = 1, second
        while symbols[end : end + length] == stretch:
            rounds, end = rounds + 1, end + length
        if rounds >= ROUNDS_MIN:
            return length, rounds
    return 1, 1
