"""A run that is played in slices of some milliseconds, by the synchronous driver, and can be put back to where it was.

It needs no thread and no loop of its own: whoever calls :meth:`Player.play` does other things in between, also in the
middle of a turn. That changes no result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from ..legs import Legs
from ..scheduler.events import AnyEvent
from ..scheduler.outcome import outcome_of
from ..scheduler.scheduler import RunMode, Turn
from ..scheduler.states import Runnable
from ..staging import Playable, Run, Staging, StagingCopy
from ..vm.errors import SpawnlabError, VmError

T = TypeVar("T")


class PlayerCopy(msgspec.Struct, frozen=True):
    """A run between two turns, to come back to."""

    staging: Staging
    copy: StagingCopy
    legs: Legs
    left: int
    position: int


class Player:
    """Plays what :func:`spawnlab.play.perform` plays, suspensions that the scenario plans among it.

    Raises what :class:`~spawnlab.staging.Staging` raises.
    """

    def __init__(self, what: Playable, *, limit: int | None = None, policy: str | None = None) -> None:
        self._legs = Legs(what, limit=limit, suspend_at=None, observers=(), actors=None, policy=policy)
        staging = self._legs.next()
        assert staging is not None
        self._set(staging)
        self.position = 0
        """Turns that were played since the start. The end of a run that comes to it without a turn counts as one."""
        self.turn: Turn | None = None
        """The turn that is under way."""
        self.run: Run | None = None
        """What the run came to, once it is over."""
        self.crash: str | None = None
        """What keeps it from going on that is no end of a run: an exception of a function that plays a VM, say."""

    def _set(self, staging: Staging) -> None:
        self.staging = staging
        self._left = staging.budget

    @property
    def events(self) -> list[AnyEvent]:
        """All that has happened."""
        return self.staging.journal.events

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to play."""
        return self.run is not None or self.crash is not None

    def play(self) -> bool:
        """Play for some milliseconds, and not beyond the end of a turn; says whether a turn has ended.

        A run that has come to an end is set up to go on, or over, by the time that this returns.
        """
        if self.is_over:
            return False
        ended = self._guarded(self._play) or self.crash is not None
        self.position += ended
        return ended

    def _guarded(self, function: Callable[[], T]) -> T | None:
        """Call a function that may play others' functions; gives ``None`` where one has failed."""
        try:
            return function()
        except SpawnlabError as error:
            words = str(error)
        except Exception as error:
            if not self.staging.build.actors:
                raise
            words = f"{type(error).__name__}: {error}"
        self.crash, self.turn = words, None
        self.staging.machines.close()
        return None

    def _play(self) -> bool:
        if self.turn is None and not self._begin():
            return True
        assert self.turn is not None
        try:
            result: int | VmError | None = self.turn.machine.run_slice()
        except VmError as error:
            result = error
        if result is None:
            return False
        self.turn = None
        try:
            self._left = self.staging.scheduler.complete(result)
        except VmError as error:
            self._ended(error)
        while not self.is_over and self._is_stuck():  # whoever has seen the last turn is to see what it came to
            self._begin()
        return True

    def _begin(self) -> bool:
        """Begin a turn; where there is none, the run has come to an end."""
        scheduler = self.staging.scheduler
        if scheduler.terminated():
            self._ended(None)
            return False
        try:
            self.turn = scheduler.prepare(RunMode(self._left))
        except VmError as error:
            self._ended(error)
            return False
        return True

    def _is_stuck(self) -> bool:
        scheduler = self.staging.scheduler
        states = scheduler.table.states  # of a run that has not begun there are none
        return bool(states) and not any(isinstance(state, Runnable) for state in states.values())

    def _ended(self, error: VmError | None) -> None:
        """A leg of the run has come to its end: set the next one up, if there is one."""
        run = self.staging.run_of(outcome_of(self.staging.scheduler, error))
        self._legs.ended(run)
        following = self._legs.next()
        if following is None:
            self.run = run
        else:
            self._set(following)

    # Going back

    def copy(self) -> PlayerCopy:
        """Where the run is between two turns, before its end. Raises :class:`RuntimeError` elsewhere."""
        return PlayerCopy(self.staging, self.staging.copy(), self._legs.copy(), self._left, self.position)

    def go_back(self, copy: PlayerCopy) -> None:
        """Be there again. What cannot be done again leaves a :attr:`crash`."""
        if self.staging is not copy.staging:
            self.staging.machines.close()
        self.staging = copy.staging
        self._legs = copy.legs.copy()
        self._left, self.position = copy.left, copy.position
        self.turn = self.run = self.crash = None
        self._guarded(lambda: self.staging.go_back(copy.copy))
