"""Playing: under Trio, or synchronously, to the end or until it is suspended. The run is the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import trio

from .actors.conductor import perform as perform_scheduler
from .legs import Legs
from .scheduler.outcome import conduct
from .scheduler.processes import Observer
from .scheduler.syscalls.generator import SyscallGenerator, consensus_syscalls
from .staging import Actors, Playable, Run


async def perform(
    what: Playable,
    *,
    limit: int | None = None,
    suspend_at: int | None = None,
    observers: Iterable[Observer] = (),
    actors: Actors | None = None,
    policy: str | None = None,
    faults: Sequence[str] = (),
    system_calls: SyscallGenerator = consensus_syscalls,
) -> Run:
    """Play under Trio, every VM a task, within ``limit`` cycles of the whole run (the scenario's unless given).

    Where the run would go beyond ``suspend_at`` cycles, it is suspended; ``perform(run.saved)`` goes on with it. That
    may change its cycles, and even its end, as it does in the reference (``scheduler`` T8 to T10).

    A scenario's own suspend plan is carried out on the way.

    ``actors`` are functions that play some of the programs (``docs/actors.md``).

    ``policy`` is the text of a hypothetical order (``docs/orders.md``), such as ``"smallest"``; ``None`` is the
    chain's. ``faults`` are texts of hypothetical faults (``docs/faults.md``), such as ``"exit:1:3:0"``. Such a run is
    never suspended.

    ``system_calls`` gives machines others than the chain's (``docs/scheduler.md``), such as
    :class:`~spawnlab.debugger.calls.DebuggerCalls`; what they remember is not in a suspended run.

    A run that fails is a run all the same. Cancelling leaves no task behind.
    Raises :class:`~spawnlab.scenarios.errors.ScenarioError` for what cannot be read or compiled, and
    :class:`~spawnlab.saved.SavedRunError` for a suspended run that can't be gone on with,
    :class:`~spawnlab.scheduler.policy.PolicyError` for a text that is no policy or an order that can't be,
    :class:`~spawnlab.scheduler.faults.FaultError` for a text that is no fault, and
    :class:`~spawnlab.staging.HypotheticalRunError` where a hypothetical run would be suspended or gone on with.
    """
    legs = Legs(
        what,
        limit=limit,
        suspend_at=suspend_at,
        observers=observers,
        actors=actors,
        policy=policy,
        faults=faults,
        system_calls=system_calls,
    )
    while (staging := legs.next()) is not None:
        legs.ended(staging.run_of(await perform_scheduler(staging.scheduler, limit=staging.budget)))
    return legs.run


def run(
    what: Playable,
    *,
    limit: int | None = None,
    suspend_at: int | None = None,
    observers: Iterable[Observer] = (),
    actors: Actors | None = None,
    policy: str | None = None,
    faults: Sequence[str] = (),
    system_calls: SyscallGenerator = consensus_syscalls,
) -> Run:
    """Play under Trio from code that is not asynchronous; as :func:`perform`."""

    async def play() -> Run:
        return await perform(
            what,
            limit=limit,
            suspend_at=suspend_at,
            observers=observers,
            actors=actors,
            policy=policy,
            faults=faults,
            system_calls=system_calls,
        )

    return trio.run(play)


def run_synchronously(
    what: Playable,
    *,
    limit: int | None = None,
    suspend_at: int | None = None,
    observers: Iterable[Observer] = (),
    actors: Actors | None = None,
    policy: str | None = None,
    faults: Sequence[str] = (),
    system_calls: SyscallGenerator = consensus_syscalls,
) -> Run:
    """Play without Trio: the same run, for exploring many of them; as :func:`perform`."""
    legs = Legs(
        what,
        limit=limit,
        suspend_at=suspend_at,
        observers=observers,
        actors=actors,
        policy=policy,
        faults=faults,
        system_calls=system_calls,
    )
    while (staging := legs.next()) is not None:
        legs.ended(staging.run_of(conduct(staging.scheduler, staging.budget)))
    return legs.run
