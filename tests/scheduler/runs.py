"""Runs of small programs: one that is over can be asked what happened, and all are noted for the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import msgspec

import spawnlab
from spawnlab.scenarios.model import Program as ScenarioProgram
from spawnlab.scenarios.steps import AnyStep
from spawnlab.scheduler.events import Answered, AnyEvent, IterationEnded, Logged, SwappedIn, SwappedOut
from spawnlab.scheduler.faults import faults_of, run_name
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.limits import MAX_INSTANTIATED_VMS, U64_MAX
from spawnlab.scheduler.mockup import MockCell, Surroundings, mock_group
from spawnlab.scheduler.outcome import Outcome, outcome_of
from spawnlab.scheduler.policy import CONSENSUS_POLICY, SchedulingPolicy
from spawnlab.scheduler.scheduler import RunMode, Scheduler
from spawnlab.scheduler.scheduler import play as play_machine
from spawnlab.scheduler.states import Terminated
from spawnlab.scheduler.transaction import ScriptGroupData
from spawnlab.vm.assembler import Program
from spawnlab.vm.errors import VmError
from spawnlab.vm.machine import Machine

from .programs import assembled

E = TypeVar("E", bound=AnyEvent)


# Runs


class Played:
    """A run that is over: its scheduler, journal and outcome, and ways to ask them."""

    def __init__(self, scheduler: Scheduler, journal: Journal, outcome: Outcome, programs: Sequence[Program | None]):
        self.scheduler = scheduler
        self.table = scheduler.table
        self.journal = journal
        self.outcome = outcome
        self.programs = programs

    @property
    def exit_code(self) -> int | None:
        return self.outcome.exit_code

    @property
    def error(self) -> str | None:
        """The debug form of the error that ended the run."""
        return self.outcome.failure.debug if self.outcome.failure else None

    def events(self, kind: type[E], vm: int | None = None) -> list[E]:
        """All events of a kind, or those of one VM."""
        return [e for e in self.journal.events if isinstance(e, kind) and vm in (None, e.vm)]

    def answers(self, vm: int) -> list[int]:
        """What the scheduler answered a VM, in order."""
        return [event.code for event in self.events(Answered, vm)]

    def turns(self) -> list[int]:
        """The VM of each iteration."""
        return [event.vm for event in self.events(IterationEnded)]

    def swaps(self) -> list[tuple[str, int]]:
        """All swaps in order: ``("out", vm)`` and ``("in", vm)``."""
        named = {SwappedOut: "out", SwappedIn: "in"}
        return [(named[type(e)], e.vm) for e in self.journal.events if isinstance(e, SwappedOut | SwappedIn)]

    def logs(self) -> list[tuple[int, str]]:
        return [(event.vm, event.text) for event in self.events(Logged)]

    def address(self, label: str, program: int = 0) -> int:
        """Where a label is in one of the programs."""
        made = self.programs[program]
        assert made is not None
        return made.symbols[label]

    def memory(self, vm: int, label: str | int, size: int, program: int | None = None) -> bytes:
        """Bytes of a VM that still exists; ``program`` is the one it runs, the VM's id unless given."""
        program = vm if program is None else program
        address = label if isinstance(label, int) else self.address(label, program)
        return machine_of(self.scheduler, vm).memory.read(address, size)

    def word(self, vm: int, label: str | int, program: int | None = None) -> int:
        """A word of a VM that still exists."""
        return int.from_bytes(self.memory(vm, label, 8, program), "little")


