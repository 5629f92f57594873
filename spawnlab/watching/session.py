"""A run that is watched: where it stands, what it is on the way to, and going there, forward or back.

A session does nothing by itself. It is given orders (:meth:`Session.step`, :meth:`Session.run`, :meth:`Session.back`
and so on), which come back at once; :meth:`Session.advance` then plays for some milliseconds, and is called until there
is nothing to do. Going back is going forward from a place that was kept: a run is the same every time.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter

import msgspec

from ..staging import Playable
from .breakpoints import Breakpoint, is_hit, text_of
from .chronicle import Chronicle, ChronicleCopy
from .kept import Kept, Place
from .player import Player, PlayerCopy

ADVANCE_SECONDS = 0.02
"""How long one call of :meth:`Session.advance` plays, about."""
KEEP_SECONDS = 0.25
"""Of playing, after which a place is kept to go back to."""


class Goal(msgspec.Struct, frozen=True):
    """What a session is on the way to."""

    words: str
    """What it does, such as ``running``."""
    position: int | None = None
    """The position to stop at; ``None``: the end of the run."""
    heeds_breakpoints: bool = False


class _Kept(msgspec.Struct, frozen=True):
    player: PlayerCopy
    chronicle: ChronicleCopy


class Session:
    """One run, watched from its start. ``what``, ``limit`` and ``policy`` are those of :func:`spawnlab.play.perform`.

    ``keep_seconds`` is for tests. Raises what :func:`~spawnlab.play.perform` raises for bad input.
    """

    def __init__(
        self,
        what: Playable,
        *,
        limit: int | None = None,
        policy: str | None = None,
        breakpoints: Iterable[Breakpoint] = (),
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:
        self.player = Player(what, limit=limit, policy=policy)
        self.chronicle = Chronicle(self.player.staging.build)
        self.chronicle.follow(self.player.events)
        self.breakpoints: list[Breakpoint] = []
        for one in breakpoints:
            self.add_breakpoint(one)
        self.goal: Goal | None = None
        """``None`` while it is paused, or at the end."""
        self.note = ""
        """Why it stands where it is, where that is not plain: the breakpoint that was hit."""
        self.turns_before = self.player.staging.scheduler.iterations
        """Turns that a suspended run had had."""
        self._seconds = 0.0
        self._turn_from = self.chronicle.seen
        """The first event of the turn that is under way, or next."""
        self._keep_seconds = keep_seconds
        self._kept = Kept(self._copy())

    # What is

    @property
    def position(self) -> int:
        """How many turns were played since the start; see :attr:`Player.position`."""
        return self.player.position

    @property
    def is_over(self) -> bool:
        """Whether the run is at its end."""
        return self.player.is_over

    @property
    def in_turn(self) -> bool:
        """Whether it stands in the middle of a turn."""
        return self.player.turn is not None

    @property
    def places(self) -> str:
        """How many places are kept to go back to, and the memory that they take, in words."""
        places = self._kept.places
        return f"{len(places)} places of {sum(place.size for place in places) / (1 << 20):.1f} MiB"

    # Orders

    def step(self) -> None:
        """Play one turn; if one is under way, to its end. Once more, before that is done, is one turn more."""
        heading = self._heading()
        self._aim(Goal("stepping", (self.position if heading is None else heading) + 1))

    def _heading(self) -> int | None:
        """The position that it is on the way to, if it is."""
        return None if self.goal is None else self.goal.position

    def run(self) -> None:
        """Play to the next breakpoint, or to the end."""
        self._aim(Goal("running", heeds_breakpoints=True))

    def run_to_end(self) -> None:
        """Play to the end, whatever breakpoints there are."""
        self._aim(Goal("running to the end"))

    def pause(self) -> None:
        """Stay where it is, in the middle of a turn maybe."""
        self.goal = None

    def back(self) -> None:
        """Go back to before the last turn, or to the beginning of the one that is under way; once more, once more."""
        heading = self._heading()
        self.go_to_position(self.position - (not self.in_turn) if heading is None else heading - 1)

    def go_to_turn(self, turn: int) -> None:
        """Go to where the turn of this number has been played, forward or back; to the end if there are fewer."""
        self.go_to_position(turn - self.turns_before)

    def go_to_position(self, position: int) -> None:
        """Go to where so many turns have been played, forward or back."""
        position = max(0, position)
        if position > self.position:
            return self._aim(Goal(f"going to turn {position + self.turns_before:,}", position))
        if position == self.position and not self.in_turn:
            return self.pause()
        place = self._kept.before(position)
        self.player.go_back(place.what.player)
        self.chronicle.go_back(place.what.chronicle)
        self._seconds, self._turn_from = place.seconds, self.chronicle.seen
        return self._aim(Goal(f"going back to turn {position + self.turns_before:,}", position))

    def _aim(self, goal: Goal) -> None:
        self.note = ""
        self.goal = None if self.is_over or goal.position == self.position else goal

    def add_breakpoint(self, one: Breakpoint) -> bool:
        """Stop there from now on; says whether it is a new one."""
        if one in self.breakpoints:
            return False
        self.breakpoints.append(one)
        return True

    # Playing

    def advance(self) -> bool:
        """Play for some milliseconds towards the goal; says whether there is more to do."""
        end = perf_counter() + ADVANCE_SECONDS
        while self.goal is not None:
            before = perf_counter()
            ended = self.player.play()
            now = perf_counter()
            self._seconds += now - before
            self.chronicle.follow(self.player.events)
            if ended:
                self._turn_ended(self.goal)
            if now >= end:
                break
        return self.goal is not None

    def _turn_ended(self, goal: Goal) -> None:
        first, self._turn_from = self._turn_from, self.chronicle.seen
        if self.is_over or goal.position == self.position:
            self.goal = None
        if goal.heeds_breakpoints:
            new = self.player.events[first:]
            hit = [text_of(one) for one in self.breakpoints if any(is_hit(one, event) for event in new)]
            if hit:
                self.goal, self.note = None, f"breakpoint: {', '.join(hit)}"
        if not self.is_over and self._seconds - self._kept.seconds >= self._keep_seconds:
            copy = self._copy()
            self._kept.add(Place(self.position, self._seconds, copy.player.copy.size, copy))

    def _copy(self) -> _Kept:
        return _Kept(self.player.copy(), self.chronicle.copy())
