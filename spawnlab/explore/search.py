"""All orders of turns by a few of them: dynamic partial-order reduction, with sleep sets, by playing again.

Orders that differ only in turns which do not touch each other (``footprints.py``) make a class and come to the same
end. The search plays at least one order of each class. It starts with the chain's own; in each run it finds the pairs
of turns that touch each other and could be the other way round, and sees to it that they are, where nothing that was
played or will be does that already. The algorithm is source-DPOR (Abdulla, Aronsson, Jonsson, Sagonas: Optimal dynamic
partial order reduction, 2014); a VM's turn never keeps another VM from running, as it demands.

A turn that ends the run (the root's end, a fault) is looked at as one after which its VM stands still while the others
go on: what they do then can still come first in another order, and change the end. The run is played again without that
turn to see it. So every result of every order is the end of some turn, or a deadlock, of some class.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from ..scenarios.build import Build
from ..scheduler.faults import Fault
from .footprints import Footprint, Rules, Thing, footprint_of, rules_for
from .replays import Played, SearchError, Turn, Unrepeatable, replay

TURNS_MAX = 10_000
"""Turns of a run beyond which the search gives up: it keeps for each turn which ones must come before it."""


class TooLong(SearchError):
    """A run has more turns than can be looked through."""


class _Event(msgspec.Struct, frozen=True):
    """A turn in the sequence that is being looked at."""

    vm: int
    footprint: Footprint
    past: int
    """The earlier turns that must come before it, as a set of bits."""
    ends: bool
    """Whether it ended the run, so that it is left out where others go on."""
    turn: Turn


class _Node:
    """A state, and what was tried in it: the next turn is ``chosen``'s, and came to ``event``."""

    def __init__(self, runnable: Sequence[int], left: Sequence[int], clocks: Mapping[int, int]) -> None:
        self.runnable = tuple(runnable)
        self.left = tuple(left)
        """Those that can run and have not ended the run."""
        self.clocks = clocks
        """By VM: the turns that must come before its next one, whatever that does, as a set of bits."""
        self.sleep: dict[int, Footprint] = {}
        """VMs whose next turn need not be tried here: other orders do it. By VM, that turn's footprint."""
        self.wanted: set[int] = set()
        """VMs whose turns are to be tried here, or were."""
        self.chosen: int | None = None
        self.event: _Event | None = None

    def choose(self, vms: Sequence[int]) -> None:
        """Let the largest of some VMs have the turn, or nobody."""
        self.chosen, self.event = max(vms, default=None), None
        if self.chosen is not None:
            self.wanted.add(self.chosen)


class Visitor:
    """Is told what a search finds."""

    def ended(self, played: Played) -> None:
        """A run has come to its end."""

    def covered(self, turns: Sequence[Turn]) -> None:
        """All orders of the class of these turns are settled."""


