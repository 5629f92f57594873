"""Places of a run that are kept to go back to: close to one another where the run is, further and further apart behind.

So going back by a little is quick however long the run has been, and going back by much takes a share of what it took
to come from there. There are never more than so many of them.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

COUNT_MAX = 48
"""Places that are kept at the most."""
BYTES_MAX = 256 << 20
"""Bytes that they may take together, but for the first and the last."""


class Place(msgspec.Struct, Generic[T], frozen=True):
    """A place of the run: its position, what it took to come there from the start, and what is kept."""

    position: int
    seconds: float
    size: int
    what: T


class Kept(Generic[T]):
    """Places in the order of their positions; the first stays."""

    def __init__(self, first: T) -> None:
        self.places = [Place(0, 0.0, 0, first)]

    @property
    def seconds(self) -> float:
        """What it took to come to the last of them."""
        return self.places[-1].seconds

    def add(self, place: Place[T]) -> None:
        """Keep one more, at a later position; another may be dropped for it."""
        self.places.append(place)
        while len(self.places) > 2 and (
            len(self.places) > COUNT_MAX or sum(place.size for place in self.places) > BYTES_MAX
        ):
            del self.places[self._least()]

    def _least(self) -> int:
        """The one that is missed the least: what it is to go on from the one before, for how far away that is."""
        places, now = self.places, self.places[-1].seconds
        return min(
            range(1, len(places) - 1),
            key=lambda i: (places[i + 1].seconds - places[i - 1].seconds) / (now - places[i - 1].seconds or 1e-9),
        )

    def before(self, position: int) -> Place[T]:
        """The last one that is not beyond a position; those that are beyond it are dropped."""
        while self.places[-1].position > position:
            self.places.pop()
        return self.places[-1]
