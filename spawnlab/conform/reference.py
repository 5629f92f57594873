"""Running the reference: the Rust runner in ``reference/``, built by cargo on demand from published crates."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..scenarios.build import Build
from ..vm.errors import SpawnlabError
from .records import OutcomeRecord, outcome_from_json

RUNNER = Path(__file__).resolve().parent.parent.parent / "reference"
"""The runner's sources; they are in a checkout, not in an installed package."""
_BINARY = RUNNER / "target" / "release" / "spawnlab-reference"


class ReferenceUnavailable(SpawnlabError):
    """The reference cannot be run here: no sources, no cargo, or the build failed; says which."""


def cargo_is_there() -> bool:
    """Whether the reference could be built here."""
    return shutil.which("cargo") is not None and (RUNNER / "Cargo.toml").exists()


def build_runner() -> Path:
    """Build the runner, which takes some minutes the first time; returns the binary.

    Raises :class:`ReferenceUnavailable`.
    """
    if not cargo_is_there():
        raise ReferenceUnavailable("the reference needs cargo and a checkout of the repository")
    command = ["cargo", "build", "--release", "--locked", "--quiet"]
    done = subprocess.run(command, cwd=RUNNER, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReferenceUnavailable(f"cargo build failed in {RUNNER}: {done.stderr.strip()[-2000:]}")
    return _BINARY


def case_of(build: Build, *, limit: int | None) -> dict[str, Any]:
    """A scenario as a case for the runner: within a limit in cycles, or else one iteration at a time."""
    sg_data = build.sg_data
    index = sg_data.program.index
    deps = [cell.data for cell in sg_data.resolved.cell_deps]
    others = [dep for i, dep in enumerate(deps) if i != index]
    case: dict[str, Any] = {
        "name": build.scenario.title,
        "version": sg_data.version,
        "program": {"hex": deps[index].hex()},
        "program_index": index,
        "cell_deps": [{"hex": dep.hex()} for dep in others],
        "mode": "trace" if limit is None else "run",
        "full": True,
    }
    if limit is not None:
        case["max_cycles"] = limit
    return case


def run_reference(cases: Iterable[dict[str, Any]], *, machine: str = "plain") -> Sequence[OutcomeRecord]:
    """Run cases on the reference's ``plain`` interpreter or its ``asm`` machine; builds the runner if needed.

    Raises :class:`ReferenceUnavailable`.
    """
    runner = build_runner()
    lines = b"\n".join(msgspec.json.encode(case) for case in cases) + b"\n"
    done = subprocess.run([runner, "--machine", machine], input=lines, capture_output=True, check=False)
    if done.returncode:
        raise ReferenceUnavailable(f"the runner failed: {done.stderr.decode(errors='replace').strip()}")
    outcomes: list[OutcomeRecord] = []
    for line in done.stdout.splitlines():
        values = msgspec.json.decode(line)
        if "bad_case" in values:
            raise ReferenceUnavailable(f"the runner refuses the case: {values['bad_case']}")
        outcomes.append(outcome_from_json(values))
    return outcomes
