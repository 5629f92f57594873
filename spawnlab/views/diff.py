"""Two runs aligned to their first difference, as text and as JSON (``docs/cost.md``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ..differing import ALL, Essence, FieldDifference, different_fields, first_different_event
from ..recording import Recording
from ..replay import registers_at
from ..scheduler.events import AnyEvent, Ended, Faulted, IterationEnded, IterationStarted, Resumed, Suspended
from ..scheduler.hypothetical import hypothetical_order
from ..scheduler.journal import Journal
from ..scheduler.limits import ROOT_VM_ID
from ..scheduler.outcome import SUSPENDED
from .cast import Cast
from .hypotheticals import FaultNote, fault_notes, hypothetical_lines
from .screen import row_lines
from .terminal import Terminal
from .text import cut, harmless, padded, wrapped
from .timeline import Row, Timeline

FORMAT = 1
_COMMON_SHOWN = 6
_FOLLOWING_SHOWN = 6
_BESIDE_MIN = 100
"""Columns of a terminal on which the two sides stand next to each other."""
_VALUE_MAX = 60


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs: its end, as the journal tells it, its cycles, and its iterations."""

    file: str
    status: str
    """``exit``, ``error``, ``suspended``, or ``unfinished`` for a journal that ends before its run."""
    exit_code: int | None
    error: str | None
    """The error in the reference's debug form."""
    cycles: int
    iterations: int
    events: int
    hypothetical: str | None = None
    """The policy and the faults, where the run is not the chain's."""
    faults: tuple[FaultNote, ...] = ()


class CyclesDifference(msgspec.Struct, frozen=True, kw_only=True):
    """The first turn after which the totals differ: its number, the VM of each, and the totals."""

    turn: int
    vm_a: int
    vm_b: int
    total_a: int
    total_b: int


