"""What a scenario's programs come to: VMs with their calls in order, and pipes with who holds their ends.

A list of operations has no branches but one: an answer that a step does not expect ends its VM there. So a VM's calls
are a list, and its fds have names that are known, whatever the others do. The list is what the VM does if it is never
ended early.
"""

from __future__ import annotations

import msgspec

from ..explain.steps_at import Path
from ..scenarios import steps as s

ROOT = 0
NOBODY, ANYBODY = -1, -2
"""Targets of a wait: an id that no VM gets, and one of which it is not known whose it is."""


class End(msgspec.Struct, frozen=True):
    """An end of a pipe."""

    pipe: int
    writes: bool

    @property
    def other(self) -> End:
        """The pipe's other end."""
        return End(self.pipe, not self.writes)


class VmRef(msgspec.Struct, frozen=True):
    """A VM's id."""

    vm: int


class Number(msgspec.Struct, frozen=True):
    """A number as it stands in the program."""

    number: int


class Count(msgspec.Struct, frozen=True):
    """How many bytes a read or a write has moved."""

    call: Call


class ExitOf(msgspec.Struct, frozen=True):
    """The exit code that a wait has got."""

    call: Call


Value = End | VmRef | Number | Count | ExitOf | None
"""What a name stands for; ``None`` where that is not known."""


class Call(msgspec.Struct, eq=False, kw_only=True):
    """A call of a VM, or an ``expect``: whatever has an effect on others or may end the VM."""

    vm: int
    index: int
    """Its place among the VM's calls here."""
    number: int
    """Which of the VM's system calls it is, from 1; of an ``expect`` the call before it."""
    step: s.AnyStep
    program: str
    path: Path
    kind: str
    """``pipe``, ``spawn``, ``read``, ``write``, ``close``, ``wait``, ``expect``, ``fault``, or ``other``."""
    expected: int = 0
    """The return code after which the VM goes on."""
    is_particular: bool = False
    """Whether it also expects some bytes, or an exit code."""
    ends_with: int | None = None
    """The exit code, where the VM certainly ends here by what it does itself."""
    reason: str = ""
    """Why it certainly ends: a kind of hint."""
    cause: Call | None = None
    """The call that has brought that about."""
    blamed: s.Value | None = None
    """The fd that it ends for."""
    fails: int | None = None
    """The return code with which a limit surely answers it."""
    has_room: bool = False
    """Whether no limit is in its way."""
    most: int = 0
    """Of a spawn, how many VMs live at the most if only this one spawns; of a pipe, likewise, how many fds are open."""
    may_end: bool = False
    """Whether it may end here for a reason that is not known."""
    values: tuple[Value, Value] | None = None
    """Of an ``expect``."""
    end: End | None = None
    """Of a read, a write or a close; the read end of a pipe that is made."""
    position: int = 0
    """Its place among the reads, or writes, of its pipe."""
    target: int = NOBODY
    """The VM that is spawned or waited for."""
    id: int | None = None
    """Of a wait for a number, that number."""
    late: bool = False
    """Of a wait: whether the VM may not have been spawned by then."""
    again: int = 0
    """Of a wait: how often the VM has waited for the same one before."""
    before: Call | None = None
    """Of a wait: the last of these."""
    always_waits: bool = False
    """Of a read, write or wait: whether the VM certainly comes to it before the other end is closed, or the VM over."""
    never_waits: bool = False
    """Whether that has certainly happened by then."""
    looked_at: bool = False
    """Whether it was tried to find that out."""
    size: int = 0
    """Bytes that are wanted or offered."""
    source: Call | None = None
    """Of a write: the read that has got the bytes, where one has."""
    partner: Call | None = None
    """Of a read the write that has its bytes; of a write the read that takes the last of them."""
    served: str = "none"
    """How: ``matched`` with the partner, by an ``opaque`` VM, by ``any`` call on the other end, or by ``none``."""
    taken: int = 0
    """Bytes that are taken from or by it."""
    offset: int = 0
    """Of a read: where in the write its bytes begin."""


class Step(msgspec.Struct, frozen=True):
    """A step that a VM comes to."""

    vm: int
    program: str
    path: Path


class Holding(msgspec.Struct, eq=False):
    """A VM's time with an end: from before its call ``start`` until its call ``stop`` gives it away or closes it."""

    end: End
    vm: int
    start: int
    rank: int
    """Its place among the end's holders."""
    stop: int | None = None
    """``None``: until the VM ends."""
    closed: bool = False
    """Whether ``stop`` closes it."""

    def is_at(self, index: int) -> bool:
        """Whether the VM holds it when it comes to its call ``index``."""
        return self.start <= index and (self.stop is None or index <= self.stop)


class Pipe(msgspec.Struct, eq=False):
    """A pipe. Of two lists the first is the read end's."""

    made: Call
    number: int | None
    """The fd of the read end, where that is known."""
    holders: tuple[list[Holding], list[Holding]]
    """In their order."""
    calls: tuple[list[Call], list[Call]]
    """Reads, and writes, in the order in which they happen."""


class Vm(msgspec.Struct, eq=False, kw_only=True):
    """A VM that may come to be: an instance of a program."""

    number: int
    place: str
    """Its place in the tree of spawns: ``0.2`` is the root's second child."""
    program: str
    parent: int | None
    spawned: Call | None
    inherited: tuple[End, ...] = ()
    id: int | None = None
    """Its id, where that is known."""
    children: int = 0
    calls: list[Call] = msgspec.field(default_factory=list[Call])
    opaque: bool = False
    """Whether nothing is known of what it does behind its calls: it is no list of operations, or not followed on."""
    exit: Value = Number(0)
    """Its exit code at its end."""
    holdings: list[Holding] = msgspec.field(default_factory=list[Holding])

    @property
    def name(self) -> str:
        """In words."""
        return f"VM {self.place} ({self.program})"


class World(msgspec.Struct, eq=False):
    """All VMs and pipes that may come to be."""

    vms: list[Vm] = msgspec.field(default_factory=list[Vm])
    pipes: list[Pipe] = msgspec.field(default_factory=list[Pipe])
    opaque: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Programs that are met and are no lists of operations: their form."""
    unclear: list[Step] = msgspec.field(default_factory=list["Step"])
    """Where VMs are not followed on, since it is not known which fd a number is, or what a call is answered."""
    hidden_pipes: bool = False
    """Whether a VM other than the root may make a pipe and end at once, since it expects an error."""
    by_number: bool = False
    """Whether it matters which number an fd or a VM has."""
    cut: Step | None = None
    """Where the first VM is not followed on, since there is too much."""

    @property
    def closed(self) -> bool:
        """Whether all that happens is known: no VM is opaque."""
        return not any(vm.opaque for vm in self.vms)

    def holders(self, end: End) -> list[Holding]:
        """Who holds an end, in their order."""
        return self.pipes[end.pipe].holders[end.writes]

    def calls(self, end: End) -> list[Call]:
        """The reads or writes on an end, in their order."""
        return self.pipes[end.pipe].calls[end.writes]
