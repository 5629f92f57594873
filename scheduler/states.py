"""States of a VM (``scheduler`` §3). Addresses are in the VM's own memory, lengths are bytes."""

from __future__ import annotations

import msgspec


class Runnable(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Can be chosen to run."""


class Terminated(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """The root has ended, and so has the run. No other VM ever has this state: it has none."""


class Wait(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Waits for another VM's end."""

    target_vm_id: int
    exit_code_addr: int


class WaitForWrite(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Waits until all it writes is taken, or the read end is gone; ``consumed`` bytes are taken."""

    fd: int
    consumed: int
    length: int
    buffer_addr: int
    length_addr: int


class WaitForRead(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Waits for one transfer, or until the write end is gone."""

    fd: int
    length: int
    buffer_addr: int
    length_addr: int


VmState = Runnable | Terminated | Wait | WaitForWrite | WaitForRead
RUNNABLE = Runnable()
TERMINATED = Terminated()
