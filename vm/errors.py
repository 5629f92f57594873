"""Errors of the machine.

A :class:`VmError` ends (or interrupts) a run. Each class is one error variant of the reference and keeps its name, its
display text and its debug form (``vm`` §6), since the chain reports them.
"""

from __future__ import annotations


class SpawnlabError(Exception):
    """Root of every error that Spawnlab raises on purpose."""


class EncodingError(SpawnlabError):
    """An instruction's operands do not fit its encoding. Raised by encoders; change the operand."""


class VmError(SpawnlabError):
    """A run of a virtual machine failed; the class says which error variant of the reference it is."""

    text = ""
    """What the reference displays."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        """More than the reference says: where it happened, and with which numbers."""

    @property
    def variant(self) -> str:
        """Name of the reference's error variant."""
        return type(self).__name__

    @property
    def display(self) -> str:
        """The reference's display text."""
        return self.text

    @property
    def debug(self) -> str:
        """The reference's debug form, which ``VM Internal Error`` shows."""
        return self.variant

    def __str__(self) -> str:
        return f"{self.display} ({self.detail})" if self.detail else self.display


class CyclesExceeded(VmError):
    """The next instruction would go over the cycle limit. Raise the limit and run again, or spend less."""

    text = "cycles error: max cycles exceeded"


class CyclesOverflow(VmError):
    """The cycle counter would exceed 64 bits."""

    text = "cycles error: overflow"


class ElfBits(VmError):
    """The ELF file is a 32-bit one."""

    text = "elf error: bits"


class ElfSegmentUnreadable(VmError):
    """A loadable segment lacks the read permission."""

    text = "elf error: segment is unreadable"


class ElfSegmentWritableAndExecutable(VmError):
    """A loadable segment is both writable and executable."""

    text = "elf error: segment is writable and executable"


class ElfSegmentAddrOrSizeError(VmError):
    """A loadable segment's range in the file is not within the file."""

    text = "elf error: segment addr or size is wrong"


class InvalidVersion(VmError):
    """Fusion in version 0, or a snapshot of another version."""

    text = "invalid version"


class MemOutOfBound(VmError):
    """An access beyond the memory's end (4 MiB)."""

    text = "memory error: out of bound"


class MemOutOfStack(VmError):
    """Arguments don't fit the stack (1 MiB)."""

    text = "memory error: out of stack"


class MemPageUnalignedAccess(VmError):
    """Pages are mapped at an address or with a size that is not a multiple of 4096."""

    text = "memory error: unaligned page access"


class MemWriteOnExecutablePage(VmError):
    """A store to an executable page, or a fetch from one that is not executable (the same variant, ``vm`` §7)."""

    text = "memory error: write on executable page"


class MemWriteOnFreezedPage(VmError):
    """Pages are mapped over a frozen page."""

    text = "memory error: write on freezed page"


class Pause(VmError):
    """A pause was asked for. Not a failure: run again to go on."""

    text = "pause"


class Yield(VmError):
    """A system call hands control to the scheduler. Never seen outside it."""

    text = "yield"


class SnapshotDataLoadError(VmError):
    """Data that a snapshot, spawn or exec refers to is not in the transaction."""

    text = "snapshot data load error"


class _WithText(VmError):
    """A variant with a text of its own."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(detail)
        self.message = message

    @property
    def debug(self) -> str:
        """The reference's debug form."""
        return f'{self.variant}("{rust_escape(self.message)}")'


class ElfParseError(_WithText):
    """The file is not an ELF file that the reference can read."""

    @property
    def display(self) -> str:
        """The reference's display text."""
        return f"elf error: {self.message}"


class External(_WithText):
    """A system call failed the run."""

    @property
    def display(self) -> str:
        """The reference's display text."""
        return f"external error: {self.message}"


class Unexpected(_WithText):
    """A state that the rules exclude; the deadlock is one of them."""

    text = "unexpected error"


class InvalidEcall(VmError):
    """No system call of the script version has this number."""

    def __init__(self, number: int, detail: str = "") -> None:
        super().__init__(detail)
        self.number = number

    @property
    def display(self) -> str:
        """The reference's display text."""
        return f"invalid syscall {self.number}"

    @property
    def debug(self) -> str:
        """The reference's debug form."""
        return f"InvalidEcall({self.number})"


class InvalidInstruction(VmError):
    """The bytes at pc are not an instruction of the script version."""

    def __init__(self, pc: int, instruction: int, detail: str = "") -> None:
        super().__init__(detail)
        self.pc = pc
        self.instruction = instruction

    @property
    def display(self) -> str:
        """The reference's display text."""
        return f"invalid instruction pc=0x{self.pc:x} instruction=0x{self.instruction:x}"

    @property
    def debug(self) -> str:
        """The reference's debug form."""
        return f"InvalidInstruction {{ pc: {self.pc}, instruction: {self.instruction} }}"


def rust_escape(text: str) -> str:
    """``text`` as Rust's debug form writes it between its quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\0", "\\0")
