"""The scheduler beside a model of it that is written from the specification alone, turn by turn."""

from __future__ import annotations

from itertools import takewhile

import msgspec
from hypothesis import settings
from hypothesis.stateful import invariant

from spawnlab.scheduler.states import Runnable, Wait, WaitForRead, WaitForWrite
from spawnlab.testing.machine import Deed, SchedulerMachine

SUCCESS, WAIT_FAILURE, INVALID_FD, OTHER_END_CLOSED, MAX_VMS, MAX_FDS = 0, 5, 6, 7, 8, 9


class Model(msgspec.Struct):
    """VMs that live by what they wait for (nothing: they can run), and what has an owner (``scheduler`` §9 to §12)."""

    vms: dict[int, tuple[object, ...]] = msgspec.field(default_factory=lambda: {0: ()})
    fds: dict[int, int] = msgspec.field(default_factory=dict[int, int])
    ended: dict[int, int] = msgspec.field(default_factory=dict[int, int])
    codes: dict[int, list[int]] = msgspec.field(default_factory=dict[int, list[int]])
    """What each VM's calls are answered with."""
    next_vm: int = 1
    next_fd: int = 2
    is_over: bool = False

    def chosen(self) -> int | None:
        """Whose turn it is."""
        return max((vm for vm, waits in self.vms.items() if not waits), default=None)

    def do(self, vm: int, kind: str, *details: int) -> None:
        """A turn, and the pass over pipes behind it."""
        code = getattr(self, kind)(vm, *details)
        if code is not None:
            self.answer(vm, code)
        if not self.is_over:
            self.transfer()

    def answer(self, vm: int, code: int) -> None:
        self.codes.setdefault(vm, []).append(code)

    def pipe(self, vm: int) -> int:
        if len(self.fds) >= 64:
            return MAX_FDS
        self.fds |= {self.next_fd: vm, self.next_fd + 1: vm}
        self.next_fd += 2
        return SUCCESS

    def spawn(self, vm: int, fds: tuple[int, ...]) -> int:
        fds = tuple(takewhile(bool, fds))  # the array ends with 0
        if any(self.fds.get(fd) != vm for fd in fds):
            return INVALID_FD
        if len(self.vms) > 16:
            return MAX_VMS
        self.vms[self.next_vm] = ()
        self.fds |= dict.fromkeys(fds, self.next_vm)
        self.next_vm += 1
        return SUCCESS

    def read(self, vm: int, fd: int, size: int) -> int | None:
        return self._block(vm, "read", fd, size)

    def write(self, vm: int, fd: int, size: int) -> int | None:
        return self._block(vm, "write", fd, size)

    def _block(self, vm: int, kind: str, fd: int, size: int) -> int | None:
        if self.fds.get(fd) != vm or fd % 2 != (kind == "write"):
            return INVALID_FD
        if fd ^ 1 not in self.fds:
            return OTHER_END_CLOSED
        self.vms[vm] = kind, fd, size
        return None

    def close(self, vm: int, fd: int) -> int:
        if self.fds.get(fd) != vm:
            return INVALID_FD
        del self.fds[fd]
        return SUCCESS

    def wait(self, vm: int, target: int) -> int | None:
        if target in self.ended:
            del self.ended[target]
            return SUCCESS
        if target not in self.vms:
            return WAIT_FAILURE
        self.vms[vm] = "wait", target
        return None

    def inherited_fds(self, vm: int) -> int:
        return SUCCESS

    def exit(self, vm: int, code: int) -> None:
        if vm == 0:
            self.is_over = True
            return
        self.ended[vm] = code
        for other, waits in self.vms.items():
            if waits == ("wait", vm):
                self.vms[other] = ()
                self.answer(other, SUCCESS)
        for fd in [fd for fd, owner in self.fds.items() if owner == vm]:
            del self.fds[fd]
        del self.vms[vm]

    def transfer(self) -> None:
        """Each pipe moves data once; who has lost the other end goes on."""
        before = dict(self.vms)
        for vm, waits in before.items():
            match waits:
                case ("read" | "write", int(fd), _) if fd ^ 1 not in self.fds:
                    self.vms[vm] = ()
                    self.answer(vm, SUCCESS)
                case ("read", int(fd), int(room)):
                    writer = self.fds[fd ^ 1]
                    match before[writer]:
                        case ("write", int(other), int(size)) if other == fd ^ 1:
                            left = size - min(room, size)
                            self.vms[vm] = ()
                            self.answer(vm, SUCCESS)
                            self.vms[writer] = ("write", other, left) if left else ()
                            if not left:
                                self.answer(writer, SUCCESS)
                        case _:
                            pass
                case _:
                    pass


class BesideTheModel(SchedulerMachine):
    """All states, fds and answers are the model's after each turn."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()

    def turn(self, kind: str, deed: Deed, *details: object) -> int | None:
        wanted = self.model.chosen()
        vm = super().turn(kind, deed, *details)
        assert vm == wanted
        if vm is not None:
            self.model.do(vm, kind, *details)  # type: ignore[arg-type]
        return vm

    @invariant()
    def states_are_the_models(self) -> None:
        if self.over:
            assert self.model.is_over or self.model.chosen() is None
            return
        states = self.scheduler.table.states
        found = {vm: _waits(state) for vm, state in states.items()}
        assert (found or {0: ()}) == self.model.vms

    @invariant()
    def fds_are_the_models(self) -> None:
        if not self.model.is_over:
            assert self.fds == self.model.fds

    @invariant()
    def answers_are_the_models(self) -> None:
        for vm, codes in self.answers.items():
            wanted = self.model.codes[vm]
            assert codes == wanted[: len(codes)]
            assert len(codes) >= len(wanted) - 1  # it learns of the last in its next turn

    @invariant()
    def exit_codes_are_the_models(self) -> None:
        if not self.model.is_over:
            assert self.scheduler.table.terminated_vms == self.model.ended


def _waits(state: object) -> tuple[object, ...]:
    match state:
        case Wait(target_vm_id=target):
            return "wait", target
        case WaitForRead(fd=fd, length=length):
            return "read", fd, length
        case WaitForWrite(fd=fd, length=length, consumed=consumed):
            return "write", fd, length - consumed
        case _:
            assert isinstance(state, Runnable)
            return ()


TestBesideTheModel = BesideTheModel.TestCase
TestBesideTheModel.settings = settings(max_examples=200, stateful_step_count=100, deadline=None)
