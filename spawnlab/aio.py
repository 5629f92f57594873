"""For programs that run under asyncio, notebooks among them: Trio as a guest of the loop that is there.

One Trio run serves all simulations of a loop; it begins with the first and ends with the last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar
from weakref import WeakKeyDictionary

import outcome
import trio

from .play import perform as perform_under_trio
from .scheduler.processes import Observer
from .staging import Actors, Playable, Run

T = TypeVar("T")


async def perform(
    what: Playable,
    *,
    limit: int | None = None,
    suspend_at: int | None = None,
    observers: Iterable[Observer] = (),
    actors: Actors | None = None,
    policy: str | None = None,
    faults: Sequence[str] = (),
) -> Run:
    """As :func:`spawnlab.perform`, awaited under asyncio. Cancelling the asyncio task leaves no task behind."""

    async def play() -> Run:
        return await perform_under_trio(
            what, limit=limit, suspend_at=suspend_at, observers=observers, actors=actors, policy=policy, faults=faults
        )

    return await call_trio(play)


async def call_trio(function: Callable[[], Awaitable[T]]) -> T:
    """Call a function of Trio's world (:func:`spawnlab.stage` is for those) from asyncio, and wait for its result."""
    loop = asyncio.get_running_loop()
    guest = _GUESTS.get(loop)
    while guest is not None and guest.leaving:
        await asyncio.shield(guest.gone)
        guest = _GUESTS.get(loop)
    if guest is None:
        guest = _GUESTS[loop] = _Guest(loop)
    return await guest.call(function)


class _Guest:
    """Trio within one asyncio loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls = 0
        self.leaving = False
        self.gone: asyncio.Future[None] = loop.create_future()
        self._ready: asyncio.Future[None] = loop.create_future()
        self._nursery: trio.Nursery
        self._token: trio.lowlevel.TrioToken
        self._empty: trio.Event
        trio.lowlevel.start_guest_run(
            self._live,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=self._depart,
            host_uses_signal_set_wakeup_fd=True,
            restrict_keyboard_interrupt_to_checkpoints=True,
        )

    async def _live(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._empty = trio.Event()
        async with trio.open_nursery() as self._nursery:
            self._ready.set_result(None)
            await self._empty.wait()

    def _depart(self, result: outcome.Outcome[None]) -> None:
        _GUESTS.pop(self._loop, None)
        if not self.gone.done():
            self.gone.set_result(None)
        result.unwrap()

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        self._calls += 1
        scope = trio.CancelScope()
        done: asyncio.Future[outcome.Outcome[T]] = self._loop.create_future()

        async def run() -> None:
            result: outcome.Outcome[T] = outcome.Error(asyncio.CancelledError())
            with scope:
                result = await outcome.acapture(function)
            done.set_result(result)

        try:
            await asyncio.shield(self._ready)
            self._token.run_sync_soon(self._nursery.start_soon, run)
            try:
                result = await asyncio.shield(done)
            except asyncio.CancelledError:
                self._token.run_sync_soon(scope.cancel)
                await done  # until the tasks are gone
                raise
            return result.unwrap()
        finally:
            self._calls -= 1
            if not self._calls:
                self.leaving = True
                self._token.run_sync_soon(self._empty.set)
                await asyncio.shield(self.gone)


_GUESTS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Guest] = WeakKeyDictionary()
