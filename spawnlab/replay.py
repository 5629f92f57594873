"""Registers in the middle of a run: it is played again, up to an event."""

from __future__ import annotations

import contextlib

from .legs import Legs
from .recording import Recording
from .saved import SavedRun
from .scheduler.events import AnyEvent
from .scheduler.outcome import conduct
from .staging import Staging
from .vm.errors import Unexpected
from .vm.isa.text import ABI_NAMES


class _Enough(Exception):
    """The event has come."""


def registers_at(recording: Recording, place: int, *, limit: int | None = None) -> dict[str, int] | None:
    """The registers, by name, of the VM that event number ``place`` (from 0) is about, as the event happens.

    ``None`` for a kept journal, for an event that does not come again (one of before the suspension), and where the VM
    has no machine.
    """
    what = recording.what
    past = len(what.events) if isinstance(what, SavedRun) else 0
    if what is None or not past < place < len(recording.journal):
        return None
    wanted = recording.journal.events[place]
    staging: Staging | None = None
    found: dict[str, int] | None = None

    def look(event: AnyEvent) -> None:
        nonlocal found
        if staging is not None and len(staging.journal) == place + 1:
            if event == wanted:
                try:
                    values = staging.scheduler.peek(event.vm, lambda m: tuple(m.registers), lambda s, _: s.registers)
                    found = dict(zip(ABI_NAMES, values, strict=True))
                except Unexpected:
                    found = None  # the VM is just being made, or has ended
            raise _Enough

    legs = Legs(what, limit=limit, suspend_at=None, observers=[look], actors=None)
    with contextlib.suppress(_Enough):
        while (staging := legs.next()) is not None:
            legs.ended(staging.run_of(conduct(staging.scheduler, staging.budget)))
    if staging is not None:
        staging.machines.close()
    return found
