"""A run that is over, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from .scenarios.build import Build
from .scheduler.hypothetical import hypothetical_order
from .scheduler.journal import Journal
from .scheduler.outcome import Outcome
from .showing import shown

if TYPE_CHECKING:
    from .saved import SavedRun


class Run(msgspec.Struct, frozen=True):
    """A run that is over: what was played, how it ended, and everything that happened."""

    build: Build
    outcome: Outcome
    journal: Journal
    unmet: tuple[str, ...]
    """What the scenario expects and did not happen; empty when all is as expected, and for a suspended run."""
    saved: SavedRun | None = None
    """What to go on from, where the run was suspended."""
    limit: int = 0
    """Cycles that it might spend."""
    places: Mapping[int, str] = {}
    """``file:line`` of the functions that had not come to their end, by VM."""

    @property
    def hypothetical(self) -> str | None:
        """The texts of the policy and the faults, where the run is not the chain's: no node may come to this."""
        return hypothetical_order(self.journal.policy)

    @property
    def as_expected(self) -> bool:
        """Whether all that the scenario expects has happened."""
        return not self.unmet

    def _repr_svg_(self) -> str | None:
        """The run's timeline, which a notebook shows by itself."""
        return shown("svg", self)

    def _repr_html_(self) -> str | None:
        """The same as a part of a page, with its tooltips."""
        return shown("html", self)
