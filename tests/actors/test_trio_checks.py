"""Trio's own checks of streams, made of the ends of a pipe, as far as CKB's rules allow."""

from __future__ import annotations

import pytest
import trio
from trio.testing import check_one_way_stream

from .puppets import CannotCloseError, pair


async def test_all_of_trios_checks_but_the_close_that_wakes_a_reader() -> None:
    """They pass up to the last, in which a task closes an end on which another is blocked: a VM has one thread.

    What tasks need beyond a VM's one thread is the puppets': two tasks on an end are told that it is busy, and a read
    that is cancelled stays under way, so that the next one gets its bytes. There is no clogged stream: a write waits
    for its reader, whatever was written before.
    """
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            with pytest.RaisesGroup(CannotCloseError) as caught:
                await check_one_way_stream(lambda: pair(nursery), None)
            nursery.cancel_scope.cancel()
    (error,) = caught.value.exceptions
    assert "receive_expecting_closed" in _frames_that_wait(error)


def _frames_that_wait(error: BaseException) -> set[str]:
    """Names that are local to the check that failed: its tasks."""
    trace = error.__traceback__
    assert trace is not None
    return set(trace.tb_frame.f_locals)