class Search:
    """Goes through the orders of one scenario, with ``faults`` in each. :meth:`go` plays one run after the other."""

    def __init__(self, build: Build, limit: int, visitor: Visitor, faults: Sequence[Fault] = ()) -> None:
        self._build = build
        self._limit = limit
        self._visitor = visitor
        self._faults = faults
        self._nodes: list[_Node] = []
        self._accesses: defaultdict[Thing, list[tuple[int, bool]]] = defaultdict(list)
        """Who touched a thing, by the turn's place in the sequence, and whether it was changed."""
        self._rules = Rules()
        self._replayed: list[_Node] = []
        """The states whose turns this run has had."""
        self.runs = 0
        self.classes = 0
        """Classes of orders that are settled."""
        self.has_choices = False
        """Whether more than one VM could ever run."""

    def go(self, wanted: Callable[[], bool]) -> bool:
        """Go on while that is ``wanted``; gives whether all orders are covered.

        Raises :class:`~spawnlab.explore.replays.Unrepeatable` and :class:`TooLong`.
        """
        while wanted():
            self.runs += 1
            played = replay(self._build, self._choose, self._limit, self._faults)
            rules = rules_for(played.events, self._rules)
            if rules != self._rules:  # what was covered so far stood on others
                self._rules = rules
                self._nodes.clear()
                self._accesses.clear()
                self.classes = 0
                if not played.stopped:
                    self._visitor.ended(played)  # an end it is all the same
                continue
            self._take(played)
            if not self._next():
                return True
        return False

    # A run

    def _script(self) -> list[_Node]:
        """The states from which a turn led on."""
        return [node for node in self._nodes if node.event is not None and not node.event.ends]

    def _choose(self, turns: Sequence[Turn], runnable: Sequence[int]) -> int | None:
        if not turns:
            self._replayed = self._script()
            if not self._nodes:
                self._begin(runnable)
        place = len(turns)
        if place:
            self._check(place - 1, turns[-1])
        if place < len(self._replayed):
            node = self._replayed[place]
            if node.runnable != tuple(runnable):
                raise _unrepeatable(place)
            return node.chosen
        if place > len(self._replayed):
            self._played(turns[-1], ends=False)
            self._replayed.append(self._nodes[-1])
            self._extend(runnable, runnable)
        return self._nodes[-1].chosen

    def _check(self, place: int, turn: Turn) -> None:
        """What is played again must be what it was."""
        if place < len(self._replayed):
            event = self._replayed[place].event
            if event is not None and event.footprint != footprint_of(turn.vm, turn.events, self._rules, turn.owned):
                raise _unrepeatable(place)

    def _begin(self, runnable: Sequence[int]) -> None:
        self._nodes.append(_Node(runnable, runnable, dict.fromkeys(runnable, 0)))
        self._nodes[0].choose(runnable)

    def _take(self, played: Played) -> None:
        """The end of a run: of a turn that ended it, or of none."""
        if played.stopped:
            return self._settle()
        if not self._nodes:  # it failed before anyone's turn
            self._visitor.ended(played)
            return None
        last = played.unfinished or (played.turns[-1] if len(played.turns) > len(self._script()) else None)
        stuck = played.outcome is not None and played.outcome.deadlock is not None
        if last is not None and self._nodes[-1].event is None:
            self._played(last, ends=not stuck)
        if stuck:
            self._extend((), ())
        else:
            node = self._nodes[-1]
            self._extend(node.runnable, [vm for vm in node.left if vm != node.chosen])
        self._visitor.ended(played)
        return self._settle()

    def _settle(self) -> None:
        if not self._nodes[-1].left:
            self.classes += 1
            self._visitor.covered([node.event.turn for node in self._nodes if node.event is not None])

    def _played(self, turn: Turn, *, ends: bool) -> None:
        """The chosen turn of the last state was this."""
        node = self._nodes[-1]
        assert node.chosen == turn.vm
        number = len(self._nodes) - 1
        footprint = footprint_of(turn.vm, turn.events, self._rules, turn.owned)
        before = node.clocks[turn.vm]
        touched = self._touched(footprint)
        past = before
        for other in touched:
            past |= self._event(other).past | 1 << other
        node.event = _Event(turn.vm, footprint, past, ends, turn)
        for thing in footprint.reads | footprint.writes:
            self._accesses[thing].append((number, thing in footprint.writes))
        self._reverse(number, [other for other in touched if not before >> other & 1])

    def _touched(self, footprint: Footprint) -> list[int]:
        """The earlier turns that touch a footprint, the latest first."""
        found = {number for thing in footprint.writes for number, _ in self._accesses[thing]}
        found |= {number for thing in footprint.reads for number, writes in self._accesses[thing] if writes}
        return sorted(found, reverse=True)

    def _event(self, number: int) -> _Event:
        event = self._nodes[number].event
        assert event is not None
        return event

    def _extend(self, runnable: Sequence[int], left: Sequence[int]) -> None:
        """The state behind the last turn."""
        if len(self._nodes) > TURNS_MAX:
            raise TooLong(f"a run has more than {TURNS_MAX:,} turns")
        node = self._nodes[-1]
        event = node.event
        assert event is not None
        parked = set(node.runnable) - set(node.left)
        following = _Node(runnable, [vm for vm in left if vm not in parked], _clocks(node, event, len(self._nodes) - 1))
        following.sleep = {
            vm: footprint
            for vm, footprint in node.sleep.items()
            if vm != event.vm and not footprint.touches(event.footprint)
        }
        following.choose([vm for vm in following.left if vm not in following.sleep])
        self.has_choices |= len(runnable) > 1
        self._nodes.append(following)

    # Other orders

    def _reverse(self, number: int, candidates: Sequence[int]) -> None:
        """Of the turns that touch the last one and might come behind it, see that those next to it do."""
        hidden = 0
        for earlier in candidates:
            if not hidden >> earlier & 1:
                self._want(earlier, number)
            hidden |= self._event(earlier).past

    def _want(self, earlier: int, number: int) -> None:
        """In the state before a turn, want an order in which a later turn comes first."""
        without = [k for k in range(earlier + 1, number) if not self._event(k).past >> earlier & 1]
        behind = [*without, number]
        among = sum(1 << k for k in behind)
        first = [self._event(k).vm for k in behind if not self._event(k).past & among]
        node = self._nodes[earlier]
        if node.wanted.isdisjoint(first):
            assert first[0] in node.left
            node.wanted.add(first[0])

    def _next(self) -> bool:
        """Go back to the latest state where something is left to be tried; ``False`` where there is none."""
        while self._nodes:
            node = self._nodes[-1]
            if node.event is not None:
                self._undo(node.event)
                node.sleep[node.event.vm] = node.event.footprint
                node.event, node.chosen = None, None
                node.choose([vm for vm in node.left if vm in node.wanted and vm not in node.sleep])
            if node.chosen is not None:
                return True
            self._nodes.pop()
        return False

    def _undo(self, event: _Event) -> None:
        for thing in event.footprint.reads | event.footprint.writes:
            self._accesses[thing].pop()


def _clocks(node: _Node, event: _Event, number: int) -> dict[int, int]:
    """By VM, the turns that must come before its next one, behind this turn."""
    clocks = dict(node.clocks)
    after = event.past | 1 << number
    clocks[event.vm] = after
    if event.ends:  # the others go on as if it had not been
        return clocks
    for vm in event.footprint.born:
        clocks[vm] = after
    for vm in event.footprint.woken:
        clocks[vm] |= after
    for writer, reader in event.footprint.met:
        clocks[writer] = clocks[reader] = clocks[writer] | clocks[reader]
    return clocks


def _unrepeatable(place: int) -> Unrepeatable:
    return Unrepeatable(f"turn {place + 1} was another one when it was played again")
