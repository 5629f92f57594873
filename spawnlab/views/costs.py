"""What a run's cycles went for, as a table for people and as JSON for programs (``docs/cost.md``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from ..recording import Recording
from ..scheduler.events import Booted, ProgramReplaced
from ..scheduler.hypothetical import hypothetical_order
from ..scheduler.outcome import Outcome
from ..staging import Run
from .accounts import Charges, Kind, accounts
from .cast import Cast
from .hypotheticals import FaultNote, fault_notes, hypothetical_lines
from .terminal import Terminal
from .text import cells, harmless, wrapped

FORMAT = 1
_BAR = 10
"""Columns of a full bar."""


class VmCost(msgspec.Struct, frozen=True, kw_only=True):
    """One VM: the programs that it ran one after the other, its cycles, and these by kind."""

    vm: int
    programs: tuple[str, ...]
    cycles: int
    kinds: dict[str, int]


class CostReport(msgspec.Struct, frozen=True, kw_only=True):
    """A run's costs. ``cycles`` is the sum over ``kinds``, and that over ``vms``."""

    format: int = FORMAT
    title: str
    outcome: Outcome | None
    """``None`` for a kept journal."""
    cycles: int
    kinds: dict[str, int]
    """All kinds, also those that cost nothing."""
    vms: tuple[VmCost, ...]
    unconsumed: tuple[VmCost, ...]
    """Charges that no total has: of VMs that did not run again, and of swaps that a resume dropped."""
    hypothetical: str | None = None
    """The policy and the faults, where the run is not the chain's."""
    faults: tuple[FaultNote, ...] = ()


def costs(run: Run) -> CostReport:
    """What a run's cycles went for: ``costs(run).kinds["spawn"]``. What the kinds mean is in ``docs/cost.md``."""
    return cost_report(Recording(journal=run.journal, build=run.build, outcome=run.outcome))


def cost_report(recording: Recording) -> CostReport:
    """The costs of a run."""
    books = accounts(recording.journal)
    names = _programs(recording)
    outcome = recording.outcome
    return CostReport(
        title=recording.build.scenario.title if recording.build else "",
        outcome=outcome,
        cycles=books.total,
        kinds=_by_kind(books.consumed),
        vms=_by_vm(books.consumed, names, sorted({*names, *(vm for vm, _ in books.consumed)})),
        unconsumed=_by_vm(books.unconsumed, names, sorted({vm for vm, _ in books.unconsumed})),
        hypothetical=hypothetical_order(recording.journal.policy),
        faults=fault_notes(recording.journal),
    )


def _programs(recording: Recording) -> dict[int, tuple[str, ...]]:
    cast = Cast(recording.build)
    names: dict[int, tuple[str, ...]] = {}
    for event in recording.journal:
        if isinstance(event, Booted | ProgramReplaced):
            names[event.vm] = (*names.get(event.vm, ()), cast.program(event.location))
    return names


def _by_kind(charges: Charges) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for (_, kind), cycles in charges.items():
        sums[kind.value] += cycles
    return {kind.value: sums[kind.value] for kind in Kind}


def _by_vm(charges: Charges, names: dict[int, tuple[str, ...]], vms: Sequence[int]) -> tuple[VmCost, ...]:
    found: list[VmCost] = []
    for vm in vms:
        kinds = _by_kind(Counter({key: cycles for key, cycles in charges.items() if key[0] == vm}))
        found.append(VmCost(vm=vm, programs=names.get(vm, ()), cycles=sum(kinds.values()), kinds=kinds))
    return tuple(found)


def cost_lines(report: CostReport, terminal: Terminal) -> Iterator[str]:
    """The costs as text: a row a VM and a column a kind where there is room, else one below the other."""
    if report.title:
        yield from terminal.wrap(harmless(report.title))
    shown = [kind for kind, cycles in report.kinds.items() if cycles]
    table = [*_table(report, shown)]
    if terminal.width is None or all(cells(line) <= terminal.width for line in table):
        yield terminal.style(table[0], "bold")
        yield from table[1:-1]
        yield terminal.style(table[-1], "bold")
    else:
        yield from _list(report, shown, terminal)
    for lost in report.unconsumed:
        kinds = ", ".join(f"{cycles:,} of {kind}" for kind, cycles in lost.kinds.items() if cycles)
        yield from wrapped(f"never consumed: VM {lost.vm}'s {kinds}", terminal.width, hanging="  ")
    if report.hypothetical is not None:
        for line in hypothetical_lines(report.hypothetical, report.faults):
            yield from wrapped(line, terminal.width, hanging="  ")


def _table(report: CostReport, shown: Sequence[str]) -> Iterator[str]:
    rows = [["VM", "program", *shown, "cycles", ""]]
    for vm in report.vms:
        rows.append([str(vm.vm), _named(vm), *_numbers(vm.kinds, shown), f"{vm.cycles:,}", _share(vm.cycles, report)])
    rows.append(["", "all", *_numbers(report.kinds, shown), f"{report.cycles:,}", ""])
    widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        numbers = [f"{cell:>{width}}" for cell, width in zip(row[2:-1], widths[2:-1], strict=True)]
        name = row[1] + " " * (widths[1] - cells(row[1]))
        yield "  ".join([f"{row[0]:>{widths[0]}}", name, *numbers, row[-1]]).rstrip()


def _list(report: CostReport, shown: Sequence[str], terminal: Terminal) -> Iterator[str]:
    for vm in report.vms:
        yield terminal.style(terminal.fit(f"VM {vm.vm} {_named(vm)}"), "bold")
        yield from _entries(vm.kinds, vm.cycles, shown, terminal)
    yield terminal.style(terminal.fit("all VMs"), "bold")
    yield from _entries(report.kinds, report.cycles, shown, terminal)


def _entries(kinds: dict[str, int], cycles: int, shown: Sequence[str], terminal: Terminal) -> Iterator[str]:
    for kind in shown:
        if kinds[kind]:
            yield terminal.fit(f"  {kind:<12} {kinds[kind]:>14,}")
    yield terminal.fit(f"  {'cycles':<12} {cycles:>14,}")


def _named(vm: VmCost) -> str:
    return harmless(" → ".join(vm.programs))


def _numbers(kinds: dict[str, int], shown: Sequence[str]) -> list[str]:
    return [f"{kinds[kind]:,}" if kinds[kind] else "-" for kind in shown]


def _share(cycles: int, report: CostReport) -> str:
    part = cycles / report.cycles if report.cycles else 0
    return f"{100 * part:5.1f} % {'█' * round(part * _BAR)}"
