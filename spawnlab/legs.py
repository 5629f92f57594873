"""A run with a suspend plan: one staging after the other, and between two of them nothing but bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy

from .saved import SavedRun
from .scheduler.processes import Observer
from .scheduler.syscalls.generator import SyscallGenerator, consensus_syscalls
from .staging import Actors, Playable, Run, Staging, load


class Legs:
    """The legs of a run: from each suspension that its scenario plans to the next, and to the end.

    ``next()`` sets the next leg up, and ``ended()`` is told what it came to.
    """

    def __init__(
        self,
        what: Playable,
        *,
        limit: int | None,
        suspend_at: int | None,
        observers: Iterable[Observer],
        actors: Actors | None,
        policy: str | None = None,
        faults: Sequence[str] = (),
        system_calls: SyscallGenerator = consensus_syscalls,
    ) -> None:
        made = load(what, actors=actors)
        self._what: Playable = what if isinstance(what, SavedRun) else made
        self._actors = {made.codes[index].name: actor for index, actor in made.actors.items()} or actors
        self._policy = policy
        self._faults = faults
        self._calls = system_calls
        self._limit = limit
        self._suspend_at = suspend_at
        self._observers = tuple(observers)
        plan = made.scenario.suspend.at if made.scenario.suspend else ()
        self._run: Run | None = None
        consumed = what.state.total_cycles if isinstance(what, SavedRun) else 0
        self._ahead = [cycles for cycles in plan if cycles > consumed and (suspend_at is None or cycles < suspend_at)]
        self._planned = False
        """Whether the leg that is under way is to be gone on with where it is suspended."""

    def copy(self) -> Legs:
        """The same legs, from where these are on; neither changes the other."""
        return copy(self)

    @property
    def run(self) -> Run:
        """The run that the last leg came to."""
        assert self._run is not None
        return self._run

    def next(self) -> Staging | None:
        """The next leg; ``None`` when there is none."""
        if self._run is not None:
            if self._run.saved is None or not self._planned:
                return None
            self._what = SavedRun.from_bytes(self._run.saved.to_bytes())
            consumed = self._run.outcome.cycles  # a turn may have gone beyond more than one point
            if self._suspend_at is not None and consumed >= self._suspend_at:
                return None
            self._ahead = [cycles for cycles in self._ahead if cycles > consumed]
        self._planned = bool(self._ahead)
        suspend_at = self._ahead[0] if self._ahead else self._suspend_at
        self._ahead = self._ahead[1:]
        return Staging(
            self._what,
            limit=self._limit,
            suspend_at=suspend_at,
            observers=self._observers,
            actors=self._actors,
            policy=self._policy,
            faults=self._faults,
            system_calls=self._calls,
        )

    def ended(self, run: Run) -> None:
        """A leg has come to this."""
        self._run = run
