"""One VM as a Trio task: it waits for its turn, runs its machine, and hands the result back."""

from __future__ import annotations

import trio

from ..scheduler.scheduler import Turn
from ..vm.errors import VmError
from .instrument import note_vm

STEPS_PER_SLICE = 2000
"""Operations between two looks at Trio's loop, some milliseconds. It changes no result."""


class VmTask:
    """A VM's place on the stage. Its task is parked in :attr:`door`, or in the pipe end on which it is blocked."""

    def __init__(self, vm: int, gate: Gate) -> None:
        self.vm = vm
        self.gate = gate
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
        note_vm(self.vm)
        task_status.started()
        while not self._ended:
            turn, self._turn = self._turn, None
            if turn is None:
                await self.door.park()
            else:
                try:
                    result: int | BaseException = await _play(turn, self.gate)
                except (Exception, KeyboardInterrupt) as crash:  # the conductor is to raise it, not this nursery
                    result = crash
                baton.give_back(result)


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
