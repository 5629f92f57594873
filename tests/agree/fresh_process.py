"""Random topologies suspended at random cycles and gone on with in a fresh process each time, as a user would.

As a command: ``python tests/agree/fresh_process.py --count 1000 --seed 1``. Each piece is a ``spawnlab`` of its own;
what the last one comes to must be what the reference comes to in the same pieces.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec

if __name__ == "__main__":  # as a command; a package's modules are found from the folder that holds it
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    __package__ = "tests.agree"

from spawnlab.conform.modes import Mode
from spawnlab.conform.records import OutcomeRecord
from spawnlab.conform.reference import case_of, run_reference
from spawnlab.play import run_synchronously
from spawnlab.scenarios.build import Build

from .campaign import topology

PIECES_MAX = 12


def run_in_processes(made: Build, every: int, folder: Path) -> dict[str, object]:
    """Play a scenario in pieces of so many cycles, each in a process; gives what the last one reports."""
    scenario, state = folder / "scenario.json", folder / "state"
    scenario.write_bytes(msgspec.json.encode(made.scenario))
    command, end = ["run", str(scenario)], 0
    for _ in range(PIECES_MAX):
        end += every
        pieces = [*command, "--json", "--driver", "sync", "--suspend-at", str(end), "--state", str(state)]
        done = subprocess.run([sys.executable, "-m", "spawnlab", *pieces], capture_output=True, text=True, check=False)
        if done.stderr:
            raise AssertionError(done.stderr)
        outcome = json.loads(done.stdout)["outcome"]
        if outcome["status"] != "suspended":
            return outcome
        command, end = ["resume", str(state)], outcome["cycles"]
    return {"status": "stopped"}


def agrees(ours: dict[str, object], reference: OutcomeRecord) -> bool:
    """Whether both came to the same end."""
    if ours["status"] == "stopped" or reference.status in ("stopped", "panic"):
        return ours["status"] == "stopped" and reference.status == "stopped"
    failure = msgspec.convert(ours["failure"], dict[str, str] | None)
    debug = failure["debug"] if failure else None
    return (ours["exit_code"], debug, ours["cycles"]) == (reference.exit_code, reference.error_debug, reference.cycles)


def campaign(seeds: Sequence[int]) -> tuple[Counter[str], list[str]]:
    """Run the topologies of these numbers; gives how the runs ended, and those that differ."""
    endings: Counter[str] = Counter()
    differing: list[str] = []
    for seed in seeds:
        made = topology(seed)
        total = run_synchronously(made).outcome.cycles
        every = Random(seed).randrange(total // 6 + 1, total + 2)
        mode = Mode(pause_every=every, max_suspends=PIECES_MAX - 1)
        (reference,) = run_reference([case_of(made.sg_data, mode)])
        with TemporaryDirectory() as folder:
            ours = run_in_processes(made, every, Path(folder))
        endings[f"{reference.status} after {len(reference.suspends or ())} suspends"] += 1
        if not agrees(ours, reference):
            differing.append(f"topology {seed} every {every}: {ours} {reference}")
    return endings, differing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print what it has seen."""
    parser = argparse.ArgumentParser(description="Suspend random runs and go on in fresh processes.")
    parser.add_argument("--count", type=int, default=100, help="how many topologies (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="number of the first (default 1)")
    options = parser.parse_args(arguments)
    endings, differing = campaign(range(options.seed, options.seed + options.count))
    for ending, count in sorted(endings.items()):
        print(f"{ending}: {count}")
    print("\n".join(differing))
    print(f"{options.count} topologies, {len(differing)} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
