"""A secp256k1 lock verified once, by a process that begins with nothing: ours beside ckb-debugger.

``python benchmarks/lock.py --debugger FILE --examples FOLDER``. The lock is that of input 0 of the example
mock_tx.json (2.2 MB, 1,641,938 cycles). Each command is a process of its own, timed from before it begins until it has
ended; all are run in turn, round by round, and the table shows medians. Byte code is there, as it is after an
installation. Machine code is kept by other processes (warm), or the folder for it is empty (cold). What each prints is
checked.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pictures import bars, machine

from spawnlab.verifying.verify import verify

SCRIPT, CYCLES = "input.0.lock", 1_641_938
DEBUGGER = "ckb-debugger"
IN_PROCESS, ALONE = "verify() in a process that has done so before", "of that, the script"
LOADED = "python, with what verify loads"


def commands(debugger: Path, file: Path) -> Mapping[str, list[str]]:
    """All processes by name."""
    ours = [sys.executable, "-m", "spawnlab"]
    verified = [*ours, "verify", str(file), "--script", SCRIPT]
    played = [*ours, "run", f"{file}#{SCRIPT}", "--quiet"]
    return {
        DEBUGGER: [str(debugger), "--mode", "fast", "--tx-file", str(file), "--script", SCRIPT],
        "spawnlab verify, warm": verified,
        "spawnlab verify, cold": verified,
        "spawnlab verify, --engine native, cold": [*verified, "--engine", "native"],
        "spawnlab verify, --engine blocks": [*verified, "--engine", "blocks"],
        "spawnlab verify, --engine step": [*verified, "--engine", "step"],
        "spawnlab run, warm": played,
        "spawnlab run --driver sync, warm": [*played, "--driver", "sync"],
        LOADED: [sys.executable, "-c", "import spawnlab.__main__, spawnlab.verifying.text"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }


def seconds(name: str, command: list[str], environment: Mapping[str, str]) -> float:
    """What a process takes; raises where it does not say what it should."""
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - begun
    if done.returncode or (not name.startswith("python") and str(CYCLES) not in done.stdout.replace(",", "")):
        raise SystemExit(f"{' '.join(command)} says with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return taken


def within(file: Path) -> tuple[float, float]:
    """What a verification takes within this process, and of that the script's run."""
    begun = time.perf_counter()
    made = verify(file, script=SCRIPT)
    taken = time.perf_counter() - begun
    if made.cycles != CYCLES:
        raise SystemExit(f"{made.cycles} cycles, not {CYCLES}: {made.error}")
    return taken, made.scripts[0].seconds


def found_or_said(given: Path | None, found: Callable[[], Path | None], what: str) -> Path:
    """A path that was given, or is where it is usually; leaves the program where there is none."""
    path = given or found()
    if path is None or not path.exists():
        raise SystemExit(
            f"{what} is missing: {path or 'not found'}; reference/README.md says how to build ckb-debugger"
        )
    return path.resolve()


def in_the_path() -> Path | None:
    """The program, where a shell would find it."""
    found = shutil.which(DEBUGGER)
    return Path(found) if found else None


def in_the_registry() -> Path | None:
    """The examples, where cargo has unpacked them."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    return next(home.glob("registry/src/*/ckb-debugger-1.1.1/examples"), None)


def measure(debugger: Path, file: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds, round by round, after one round that does not count."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as made:
        warm, cold = f"{made}/warm", f"{made}/cold"
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": f"{made}/byte code", "SPAWNLAB_CODE_CACHE": warm}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["SPAWNLAB_CODE_CACHE"] = warm
        for turn in range(rounds + 1):
            for name, command in commands(debugger, file).items():
                shutil.rmtree(cold, ignore_errors=True)
                where = cold if "cold" in name else warm
                taken = seconds(name, command, {**environment, "SPAWNLAB_CODE_CACHE": where})
                found.setdefault(name, []).extend([taken] if turn else [])
            for name, taken in zip((IN_PROCESS, ALONE), within(file), strict=True):
                found.setdefault(name, []).extend([taken] if turn else [])
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--debugger", type=Path, metavar="FILE", help="the program ckb-debugger")
    parser.add_argument("--examples", type=Path, metavar="FOLDER", help="the folder of its examples")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--plot", type=Path, metavar="FILE")
    options = parser.parse_args()
    debugger = found_or_said(options.debugger, in_the_path, "the program ckb-debugger")
    examples = found_or_said(options.examples, in_the_registry, "the folder of ckb-debugger's examples")
    found = measure(debugger, found_or_said(examples / "mock_tx.json", lambda: None, "mock_tx.json"), options.rounds)
    medians = {name: 1e3 * statistics.median(times) for name, times in found.items()}
    print(f"{machine()}; medians of {options.rounds} rounds\n")
    print("| what | wall time | from | to | times as long as ckb-debugger |\n|---|---|---|---|---|")
    for name, median in medians.items():
        times = f"{1e3 * min(found[name]):.0f} ms | {1e3 * max(found[name]):.0f} ms"
        print(f"| {name} | {median:.0f} ms | {times} | {median / medians[DEBUGGER]:.2f} × |")
    if options.plot:
        bars(options.plot, list(medians.items()), "milliseconds", unit=" ms")


if __name__ == "__main__":
    main()
