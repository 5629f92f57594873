"""One VM as a Trio task: it waits for its turn, runs its machine, and hands the result back."""

from __future__ import annotations

import trio

from ..scheduler.scheduler import Turn
from ..vm.errors import VmError

STEPS_PER_SLICE = 2000
"""Operations between two looks at Trio's loop, some milliseconds. It changes no result."""


class VmTask:
    """A VM's place on the stage. Its task is parked in :attr:`door`, or in the pipe end on which it is blocked."""

    def __init__(self, vm: int) -> None:
        self.vm = vm
        self.door = trio.lowlevel.ParkingLot()
        self._turn: Turn | None = None
        self._ended = False

    def give(self, turn: Turn) -> None:
        """Hand over the baton."""
        self._turn = turn
        self.door.unpark()

    def end(self) -> None:
        """There will be no further turn: the task returns."""
        self._ended = True
        self.door.unpark()

    async def live(self, baton: Baton, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """The task: play turn after turn until the VM has ended. It says that it has started just before it parks."""
        task_status.started()
        while not self._ended:
            turn, self._turn = self._turn, None
            if turn is None:
                await self.door.park()
            else:
                try:
                    result: int | BaseException = await _play(turn)
                except (Exception, KeyboardInterrupt) as crash:  # the conductor is to raise it, not this nursery
                    result = crash
                baton.give_back(result)


async def _play(turn: Turn) -> int | VmError:
    """Run the machine to the end of the turn, letting other tasks in between: its exit code, or its error."""
    while True:
        try:
            code = turn.machine.run(STEPS_PER_SLICE)
        except VmError as error:
            return error
        if code is not None:
            return code
        await trio.lowlevel.checkpoint()


class Baton:
    """Who has it may run. The conductor passes it to one VM and waits until it comes back with a result."""

    def __init__(self) -> None:
        self._desk = trio.lowlevel.ParkingLot()
        self._result: int | BaseException | None = None

    async def pass_to(self, task: VmTask, turn: Turn) -> int | VmError:
        """Let one VM play its turn: its exit code, or its error. What else its task raises is raised here."""
        task.give(turn)
        while self._result is None:
            await self._desk.park()
        result, self._result = self._result, None
        if isinstance(result, int | VmError):
            return result
        raise result

    def give_back(self, result: int | BaseException) -> None:
        """End a turn."""
        self._result = result
        self._desk.unpark()
