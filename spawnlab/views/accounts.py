"""What a run's cycles went for, by VM and by kind: books over the journal, exact to the cycle (``docs/cost.md``).

Each charge lands somewhere else (``scheduler`` §7): in the counter of the VM that runs, in that of one that does not
(it is consumed when that VM runs next, if ever), or in the iteration's. The books follow each charge until it is
consumed, and what is consumed always equals the run's total.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum

from ..scheduler.events import (
    AnyEvent,
    Booted,
    Faulted,
    IterationEnded,
    IterationStarted,
    Posted,
    ProgramReplaced,
    Resumed,
    Suspended,
    SwappedIn,
    SwappedOut,
    Transferred,
)
from ..scheduler.limits import EXEC_LOAD_ELF_V2_CYCLES_BASE, SPAWN_EXTRA_CYCLES_BASE, SPAWN_YIELD_CYCLES_BASE
from ..scheduler.messages import ExecV2, Message, Spawn
from ..vm.cost import cycles_of, transfer_cycles
from ..vm.errors import CyclesExceeded


class Kind(Enum):
    """What cycles are spent on."""

    INSTRUCTIONS = "instructions"
    """All instructions but ecalls."""
    ECALLS = "ecalls"
    """500 for each system call."""
    CALLS = "calls"
    """800 for each system call that the scheduler answers, but exec."""
    SPAWN = "spawn"
    """100,000 more for each spawn that the scheduler answers."""
    EXEC = "exec"
    """75,000 for each exec of script version 2."""
    LOAD = "load"
    """Loading programs: a cycle for 4 bytes of segments and stack."""
    TRANSFER = "transfer"
    """Bytes through pipes: a cycle for 4 bytes, on the writer's side and on the reader's."""
    DATA = "data"
    """Bytes that system calls load from the transaction or print: a cycle for 4."""
    SWAP = "swap"
    """100,000 each time when the VM's machine becomes a snapshot, or comes back."""
    AGAIN = "again"
    """An iteration that overshot its limit, counted once more as the same scheduler was run on (``scheduler`` T9)."""
    BEFORE = "before"
    """Consumed before the journal begins, by nobody knows whom; under VM 0."""


_ECALL = cycles_of("ecall")
Charges = Counter[tuple[int, Kind]]
"""Cycles by VM and kind."""


class Accounts:
    """The books of one run. As an observer of a scheduler it keeps itself; or give :func:`accounts` a journal."""

    def __init__(self) -> None:
        self.consumed: Charges = Counter()
        """What the run's total is made of."""
        self.total = 0
        """The run's consumed cycles, as its events say; always the sum of :attr:`consumed`."""
        self._pending: Charges = Counter()
        """In counters of VMs that have not run since."""
        self._turn: Charges = Counter()
        """Known charges in the counter of the VM that runs."""
        self._swaps: list[tuple[int, int]] = []
        """VM and cycles of swaps that no iteration has consumed yet."""
        self._dropped: Charges = Counter()
        self._limit = 0
        self._overshot: tuple[int, int] | None = None
        """VM and cycles of an iteration beyond its limit."""

    @property
    def unconsumed(self) -> Charges:
        """Charges that were made and never consumed: of VMs that did not run again, of swaps that a resume dropped."""
        swaps: Charges = Counter()
        for vm, cycles in self._swaps:
            swaps[vm, Kind.SWAP] += cycles
        return self._pending + self._dropped + swaps

    def __call__(self, event: AnyEvent) -> None:
        """Enter what an event tells."""
        vm = event.vm
        match event:
            case Booted(load_cycles=cycles):
                self._pending[vm, Kind.LOAD] += cycles
            case ProgramReplaced(load_cycles=cycles):
                self._pending[vm, Kind.LOAD] += cycles
                self._pending[vm, Kind.EXEC] += EXEC_LOAD_ELF_V2_CYCLES_BASE
            case Transferred(reader=reader, size=size):
                self._pending[vm, Kind.TRANSFER] += transfer_cycles(size)
                self._pending[reader, Kind.TRANSFER] += transfer_cycles(size)
            case SwappedOut(cycles=cycles) | SwappedIn(cycles=cycles):
                self._swaps.append((vm, cycles))
            case IterationStarted(limit=limit):
                self._limit = limit
                self._turn = Counter(
                    {(v, kind): self._pending.pop((v, kind)) for v, kind in [*self._pending] if v == vm}
                )
            case Posted(message=message):
                self._post(vm, message)
            case IterationEnded():
                self._end_turn(event)
            case Faulted(error=error, total=total):
                self._end_without_turn(vm, error, total - self.total)
            case Suspended():
                self._drop_swaps()
            case Resumed(total=total):
                self._overshot = None
                if total > self.total:
                    self.consumed[vm, Kind.BEFORE] += total - self.total
                    self.total = total
            case _:
                pass

    def _post(self, vm: int, message: Message) -> None:
        if not isinstance(message, ExecV2):
            self._turn[vm, Kind.CALLS] += SPAWN_YIELD_CYCLES_BASE
        if isinstance(message, Spawn):
            self._turn[vm, Kind.SPAWN] += SPAWN_EXTRA_CYCLES_BASE

    def _end_turn(self, event: IterationEnded) -> None:
        vm, turn = event.vm, self._turn
        consumed = event.total - self.total
        if consumed < event.spent:  # the total would not fit into 64 bits: nothing is consumed
            return
        consumed -= self._count_again()
        used = event.used if event.used <= consumed else 0  # more only if the iteration's cycles overflowed
        if used:
            posted = turn[vm, Kind.CALLS] + turn[vm, Kind.SPAWN]
            turn[vm, Kind.ECALLS] += _ECALL * event.calls
            turn[vm, Kind.LOAD] += event.loaded
            turn[vm, Kind.DATA] += event.charged - event.loaded - posted
            turn[vm, Kind.INSTRUCTIONS] += used - turn.total()
            self.consumed.update(turn)
            self.total += used
        self._consume_swaps(vm, consumed - used)
        if event.spent > self._limit:
            self._overshot = (vm, event.spent)

    def _end_without_turn(self, vm: int, error: str, consumed: int) -> None:
        """No VM could run, or none could be made ready; the last I/O pass's charges are consumed all the same."""
        if consumed:
            self._consume_swaps(vm, consumed - self._count_again())
            if error == CyclesExceeded.__name__:
                self._overshot = (vm, consumed)

    def _count_again(self) -> int:
        """Consume what the last iteration left behind, if it overshot its limit; gives these cycles."""
        if self._overshot is None:
            return 0
        (vm, cycles), self._overshot = self._overshot, None
        self.consumed[vm, Kind.AGAIN] += cycles
        self.total += cycles
        return cycles

    def _consume_swaps(self, vm: int, cycles: int) -> None:
        """Consume so many cycles of swaps, the earliest first; those of a swap that failed fall to ``vm``."""
        self.total += cycles
        while self._swaps and self._swaps[0][1] <= cycles:
            swapped, price = self._swaps.pop(0)
            self.consumed[swapped, Kind.SWAP] += price
            cycles -= price
        if cycles:
            self.consumed[vm, Kind.SWAP] += cycles

    def _drop_swaps(self) -> None:
        for vm, cycles in self._swaps:
            self._dropped[vm, Kind.SWAP] += cycles
        self._swaps.clear()


def accounts(events: Iterable[AnyEvent]) -> Accounts:
    """The books of the run that made these events."""
    books = Accounts()
    for event in events:
        books(event)
    return books
