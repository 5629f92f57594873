"""Who makes the machines of VMs: ordinarily RISC-V ones, but anything with a machine's face can be a VM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..vm.machine import Machine, SystemCall
from ..vm.version import Isa
from .transaction import DataLocation


class MachineFactory(Protocol):
    """Makes a VM's machine, empty: the program or the snapshot is loaded into it afterwards."""

    def __call__(
        self, vm_id: int, location: DataLocation | None, isa: Isa, system_calls: Sequence[SystemCall], /
    ) -> Machine:
        """``location`` is where the VM's new program is; ``None`` when the VM comes back from its snapshot."""
        ...


def riscv_machine(
    vm_id: int, location: DataLocation | None, isa: Isa, system_calls: Sequence[SystemCall], /
) -> Machine:
    """A machine that executes its program."""
    return Machine(isa, system_calls=system_calls)
