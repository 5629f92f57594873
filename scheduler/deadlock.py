"""A deadlock as a value: who waits for what, and which waits form a ring (``scheduler`` §16, T19)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ..vm.errors import Unexpected
from .fds import other_end
from .states import VmState, Wait, WaitForRead, WaitForWrite

DEADLOCK_TEXT = "A deadlock situation has been reached!"


class Waiting(msgspec.Struct, frozen=True):
    """One VM of a deadlock: its state, the VMs that could wake it, and what it waits for in words."""

    vm: int
    state: VmState
    waits_for: tuple[int, ...]
    """The owner of the other end, or the VM whose end is waited for."""
    words: str


class DeadlockReport(msgspec.Struct, frozen=True):
    """All live VMs at the moment when none was runnable, and the rings of waits among them."""

    waiting: tuple[Waiting, ...]
    rings: tuple[tuple[int, ...], ...]
    """Each ring once, from its smallest VM: each waits for the next, the last for the first."""
    io_pass_skipped: bool = False
    """Whether a read or write could have been served: a turn overshot its budget, so that the I/O pass after it was
    skipped, and the run was suspended there (``scheduler`` T10)."""


class Deadlock(Unexpected):
    """No VM can run, and none of them will ever be woken. ``report`` says who waits for what."""

    def __init__(self, report: DeadlockReport) -> None:
        super().__init__(DEADLOCK_TEXT, "; ".join(f"VM {w.vm} {w.words}" for w in report.waiting))
        self.report = report

    @property
    def variant(self) -> str:
        """To the reference a deadlock is one of the unexpected errors."""
        return "Unexpected"

    def __str__(self) -> str:
        return f"deadlock: {self.detail}"


def explain_deadlock(states: Mapping[int, VmState], fds: Mapping[int, int]) -> DeadlockReport:
    """What the VMs of a deadlock wait for; ``fds`` maps open fds to their owners."""
    waiting = tuple(_waiting(vm, state, states, fds) for vm, state in sorted(states.items()))
    skipped = any(_could_be_served(state, states, fds) for state in states.values())
    return DeadlockReport(waiting, _rings({w.vm: w.waits_for for w in waiting}), skipped)


def _could_be_served(state: VmState, states: Mapping[int, VmState], fds: Mapping[int, int]) -> bool:
    """Whether an I/O pass would wake the VM: the other end is closed, or its owner waits there too."""
    if not isinstance(state, WaitForRead | WaitForWrite):
        return False
    end = other_end(state.fd)
    peer = states.get(fds[end]) if end in fds else None
    return end not in fds or (isinstance(peer, WaitForRead | WaitForWrite) and peer.fd == end)


def _waiting(vm: int, state: VmState, states: Mapping[int, VmState], fds: Mapping[int, int]) -> Waiting:
    match state:
        case Wait(target_vm_id=target):
            words = "itself" if target == vm else f"VM {target}"
            return Waiting(vm, state, (target,), f"waits for the end of {words}")
        case WaitForRead(fd=fd):
            return _waiting_for_fd(vm, state, fd, f"waits to read from fd {fd}", "write", fds)
        case WaitForWrite(fd=fd, consumed=consumed, length=length):
            words = f"waits to write {length - consumed} of {length} bytes to fd {fd}"
            return _waiting_for_fd(vm, state, fd, words, "read", fds)
        case _:
            return Waiting(vm, state, (), "does not wait")


def _waiting_for_fd(vm: int, state: VmState, fd: int, words: str, peer: str, fds: Mapping[int, int]) -> Waiting:
    end = other_end(fd)
    owner = fds.get(end)
    if owner is None:
        return Waiting(vm, state, (), f"{words}, whose {peer} end {end} is closed")
    holder = "itself" if owner == vm else f"VM {owner}"
    return Waiting(vm, state, (owner,), f"{words}, whose {peer} end {end} is held by {holder}")


def _rings(waits_for: Mapping[int, tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Rings in a graph where each VM waits for one other at the most."""
    rings: list[tuple[int, ...]] = []
    for start in sorted(waits_for):
        path = [start]
        while following := waits_for.get(path[-1], ()):
            if following[0] == start and start == min(path):
                rings.append(tuple(path))
            if following[0] in path:
                break
            path.append(following[0])
    return tuple(rings)