class DiffReport(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between runs A and B; events are numbered from 1."""

    format: int = FORMAT
    equal: bool
    """Whether nothing differs of what is compared."""
    a: Side
    b: Side
    event: int | None
    """Number of the first event that differs, or that only one run has."""
    turn: int | None
    """The turn in which, or after which, it happened."""
    event_a: AnyEvent | None
    event_b: AnyEvent | None
    fields: tuple[FieldDifference, ...]
    registers: tuple[FieldDifference, ...]
    """Registers of the event's VM that differ as it happens; none where a side is a journal."""
    cycles: CyclesDifference | None
    """Also where cycles are not compared."""
    cycles_difference: int
    """Of B over A, at the end."""


def diff_report(
    a: Recording, b: Recording, names: tuple[str, str], *, essence: Essence = ALL, limit: int | None = None
) -> DiffReport:
    """Compare two runs; ``names`` are their files', ``limit`` the one with which they were played."""
    one, other = a.journal.events, b.journal.events
    place = first_different_event(one, other, essence)
    event_a, event_b = (_at(events, place) for events in (one, other))
    sides = (_side(names[0], a.journal), _side(names[1], b.journal))
    both = event_a is not None and event_b is not None
    return DiffReport(
        equal=place is None and a.journal.policy == b.journal.policy,
        a=sides[0],
        b=sides[1],
        event=None if place is None else place + 1,
        turn=None if place is None else _turn(one[:place]),
        event_a=event_a,
        event_b=event_b,
        fields=different_fields(essence.of(event_a), essence.of(event_b)) if event_a and event_b else (),
        registers=_registers(a, b, place, limit) if both and place is not None else (),
        cycles=_cycles(one, other),
        cycles_difference=sides[1].cycles - sides[0].cycles,
    )


def _at(events: Sequence[AnyEvent], place: int | None) -> AnyEvent | None:
    return None if place is None or place >= len(events) else events[place]


def _side(file: str, journal: Journal) -> Side:
    status, exit_code, error, cycles, iterations = "unfinished", None, None, 0, 0
    for event in journal:
        match event:
            case Ended(vm=vm, exit_code=code) if vm == ROOT_VM_ID:
                status, exit_code = "exit", code
            case Faulted(error=text, total=total):
                status, exit_code, error, cycles = "error", None, text, total
            case IterationEnded(iteration=iteration, total=total):
                iterations, cycles = iteration, total
            case Suspended(total=total):
                status, error, cycles = SUSPENDED, None, total
            case Resumed():
                status = "unfinished"
            case _:
                pass
    return Side(
        file=file,
        status=status,
        exit_code=exit_code,
        error=error,
        cycles=cycles,
        iterations=iterations,
        events=len(journal),
        hypothetical=hypothetical_order(journal.policy),
        faults=fault_notes(journal),
    )


def _turn(events: Sequence[AnyEvent]) -> int:
    return next((e.iteration for e in reversed(events) if isinstance(e, IterationStarted | IterationEnded)), 0)


def _registers(a: Recording, b: Recording, place: int, limit: int | None) -> tuple[FieldDifference, ...]:
    one, other = (registers_at(side, place, limit=limit) for side in (a, b))
    if one is None or other is None:
        return ()
    return tuple(FieldDifference(name, one[name], other[name]) for name in one if one[name] != other[name])


def _cycles(a: Sequence[AnyEvent], b: Sequence[AnyEvent]) -> CyclesDifference | None:
    turns = ([e for e in events if isinstance(e, IterationEnded)] for events in (a, b))
    for one, other in zip(*turns, strict=False):
        if one.total != other.total:
            return CyclesDifference(
                turn=one.iteration, vm_a=one.vm, vm_b=other.vm, total_a=one.total, total_b=other.total
            )
    return None


# As text


def diff_lines(report: DiffReport, a: Recording, b: Recording, terminal: Terminal) -> Iterator[str]:
    """The last that both did, what differs, what each does next, and how they end."""
    if report.event is None:
        yield from wrapped(_no_event_differs(report), terminal.width)
    else:
        yield from _common(report, a, terminal)
        where = f"event {report.event}, turn {report.turn}: the first difference"
        yield from (terminal.style(line, "bold") for line in wrapped(where, terminal.width))
        yield from _fields(report, terminal)
        yield from _both(_following(a, report.event - 1), _following(b, report.event - 1), terminal)
    if report.cycles is not None:
        c = report.cycles
        vms = f"VM {c.vm_a}" if c.vm_a == c.vm_b else f"VM {c.vm_a} in A, VM {c.vm_b} in B"
        text = f"cycles first differ after turn {c.turn} ({vms}): {c.total_a:,} in A, {c.total_b:,} in B"
        yield from wrapped(text, terminal.width, hanging="  ")
    for name, side in (("A", report.a), ("B", report.b)):
        yield from wrapped(f"{name} {harmless(side.file)}: {_end(side)}", terminal.width, hanging="  ")
    if report.cycles_difference:
        yield f"B takes {abs(report.cycles_difference):,} cycles {'more' if report.cycles_difference > 0 else 'less'}"


def _no_event_differs(report: DiffReport) -> str:
    if not report.equal:
        return "every event is equal, but they were made under different scheduling policies or faults"
    if report.a.cycles != report.b.cycles or report.cycles is not None:
        return f"what happens is equal: {report.a.events:,} events; only cycles differ"
    return f"equal: {report.a.events:,} events"


def _end(side: Side) -> str:
    end = f"exit code {side.exit_code}" if side.status == "exit" else side.error or side.status
    turns = "1 iteration" if side.iterations == 1 else f"{side.iterations:,} iterations"
    said = () if side.hypothetical is None else hypothetical_lines(side.hypothetical, side.faults)
    return "; ".join((f"{harmless(end)}, {side.cycles:,} cycles, {turns}", *said))


def _timeline(recording: Recording) -> Timeline:
    return Timeline(Cast(recording.build))


def _rows(recording: Recording, start: int, stop: int) -> list[Row]:
    """Rows of a part of the events; those before are followed too."""
    timeline = _timeline(recording)
    rows = ((index, timeline.row(event)) for index, event in enumerate(recording.journal.events[:stop]))
    return [row for index, row in rows if row is not None and index >= start]


def _common(report: DiffReport, a: Recording, terminal: Terminal) -> Iterator[str]:
    assert report.event is not None
    rows = _rows(a, 0, report.event - 1)
    if not rows:
        yield "nothing happens before it in both"
        return
    yield from wrapped("the last that happens in both:", terminal.width)
    for row in rows[-_COMMON_SHOWN:]:
        yield from row_lines(row, terminal)


def _following(recording: Recording, place: int) -> list[Row]:
    """The first rows from the difference on."""
    rows = _rows(recording, place, place + 20 * _FOLLOWING_SHOWN)
    return rows[:_FOLLOWING_SHOWN]


def _fields(report: DiffReport, terminal: Terminal) -> Iterator[str]:
    for name, event in (("A", report.event_a), ("B", report.event_b)):
        what = "has no more events" if event is None else f"has {type(event).__name__} of VM {event.vm}"
        yield f"  {name} {what}"
    same_kind = type(report.event_a) is type(report.event_b)
    for title, differences in (("field", report.fields if same_kind else ()), ("register", report.registers)):
        for found in differences:
            number = title == "register"
            values = f"{_value(found.a, hexadecimal=number)} in A, {_value(found.b, hexadecimal=number)} in B"
            yield from wrapped(f"{title} {found.path}: {values}", terminal.width, indent="  ", hanging="      ")


def _value(value: object, *, hexadecimal: bool) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"0x{value:x}" if hexadecimal else f"{value:,}"
    return cut(harmless(str(value)), _VALUE_MAX)


def _both(a: list[Row], b: list[Row], terminal: Terminal) -> Iterator[str]:
    """What each side does from there on, next to each other where there is room."""
    if terminal.width is not None and terminal.width >= _BESIDE_MIN:
        half = (terminal.width - 3) // 2
        narrow = Terminal(width=half)
        left, right = ([line for row in rows for line in row_lines(row, narrow)] or ["-"] for rows in (a, b))
        yield terminal.style(f"{padded('A', half)} │ B", "bold")
        for index in range(max(len(left), len(right))):
            one, other = (lines[index] if index < len(lines) else "" for lines in (left, right))
            yield f"{padded(one, half)} │ {other}".rstrip()
        return
    for name, rows in (("A", a), ("B", b)):
        yield terminal.style(f"{name} goes on:" if rows else f"{name} shows nothing more", "bold")
        for row in rows:
            yield from row_lines(row, terminal)
