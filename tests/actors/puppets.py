"""Two VMs whose calls come from Trio tasks outside, so that checks written for tasks can be made of a pipe's ends.

Each VM's function does what is put into its inbox, and sleeps (its machine pauses) while there is nothing. Only VMs
with something to do are given turns; between them the scheduler's rules hold.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import trio

from spawnlab.actors.vm import ReceiveEnd, SendEnd, Vm
from spawnlab.scenarios.build import build_actors
from spawnlab.scheduler.scheduler import RunMode, Scheduler, play
from spawnlab.scheduler.states import Runnable
from spawnlab.vm.errors import Pause
from spawnlab.vm.machine import PauseSignal

Command = Callable[[], Awaitable[Any]]


class CannotCloseError(Exception):
    """A task would close an end while the VM that holds it is blocked on it: the VM has one thread."""


class Order:
    """A command to a puppet, and what became of it."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.done = trio.Event()
        self.value: Any = None
        self.error: Exception | None = None

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class Puppet:
    """One VM: orders come in, and its function carries them out one after the other."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self.inbox: deque[Order] = deque()
        self.busy = True
        """Whether its function has something to do: it has its first steps to take."""
        self.end: Any = None

    async def serve(self, vm: Vm) -> None:
        while True:
            if not self.inbox:
                self.busy = False
                self._theatre.pause.request()
                await vm.spend(0)  # the machine pauses before it
                continue
            order = self.inbox[0]
            try:
                order.value = await order.command()
            except Exception as error:  # the task that gave the order is to have it
                order.error = error
            self.inbox.popleft()
            order.done.set()

    def drop(self) -> None:
        """Nobody will do what is in the inbox."""
        for order in self.inbox:
            order.error = trio.ClosedResourceError("the theatre is over")
            order.done.set()

    def give(self, command: Command) -> Order:
        order = Order(command)
        self.inbox.append(order)
        self.busy = True
        if self._theatre.over:
            self.drop()
        self._theatre.woken.set()
        return order


class Theatre:
    """VM 0 holds the write end of a pipe and VM 1 the read end; a scheduler plays them as long as there is work."""

    name = "puppets"

    def __init__(self) -> None:
        self.pause = PauseSignal()
        self.over = False
        self.woken = trio.Event()
        self.sender, self.receiver = Puppet(self), Puppet(self)
        self.ready = trio.Event()
        made = build_actors({"root": self._root, "child": self._child})
        self._machines = made.machines()
        self.scheduler = Scheduler(made.sg_data, machines=self._machines, policy=self)

    async def _root(self, vm: Vm) -> None:
        read_end, self.sender.end = await vm.pipe()
        await vm.spawn("child", fds=[read_end])
        await self.sender.serve(vm)

    async def _child(self, vm: Vm) -> None:
        (self.receiver.end,) = await vm.inherited_fds()
        self.ready.set()
        await self.receiver.serve(vm)

    def _with_work(self, runnable: Sequence[int]) -> list[int]:
        puppets = (self.sender, self.receiver)
        return [vm for vm in runnable if puppets[vm].busy]

    def choose(self, runnable: Sequence[int], /) -> int:
        """The scheduler's policy: the largest id with something to do."""
        return self._with_work(runnable)[-1]

    async def perform(self) -> None:
        try:
            while True:
                states = self.scheduler.table.states
                runnable = [vm for vm, state in sorted(states.items()) if isinstance(state, Runnable)]
                if states and not self._with_work(runnable):
                    self.woken = trio.Event()
                    await self.woken.wait()
                    continue
                try:
                    turn = self.scheduler.prepare(RunMode(pause=self.pause))
                    self.scheduler.complete(play(turn.machine))
                except Pause:
                    pass
                await trio.lowlevel.checkpoint()
        finally:
            self.over = True
            self.sender.drop()
            self.receiver.drop()
            self._machines.close()

    async def open(self, nursery: trio.Nursery) -> tuple[PuppetSendEnd, PuppetReceiveEnd]:
        nursery.start_soon(self.perform)
        await self.ready.wait()
        return PuppetSendEnd(self.sender), PuppetReceiveEnd(self.receiver)


class _PuppetEnd:
    """Lends a VM's end to tasks. What it adds is what tasks need and a VM's one thread has no use for."""

    def __init__(self, puppet: Puppet) -> None:
        self._puppet = puppet
        self._used = False
        self.left: Order | None = None
        """What a cancelled task has left behind: the call can't be taken back."""
        self._waited_for: Order | None = None

    @contextmanager
    def _one_task(self) -> Generator[None]:
        if self._used:
            raise trio.BusyResourceError("another task uses this end")
        self._used = True
        try:
            yield
        finally:
            self._used = False

    async def _do(self, order: Order) -> Any:
        self._waited_for = order
        try:
            await order.done.wait()
        except trio.Cancelled:
            self.left = order
            raise
        finally:
            self._waited_for = None
        return order.result()

    async def aclose(self) -> None:
        if self._waited_for is not None:
            raise CannotCloseError
        with trio.CancelScope(shield=True):
            await self._do(self._puppet.give(self._puppet.end.aclose))
        self.left = None
        await trio.lowlevel.checkpoint()


class PuppetSendEnd(_PuppetEnd, trio.abc.SendStream):
    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        end: SendEnd = self._puppet.end
        with self._one_task():
            await trio.lowlevel.checkpoint()
            await self._do(self._puppet.give(lambda: end.send_all(data)))

    async def wait_send_all_might_not_block(self) -> None:
        end: SendEnd = self._puppet.end
        with self._one_task():
            await trio.lowlevel.checkpoint()
            await self._do(self._puppet.give(end.wait_send_all_might_not_block))


class PuppetReceiveEnd(_PuppetEnd, trio.abc.ReceiveStream):
    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        end: ReceiveEnd = self._puppet.end
        with self._one_task():
            await trio.lowlevel.checkpoint()
            order, self.left = self.left, None
            return await self._do(order or self._puppet.give(lambda: end.receive_some(max_bytes)))


async def pair(nursery: trio.Nursery) -> tuple[PuppetSendEnd, PuppetReceiveEnd]:
    """A pipe between two puppets."""
    await trio.lowlevel.checkpoint()
    return await Theatre().open(nursery)
