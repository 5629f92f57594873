"""Running the reference: the Rust runner in ``reference/``, built by cargo on demand from published crates."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..scheduler.chain import Cell, Script
from ..scheduler.transaction import ScriptGroupData
from ..vm.errors import SpawnlabError
from .modes import Mode
from .records import OutcomeRecord

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


def case_of(
    sg_data: ScriptGroupData, mode: Mode, *, root_args: Iterable[bytes] = (), title: str = ""
) -> dict[str, Any]:
    """A script group (one that :func:`~spawnlab.scheduler.mockup.mock_group` makes) as a case for the runner."""
    resolved, index = sg_data.resolved, sg_data.program.index
    deps = [_blob(cell.data) for cell in resolved.cell_deps]
    case: dict[str, Any] = {
        "name": title,
        "version": sg_data.version,
        "program": deps.pop(index),
        "program_index": index,
        "cell_deps": deps,
        "script_args": _blob(sg_data.script.args),
        "script_group_type": sg_data.group_type,
        "inputs": [_cell(cell, sg_data.script) for cell in resolved.inputs],
        "outputs": [_cell(cell, sg_data.script) for cell in resolved.outputs],
        "witnesses": [_blob(witness) for witness in resolved.transaction.witnesses],
        "root_args": [_blob(argument) for argument in root_args],
        "mode": mode.name(),
        "max_cycles": mode.max_cycles,
        "full": True,
    }
    for cell in case["inputs"][len(resolved.transaction.inputs) :]:
        cell["no_tx_input"] = True
    given = {name: getattr(mode, name) for name in ("max_iterations", "max_suspends", "debug_pause")}
    return case | {name: value for name, value in given.items() if value is not None}


def _blob(content: bytes) -> dict[str, str]:
    return {"hex": content.hex()}


def _cell(cell: Cell, script: Script) -> dict[str, Any]:
    return {
        "lock": _script(cell.output.lock, script),
        "type": None if cell.output.type is None else _script(cell.output.type, script),
        "capacity": cell.output.capacity,
        "data": _blob(cell.data),
    }


def _script(given: Script, script: Script) -> object:
    if given == script:
        return "self"
    return {"code_hash": _blob(given.code_hash), "hash_type": given.hash_type, "args": _blob(given.args)}


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
        outcomes.append(msgspec.convert(values, OutcomeRecord))
    return outcomes
