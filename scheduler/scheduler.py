"""The scheduler as a state machine: it says whose turn it is, someone runs that VM, and it takes what came of it.

``prepare()`` picks the VM and its budget, a driver runs the machine, ``complete(result)`` handles messages, ends and
input/output (``scheduler`` §8). Every driver uses these two calls; ``run`` and ``iterate`` are the synchronous one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import TypeVar

import msgspec

from ..vm.errors import CyclesExceeded, Unexpected, VmError, Yield
from ..vm.machine import Machine, PauseSignal
from ..vm.snapshot import Snapshot
from .booting import boot_root_if_needed
from .copies import TableCopy, copy_table, fill_table
from .deadlock import Deadlock, explain_deadlock
from .events import Faulted, IterationEnded, IterationStarted, Resumed
from .faults import Fault
from .handling import handle_messages, terminate
from .injecting import Injector
from .io_pass import io_pass
from .limits import ROOT_VM_ID, U64_MAX
from .machines import MachineFactory, riscv_machine
from .meter import Metered
from .policy import CONSENSUS_POLICY, SchedulingPolicy, choose
from .processes import Observer, ProcessTable
from .states import Runnable, Terminated, VmState
from .suspended import FullSuspendedState, resume_table, suspend_table
from .swapping import instantiate
from .syscalls.generator import SyscallGenerator, consensus_syscalls
from .transaction import DataPieceId, ScriptGroupData

T = TypeVar("T")


class RunMode(msgspec.Struct, frozen=True):
    """How far a call may go: ``limit`` cycles, in this call; ``pause`` stops it in between."""

    limit: int = U64_MAX
    pause: PauseSignal | None = None


UNLIMITED = RunMode()


class TerminatedResult(msgspec.Struct, frozen=True):
    """The root's exit code (-128 to 127) and the cycles of the whole run."""

    exit_code: int
    consumed_cycles: int


class IterationResult(msgspec.Struct, frozen=True):
    """The VM that ran, and the result if the run is over."""

    executed_vm: int
    terminated_status: TerminatedResult | None


class Turn(msgspec.Struct, frozen=True):
    """One VM's turn: its machine is ready to run; it may spend ``limit`` cycles."""

    iteration: int
    vm: int
    machine: Machine
    limit: int


class SchedulerCopy(msgspec.Struct, frozen=True):
    """A scheduler between two iterations, and its policy with what that knows of the run."""

    table: TableCopy
    policy: SchedulingPolicy
    iterations: int


class _Played(msgspec.Struct, frozen=True):
    """A turn that was played: the cycles in the machine's counter, its system calls, and where it failed."""

    turn: Turn
    used: int
    calls: int
    metered: Metered
    pc: int | None


