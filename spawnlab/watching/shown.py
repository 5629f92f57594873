"""What there is to see of a session: values and words, for whatever shows them. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from ..scenarios.build import Code
from ..scheduler.fds import other_end
from ..scheduler.policy import CONSENSUS_POLICY
from ..scheduler.states import Runnable, VmState, Wait, WaitForRead, WaitForWrite
from ..vm.errors import Unexpected
from ..vm.isa.text import ABI_NAMES
from .chronicle import PipeNote, VmNote
from .session import Session

N = TypeVar("N", VmNote, PipeNote)


class VmRow(msgspec.Struct, frozen=True, kw_only=True):
    """One VM that is or was."""

    vm: int
    parent: int | None
    program: str
    state: str
    """What it does or waits for, in words."""
    turns: int
    cycles: int
    place: str
    """The step or line it is at, else its pc; empty where there is no machine any more."""
    swapped: bool
    has_turn: bool
    """Whether it runs, or was the last that did."""


class PipeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One pipe that is or was."""

    write_fd: int
    read_fd: int
    writer: str
    """Who holds the write end: ``VM 1``, or ``closed``."""
    reader: str
    bytes: int
    waiting: str
    """What waits at its ends, in words; empty if nothing does."""


OVER_MAX = 100
"""VMs that have ended, and pipes that are closed, which are shown; of more it is the latest."""


def vm_rows(session: Session) -> list[VmRow]:
    """The VMs by id: all that live, and the latest that have ended."""
    live = session.player.staging.scheduler.table.states
    return [_vm_row(session, note) for note in _latest(session.chronicle.vms, live)]


def _latest(notes: Mapping[int, N], there: Collection[int]) -> Iterator[N]:
    """The notes by their numbers, but for the older ones of what is no longer there."""
    over = [number for number in notes if number not in there]
    left_out = set(over[:-OVER_MAX])
    return (note for number, note in notes.items() if number not in left_out)


def left_out(session: Session) -> tuple[int, int]:
    """How many VMs and how many pipes are not shown, since they have been over for long."""
    table, chronicle = session.player.staging.scheduler.table, session.chronicle
    vms = sum(vm not in table.states for vm in chronicle.vms)
    pipes = sum(fd not in table.fds and other_end(fd) not in table.fds for fd in chronicle.pipes)
    return max(0, vms - OVER_MAX), max(0, pipes - OVER_MAX)


def _vm_row(session: Session, note: VmNote) -> VmRow:
    table = session.player.staging.scheduler.table
    return VmRow(
        vm=note.vm,
        parent=note.parent,
        program=program_of(session, note.vm),
        state=state_words(session, note),
        turns=note.turns,
        cycles=note.cycles + (running_cycles(session) if _runs(session, note.vm) else 0),
        place=place_of(session, note.vm) or "",
        swapped=note.vm in table.suspended,
        has_turn=note.vm == session.chronicle.last,
    )


def code_of(session: Session, vm: int) -> Code | None:
    """A VM's program; ``None`` for one that no program of the scenario is.

    Exec of script version 1 leaves no event; but a machine knows the file that it has loaded.
    """
    note = session.chronicle.vms.get(vm)
    noted = note.code if note else None
    staging = session.player.staging
    if noted is None or staging.build.scenario.version != 1 or vm not in staging.scheduler.table.instantiated:
        return noted
    image = staging.scheduler.table.machine(vm).memory.image
    if image is None or image == noted.elf:
        return noted
    return next((code for code in staging.build.codes if code.elf == image), None)


def program_of(session: Session, vm: int) -> str:
    """The name of a VM's program; ``data`` for one that no program of the scenario is."""
    code = code_of(session, vm)
    return code.name if code else "data"


def running_cycles(session: Session) -> int:
    """Cycles in the counter of the VM whose turn is under way."""
    turn = session.player.turn
    return 0 if turn is None else turn.machine.cycles


def _runs(session: Session, vm: int) -> bool:
    turn = session.player.turn
    return turn is not None and turn.vm == vm


def state_words(session: Session, note: VmNote) -> str:
    """What a VM does or waits for."""
    scheduler = session.player.staging.scheduler
    state = scheduler.table.states.get(note.vm)
    if note.exit_code is not None:
        return f"ended with {note.exit_code}"
    if state is None:
        return "cut short by the root's end"
    if _runs(session, note.vm):
        return "runs"
    if isinstance(state, Runnable):
        return "can run, is next" if note.vm == next_vm(session) else "can run"
    return waiting_words(state, note.vm, scheduler.table.fds)


def waiting_words(state: VmState, vm: int, fds: Mapping[int, int]) -> str:
    """What a VM waits for, shortly; ``fds`` are those that are open, and their owners."""
    match state:
        case Wait(target_vm_id=target):
            return "waits for its own end" if target == vm else f"waits for VM {target}'s end"
        case WaitForRead(fd=fd):
            return f"waits to read fd {fd}{_other_holder(fd, vm, fds, 'from')}"
        case WaitForWrite(fd=fd):
            return f"waits to write fd {fd}{_other_holder(fd, vm, fds, 'to')}"
        case _:
            return ""


def _other_holder(fd: int, vm: int, fds: Mapping[int, int], preposition: str) -> str:
    holder = fds.get(other_end(fd))
    if holder is None:
        return ", other end closed"
    return f" {preposition} {'itself' if holder == vm else f'VM {holder}'}"


