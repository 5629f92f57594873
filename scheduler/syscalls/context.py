"""What the system calls of one VM can reach (``scheduler`` §5)."""

from __future__ import annotations

from collections.abc import Callable

from ...vm.errors import CyclesExceeded, Yield
from ...vm.machine import Machine
from ...vm.snapshot import SnapshotContext
from ..limits import SPAWN_YIELD_CYCLES_BASE, U64_MAX
from ..messages import Message
from ..transaction import DataPieceId, ScriptGroupData

DebugPrinter = Callable[[int, str], None]
"""Gets the VM's id and the text that it printed."""


Refused = Callable[[int, int, int, int, int], None]
"""Gets the VM's id, the number of a system call, its first argument, the code that it was answered with, and the pc
behind it."""


class CycleCounter:
    """Cycles consumed by the run so far; one counter that the scheduler and all VMs share."""

    __slots__ = ("value",)

    def __init__(self, value: int = 0) -> None:
        self.value = value

    def add(self, cycles: int) -> None:
        """Raises :class:`CyclesExceeded`, and adds nothing, when the sum exceeds 64 bits."""
        if self.value + cycles > U64_MAX:
            raise CyclesExceeded(f"{self.value} + {cycles} cycles in total")
        self.value += cycles


class VmContext:
    """One VM's id, message box, shared counter, and the data that its memory came from."""

    __slots__ = ("base_cycles", "message_box", "print_debug", "refused", "sg_data", "snapshots", "vm_id")

    def __init__(
        self,
        vm_id: int,
        sg_data: ScriptGroupData,
        base_cycles: CycleCounter,
        message_box: list[Message],
        print_debug: DebugPrinter,
        refused: Refused,
    ) -> None:
        self.vm_id = vm_id
        self.sg_data = sg_data
        self.base_cycles = base_cycles
        self.message_box = message_box
        self.print_debug = print_debug
        self.refused = refused
        self.snapshots: SnapshotContext[DataPieceId] = SnapshotContext(sg_data)

    def post(self, machine: Machine, message: Message) -> None:
        """Charge for a message, post it, and hand control to the scheduler by raising :class:`Yield`."""
        machine.add_cycles_no_checking(SPAWN_YIELD_CYCLES_BASE)
        self.message_box.append(message)
        raise Yield
