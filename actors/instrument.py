"""Watching Trio's own tasks: which of them plays which VM, and how often it was scheduled."""

from __future__ import annotations

from collections import Counter

import trio

from .vm_task import VmTask


def vm_of(task: trio.lowlevel.Task) -> int | None:
    """The VM that a task plays; ``None`` for all other tasks."""
    frame = getattr(task.coro, "cr_frame", None)
    if frame is None or frame.f_code is not VmTask.live.__code__:
        return None
    player: VmTask = frame.f_locals["self"]
    return player.vm


class VmInstrument(trio.abc.Instrument):
    """Counts the steps of VMs' tasks: ``trio.lowlevel.add_instrument(VmInstrument())``.

    It tells of Trio's scheduling only, which changes no run: that is what the journal is for.
    """

    def __init__(self) -> None:
        self.steps: Counter[int] = Counter()
        """Steps of the tasks by VM; VMs with one id in several simulations count together."""
        self.current: int | None = None
        """The VM whose task is being stepped."""

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Trio is about to run a task."""
        self.current = vm_of(task)
        if self.current is not None:
            self.steps[self.current] += 1

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """A task has given control back."""
        self.current = None
