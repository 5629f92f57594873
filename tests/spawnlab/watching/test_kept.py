"""Places to go back to: enough of them near the present, and never too many."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawnlab.watching.kept import BYTES_MAX, COUNT_MAX, Kept, Place


def kept_of(times: list[float], size: int = 0) -> Kept[int]:
    kept = Kept(0)
    for position, seconds in enumerate(times, 1):
        kept.add(Place(position, seconds, size, position))
    return kept


@given(st.lists(st.floats(0.25, 5), min_size=1, max_size=400))
def test_going_back_takes_a_share_of_what_it_took_to_come_from_there(gaps: list[float]) -> None:
    """What is to be played again to be anywhere is no more than what lies between there and the present, and a bit."""
    times = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    places = kept_of(times).places
    assert (places[0].position, places[-1].position) == (0, len(times))
    assert len(places) <= COUNT_MAX
    assert [place.position for place in places] == sorted({place.position for place in places})
    for one, other in pairwise(places):
        assert other.seconds - one.seconds <= max(5.001, (times[-1] - one.seconds) / 2)


def test_of_a_long_run_there_are_no_more_and_they_are_close_at_its_end() -> None:
    places = kept_of([0.25 * i for i in range(1, 40_000)]).places
    assert len(places) == COUNT_MAX
    assert places[-1].seconds - places[-4].seconds < 2
    ages = [places[-1].seconds - place.seconds for place in places]
    assert all(later > 0.6 * earlier or earlier < 2 for earlier, later in pairwise(ages[:-1]))


@pytest.mark.parametrize("size", [BYTES_MAX // 4, BYTES_MAX, 3 * BYTES_MAX])
def test_they_take_so_much_memory_and_no_more(size: int) -> None:
    places = kept_of([float(i) for i in range(1, 200)], size).places
    assert len(places) <= max(2, 1 + BYTES_MAX // size)
    assert places[0].position == 0
    assert places[-1].position == 199


@given(st.integers(1, 300), st.integers(0, 400))
def test_the_last_one_before_a_position_is_found_and_later_ones_are_dropped(count: int, position: int) -> None:
    kept = kept_of([float(i) for i in range(1, count + 1)])
    there = [place.position for place in kept.places]
    found = kept.before(position)
    assert found.position == max(one for one in there if one <= position)
    assert [place.position for place in kept.places] == [one for one in there if one <= position]
    assert kept.seconds == found.seconds
