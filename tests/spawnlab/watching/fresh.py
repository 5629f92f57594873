"""A run that is only played forward: what a session has to be equal to, wherever it has come from."""

from __future__ import annotations

from collections import Counter

import msgspec

import spawnlab
from spawnlab.scheduler.copies import TableCopy
from spawnlab.scheduler.events import AnyEvent, Booted, IterationEnded, IterationStarted, PipeOpened, Transferred
from spawnlab.scheduler.outcome import Outcome
from spawnlab.scheduler.scheduler import RunMode
from spawnlab.scheduler.scheduler import play as play_machine
from spawnlab.scheduler.states import Runnable
from spawnlab.staging import Playable, Staging
from spawnlab.views.cast import Cast
from spawnlab.views.timeline import Row, Timeline
from spawnlab.vm.errors import VmError
from spawnlab.watching.session import Session


class Fresh(msgspec.Struct):
    """The tables and the events after each number of turns; ``None`` for the table where the run has failed."""

    tables: list[TableCopy | None]
    events: list[list[AnyEvent]]
    rows: list[Row]
    outcome: Outcome

    @property
    def last(self) -> int:
        return len(self.tables) - 1


def fresh(what: Playable, *, policy: str | None = None, limit: int | None = None) -> Fresh:
    """Play by the two calls of the scheduler, with nothing in between; of a scenario without a suspend plan."""
    staging = Staging(what, policy=policy, limit=limit)
    scheduler, events, left = staging.scheduler, staging.journal.events, staging.budget
    tables: list[TableCopy | None] = [scheduler.copy().table]
    counts = [len(events)]
    try:
        while not scheduler.terminated():
            left = scheduler.complete(play_machine(scheduler.prepare(RunMode(left)).machine))
            if any(isinstance(state, Runnable) for state in scheduler.table.states.values()) or scheduler.terminated():
                tables.append(scheduler.copy().table)
                counts.append(len(events))
    except VmError:
        tables.append(None)
        counts.append(len(events))
    whole = spawnlab.run_synchronously(what, policy=policy, limit=limit)
    assert whole.journal.events == events
    timeline = Timeline(Cast(staging.build), len(staging.build.codes))
    rows = [row for event in events if (row := timeline.row(event)) is not None]
    return Fresh(tables, [events[:count] for count in counts], rows, whole.outcome)


def finish(session: Session) -> None:
    """Let it do what it was told to."""
    while session.advance():
        pass


def check(session: Session, run: Fresh) -> None:
    """That a session between two turns is where the other run was after as many."""
    position = session.position
    player = session.player
    assert player.events == run.events[position]
    assert session.is_over == (position == run.last)
    assert (player.run.outcome if player.run else None) == (run.outcome if position == run.last else None)
    table = run.tables[position]
    if table is not None:
        assert player.staging.scheduler.copy().table == table
    check_notes(session)
    rows = session.chronicle.rows
    assert rows == run.rows[: len(rows)]
    if session.is_over:
        assert rows == run.rows


def check_notes(session: Session) -> None:
    """That what a session knows of VMs and pipes is what its events tell."""
    events = session.player.events
    turns = Counter(event.vm for event in events if isinstance(event, IterationEnded))
    cycles: Counter[int] = Counter()
    through: Counter[int] = Counter()
    for event in events:
        if isinstance(event, IterationEnded):
            cycles[event.vm] += event.spent
        if isinstance(event, Transferred):
            through[event.fd - 1] += event.size
    notes = session.chronicle.vms.values()
    assert {note.vm: (note.turns, note.cycles) for note in notes} == {
        event.vm: (turns[event.vm], cycles[event.vm]) for event in events if isinstance(event, Booted)
    }
    assert {fd: note.bytes for fd, note in session.chronicle.pipes.items()} == {
        event.read_fd: through[event.read_fd] for event in events if isinstance(event, PipeOpened)
    }
    started = [event.vm for event in events if isinstance(event, IterationStarted)]
    assert session.chronicle.last == (started[-1] if started else None)
