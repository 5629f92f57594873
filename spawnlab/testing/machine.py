"""A Hypothesis state machine over what VMs can ask of the scheduler, one turn a rule.

The VM whose turn it is does what the rule says. Subclass :class:`SchedulerMachine` for invariants of your own::

    class Mine(SchedulerMachine):
        @invariant()
        def fds_have_owners_that_live(self):
            assert all(self.scheduler.state(owner) is not None for owner in self.fds.values())

    TestMine = Mine.TestCase
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from ..actors.vm import CallError, Vm
from ..scenarios.build import build_actors
from ..scheduler.deadlock import Deadlock
from ..scheduler.journal import Journal
from ..scheduler.policy import CONSENSUS_POLICY
from ..scheduler.scheduler import UNLIMITED, Scheduler, play
from ..scheduler.states import Runnable, WaitForRead, WaitForWrite

Deed = Callable[[Vm], Awaitable[object]]
_NUMBERS = st.integers(0, 15)
_WILD = (5, 6, 11)
"""Numbers that stand for themselves; others choose something fitting, if there is any."""
_SIZES = st.sampled_from((0, 1, 2, 3, 100, 5000))


class SchedulerMachine(RuleBasedStateMachine):
    """Each rule is a turn: the VM that the scheduler chooses makes a call, and all that follows of it is done.

    ``scheduler`` and ``journal`` can be looked at between turns; ``over`` is set when the root has ended or none can
    run.
    """

    def __init__(self) -> None:
        super().__init__()
        made = build_actors({"root": self._play})
        self._machines = made.machines()
        self._deed: Deed | None = None
        self.journal = Journal(CONSENSUS_POLICY.name)
        observers = [self.journal, self._machines.follow]
        self.scheduler = Scheduler(made.sg_data, observers=observers, machines=self._machines)
        self.over = False
        self.answers: defaultdict[int, list[int]] = defaultdict(list)
        """For each VM, the codes that its calls were answered with, as far as it knows: it learns them in its turn."""

    async def _play(self, vm: Vm) -> int:
        """Every VM: in each turn the call that a rule has asked for."""
        while True:
            deed, self._deed = self._deed, None
            if deed is None:  # what it asked was refused at once, so that its turn goes on: this ends it
                await vm.inherited_fds()
                continue
            try:
                left = await deed(vm)
            except CallError as error:
                self.answers[vm.process_id].append(error.code)
                continue
            if isinstance(left, _Left):
                return left.code
            self.answers[vm.process_id].append(0)

    @property
    def fds(self) -> Mapping[int, int]:
        """Open fds and the VMs that own them."""
        return dict(self.scheduler.table.fds)

    @property
    def next(self) -> int:
        """The VM whose turn it is; the root before anything has run."""
        states = self.scheduler.table.states
        return max((vm for vm, state in states.items() if isinstance(state, Runnable)), default=0)

    def fd(self, number: int, kinds: tuple[int, ...] = (0, 1)) -> int:
        """An fd: mostly one of the VM whose turn it is, to read from (0) or to write to (1)."""
        own = [fd for fd, owner in sorted(self.fds.items()) if owner == self.next and fd % 2 in kinds]
        return own[number % len(own)] if own and number not in _WILD else number

    def _fd_to_use(self, number: int, kind: int) -> int | None:
        """An fd to read from or write to, rather one at whose other end somebody waits; mostly none that ends all."""
        states = self.scheduler.table.states
        waited_for = {state.fd for state in states.values() if isinstance(state, WaitForRead | WaitForWrite)}
        own = [fd for fd, owner in sorted(self.fds.items()) if owner == self.next and fd % 2 == kind]
        awaited = [fd for fd in own if fd ^ 1 in waited_for]
        if awaited and number not in _WILD:
            return awaited[number % len(awaited)]
        return None if own and number not in _WILD and self._is_last() else self.fd(number, (kind,))

    def _is_last(self) -> bool:
        """Whether none could run if the VM waited."""
        return sum(isinstance(state, Runnable) for state in self.scheduler.table.states.values()) <= 1

    def turn(self, kind: str, deed: Deed, *details: object) -> int | None:
        """Give the turn to the VM that the scheduler chooses, which makes a call; the VM, or None if none can run.

        ``kind`` and ``details`` say what it is, for those who override this.
        """
        self._deed = deed
        try:
            turn = self.scheduler.prepare(UNLIMITED)
        except Deadlock:
            self.over = True
            return None
        self.scheduler.complete(play(turn.machine))
        self.over = self.scheduler.terminated()
        return turn.vm

    def teardown(self) -> None:
        """Let all VMs go."""
        self._machines.close()

    @initialize(children=st.lists(st.tuples(st.sampled_from((0, 1)), _SIZES), max_size=4))
    def begin(self, children: list[tuple[int, int]]) -> None:
        """The root spawns some children, each of which reads from a pipe of the root's, or writes to one."""
        for kind, size in children:
            self.pipe()
            fd = max(self.fds) - 1 + kind
            self.turn("spawn", lambda vm, fd=fd: vm.spawn("root", fds=[fd]), (fd,))
            if kind == 0:
                self.turn("read", lambda vm, fd=fd, size=size: vm.read(fd, size), fd, size)
            else:
                self.turn("write", lambda vm, fd=fd, size=size: vm.write(fd, bytes(size)), fd, size)

    # What the VM whose turn it is may do

    @precondition(lambda self: not self.over)
    @rule()
    def pipe(self) -> None:
        """It makes a pipe."""
        self.turn("pipe", lambda vm: vm.pipe())

    @precondition(lambda self: not self.over)
    @rule(numbers=st.lists(_NUMBERS, max_size=3, unique=True))
    def spawn(self, numbers: list[int]) -> None:
        """It spawns a child and hands it fds, its own or not."""
        fds = [self.fd(number) for number in numbers]
        self.turn("spawn", lambda vm: vm.spawn("root", fds=fds), tuple(fds))

    @precondition(lambda self: not self.over)
    @rule(number=_NUMBERS, size=_SIZES)
    def read(self, number: int, size: int) -> None:
        """It reads."""
        fd = self._fd_to_use(number, 0)
        if fd is None:
            return
        self.turn("read", lambda vm: vm.read(fd, size), fd, size)

    @precondition(lambda self: not self.over)
    @rule(number=_NUMBERS, size=_SIZES)
    def write(self, number: int, size: int) -> None:
        """It writes."""
        fd = self._fd_to_use(number, 1)
        if fd is None:
            return
        self.turn("write", lambda vm: vm.write(fd, bytes(size)), fd, size)

    @precondition(lambda self: not self.over)
    @rule(number=_NUMBERS)
    def close(self, number: int) -> None:
        """It closes an fd."""
        fd = self.fd(number)
        self.turn("close", lambda vm: vm.close(fd), fd)

    @precondition(lambda self: not self.over)
    @rule(number=_NUMBERS)
    def wait(self, number: int) -> None:
        """It waits for a VM."""
        if self._is_last() and number not in _WILD:
            return
        known = [vm for vm in range(self.scheduler.table.next_vm_id) if vm != self.next]
        vm_id = known[number % len(known)] if known and number not in _WILD else number
        self.turn("wait", lambda vm: vm.wait(vm_id), vm_id)

    @precondition(lambda self: not self.over)
    @rule()
    def inherited_fds(self) -> None:
        """It asks for the fds that it was given."""
        self.turn("inherited_fds", lambda vm: vm.inherited_fds())

    @precondition(lambda self: not self.over)
    @rule(code=st.sampled_from((0, 1, -1)), ends_all=st.integers(0, 9).map(lambda number: number == 6))
    def exit(self, code: int, ends_all: bool) -> None:
        """It ends; the root seldom does, which is the end of all."""
        if self.next == 0 and not ends_all:
            return
        self.turn("exit", lambda vm: _leave(code), code)

    @precondition(lambda self: self.over)
    @rule()
    def rest(self) -> None:
        """Nothing happens any more."""


class _Left:
    def __init__(self, code: int) -> None:
        self.code = code


async def _leave(code: int) -> _Left:
    return _Left(code)
