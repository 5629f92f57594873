"""The rules behind return codes and errors, with their numbers, in words. One place for each."""

# ruff: noqa: E501 - a rule is a line
from __future__ import annotations

from ..scheduler.limits import MAX_FDS, MAX_VMS_COUNT

CODE_RULES = {
    "INDEX_OUT_OF_BOUND": "1: the source, index or place names nothing in the transaction. Programs are the cell deps, counted from 0.",
    "ITEM_MISSING": "2: what is there has no such item: a cell without a type script, or one whose block is not known.",
    "SLICE_OUT_OF_BOUND": "3: the offset lies beyond the end of the data, or the buffer was too short for a field.",
    "WRONG_FORMAT": "4: the program can't be loaded as an ELF file of this script version.",
    "WAIT_FAILURE": "5: there is no such VM to wait for: it was never spawned, or its exit code was collected before. An end can be learned of once.",
    "INVALID_FD": "6: the fd is not this VM's, or not of this direction: even fds are read ends, odd ones write ends. An end belongs to one VM at a time; spawn hands it over.",
    "OTHER_END_CLOSED": "7: the other end of the pipe is closed, by its holder or by its holder's end.",
    "MAX_VMS_SPAWNED": f"8: {MAX_VMS_COUNT + 1} VMs live already, the root among them; one has to end before another is spawned.",
    "MAX_FDS_CREATED": f"9: more than {MAX_FDS - 1} fds are open already; a pipe takes two, and ends are free again when they are closed or their VM ends.",
}
ERROR_RULES = {
    "CyclesOverflow": "Cycles are counted in 64 bits.",
    "ElfBits": "Programs are 64-bit RISC-V ELF files.",
    "ElfParseError": "The program is no ELF file that can be read.",
    "ElfSegmentUnreadable": "A segment of a program must be readable.",
    "ElfSegmentWritableAndExecutable": "A segment of a program is writable or executable, never both (W^X).",
    "ElfSegmentAddrOrSizeError": "A segment lies beyond the 4 MiB of memory, or its numbers don't fit.",
    "InvalidVersion": "The program asks for what this script version has not.",
    "MemOutOfBound": "Memory is the 4,194,304 bytes from address 0 on (0x0 to 0x3fffff); this access lies beyond.",
    "MemOutOfStack": "Arguments lie on the stack, which has 1 MiB.",
    "MemPageUnalignedAccess": "Pages are 4,096 bytes, and are mapped at multiples of that.",
    "MemWriteOnExecutablePage": "A page is writable or executable, never both (W^X): code can't be written to, and only code can be executed.",
    "MemWriteOnFreezedPage": "Pages of a program's read-only segments are frozen.",
    "SnapshotDataLoadError": "The data that spawn or exec names is not in the transaction.",
    "InvalidEcall": "The number in a7 is no system call of this script version. Spawn, pipes and wait are version 2's.",
    "InvalidInstruction": "The bytes at pc are no instruction of this script version: it has RV64IMC, and B from version 1 on. Often the program has run into data, or jumped to where nothing is (zero bytes are no instruction).",
    "External": "A system call was asked for something that the node refuses outright.",
}
NO_RULE = "The reference has no more to say of it."
CYCLES_RULE = "A run may spend so many cycles in all its VMs together; it fails before it goes beyond. An instruction costs 1 to 32, an ecall 500, each spawn and each swap of a VM 100,000, a call that the scheduler answers 800, and what is loaded or moved a cycle for 4 bytes."
EXIT_RULE = "The run ends when VM 0 ends; its exit code is the run's, and 0 is success."
"""What the chain makes of it."""
