"""Who plays: the program of each VM and where it is in it, followed through the events of a run."""

from __future__ import annotations

from ..scenarios.build import Build, Code
from ..scheduler.events import AnyEvent, Booted, Faulted, FaultInjected, Posted, ProgramReplaced, Refused
from ..scheduler.transaction import DataLocation
from .text import harmless

__all__ = ["Cast", "harmless"]


class Cast:
    """Follows events, and names VMs, programs and steps; without a build, pieces of the transaction for programs."""

    def __init__(self, build: Build | None) -> None:
        self._build = build
        self._codes: dict[int, Code | None] = {}
        self._pcs: dict[int, int] = {}

    def copy(self) -> Cast:
        """One that knows the same."""
        other = Cast(self._build)
        other._codes, other._pcs = dict(self._codes), dict(self._pcs)
        return other

    @property
    def columns(self) -> int:
        """VMs that there may be, about: a scenario's programs. Of a transaction's cell deps few are."""
        return 1 if self._build is None or self._build.transaction is not None else len(self._build.codes)

    def follow(self, event: AnyEvent) -> None:
        """Take note of an event."""
        match event:
            case Booted(vm=vm, location=location) | ProgramReplaced(vm=vm, location=location):
                self._codes[vm] = self._code(location)
            case Posted(vm=vm, pc=pc) | Refused(vm=vm, pc=pc) | FaultInjected(vm=vm, pc=pc):
                self._pcs[vm] = pc - 1  # within the ecall
            case Faulted(vm=vm, pc=int()):
                self._pcs[vm] = failed_at(event)
            case _:
                pass

    def program(self, location: DataLocation) -> str:
        """A program's name, or the piece of data it comes from: ``cell_dep 0``."""
        code = self._code(location)
        return code.name if code else str(location.piece)

    def _code(self, location: DataLocation) -> Code | None:
        return None if self._build is None else self._build.code_of(location.piece)

    def where(self, vm: int) -> str:
        """A VM, its program and the step it is at: ``VM 1 (child, steps[2])``."""
        code = self._codes.get(vm)
        if code is None:
            return f"VM {vm}"
        place = self.place(vm)
        return f"VM {vm} ({code.name}, {place})" if place else f"VM {vm} ({code.name})"

    def place(self, vm: int) -> str | None:
        """The step or source line that a VM is at: ``steps[2]``; ``None`` where that is not known."""
        code = self._codes.get(vm)
        return code.place_of(self._pcs[vm]) if code is not None and vm in self._pcs else None


def failed_at(fault: Faulted) -> int:
    """An address within the instruction that failed: where it fails while it is executed, pc is behind it by then."""
    assert fault.pc is not None
    return fault.pc if fault.error.startswith("InvalidInstruction") else fault.pc - 1
