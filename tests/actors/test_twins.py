"""A program of the operation language compiled to RISC-V, and the same program as an actor: the runs are the same."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import spawnlab
from spawnlab.actors.factory import ActorMachines
from spawnlab.scenarios.as_actor import actors_of
from spawnlab.scenarios.build import Build
from spawnlab.scenarios.load import load_scenario
from spawnlab.scheduler.events import AnyEvent, Faulted, IterationEnded, IterationStarted
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.machines import MachineFactory, riscv_machine
from spawnlab.scheduler.outcome import Outcome, conduct
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.scheduler.transaction import DataLocation
from spawnlab.vm.machine import Machine, SystemCall
from spawnlab.vm.version import Isa

from ..agree.topologies import topology

GALLERY = sorted((Path(__file__).resolve().parents[2] / "scenarios" / "gallery").glob("*.toml"))
LISTS = [
    file for file in GALLERY if all(program.steps is not None for program in load_scenario(file).programs.values())
]
Between = dict[int, deque[int]]


class CountingMachine(Machine):
    """Notes the cycles of the instructions between its system calls."""

    __slots__ = ("after", "between")

    def __init__(self, isa: Isa, calls: Sequence[SystemCall], between: deque[int]) -> None:
        super().__init__(isa, system_calls=calls)
        self.between = between
        self.after = 0

    def run(self, steps_max: int | None = None) -> int | None:
        self.after = self.cycles  # what was charged while it did not run is no instruction
        return super().run(steps_max)

    def system_call(self) -> None:
        self.between.append(self.cycles - 500 - self.after)
        super().system_call()
        self.after = self.cycles


def played(made: Build, machines: MachineFactory, limit: int = 500_000_000) -> tuple[Outcome, Journal]:
    journal = Journal("test")
    scheduler = Scheduler(made.sg_data, machines=machines, observers=[journal])
    outcome = conduct(scheduler, limit)
    if isinstance(machines, ActorMachines):
        machines.close()
    return outcome, journal


def counted(made: Build) -> tuple[Outcome, Journal, Between]:
    between: Between = defaultdict(deque)

    def machines(vm: int, location: DataLocation | None, isa: Isa, calls: Sequence[SystemCall], /) -> Machine:
        return CountingMachine(isa, calls, between[vm])

    return *played(made, machines), between


ADDRESSES = ("fd1_addr", "fd2_addr", "process_id_addr", "exit_code_addr", "buffer_addr", "length_addr", "argv", "pc")


def essence(event: AnyEvent, *, cycles: bool) -> Any:
    """An event without addresses, which differ; without cycles too, unless they are wanted."""
    if not cycles and isinstance(event, Faulted | IterationStarted | IterationEnded):
        return type(event).__name__, event.vm
    return _without_addresses(msgspec.json.decode(msgspec.json.encode(event)))


def _without_addresses(value: Any) -> Any:
    if isinstance(value, dict):
        parts = cast("dict[str, Any]", value).items()
        return {key: _without_addresses(part) for key, part in parts if key not in ADDRESSES}
    return value


def waits(outcome: Outcome) -> object:
    """Who waits for what at the end."""
    report = outcome.deadlock
    return None if report is None else ([(w.vm, w.waits_for, w.words) for w in report.waiting], report.rings)


def check_twins(made: Build) -> None:
    """The same messages, order, states and end; and the same cycles where the actors spend the instructions'."""
    outcome, journal, between = counted(made)
    assert outcome.failure is None or outcome.deadlock is not None
    free = made.with_actors(actors_of(made.scenario))
    loose, loose_journal = played(free, free.machines())
    assert [essence(e, cycles=False) for e in loose_journal] == [essence(e, cycles=False) for e in journal]
    assert (loose.exit_code, waits(loose)) == (outcome.exit_code, waits(outcome))
    assert loose.cycles < outcome.cycles

    def extra(vm: int) -> int:
        return between[vm].popleft()

    paying = made.with_actors(actors_of(made.scenario, extra))
    exact, exact_journal = played(paying, paying.machines())
    assert [essence(e, cycles=True) for e in exact_journal] == [essence(e, cycles=True) for e in journal]
    assert exact.cycles == outcome.cycles
    assert exact.iterations == outcome.iterations
    assert not any(between.values())


def test_most_of_the_gallery_is_lists_of_operations() -> None:
    assert len(LISTS) > 30


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.stem)
def test_the_gallery(file: Path) -> None:
    check_twins(spawnlab.load(file))


@settings(max_examples=80)
@example(10904)  # swaps for more than 20 million cycles
@given(st.integers(0, 10**9))
def test_random_topologies(seed: int) -> None:
    check_twins(spawnlab.build(topology(seed)))


def test_a_mixed_cast() -> None:
    """Some VMs are RISC-V, some are actors: still the same run."""
    for seed in range(20):
        made = spawnlab.build(topology(seed))
        _, journal = played(made, riscv_machine)
        actors = actors_of(made.scenario)
        for name, actor in actors.items():
            mixed = made.with_actors({name: actor})
            _, other = played(mixed, mixed.machines())
            assert [essence(e, cycles=False) for e in other] == [essence(e, cycles=False) for e in journal]
