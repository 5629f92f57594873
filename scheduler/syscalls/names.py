"""Names of the system calls by their numbers."""

from __future__ import annotations

from . import cell_data, exec, items, loading, misc, pipes, processes

CALL_NAMES = {
    number: name.lower()
    for module in (cell_data, exec, items, loading, misc, pipes, processes)
    for name, number in vars(module).items()
    if isinstance(number, int) and 2000 <= number <= 2999  # no other constant of theirs is
}
"""As the specification calls them, in lower case."""
OF_A_NUMBER = frozenset((exec.EXEC, pipes.CLOSE, pipes.READ, pipes.WRITE, processes.SPAWN, processes.WAIT))
"""Calls whose a0 says what they are about: an fd, a VM, an index. To others it is an address to write to."""
