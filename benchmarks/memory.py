"""What VMs take: ``python benchmarks/memory.py``, in peak memory of processes over one that only imports.

17 small VMs at once, each blocked on a pipe, four of them machines; the same for programs of a megabyte, which share
their pages; and a run of 10,000 iterations with its journal.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pictures import machine

IMPORT = """
import spawnlab
from spawnlab.scheduler.deadlock import Deadlock
from spawnlab.scheduler.journal import Journal
from spawnlab.scheduler.mockup import mock_group
from spawnlab.scheduler.policy import CONSENSUS_POLICY
from spawnlab.scheduler.scheduler import Scheduler
from spawnlab.vm.assembler import assemble
import growth
"""
WAITING = """
made = growth.echo(waiting=15, exchanges={exchanges}, size={size})
"""
RUN = """
journal = Journal(CONSENSUS_POLICY.name)
scheduler = Scheduler(made, observers=[journal] if {journal} else [])
result = scheduler.run()
assert result.exit_code == 0
"""
PEAK = """
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(program: str) -> int:
    """Peak resident memory of a process, in KiB."""
    command = [sys.executable, "-c", program + PEAK]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent)
    return int(done.stdout)


def main() -> None:
    """Print the table."""
    cases = {
        "17 small VMs": (10, 1, False),
        "17 VMs of a megabyte each": (10, 1 << 20, False),
        "10,000 iterations and their journal": (2500, 1, True),
    }
    base = min(peak(IMPORT) for _ in range(3))
    print(f"{machine()}; the least of 3 processes; the import takes {base / 1024:.1f} MiB\n")
    print("| run | peak over the import |\n|---|---|")
    for name, (exchanges, size, journal) in cases.items():
        program = IMPORT + WAITING.format(exchanges=exchanges, size=size) + RUN.format(journal=journal)
        print(f"| {name} | {(min(peak(program) for _ in range(3)) - base) / 1024:.1f} MiB |")


if __name__ == "__main__":
    sys.exit(main())
