"""Random faults for a run whose journal is at hand: of VMs that there were, at calls that they made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from random import Random

import msgspec

from ..scheduler.events import AnyEvent, Blocked, FdClosed, FdMoved, IterationEnded, PipeOpened
from ..scheduler.faults import Close, Exit, Fault, FilledMemory, ShortRead, ShortReads
from ..scheduler.limits import ROOT_VM_ID
from ..scheduler.states import WaitForRead
from ..staging import Run

FAULTS_MAX = 3
_CODES = (0, 0, 1, -1, 7)
_SEED_BITS = 32
_SIZE_MAX = 1 << 20
_MEMORY_PART = 0.1
"""Of all faults: filling takes milliseconds a machine, and few programs notice."""


class Read(msgspec.Struct, frozen=True):
    """A read that had to wait: the VM, the number of its system call, and the bytes that it asked for."""

    vm: int
    call: int
    length: int


class Holding(msgspec.Struct, frozen=True):
    """A VM had an fd before each of its system calls from ``first`` to ``last``."""

    vm: int
    fd: int
    first: int
    last: int


class Chances:
    """What of a run faults can be about, from its events."""

    def __init__(self, events: Iterable[AnyEvent]) -> None:
        self.calls: Counter[int] = Counter()
        """By VM: its system calls, an exit among them."""
        self.reads: list[Read] = []
        self.holdings: list[Holding] = []
        self._held: dict[int, tuple[int, int]] = {}
        """By fd: who has it, and from which of its calls on."""
        self._gained: dict[int, int] = {}
        """Fds that changed hands in this turn, and who has them now."""
        self._lost: list[int] = []
        self._reading: WaitForRead | None = None
        for event in events:
            self._follow(event)
        self._lost += self._held
        self._settle_fds()

    def _follow(self, event: AnyEvent) -> None:
        match event:
            case PipeOpened(vm=vm, read_fd=read_fd, write_fd=write_fd):
                self._gained |= {read_fd: vm, write_fd: vm}
            case FdMoved(vm=vm, fd=fd):
                self._lost.append(fd)
                self._gained[fd] = vm
            case FdClosed(fd=fd):
                self._lost.append(fd)
            case Blocked(state=WaitForRead() as state):
                self._reading = state
            case IterationEnded(vm=vm, calls=calls):
                self.calls[vm] += calls
                if self._reading is not None:
                    self.reads.append(Read(vm, self.calls[vm], self._reading.length))
                    self._reading = None
                self._settle_fds()
            case _:
                pass

    def _settle_fds(self) -> None:
        """The turn's calls are counted: what was lost was held up to the last, what was gained from the next on."""
        for fd in self._lost:
            if fd in self._held:  # an fd may be listed twice
                vm, first = self._held.pop(fd)
                if first <= self.calls[vm]:
                    self.holdings.append(Holding(vm, fd, first, self.calls[vm]))
        self._held |= {fd: (vm, self.calls[vm] + 1) for fd, vm in self._gained.items()}
        self._lost, self._gained = [], {}

    @property
    def short_reads(self) -> list[Read]:
        """Reads that can get less than they ask for, and yet something."""
        return [read for read in self.reads if read.length > 1]


def random_faults(random: Random, run: Run) -> tuple[str, ...]:
    """From 1 to 3 faults for what was played, as texts: each at a moment that came in the run.

    It may not come again, since the run is another one from the first fault on. The root exits early only where it is
    alone: that ends the run, which is no news.
    """
    chances = Chances(run.journal)
    makers: list[Callable[[Random, Chances], Fault]] = []
    makers += [_exit] if chances.calls.total() else []
    makers += [_close] if chances.holdings else []
    makers += [_short] if chances.short_reads else []
    faults: list[Fault] = []
    for _ in range(random.randint(1, FAULTS_MAX)):
        fills = not makers or random.random() < _MEMORY_PART
        fault = (_memory if fills else random.choice(makers))(random, chances)
        is_second_memory = isinstance(fault, FilledMemory) and any(isinstance(other, FilledMemory) for other in faults)
        if not is_second_memory and fault not in faults:
            faults.append(fault)
    return tuple(fault.text for fault in faults)


def _exit(random: Random, chances: Chances) -> Fault:
    calls = {vm: count for vm, count in chances.calls.items() if count}
    vm = random.choice([vm for vm in calls if vm != ROOT_VM_ID] or [*calls])
    return Exit(vm, random.randint(1, calls[vm]), random.choice(_CODES))


def _close(random: Random, chances: Chances) -> Fault:
    held = random.choice(chances.holdings)
    return Close(held.vm, random.randint(held.first, held.last), held.fd)


def _short(random: Random, chances: Chances) -> Fault:
    if random.random() < 0.5:
        return ShortReads(random.getrandbits(_SEED_BITS))
    read = random.choice(chances.short_reads)
    return ShortRead(read.vm, read.call, random.randint(1, min(read.length - 1, _SIZE_MAX)))


def _memory(random: Random, chances: Chances) -> Fault:
    return FilledMemory(random.getrandbits(_SEED_BITS))
