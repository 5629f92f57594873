"""What happened in a run, wherever it is from: a journal that was kept, or a file that is played for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from .play import run_synchronously
from .saved import SIZE_MAX, SavedRun, is_saved
from .scenarios.build import Build
from .scenarios.load import read_file
from .scheduler.journal import Journal, JournalError
from .scheduler.outcome import Outcome
from .staging import Playable, load
from .vm.errors import SpawnlabError

_JOURNAL_HEAD = b'{"journal":'


class RecordingError(SpawnlabError):
    """Something was asked of a kept journal that needs the run itself; says what."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A run's events; of a kept journal there is nothing else."""

    journal: Journal
    what: Playable | None = None
    """What was played, and can be again."""
    build: Build | None = None
    outcome: Outcome | None = None


def record(
    file: Path,
    *,
    version: int | None = None,
    limit: int | None = None,
    policy: str | None = None,
    faults: Sequence[str] = (),
) -> Recording:
    """Play a scenario, an ELF file (of script ``version``) or a suspended run, within ``limit`` cycles; or read a
    journal.

    ``policy`` is the text of a hypothetical order (``docs/orders.md``), ``faults`` are hypothetical too.

    Raises :class:`RecordingError` for a limit or an order on a journal,
    :class:`~spawnlab.scheduler.journal.JournalError`, :class:`~spawnlab.scenarios.errors.ScenarioError`,
    :class:`~spawnlab.saved.SavedRunError`, and what :func:`~spawnlab.play.perform` raises of policies.
    """
    if is_journal(file):
        if policy is not None or faults:
            raise RecordingError(f"{file}: a journal: what it tells of is over, in the order that it says")
        if limit is not None:
            raise RecordingError(f"{file}: a journal: what it tells of is over, and has no limit any more")
        try:
            return Recording(journal=Journal.from_bytes(read_file(file, size_max=SIZE_MAX)))
        except JournalError as error:
            raise RecordingError(f"{file}: {error}") from None
    what = playable(file, version=version)
    run = run_synchronously(what, limit=limit, policy=policy, faults=faults)
    return Recording(journal=run.journal, what=what, build=run.build, outcome=run.outcome)


def playable(file: Path, *, version: int | None = None) -> Build | SavedRun:
    """What is in a scenario file, an ELF file, or the file of a suspended run; raises as :func:`record`."""
    if is_journal(file):
        raise RecordingError(f"{file}: a journal can't be played again; give what it was made from")
    return SavedRun.read(file) if is_saved(file) else load(str(file), version=version)


def is_journal(file: Path) -> bool:
    """Whether a file begins as a journal does."""
    try:
        with file.open("rb") as content:
            return content.read(len(_JOURNAL_HEAD)) == _JOURNAL_HEAD
    except OSError:
        return False  # whoever reads it will say why