class Scheduler:
    """Runs one script group. Create it, then :meth:`run` it, :meth:`iterate`, or drive it by turns.

    ``generator`` gives each machine its system calls, and gets ``context`` with every call
    (:data:`~spawnlab.scheduler.syscalls.generator.SyscallGenerator`). ``machines`` makes the machines
    (:class:`~spawnlab.scheduler.machines.MachineFactory`). ``faults`` are hypothetical (:mod:`.faults`).
    """

    def __init__(
        self,
        sg_data: ScriptGroupData,
        generator: SyscallGenerator = consensus_syscalls,
        context: object = None,
        *,
        policy: SchedulingPolicy = CONSENSUS_POLICY,
        observers: Iterable[Observer] = (),
        machines: MachineFactory = riscv_machine,
        faults: Sequence[Fault] = (),
    ) -> None:
        self.table = ProcessTable(sg_data, generator, context, machines)
        if faults:
            self.table.injector = Injector(self.table, faults)
        self.table.observers.extend(observers)
        self.policy = policy
        self.iterations = 0
        """Iterations in which a VM had its turn."""
        self._turn: Turn | None = None
        self._is_suspended = False

    @classmethod
    def resume(
        cls,
        sg_data: ScriptGroupData,
        state: FullSuspendedState,
        generator: SyscallGenerator = consensus_syscalls,
        context: object = None,
        *,
        policy: SchedulingPolicy = CONSENSUS_POLICY,
        observers: Iterable[Observer] = (),
        machines: MachineFactory = riscv_machine,
    ) -> Scheduler:
        """A scheduler that goes on from a suspended state of the same script group (``scheduler`` §15).

        Raises :class:`~spawnlab.vm.errors.VmError` where a machine can't be made again (there the reference panics).
        """
        scheduler = cls(sg_data, generator, context, policy=policy, machines=machines)
        resume_table(scheduler.table, state)
        scheduler.table.observers.extend(observers)
        scheduler.table.notify(Resumed, ROOT_VM_ID, state.total_cycles)
        return scheduler

    def suspend(self) -> FullSuspendedState:
        """Freeze everything between two iterations. The scheduler can't be run afterwards; resume the state instead.

        Raises :class:`RuntimeError` in the middle of an iteration, also if one failed before all messages were
        handled, or if there are faults, which no state has a place for; and
        :class:`~spawnlab.vm.errors.CyclesExceeded` when the charges of swapping exceed 64 bits.
        """
        self._check_idle()
        if self.table.injector is not None:
            raise RuntimeError("a run with faults can't be suspended: no state has a place for them")
        self._is_suspended = True
        return suspend_table(self.table)

    def copy(self) -> SchedulerCopy:
        """What is between two iterations, to come back to by :meth:`go_back`; nothing changes by it.

        Raises :class:`RuntimeError` as :meth:`suspend`, and for a run with faults, whose moments are counted elsewhere.
        """
        self._check_idle()
        if self.table.injector is not None:
            raise RuntimeError("a run with faults can't be copied")
        return SchedulerCopy(copy_table(self.table), deepcopy(self.policy), self.iterations)

    @classmethod
    def go_back(
        cls,
        sg_data: ScriptGroupData,
        copy: SchedulerCopy,
        generator: SyscallGenerator = consensus_syscalls,
        context: object = None,
        *,
        observers: Iterable[Observer] = (),
        machines: MachineFactory = riscv_machine,
    ) -> Scheduler:
        """A scheduler of the same script group that goes on as the copied one did; it may be made any number of times.

        Whatever the generator's ``context`` and the observers keep is theirs to bring back.
        """
        scheduler = cls(sg_data, generator, context, policy=deepcopy(copy.policy), machines=machines)
        fill_table(scheduler.table, copy.table)
        scheduler.iterations = copy.iterations
        scheduler.table.observers.extend(observers)
        return scheduler

    def _check_idle(self) -> None:
        if self._turn is not None:
            raise RuntimeError("an iteration is under way: complete() it first")
        if self._is_suspended:
            raise RuntimeError("the scheduler was suspended: Scheduler.resume(...) its state")

    # What is

    def sg_data(self) -> ScriptGroupData:
        """The transaction as this script group sees it."""
        return self.table.sg_data

    def consumed_cycles(self) -> int:
        """Cycles so far; charges of the last I/O pass come with the next iteration (``scheduler`` §7)."""
        return self.table.total_cycles.value

    def state(self, vm_id: int) -> VmState | None:
        """The state of a VM; ``None`` if there is no such VM, or it has ended."""
        return self.table.states.get(vm_id)

    def terminated(self) -> bool:
        """Whether the root has ended."""
        return isinstance(self.table.states.get(ROOT_VM_ID), Terminated)

    def peek(
        self,
        vm_id: int,
        machine: Callable[[Machine], T],
        snapshot: Callable[[Snapshot[DataPieceId], ScriptGroupData], T],
    ) -> T:
        """Look at a VM without changing or switching it: a function for a machine, one for a snapshot.

        Raises :class:`~spawnlab.vm.errors.Unexpected` if there is no such VM.
        """
        if vm_id in self.table.instantiated:
            return machine(self.table.instantiated[vm_id].machine)
        if vm_id in self.table.suspended:
            return snapshot(self.table.suspended[vm_id], self.table.sg_data)
        raise Unexpected(f"VM {vm_id} does not exist!")

    def set_root_vm_args(self, arguments: Iterable[bytes]) -> None:
        """Give the root arguments, before anything runs. On the chain it has none."""
        self.table.root_vm_args = tuple(arguments)

    # By turns

    def prepare(self, mode: RunMode) -> Turn:
        """Begin an iteration: choose a VM and make its machine ready (``scheduler`` §8, I1 to I3).

        Raises :class:`~spawnlab.scheduler.deadlock.Deadlock` when none can run, what booting the root or swapping
        raises, and :class:`RuntimeError` when the run is over, suspended, or within another turn.
        """
        self._check_idle()
        if self.terminated():
            raise RuntimeError("the run is over")
        self._boot()
        try:
            self._turn = self._choose(mode)
        except VmError as error:
            raise self._finish(mode.limit, error) or error from None
        return self._turn

    def _boot(self) -> None:
        try:
            boot_root_if_needed(self.table)
        except VmError as error:
            self.table.notify(Faulted, ROOT_VM_ID, error.debug, self.consumed_cycles(), None)
            raise

    def _choose(self, mode: RunMode) -> Turn:
        table = self.table
        runnable = [vm for vm, state in table.states.items() if isinstance(state, Runnable)]
        if not runnable:
            raise Deadlock(explain_deadlock(table.states, table.fds))
        vm = choose(self.policy, runnable)
        instantiate(table, [vm])
        machine = table.machine(vm)
        machine.max_cycles = mode.limit
        machine.pause = mode.pause or PauseSignal()
        self.iterations += 1
        table.notify(IterationStarted, vm, self.iterations, mode.limit)
        return Turn(self.iterations, vm, machine, mode.limit)

    def complete(self, result: int | VmError) -> int:
        """End the iteration with what the machine's run gave: its exit code, or the error that it raised.

        Returns the cycles that are left of the limit. Raises the fault that ends this call, if there is one
        (``scheduler`` §8, I4 to O5).
        """
        turn = self._turn
        if turn is None:
            raise RuntimeError("complete() without prepare()")
        self._turn = None
        used, observed = turn.machine.cycles, bool(self.table.observers)
        fault = self._process(turn, result)
        played = self._played(turn, result, used, fault) if observed else None
        spent = self.table.iteration_cycles
        fault = self._finish(turn.limit, fault, played)
        if fault is not None:
            raise fault
        return turn.limit - spent

    def _played(self, turn: Turn, result: int | VmError, used: int, fault: VmError | None) -> _Played:
        """What observers are told of a turn; made only if there are any."""
        metered = self.table.meter.take()
        calls = metered.calls + isinstance(result, int)
        return _Played(turn, used, calls, metered, turn.machine.this_pc if fault is result else None)

    def _process(self, turn: Turn, result: int | VmError) -> VmError | None:
        """I4 to I7; gives the fault, if any."""
        table, machine = self.table, turn.machine
        used, machine.cycles = machine.cycles, 0
        try:
            table.charge_iteration(used)
            handle_messages(table)
            if isinstance(result, int):
                terminate(table, turn.vm, result)
            elif not isinstance(result, Yield):
                return result
        except VmError as error:
            return error
        return None

    def _finish(self, limit: int, fault: VmError | None, played: _Played | None = None) -> VmError | None:
        """O1 to O4; gives the fault that wins, if any."""
        table = self.table
        vm, pc = (ROOT_VM_ID, None) if played is None else (played.turn.vm, played.pc)
        spent = table.iteration_cycles
        try:
            table.total_cycles.add(spent)
            if spent > limit:
                raise CyclesExceeded(f"an iteration took {spent} cycles, {limit} were left")
            table.iteration_cycles = 0
            io_pass(table)
        except VmError as error:
            fault, pc = error, None
        total = table.total_cycles.value
        if played is not None:
            p, m = played, played.metered
            table.notify(IterationEnded, vm, p.turn.iteration, spent, total, p.used, p.calls, m.charged, m.loaded)
        if fault is not None:
            table.notify(Faulted, vm, fault.debug, total, pc)
        return fault

    # The synchronous driver

    def run(self, mode: RunMode = UNLIMITED) -> TerminatedResult:
        """Run to the end; raises :class:`~spawnlab.vm.errors.VmError` where the reference fails.

        After CyclesExceeded and Pause the scheduler can be run again, with a limit of its own.
        """
        self._check_idle()
        self._boot()
        limit = mode.limit
        while not self.terminated():
            turn = self.prepare(RunMode(limit, mode.pause))
            limit = self.complete(play(turn.machine))
        return self.terminated_result()

    def iterate(self) -> IterationResult:
        """Run one iteration without a limit; raises as :meth:`run`."""
        self._check_idle()
        self._boot()
        if self.terminated():
            return IterationResult(ROOT_VM_ID, self.terminated_result())
        turn = self.prepare(UNLIMITED)
        self.complete(play(turn.machine))
        return IterationResult(turn.vm, self.terminated_result() if self.terminated() else None)

    def terminated_result(self) -> TerminatedResult:
        """The result of a run that is over."""
        root = self.table.machine(ROOT_VM_ID)
        return TerminatedResult(root.exit_code, self.consumed_cycles())


def play(machine: Machine) -> int | VmError:
    """Run a machine until it ends or fails: its exit code, or the error."""
    try:
        code = machine.run()
    except VmError as error:
        return error
    assert code is not None
    return code