def next_vm(session: Session) -> int | None:
    """The VM that has the next turn in the chain's order; ``None`` in any other, which would be changed by asking."""
    scheduler = session.player.staging.scheduler
    if session.is_over or session.in_turn or scheduler.policy.name != CONSENSUS_POLICY.name:
        return None
    states = scheduler.table.states.items()
    return max((vm for vm, state in states if isinstance(state, Runnable)), default=None)


def place_of(session: Session, vm: int) -> str | None:
    """Where a VM is: a step, a line, or its pc; ``None`` where it has ended."""
    staging, run = session.player.staging, session.player.run
    played = staging.machines.plays.get(vm)
    line = run.places.get(vm) if run else played.line if played else None
    if line:
        return Path(line).name
    pc = pc_of(session, vm)
    if pc is None or is_played(session, vm):
        return None
    code = code_of(session, vm)
    return (code.place_of(pc) if code else None) or f"pc 0x{real_pc(session, vm):x}"


def is_played(session: Session, vm: int) -> bool:
    """Whether a Python function plays the VM."""
    code = code_of(session, vm)
    return code is not None and code.name in session.player.staging.build.actor_names()


def pc_of(session: Session, vm: int) -> int | None:
    """An address within what the VM does now: its pc, or the system call (or failure) that it stands right behind."""
    note = session.chronicle.vms.get(vm)
    pc = real_pc(session, vm)
    if note is None or pc is None:
        return pc
    return pc - 1 if note.exit_code is not None or pc == note.called_at else pc


def real_pc(session: Session, vm: int) -> int | None:
    """The pc of a VM; ``None`` where it has ended."""
    try:
        return session.player.staging.scheduler.peek(vm, lambda m: m.this_pc, lambda s, _: s.pc)
    except Unexpected:
        return None


def registers(session: Session, vm: int) -> list[tuple[str, int]]:
    """The registers of a VM by their names, and its pc; empty where it has ended."""
    pc = real_pc(session, vm)
    if pc is None:
        return []
    values = session.player.staging.scheduler.peek(vm, lambda m: tuple(m.registers), lambda s, _: s.registers)
    return [("pc", pc), *zip(ABI_NAMES[1:], map(int, values[1:]), strict=True)]


def pipe_rows(session: Session) -> list[PipeRow]:
    """The pipes by their numbers: all of which an end is open, and the latest that are closed."""
    is_open = {fd & ~1 for fd in session.player.staging.scheduler.table.fds}
    return [_pipe_row(session, note) for note in _latest(session.chronicle.pipes, is_open)]


def _pipe_row(session: Session, note: PipeNote) -> PipeRow:
    table = session.player.staging.scheduler.table
    read_fd, write_fd = note.read_fd, other_end(note.read_fd)
    states = [table.states.get(table.fds[fd]) if fd in table.fds else None for fd in (write_fd, read_fd)]
    waiting: list[str] = []
    for state in states:
        match state:
            case WaitForWrite(fd=fd, consumed=consumed, length=length) if fd == write_fd:
                waiting.append(f"{length - consumed:,} of {length:,} wait to be read")
            case WaitForRead(fd=fd, length=length) if fd == read_fd:
                waiting.append(f"a read of {length:,} waits")
            case _:
                pass
    return PipeRow(
        write_fd=write_fd,
        read_fd=read_fd,
        writer=_holder(write_fd, table.fds),
        reader=_holder(read_fd, table.fds),
        bytes=note.bytes,
        waiting=", ".join(waiting),
    )


def _holder(fd: int, fds: dict[int, int]) -> str:
    return f"VM {fds[fd]}" if fd in fds else "closed"


def tree_rows(session: Session) -> list[tuple[int, VmRow]]:
    """The tree of spawns from the root down: how deep, and the VM. Those whose parent is left out are at the top."""
    rows = {row.vm: row for row in vm_rows(session)}
    children: dict[int | None, list[VmRow]] = {}
    for row in rows.values():
        children.setdefault(row.parent if row.parent in rows else None, []).append(row)
    found: list[tuple[int, VmRow]] = []
    ahead = [(0, row) for row in reversed(children.get(None, ()))]
    while ahead:
        depth, row = ahead.pop()
        found.append((depth, row))
        ahead += [(depth + 1, child) for child in reversed(children.get(row.vm, ()))]
    return found


def totals(session: Session) -> str:
    """The turn and the cycles, in words."""
    staging = session.player.staging
    scheduler, limit = staging.scheduler, staging.limit
    consumed = scheduler.consumed_cycles() + running_cycles(session)
    turn = f"in turn {scheduler.iterations:,}" if session.in_turn else f"after turn {scheduler.iterations:,}"
    share = f" ({100 * consumed / limit:.1f} %)" if limit else ""
    return f"{turn}, {consumed:,} of {limit:,} cycles{share}"


def doing(session: Session) -> str:
    """What the session does, or why it stands where it is, in words."""
    if session.goal is not None:
        return session.goal.words
    player = session.player
    if player.crash is not None:
        return "failed"
    if player.run is not None:
        return _ending(player.run.outcome.exit_code, player.run.outcome.deadlock is not None)
    if session.note:
        return session.note
    return "paused in the middle of a turn" if session.in_turn else "paused"


def _ending(exit_code: int | None, deadlock: bool) -> str:
    if deadlock:
        return "over: deadlock"
    return "over: error" if exit_code is None else f"over: exit code {exit_code}"
