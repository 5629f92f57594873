"""Which programs are played by actors: the factory that makes their machines, and keeps their coroutines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..scheduler.events import AnyEvent, Ended
from ..scheduler.machines import riscv_machine
from ..scheduler.transaction import DataLocation, Place
from ..vm.errors import SpawnlabError
from ..vm.machine import Machine, SystemCall
from ..vm.version import Isa
from .python_vm import Actor, ActorMachine, Play
from .vm import Program, Vm


class UnknownProgramError(SpawnlabError):
    """A program is spawned that is not among the scenario's; names those that are."""


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
        actor = self._actors.get(piece.index) if piece.place is Place.CELL_DEP else None
        if actor is not None:
            self.plays[vm_id] = Play(actor, Vm(vm_id, self._index_of), self._names[piece.index])

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
