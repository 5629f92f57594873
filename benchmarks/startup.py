"""What it takes to begin: ``python benchmarks/startup.py [--rounds 25]``, in processor time of whole processes.

All commands are run in turn, round by round; the table shows medians, and what each takes over the one it is compared
with. Byte code is there, as it is after an installation. ``--plot FILE`` writes the table as a picture.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from pictures import bars, machine

SCENARIO = "gallery:own_pipe"
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    'python -c "import trio, msgspec"': ["-c", "import trio, msgspec"],
    'python -c "import spawnlab"': ["-c", "import spawnlab"],
    "spawnlab --help": ["-m", "spawnlab", "--help"],
    f"spawnlab run {SCENARIO}": ["-m", "spawnlab", "run", SCENARIO],
}
BARE, TRIO, IMPORT, HELP, RUN = COMMANDS
OVER = {IMPORT: BARE, HELP: BARE, RUN: TRIO}
"""What a command is compared with."""


def milliseconds(arguments: list[str], environment: dict[str, str]) -> float:
    """Processor time of one process."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return 1e3 * (usage.ru_utime + usage.ru_stime)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--plot", type=Path, metavar="FILE")
    options = parser.parse_args()
    found: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for arguments in COMMANDS.values():
            milliseconds(arguments, environment)
        for _ in range(options.rounds):
            for name, arguments in COMMANDS.items():
                found[name].append(milliseconds(arguments, environment))
    medians = {name: statistics.median(times) for name, times in found.items()}
    print(f"{machine()}; medians of {options.rounds} rounds\n")
    print("| command | processor time | over | that is |\n|---|---|---|---|")
    for name, median in medians.items():
        over = OVER.get(name)
        rest = f"`{over}` | {median - medians[over]:.0f} ms" if over else " | "
        print(f"| `{name}` | {median:.0f} ms | {rest} |")
    if options.plot:
        bars(options.plot, list(medians.items()), "milliseconds of processor time", unit=" ms")


if __name__ == "__main__":
    sys.exit(main())
