"""Verifying while others suspend it, have it go on, and stop it: under Trio, and by the reference's own threads."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from spawnlab.actors.verifying import Signal, play_steps
from spawnlab.scheduler.verify.errors import TransactionScriptError
from spawnlab.scheduler.verify.verifier import Verifier

from ..asking import Verdict
from .case import Command


def signalled(verifier: Verifier, limit: int, commands: Sequence[Command]) -> Verdict:
    """What a verification comes to while it gets these commands; a number is a wait in microseconds."""
    return trio.run(_signalled, verifier, limit, commands)


async def _signalled(verifier: Verifier, limit: int, commands: Sequence[Command]) -> Verdict:
    signal = Signal()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_send, signal, commands)
        try:
            found: Verdict = ("ok", await play_steps(verifier.verifying(limit), signal))
        except TransactionScriptError as error:
            found = ("error", str(error))
        nursery.cancel_scope.cancel()
    return found


async def _send(signal: Signal, commands: Sequence[Command]) -> None:
    for command in commands:
        if isinstance(command, int):
            await trio.sleep(command / 1_000_000)
        else:
            {"suspend": signal.suspend, "resume": signal.resume, "stop": signal.stop}[command]()
