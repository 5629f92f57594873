"""One VM as a Trio task: it waits for its turn, runs its machine, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import trio

from ..scheduler.scheduler import Turn
from ..vm.errors import VmError

SECONDS_MAX = 0.005
"""How long a VM that has turn after turn may keep the loop. It changes no result."""

Completed = Callable[[int | BaseException], None]
"""Is told what a turn came to: an exit code, or an error; it completes the turn and gives the next."""


class VmTask:
    """A VM's place on the stage. Its task is parked at its door, or at the pipe end on which it is blocked."""

    def __init__(self, vm: int, gate: Gate, completed: Completed) -> None:
        self.vm = vm
        self._gate = gate
        self._completed = completed
        self._door = trio.lowlevel.ParkingLot()
        self._lot = self._door
        self._turn: Turn | None = None
        self._ended = False

    def give(self, turn: Turn) -> None:
        """Hand over the baton."""
        self._turn = turn
        self._lot.unpark()

    def move(self, lot: trio.lowlevel.ParkingLot | None) -> None:
        """Have the task wait elsewhere, at a pipe's end or (``None``) at its door; it may be running just now."""
        target = self._door if lot is None else lot
        if target is not self._lot:
            self._lot.repark(target)
            self._lot = target

    def end(self) -> None:
        """There will be no further turn: the task returns."""
        self._ended = True
        self._lot.unpark()

    async def live(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """The task: play turn after turn until the VM has ended. It says that it has started just before it parks."""
        task_status.started()
        since = perf_counter()
        while not self._ended:
            turn, self._turn = self._turn, None
            if turn is None:
                await self._lot.park()
                since = perf_counter()
                continue
            if perf_counter() - since > SECONDS_MAX:
                await trio.lowlevel.checkpoint()
                since = perf_counter()
            try:
                result: int | BaseException = await _play(turn, self._gate)
            except (Exception, KeyboardInterrupt) as crash:  # the conductor is to raise it, not this nursery
                result = crash
            self._completed(result)


class Gate:
    """Holds tasks while it is closed."""

    def __init__(self) -> None:
        self.is_open = True
        self._lot = trio.lowlevel.ParkingLot()

    def close(self) -> None:
        """Hold whoever comes."""
        self.is_open = False

    def open(self) -> None:
        """Let all through."""
        self.is_open = True
        self._lot.unpark_all()

    async def passed(self) -> None:
        """Wait while it is closed."""
        while not self.is_open:
            await self._lot.park()


async def _play(turn: Turn, gate: Gate) -> int | VmError:
    """Run the machine to the end of the turn, letting other tasks in between: its exit code, or its error."""
    while True:
        if not gate.is_open:
            await gate.passed()
        try:
            code = turn.machine.run_slice()
        except VmError as error:
            return error
        if code is not None:
            return code
        await trio.lowlevel.checkpoint()
