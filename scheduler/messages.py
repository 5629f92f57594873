"""Messages: what system calls ask of the scheduler (``scheduler`` §4). ``vm`` asks; addresses are in its memory."""

from __future__ import annotations

import msgspec

from .transaction import DataLocation


class ExecV2(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Replace the VM's program; arguments are ``argc`` pointers at ``argv``."""

    vm: int
    location: DataLocation
    argc: int
    argv: int


class Spawn(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Start a child: its program, arguments (``argc`` pointers at ``argv``), and the fds handed to it."""

    vm: int
    location: DataLocation
    argc: int
    argv: int
    fds: tuple[int, ...]
    process_id_addr: int


class Wait(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Wait for a VM's end; its exit code is one byte."""

    vm: int
    target_id: int
    exit_code_addr: int


class Pipe(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Make a pipe; the two fds are stored at the addresses, 8 bytes each."""

    vm: int
    fd1_addr: int
    fd2_addr: int


class FdRead(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Read at most ``length`` bytes."""

    vm: int
    fd: int
    length: int
    buffer_addr: int
    length_addr: int


class FdWrite(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Write ``length`` bytes."""

    vm: int
    fd: int
    length: int
    buffer_addr: int
    length_addr: int


class InheritedFileDescriptor(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Store the list of fds that the VM was given when it was spawned."""

    vm: int
    buffer_addr: int
    length_addr: int


class Close(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True, gc=False):
    """Close an fd."""

    vm: int
    fd: int


Message = ExecV2 | Spawn | Wait | Pipe | FdRead | FdWrite | InheritedFileDescriptor | Close