def machine_of(scheduler: Scheduler, vm: int) -> Machine:
    """The machine of a VM that is instantiated."""
    return scheduler.table.instantiated[vm].machine


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A run as the reference gets it: programs (the first is the root's), other data, and how it is run."""

    programs: tuple[bytes, ...]
    version: int
    inputs: tuple[MockCell, ...] = (MockCell(),)
    outputs: tuple[MockCell, ...] = ()
    witnesses: tuple[bytes, ...] = ()
    script_args: bytes = b""
    deps: tuple[MockCell, ...] = ()
    """Cell deps after the programs."""
    surroundings: Surroundings = Surroundings()
    group_type: Literal["lock", "type"] = "lock"
    limit: int | None = None
    root_args: tuple[bytes, ...] = ()


PLAYED: dict[Case, None] = {}
"""All runs that tests have made, in their order."""


def case_of(*programs: str | bytes, version: int = 2, **fields: Any) -> Case:
    """A case of assembly text or ELF files."""
    elves = tuple(assembled(p).elf() if isinstance(p, str) else p for p in programs)
    return Case(programs=elves, version=version, **fields)


def sg_data_of(*programs: str | bytes, **fields: Any) -> ScriptGroupData:
    """Programs as cell deps, the first of them the root's: assembly text or ELF files."""
    return group(case_of(*programs, **fields))


def group(case: Case) -> ScriptGroupData:
    """What our scheduler runs."""
    return mock_group(
        [*case.programs, *case.deps],
        version=case.version,
        args=case.script_args,
        inputs=case.inputs,
        outputs=case.outputs,
        witnesses=case.witnesses,
        group_type=case.group_type,
        surroundings=case.surroundings,
    )


def play(
    *programs: str | bytes,
    policy: SchedulingPolicy = CONSENSUS_POLICY,
    faults: Sequence[str] = (),
    limit: int | None = None,
    root_args: Sequence[bytes] = (),
    noted: bool = True,
    **fields: Any,
) -> Played:
    """Run programs to the end, as the synchronous driver does, and check the scheduler's invariants on the way.

    ``noted`` is False for what the reference need not make again.
    """
    case = case_of(*programs, limit=limit, root_args=tuple(root_args), **fields)
    scheduler = Scheduler(group(case), policy=policy, faults=faults_of(faults))
    scheduler.set_root_vm_args(root_args)
    if policy is CONSENSUS_POLICY and noted and not faults:
        PLAYED[case] = None
    journal = Journal(run_name(policy, faults_of(faults)))
    scheduler.table.observers.append(journal)
    outcome = conduct_checked(scheduler, U64_MAX if limit is None else limit)
    return Played(scheduler, journal, outcome, [assembled(p) if isinstance(p, str) else None for p in programs])


def conduct_checked(scheduler: Scheduler, limit: int) -> Outcome:
    """A driver that checks invariants after each iteration."""
    try:
        while not scheduler.terminated():
            turn = scheduler.prepare(RunMode(limit))
            limit = scheduler.complete(play_machine(turn.machine))
            check_invariants(scheduler)
    except VmError as error:
        return outcome_of(scheduler, error)
    return outcome_of(scheduler, None)


def check_invariants(scheduler: Scheduler) -> None:
    """What holds between any two iterations (``scheduler`` §5)."""
    table = scheduler.table
    assert len(table.instantiated) <= MAX_INSTANTIATED_VMS
    assert not table.instantiated.keys() & table.suspended.keys()
    assert table.instantiated.keys() | table.suspended.keys() == table.states.keys()
    assert not table.message_box
    assert all(not isinstance(state, Terminated) for vm, state in table.states.items() if vm)
    if not scheduler.terminated():
        assert set(table.fds.values()) <= table.states.keys()
    assert all(2 <= fd < table.next_fd_slot for fd in table.fds)
    assert all(vm < table.next_vm_id for vm in table.states)


# Runs of the operation language


def scenario(root: Sequence[AnyStep], *others: Sequence[AnyStep], **fields: Any) -> spawnlab.Scenario:
    """Programs ``root``, ``p1``, ``p2`` and so on."""
    programs = {"root": ScenarioProgram(steps=tuple(root))}
    programs |= {f"p{i}": ScenarioProgram(steps=tuple(steps)) for i, steps in enumerate(others, 1)}
    return spawnlab.Scenario(programs=programs, **fields)


def play_steps(root: Sequence[AnyStep], *others: Sequence[AnyStep], limit: int | None = None) -> Played:
    """As :func:`play`, of programs in the operation language."""
    made = spawnlab.build(scenario(root, *others))
    return play(*(code.elf for code in made.codes), limit=limit)
