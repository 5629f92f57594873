"""Verifying a transaction under Trio: every script's VMs are tasks, and others may have it wait, go on, or stop."""

from __future__ import annotations

import trio

from ..scheduler.verify.errors import VerificationInterrupted
from ..scheduler.verify.legs import Leg, Steps, T
from ..vm.errors import Pause, SpawnlabError, VmError
from ..vm.machine import PauseSignal
from .conductor import Conductor, open_conductor


class SignalError(SpawnlabError):
    """A signal is used for a second verification."""


class Signal:
    """What a verification is told while it is under way, from other tasks; for one verification (``transaction`` §10).

    The reference has it as commands: Suspend, Resume and Stop.
    """

    def __init__(self) -> None:
        self.cancel_scope = trio.CancelScope()
        """Round all of the verification. Cancelled, or past the deadline that is set in it, it stops that."""
        self._begun = False
        self._pause = PauseSignal()
        self._resumed = trio.Event()
        self._resumed.set()

    def suspend(self) -> None:
        """Have the script that runs wait between two instructions, or the next one before its first."""
        if self._resumed.is_set():
            self._resumed = trio.Event()
            self._pause.request()

    def resume(self) -> None:
        """Let it go on. From here it may spend its whole limit again, which is the reference's rule."""
        self._pause.clear()
        self._resumed.set()

    def stop(self) -> None:
        """End the verification: it raises :class:`~spawnlab.scheduler.verify.errors.VerificationInterrupted`."""
        self.cancel_scope.cancel()

    def begin(self) -> None:
        """Be the signal of a verification; raises :class:`SignalError` for one that was that already."""
        if self._begun:
            raise SignalError("a Signal is for one verification: make a new one for the next")
        self._begun = True

    async def play(self, conductor: Conductor, limit: int) -> VmError | None:
        """Play a run to its end, however often it has to wait: the error that it came to, or ``None``."""
        while True:
            await self._resumed.wait()
            try:
                await conductor.conduct(limit, self._pause)
            except Pause:
                continue
            except VmError as error:
                return error
            return None


async def play_steps(steps: Steps[T], signal: Signal | None = None) -> T:
    """Carry out the steps of a :class:`~spawnlab.scheduler.verify.verifier.Verifier`: ``verifying(limit)``,
    ``resuming(state, limit)``, ``completing(state, limit)`` and so on; gives the result.

    Raises what the steps raise, and :class:`~spawnlab.scheduler.verify.errors.VerificationInterrupted` where ``signal``
    stops it. Cancelling leaves no task behind.
    """
    signal = signal or Signal()
    signal.begin()
    leg: Leg | None = None
    with signal.cancel_scope:
        try:
            leg = next(steps)
            while True:
                async with open_conductor(leg.scheduler) as conductor:
                    error = await signal.play(conductor, leg.limit)
                leg = steps.send(error)
        except StopIteration as stop:
            return stop.value
    assert leg is not None  # what is cancelled was waiting for it
    raise VerificationInterrupted(leg.group)
