"""Numbers of the scheduler (``scheduler`` §1). Costs are cycles."""

ROOT_VM_ID = 0
FIRST_FD_SLOT = 2
"""File descriptors 0 and 1 never exist."""
MAX_VMS_COUNT = 16
"""Compared with ``>`` before a VM is added, so 17 may live: the root and 16 others."""
MAX_INSTANTIATED_VMS = 4
"""Machines held at once; the others are snapshots."""
MAX_FDS = 64
"""Compared before a pipe is added, so 65 may be open."""
SPAWN_EXTRA_CYCLES_BASE = 100_000
"""For each suspension, each resumption, and inside spawn."""
SPAWN_YIELD_CYCLES_BASE = 800
"""For each system call that posts a message, but exec."""
EXEC_LOAD_ELF_V2_CYCLES_BASE = 75_000
"""For each exec of script version 2."""
U64_MAX = (1 << 64) - 1
