"""A suspended run as a file: the scenario, its ELF files, the scheduler's state and all that has happened so far.

The file is all that another machine needs to go on.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from .actors.factory import ActorMachines, SavedPlay
from .scenarios.build import TRANSACTION, Build, build
from .scenarios.code import is_made_here
from .scenarios.errors import ScenarioError
from .scenarios.load import read_file
from .scenarios.mock.play import with_names
from .scenarios.mock.write import mock_text
from .scenarios.model import Scenario
from .scheduler.events import AnyEvent
from .scheduler.hashing import ckb_hash
from .scheduler.scheduler import Scheduler
from .scheduler.state_file import check_state
from .scheduler.suspended import FullSuspendedState
from .scheduler.transaction import ScriptGroupData
from .vm.errors import SpawnlabError
from .vm.sealed import CorruptFileError, seal, unseal

KIND, VERSION = b"SPAWNLAB-RUN", 2
SIZE_MAX = 1 << 30
"""Bytes of a file of ours: 17 VMs of 4 MiB, their programs, and a long journal."""


class SavedRunError(SpawnlabError):
    """A suspended run that can't be gone on with; says why and what to do."""


class SavedRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run between two iterations."""

    scenario: Scenario
    elves: dict[str, bytes]
    """Contents of the scenario's ELF files, by the programs' names."""
    digest: bytes
    """Of what is run: other programs, or another compiler, would make nonsense of the state."""
    policy: str
    """Name of the scheduling policy."""
    iterations: int
    events: tuple[AnyEvent, ...]
    state: FullSuspendedState
    actors: tuple[str, ...] = ()
    """Programs that Python functions play; the functions are not in the file."""
    plays: tuple[SavedPlay, ...] = ()
    """The VMs that they play."""

    def to_bytes(self) -> bytes:
        """The bytes of the file; equal runs give equal bytes."""
        return seal(KIND, VERSION, self)

    @classmethod
    def from_bytes(cls, content: bytes) -> SavedRun:
        """The run in a file.

        Raises :class:`~spawnlab.vm.sealed.CorruptFileError`, whatever the bytes are, unless they are such a file.
        """
        saved: SavedRun = unseal(KIND, VERSION, content, msgspec.msgpack.Decoder(cls))
        if saved.iterations < 0:
            raise CorruptFileError(f"iterations: {saved.iterations}")
        check_state(saved.state)
        return saved

    @classmethod
    def read(cls, file: Path) -> SavedRun:
        """Read a file; raises :class:`SavedRunError` or :class:`~spawnlab.scenarios.errors.ScenarioError`."""
        try:
            return cls.from_bytes(read_file(file, size_max=SIZE_MAX))
        except CorruptFileError as error:
            raise SavedRunError(f"{file}: {error}") from None

    def build(self) -> Build:
        """The scenario, made again; raises :class:`SavedRunError` where that isn't what was suspended."""
        try:
            made = build(self.scenario, file="the suspended scenario", elves=self.elves)
        except ScenarioError as error:
            raise SavedRunError(str(error)) from None
        if digest_of(made.sg_data) != self.digest:
            raise SavedRunError(
                "the scenario compiles to other programs here; suspend it with this version of Spawnlab"
            )
        return made


def is_saved(file: Path) -> bool:
    """Whether a file begins as one of a suspended run does."""
    try:
        with file.open("rb") as content:
            return content.read(len(KIND)) == KIND
    except OSError:
        return False  # whoever reads it will say why


def save(made: Build, scheduler: Scheduler, events: list[AnyEvent], machines: ActorMachines) -> SavedRun:
    """Suspend a scheduler that runs ``made``; it can't be run afterwards. ``events`` is where it notes its events."""
    state = scheduler.suspend()
    elves = elves_of(made)
    return SavedRun(
        scenario=made.scenario,
        elves=elves,
        digest=digest_of(made.sg_data),
        policy=scheduler.policy.name,
        iterations=scheduler.iterations,
        events=tuple(events),
        state=state,
        actors=made.actor_names(),
        plays=machines.saved(),
    )


def elves_of(made: Build) -> dict[str, bytes]:
    """What a scenario is made again of, besides itself: ELF files, or the transaction."""
    if made.transaction is not None:
        names = [code.name for code in made.codes]
        return {TRANSACTION: mock_text(with_names(made.transaction, names)).encode()}
    return {code.name: code.elf for code in made.codes if not is_made_here(made.scenario.programs[code.name])}


def digest_of(sg_data: ScriptGroupData) -> bytes:
    """A hash over the transaction, the script, and all programs."""
    parts = [cell.data_hash for cell in sg_data.resolved.cell_deps]
    return ckb_hash(b"".join((sg_data.resolved.transaction.hash, sg_data.script.hash(), *parts)))
