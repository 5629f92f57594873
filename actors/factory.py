"""Which programs are played by actors: the factory that makes their machines, and keeps their coroutines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ..scheduler.events import AnyEvent, Ended
from ..scheduler.machines import riscv_machine
from ..scheduler.transaction import DataLocation, Place
from ..vm.errors import SpawnlabError
from ..vm.machine import Machine, SystemCall
from ..vm.version import Isa
from .calls import Told
from .python_vm import Actor, ActorMachine, Play, Progress, ReplayError
from .vm import Program, Vm


class UnknownProgramError(SpawnlabError):
    """A program is spawned that is not among the scenario's; names those that are."""


class SavedPlay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An actor's VM at rest: a coroutine can't be written down, but all that it has been told can."""

    vm: int
    program: int
    """Number among the cell deps."""
    argv: tuple[bytes, ...]
    told: tuple[Told, ...]
    progress: Progress


class ActorMachines:
    """Actors by the number of their program among the cell deps; a machine factory.

    ``names`` are the programs' names in the order of the cell deps.
    """

    def __init__(self, actors: Mapping[int, Actor], names: Sequence[str]) -> None:
        self._actors = dict(actors)
        self._names = tuple(names)
        self.plays: dict[int, Play] = {}
        """The coroutine of each VM that is played by an actor."""

    def __call__(
        self, vm_id: int, location: DataLocation | None, isa: Isa, system_calls: Sequence[SystemCall], /
    ) -> Machine:
        """The machine of a VM: an actor's, or a RISC-V one."""
        if location is not None:
            self._recast(vm_id, location)
        play = self.plays.get(vm_id)
        if play is None:
            return riscv_machine(vm_id, location, isa, system_calls)
        return ActorMachine(isa, play, system_calls=system_calls)

    def _recast(self, vm_id: int, location: DataLocation) -> None:
        before = self.plays.pop(vm_id, None)
        if before is not None:  # the VM calls exec: the coroutine is not gone on with
            before.close()
        piece = location.piece
        if piece.place is Place.CELL_DEP and piece.index in self._actors:
            self.plays[vm_id] = self._play(vm_id, piece.index)

    def _play(self, vm_id: int, program: int) -> Play:
        return Play(self._actors[program], Vm(vm_id, self._index_of), program)

    def saved(self) -> tuple[SavedPlay, ...]:
        """All that is needed to bring the coroutines back elsewhere."""
        return tuple(
            SavedPlay(vm=vm, program=play.program, argv=play.vm.argv, told=tuple(play.told), progress=play.progress())
            for vm, play in sorted(self.plays.items())
        )

    def restore(self, saved: SavedPlay) -> None:
        """Bring a coroutine back, by telling it again all that it had been told.

        Raises :class:`ReplayError` if it asks for something else than it did before, or is no actor here.
        """
        if saved.program not in self._actors:
            raise ReplayError(f"VM {saved.vm}: program {saved.program} is not played by a function")
        play = self.plays[saved.vm] = self._play(saved.vm, saved.program)
        play.replay(saved.argv, saved.told, saved.progress)

    def _index_of(self, program: Program) -> int:
        if isinstance(program, int):
            return program
        if isinstance(program, str):
            if program in self._names:
                return self._names.index(program)
        else:
            found = [index for index, actor in self._actors.items() if actor is program]
            if found:
                return found[0]
        raise UnknownProgramError(f"there is no program {program!r}; there are {', '.join(self._names)}")

    def follow(self, event: AnyEvent) -> None:
        """An observer: the coroutine of a VM that has ended is of no use."""
        if isinstance(event, Ended):
            play = self.plays.pop(event.vm, None)
            if play is not None:
                play.close()

    def close(self) -> None:
        """End all coroutines."""
        for play in self.plays.values():
            play.close()
        self.plays.clear()
